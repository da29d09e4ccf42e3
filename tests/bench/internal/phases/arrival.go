package phases

import (
	"context"
	"time"

	"icr-pull-secrets/tests/bench/internal/fleet"
	"icr-pull-secrets/tests/bench/internal/measure"
)

// arrival is how one new namespace was served.
type arrival struct {
	created                   time.Time
	account, copied, attached time.Duration // since then
}

type arrivals []arrival

// arrive creates a namespace and returns as soon as it is served.
func (b *Bench) arrive(ctx context.Context, name string) (arrival, error) {
	one := []string{name}
	account := b.accounts.Look(fleet.AccountMark, one)
	defer account.Stop()
	attached := b.accounts.Look(fleet.AttachedMark, one)
	copied := b.secrets.Look(fleet.AnyMark, one)
	if err := b.Client.Post(ctx, "/api/v1/namespaces", fleet.NamespaceBody(name)); err != nil {
		return arrival{}, err
	}
	created := time.Now()
	if err := attached.Wait(ctx, b.Settings.Limit); err != nil {
		return arrival{}, err
	}
	if err := copied.Wait(ctx, b.Settings.Limit); err != nil {
		return arrival{}, err
	}
	since := func(at time.Time) time.Duration { return at.Sub(created) }
	return arrival{created, since(account.At(name)), since(copied.At(name)), since(attached.At(name))}, nil
}

func (a arrivals) spread() Arrivals {
	of := func(value func(arrival) time.Duration) measure.Spread {
		times := make([]time.Duration, len(a))
		for i, one := range a {
			times[i] = value(one)
		}
		return measure.SpreadOf(times)
	}
	return Arrivals{
		Account:  of(func(one arrival) time.Duration { return one.account }),
		Copy:     of(func(one arrival) time.Duration { return one.copied }),
		Attached: of(func(one arrival) time.Duration { return one.attached }),
		Patching: of(func(one arrival) time.Duration { return one.attached - one.account }),
	}
}

// between are those that were created in a certain time.
func (a arrivals) between(first, last time.Time) arrivals {
	var within arrivals
	for _, one := range a {
		if !one.created.Before(first) && one.created.Before(last) {
			within = append(within, one)
		}
	}
	return within
}
