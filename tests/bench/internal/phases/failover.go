package phases

import (
	"context"
	"errors"

	"icr-pull-secrets/tests/bench/internal/operator"
)

// failOver kills the operator that has handed out a token and starts another
// one, which finds everything as it should be. It begins and ends without an
// operator.
func (b *Bench) failOver(ctx context.Context) error {
	content, err := b.startTokens(ctx)
	if err != nil {
		return err
	}
	b.Say("killing the operator that has handed out a token, and starting another one")
	before, err := b.requests(ctx)
	if err != nil {
		return err
	}
	calls, err := b.Double.TokenCalls(ctx)
	if err != nil {
		return err
	}
	if err = b.process.Crash(); err != nil {
		return err
	}
	if b.process, err = b.Launcher.Start(operator.Tokens(b.Double.CAFile)); err != nil {
		return err
	}
	ready, err := b.process.Ready(ctx)
	if err != nil {
		return err
	}
	b.settle()
	after, err := b.requests(ctx)
	if err != nil {
		return err
	}
	callsAfter, err := b.Double.TokenCalls(ctx)
	if err != nil {
		return err
	}
	held, err := b.heldByAll(ctx)
	if err == nil && held.Mark() != content.Mark() {
		err = errors.New("the successor has handed out another token than the one that was good")
	}
	b.results.Tokens.FailOver = FailOver{
		Ready: ready.Seconds(), Server: after.Since(before), TokenCalls: callsAfter - calls,
	}
	return errors.Join(err, b.stop(ctx))
}
