package phases

import (
	"context"
	"math/rand/v2"

	"icr-pull-secrets/tests/bench/internal/fleet"
)

// restarted starts the operator with everything in place.
func (b *Bench) restarted(ctx context.Context) error {
	_, err := b.restart(ctx)
	return err
}

func (b *Bench) restart(ctx context.Context) (result Restart, err error) {
	b.settle()
	server, err := b.requests(ctx)
	if err != nil {
		return result, err
	}
	if err := b.start(); err != nil {
		return result, err
	}
	ready, err := b.process.Ready(ctx)
	if err != nil {
		return result, err
	}
	result.Ready = ready.Seconds()
	b.settle()
	result.CPU = b.pid().CPU().Seconds()
	if result.Process, err = b.pid().Footprint(); err != nil {
		return result, err
	}
	if result.Requests, err = b.process.Requests(ctx); err != nil {
		return result, err
	}
	after, err := b.requests(ctx)
	result.Writes = after.Since(server).Of(writing...)
	return result, err
}

// restarts compares a restart before and after others have brought their
// Secrets. It begins without an operator.
func (b *Bench) restarts(ctx context.Context) (err error) {
	if b.results.Restart, err = b.restart(ctx); err != nil {
		return err
	}
	result := Foreign{Count: b.Settings.Foreign, Bytes: b.Settings.ForeignBytes, Before: b.results.Restart.Process}
	b.Say("adding %d foreign Secrets", result.Count)
	if err := fleet.Foreign(ctx, b.Client, foreign, result.Count, text(result.Bytes)); err != nil {
		return err
	}
	b.settle()
	if result.After, err = b.pid().Footprint(); err != nil {
		return err
	}
	if err := b.stop(ctx); err != nil {
		return err
	}
	if result.Restart, err = b.restart(ctx); err != nil {
		return err
	}
	b.results.Foreign = result
	return b.stop(ctx)
}

// text does not compress.
func text(size int) string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	bytes := make([]byte, size)
	for i := range bytes {
		bytes[i] = letters[rand.IntN(len(letters))]
	}
	return string(bytes)
}
