package phases

import (
	"context"
	"fmt"
	"time"

	"icr-pull-secrets/tests/bench/internal/fleet"
)

const steadyNamespace = "steady"

// steady compares roll-outs of a key in quiet with those while another
// namespace asks for something else once a second. An operator runs, with the
// second key.
func (b *Bench) steady(ctx context.Context) error {
	one := fleet.Fleet{Client: b.Client, Names: []string{steadyNamespace}}
	if err := one.Create(ctx, b.accounts, b.Settings.Limit); err != nil {
		return err
	}
	for number := range b.Settings.Rounds {
		quiet, err := b.rollOut(ctx)
		if err != nil {
			return fmt.Errorf("roll-out in quiet: %w", err)
		}
		flood := b.flood(ctx, edits{namespace: steadyNamespace, body: fleet.RegionsEdit, aMinute: 60, editors: 1})
		beside, err := b.rollOut(ctx)
		flood()
		if err != nil {
			return fmt.Errorf("roll-out beside an event a second: %w", err)
		}
		b.results.Steady = append(b.results.Steady, Steady{quiet, beside})
		b.Say("roll-out %d of %d: %.2f s in quiet, %.2f s beside an event a second", number+1, b.Settings.Rounds,
			quiet.Seconds, beside.Seconds)
	}
	if err := one.OptOut(ctx); err != nil {
		return err
	}
	b.settle()
	return nil
}

// rollOut changes the key and waits for the fleet.
func (b *Bench) rollOut(ctx context.Context) (Pace, error) {
	content := b.contents[1-b.key]
	pace, err := b.timed(ctx, b.lookRotation(content), func() (time.Time, error) {
		err := b.otherSource(ctx)
		return time.Now(), err
	})
	if err != nil {
		return pace, err
	}
	return pace, b.fleet.Check(ctx, content)
}
