package phases

import (
	"context"
	"fmt"
	"time"

	"icr-pull-secrets/tests/bench/internal/cluster"
	"icr-pull-secrets/tests/bench/internal/fleet"
	"icr-pull-secrets/tests/bench/internal/operator"
)

// tokens measures what the refresh of an access token costs. It begins and
// ends without an operator.
func (b *Bench) tokens(ctx context.Context) error {
	// Those that came later would be rolled out to as well.
	late := fleet.Fleet{Client: b.Client, Names: fleet.Names("new", b.Settings.New)}
	if err := late.OptOut(ctx); err != nil {
		return err
	}
	for number := range b.Settings.Rounds {
		round, err := b.refreshRound(ctx, number)
		if err != nil {
			return fmt.Errorf("refresh %d: %w", number+1, err)
		}
		b.results.Tokens.Rounds = append(b.results.Tokens.Rounds, round)
		b.Say("refresh %d of %d: %.0f/s of %.0f/s, %d calls of IAM", number+1, b.Settings.Rounds,
			round.Refresh.Rate, round.Refresh.Raw, round.Refresh.TokenCalls)
	}
	if err := b.timedRefresh(ctx); err != nil {
		return fmt.Errorf("refresh before the end of a token: %w", err)
	}
	if err := b.failOver(ctx); err != nil {
		return fmt.Errorf("fail-over with a token: %w", err)
	}
	if err := b.crowd(ctx); err != nil {
		return fmt.Errorf("new namespaces in a roll-out: %w", err)
	}
	return nil
}

// refreshRound lets the operator fetch a new token, then the loader write both
// tokens again.
func (b *Bench) refreshRound(ctx context.Context, number int) (round RefreshRound, err error) {
	var contents [2]fleet.Content
	if contents[0], err = b.startTokens(ctx); err != nil {
		return round, err
	}
	round.Refresh, contents[1], err = b.refresh(ctx, contents[0], func() (time.Time, error) {
		err := b.otherSource(ctx)
		return time.Now(), err
	})
	if err != nil {
		return round, err
	}
	if err := b.stop(ctx); err != nil {
		return round, err
	}
	b.results.Tokens.CopySize = contents[1].Bytes()
	for i, content := range contents {
		pace, err := b.rawRotation(ctx, rawWorkers[(i+number)%len(rawWorkers)], content)
		if err != nil {
			return round, fmt.Errorf("raw: %w", err)
		}
		round.Raw = append(round.Raw, pace)
	}
	round.Refresh.compare(round.Raw)
	return round, nil
}

// startTokens starts an operator that hands out tokens, by another key than the
// one before, whose token it would go on with, and returns what all namespaces
// hold when it has come to rest.
func (b *Bench) startTokens(ctx context.Context) (content fleet.Content, err error) {
	if err = b.otherSource(ctx); err != nil {
		return content, err
	}
	copies, err := b.fleet.Copies(ctx)
	if err != nil {
		return content, err
	}
	before := fleet.Mark(copies[b.fleet.Names[0]])
	look := b.secrets.LookOther(before, b.fleet.Names)
	if b.process, err = b.Launcher.Start(operator.Tokens(b.Double.CAFile)); err != nil {
		look.Stop()
		return content, err
	}
	if err = look.Wait(ctx, b.Settings.Limit); err != nil {
		return content, err
	}
	b.settle()
	return b.heldByAll(ctx)
}

// heldByAll is the one token that is in the whole fleet.
func (b *Bench) heldByAll(ctx context.Context) (fleet.Content, error) {
	copies, err := b.fleet.Copies(ctx)
	if err != nil {
		return fleet.Content{}, err
	}
	content, err := fleet.TokenContentOf(copies[b.fleet.Names[0]])
	if err != nil {
		return content, err
	}
	return content, b.fleet.Check(ctx, content)
}

