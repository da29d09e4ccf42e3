package phases

import (
	"context"
	"fmt"
	"time"

	"icr-pull-secrets/tests/bench/internal/cluster"
	"icr-pull-secrets/tests/bench/internal/fleet"
	"icr-pull-secrets/tests/bench/internal/measure"
)

// The loader's two numbers of requests in flight.
var rawWorkers = []int{16, 32}

// rounds compares the loader and the operator, in turns and on the very same
// namespaces: whatever else happens on the machine happens to both.
func (b *Bench) rounds(ctx context.Context) error {
	for number := range b.Settings.Rounds {
		order := rawWorkers
		if number%2 == 1 {
			order = []int{rawWorkers[1], rawWorkers[0]}
		}
		round, err := b.round(ctx, order)
		if err != nil {
			return fmt.Errorf("round %d: %w", number+1, err)
		}
		b.results.Rounds = append(b.results.Rounds, round)
		b.Say("round %d of %d: opt-in %.0f/s of %.0f/s, rotation %.0f/s of %.0f/s", number+1, b.Settings.Rounds,
			round.OptIn.Rate, round.OptIn.Raw, round.Rotation.Rate, round.Rotation.Raw)
	}
	return nil
}

// round begins and ends without an operator. It leaves right copies of the
// second key.
func (b *Bench) round(ctx context.Context, workers []int) (round Round, err error) {
	if err = b.source(ctx, 0); err != nil {
		return round, err
	}
	for _, count := range workers {
		if err = b.fleet.Empty(ctx); err != nil {
			return round, err
		}
		pace, err := b.rawOptIn(ctx, count)
		if err != nil {
			return round, fmt.Errorf("raw opt-in: %w", err)
		}
		round.RawOptIn = append(round.RawOptIn, pace)
	}
	if err = b.fleet.Empty(ctx); err != nil {
		return round, err
	}
	if round.OptIn, err = b.optIn(ctx); err != nil {
		return round, fmt.Errorf("opt-in: %w", err)
	}
	if round.Rotation, err = b.rotation(ctx); err != nil {
		return round, fmt.Errorf("rotation: %w", err)
	}
	if err = b.stop(ctx); err != nil {
		return round, err
	}
	for i, count := range workers {
		pace, err := b.rawRotation(ctx, count, b.contents[i])
		if err != nil {
			return round, fmt.Errorf("raw rotation: %w", err)
		}
		round.RawRotation = append(round.RawRotation, pace)
	}
	round.OptIn.compare(round.RawOptIn)
	round.Rotation.compare(round.RawRotation)
	return round, nil
}

func (o *Operated) compare(raw []Pace) {
	for _, pace := range raw {
		o.Raw = max(o.Raw, pace.Rate)
	}
	o.Ratio = o.Rate / o.Raw
}

func (b *Bench) rawOptIn(ctx context.Context, workers int) (Pace, error) {
	load, err := b.fleet.OptIn(ctx, b.contents[0])
	if err != nil {
		return Pace{}, err
	}
	return b.raw(ctx, load, workers, b.lookOptIn(), b.contents[0])
}

// rawRotation writes a content that is not what is there.
func (b *Bench) rawRotation(ctx context.Context, workers int, content fleet.Content) (Pace, error) {
	load, err := b.fleet.Rotate(ctx, content)
	if err != nil {
		return Pace{}, err
	}
	return b.raw(ctx, load, workers, b.lookRotation(content), content)
}

func (b *Bench) raw(ctx context.Context, load fleet.Load, workers int, looks []*cluster.Look, content fleet.Content) (Pace, error) {
	pace, err := b.timed(ctx, looks, func() (time.Time, error) {
		begun := time.Now()
		return begun, load(workers)
	})
	if err != nil {
		return pace, err
	}
	pace.Workers = workers
	return pace, b.fleet.Check(ctx, content)
}

