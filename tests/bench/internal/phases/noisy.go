package phases

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"icr-pull-secrets/tests/bench/internal/cluster"
	"icr-pull-secrets/tests/bench/internal/fleet"
)

const (
	noisyNamespace = "noisy"
	editsAMinute   = 10_000
	editors        = 4
)

// noisy creates namespaces one after the other: in quiet, while somebody edits
// another one's annotations all the time that are nobody's business, and while
// he edits those that are the operator's. The second is what the API server
// itself makes of it.
func (b *Bench) noisy(ctx context.Context) error {
	b.Say("creating %d namespaces in quiet, then beside %d edits a minute", b.Settings.New, editsAMinute)
	all := fleet.Fleet{Client: b.Client, Names: []string{noisyNamespace}}
	if err := all.Create(ctx, b.accounts, b.Settings.Limit); err != nil {
		return err
	}
	result := Noisy{Count: b.Settings.New}
	parts := []struct {
		name string
		edit func(int) []byte
		into *Arrivals
	}{
		{"calm", nil, &result.Quiet},
		{"strange", strangeEdit, &result.Strange},
		{"ours", fleet.RegionsEdit, &result.Noisy},
	}
	for _, part := range parts {
		b.settle()
		flood := b.flood(ctx, edits{noisyNamespace, part.edit, editsAMinute, editors})
		served, err := b.arriveAll(ctx, fleet.Names(part.name, result.Count))
		done, seconds := flood()
		if err != nil {
			return err
		}
		*part.into = served.spread()
		if part.edit != nil {
			result.EditsAMinute = append(result.EditsAMinute, float64(done)/seconds*60)
		}
		all.Names = append(all.Names, fleet.Names(part.name, result.Count)...)
	}
	b.results.Noisy = result
	// Whatever comes is about the others.
	if err := all.OptOut(ctx); err != nil {
		return err
	}
	b.settle()
	return nil
}

func (b *Bench) arriveAll(ctx context.Context, names []string) (served arrivals, err error) {
	for _, name := range names {
		one, err := b.arrive(ctx, name)
		if err != nil {
			return nil, err
		}
		served = append(served, one)
	}
	return served, nil
}

func strangeEdit(number int) []byte {
	return cluster.Encode(map[string]any{"metadata": map[string]any{"annotations": map[string]string{"example.com/number": fmt.Sprint(number)}}})
}

// edits of a namespace, by some at once.
type edits struct {
	namespace string
	body      func(int) []byte // nil: there are none
	aMinute   int
	editors   int
}

// flood edits a namespace until the result is called, which tells how often it
// was edited, in how many seconds.
func (b *Bench) flood(ctx context.Context, what edits) func() (int64, float64) {
	if what.body == nil {
		return func() (int64, float64) { return 0, 0 }
	}
	ctx, stop := context.WithCancel(ctx)
	var done atomic.Int64
	var group sync.WaitGroup
	begun := time.Now()
	for range what.editors {
		group.Go(func() {
			ticker := time.NewTicker(time.Minute * time.Duration(what.editors) / time.Duration(what.aMinute))
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
					body := what.body(int(done.Add(1)))
					_ = b.Client.Patch(ctx, "/api/v1/namespaces/"+what.namespace, cluster.MergePatch, body)
				}
			}
		})
	}
	return func() (int64, float64) {
		seconds := time.Since(begun).Seconds()
		stop()
		group.Wait()
		return done.Load(), seconds
	}
}