// refresh is measured from what start returns. The content is the new one.
func (b *Bench) refresh(ctx context.Context, old fleet.Content, start func() (time.Time, error)) (result Refreshed, content fleet.Content, err error) {
	before, err := b.fleet.Copies(ctx)
	if err != nil {
		return result, content, err
	}
	calls, err := b.Double.TokenCalls(ctx)
	if err != nil {
		return result, content, err
	}
	looks := []*cluster.Look{b.secrets.LookOther(old.Mark(), b.fleet.Names)}
	if result.Operated, err = b.operated(ctx, looks, start); err != nil {
		return result, content, err
	}
	after, err := b.Double.TokenCalls(ctx)
	if err != nil {
		return result, content, err
	}
	result.TokenCalls = after - calls
	if content, err = b.heldByAll(ctx); err != nil {
		return result, content, err
	}
	return result, content, b.inPlace(ctx, before)
}

// timedRefresh waits for the refresh of a token that ends soon. The one after
// it is a long one.
func (b *Bench) timedRefresh(ctx context.Context) error {
	result := Timed{Lifetime: b.Settings.TokenSeconds}
	b.Say("waiting for the refresh of a token of %d s", result.Lifetime)
	if err := b.Double.TokenSeconds(ctx, result.Lifetime); err != nil {
		return err
	}
	begun := time.Now()
	content, err := b.startTokens(ctx)
	if err != nil {
		return err
	}
	if err := b.Double.TokenSeconds(ctx, 0); err != nil {
		return err
	}
	var waited time.Time
	result.Refreshed, _, err = b.refresh(ctx, content, func() (time.Time, error) {
		waited = time.Now()
		return waited, nil
	})
	if err != nil {
		return err
	}
	first := result.Seconds - result.FirstToLast
	result.After = waited.Sub(begun).Seconds() + first
	b.results.Tokens.Timed = result
	return b.stop(ctx)
}

// crowd creates namespaces one after the other, first in quiet, then while a
// new token is rolled out.
func (b *Bench) crowd(ctx context.Context) error {
	if _, err := b.startTokens(ctx); err != nil {
		return err
	}
	result := Crowd{QuietCount: b.Settings.New}
	b.Say("creating %d namespaces, then more in roll-outs", result.QuietCount)
	var quiet, busy arrivals
	for _, name := range fleet.Names("quiet", result.QuietCount) {
		one, err := b.arrive(ctx, name)
		if err != nil {
			return err
		}
		quiet = append(quiet, one)
	}
	const most = 10 // roll-outs, each with a few new namespaces where there are few old ones
	for ; result.RollOuts < most && len(busy) < b.Settings.New; result.RollOuts++ {
		served, others, err := b.inRollOut(ctx, result.RollOuts)
		if err != nil {
			return err
		}
		busy = append(busy, served...)
		result.Others = max(result.Others, others)
	}
	result.BusyCount = len(busy)
	result.Quiet, result.Busy = quiet.spread(), busy.spread()
	b.results.Tokens.Crowd = result
	return b.stop(ctx)
}

// inRollOut begins a roll-out and creates namespaces as long as it lasts. The
// result: those that were created in it.
func (b *Bench) inRollOut(ctx context.Context, number int) (served arrivals, others float64, err error) {
	b.settle()
	old, err := b.heldByAll(ctx)
	if err != nil {
		return nil, 0, err
	}
	look := b.secrets.LookOther(old.Mark(), b.fleet.Names)
	defer look.Stop()
	before := b.Meter.Read(b.pid())
	if err := b.otherSource(ctx); err != nil {
		return nil, 0, err
	}
	end := time.Now().Add(b.Settings.Limit)
	created := fleet.Fleet{Client: b.Client, Names: append([]string(nil), b.fleet.Names...)}
	for open := true; open; {
		if time.Now().After(end) {
			return nil, 0, fmt.Errorf("the roll-out takes longer than %s", b.Settings.Limit)
		}
		name := fmt.Sprintf("busy-%02d-%05d", number, len(served))
		one, err := b.arrive(ctx, name)
		if err != nil {
			return nil, 0, err
		}
		served, created.Names = append(served, one), append(created.Names, name)
		select {
		case <-look.Done():
			open = false
		default:
		}
	}
	others = before.To(b.Meter.Read(b.pid())).Others
	b.settle()
	content, err := b.heldByAll(ctx)
	if err != nil {
		return nil, 0, err
	}
	return served.between(look.Ends()), others, created.Check(ctx, content)
}