// optIn is measured from the start of the operator's process.
func (b *Bench) optIn(ctx context.Context) (Operated, error) {
	result, err := b.operated(ctx, b.lookOptIn(), func() (time.Time, error) {
		err := b.start()
		if err != nil {
			return time.Time{}, err
		}
		return b.process.Started, nil
	})
	if err != nil {
		return result, err
	}
	return result, b.fleet.Check(ctx, b.contents[0])
}

// rotation is measured from the answer to the change of the source.
func (b *Bench) rotation(ctx context.Context) (Operated, error) {
	before, err := b.fleet.Copies(ctx)
	if err != nil {
		return Operated{}, err
	}
	result, err := b.operated(ctx, b.lookRotation(b.contents[1]), func() (time.Time, error) {
		err := b.source(ctx, 1)
		return time.Now(), err
	})
	if err != nil {
		return result, err
	}
	if err := b.fleet.Check(ctx, b.contents[1]); err != nil {
		return result, err
	}
	return result, b.inPlace(ctx, before)
}

// inPlace is an error when a copy is another object than before.
func (b *Bench) inPlace(ctx context.Context, before map[string]cluster.Secret) error {
	after, err := b.fleet.Copies(ctx)
	if err != nil {
		return err
	}
	for _, name := range b.fleet.Names {
		if before[name].Meta.UID != after[name].Meta.UID {
			return fmt.Errorf("the copy in %s is another object than before", name)
		}
	}
	return nil
}

func (b *Bench) operated(ctx context.Context, looks []*cluster.Look, start func() (time.Time, error)) (result Operated, err error) {
	server, err := b.requests(ctx)
	if err != nil {
		return result, err
	}
	own := measure.Counters{}
	if b.process != nil {
		if own, err = b.process.Requests(ctx); err != nil {
			return result, err
		}
	}
	if result.Pace, err = b.timed(ctx, looks, start); err != nil {
		return result, err
	}
	if result.Process, err = b.pid().Footprint(); err != nil {
		return result, err
	}
	after, err := b.requests(ctx)
	if err != nil {
		return result, err
	}
	ownAfter, err := b.process.Requests(ctx)
	if err != nil {
		return result, err
	}
	result.Server, result.Operator = after.Since(server), ownAfter.Since(own)
	result.Deleted = looks[0].Deleted()
	return result, nil
}

func (b *Bench) lookOptIn() []*cluster.Look {
	return []*cluster.Look{b.secrets.Look(b.contents[0].Mark(), b.fleet.Names), b.accounts.Look(fleet.AttachedMark, b.fleet.Names)}
}

func (b *Bench) lookRotation(content fleet.Content) []*cluster.Look {
	return []*cluster.Look{b.secrets.Look(content.Mark(), b.fleet.Names)}
}

// timed waits for rest, starts something, and waits for the looks: the first
// sighting of the first and the last of the last are the ends of the pace.
// Processor time is counted until all is at rest again.
func (b *Bench) timed(ctx context.Context, looks []*cluster.Look, start func() (time.Time, error)) (pace Pace, err error) {
	b.settle()
	before := b.Meter.Read(b.pid())
	begun, err := start()
	if err != nil {
		return pace, err
	}
	for _, look := range looks {
		if err := look.Wait(ctx, b.Settings.Limit); err != nil {
			return pace, err
		}
	}
	others := before.To(b.Meter.Read(b.pid())).Others
	b.settle()
	pace.Usage = before.To(b.Meter.Read(b.pid()))
	pace.Others = others
	first, _ := looks[0].Ends()
	_, last := looks[len(looks)-1].Ends()
	if _, copied := looks[0].Ends(); copied.After(last) {
		last = copied
	}
	pace.Seconds = last.Sub(begun).Seconds()
	pace.FirstToLast = last.Sub(first).Seconds()
	pace.Rate = float64(len(b.fleet.Names)) / pace.FirstToLast
	return pace, nil
}
