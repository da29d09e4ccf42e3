package phases

import (
	"context"
	"math/rand/v2"
	"time"

	"icr-pull-secrets/tests/bench/internal/fleet"
)

// latency creates namespaces, each as soon as the one before is served.
func (b *Bench) latency(ctx context.Context) error {
	result := Latency{Count: b.Settings.New}
	b.Say("creating %d namespaces, one after the other", result.Count)
	b.settle()
	own, err := b.process.Requests(ctx)
	if err != nil {
		return err
	}
	var served arrivals
	before := b.Meter.Read(b.pid())
	for _, name := range fleet.Names("new", result.Count) {
		one, err := b.arrive(ctx, name)
		if err != nil {
			return err
		}
		served = append(served, one)
	}
	result.Others = before.To(b.Meter.Read(b.pid())).Others
	result.Arrivals = served.spread()
	b.settle()
	after, err := b.process.Requests(ctx)
	result.Requests = after.Since(own)
	b.results.Latency = result
	return err
}

// drift deletes some copies at once.
func (b *Bench) drift(ctx context.Context) error {
	names := append([]string(nil), b.fleet.Names...)
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:min(len(names), b.Settings.Deleted)]
	b.settle()
	look := b.secrets.Look(b.contents[1].Mark(), names)
	begun := time.Now()
	if err := b.fleet.Delete(ctx, names); err != nil {
		return err
	}
	deleted := time.Now()
	if err := look.Wait(ctx, b.Settings.Limit); err != nil {
		return err
	}
	_, last := look.Ends()
	b.results.Drift = Drift{len(names), last.Sub(begun).Seconds(), max(0, last.Sub(deleted).Seconds())}
	return b.fleet.Check(ctx, b.contents[1])
}

// idle watches the operator do nothing.
func (b *Bench) idle(ctx context.Context) error {
	if b.Settings.Idle <= 0 {
		return nil
	}
	b.Say("idle for %s", b.Settings.Idle)
	b.settle()
	server, err := b.requests(ctx)
	if err != nil {
		return err
	}
	own, err := b.process.Requests(ctx)
	if err != nil {
		return err
	}
	before := b.Meter.Read(b.pid())
	time.Sleep(b.Settings.Idle)
	result := Idle{Seconds: b.Settings.Idle.Seconds(), CPU: before.To(b.Meter.Read(b.pid())).Operator}
	if result.Process, err = b.pid().Footprint(); err != nil {
		return err
	}
	ownAfter, err := b.process.Requests(ctx)
	if err != nil {
		return err
	}
	after, err := b.requests(ctx)
	result.Requests, result.Writes = ownAfter.Since(own), after.Since(server).Of(writing...)
	b.results.Idle = &result
	return err
}
