package fleet

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"icr-pull-secrets/tests/bench/internal/cluster"
)

// Helpers is how many requests the preparations have in flight.
const Helpers = 16

// Fleet is a number of opted-in namespaces, each with its service account.
type Fleet struct {
	Client *cluster.Client
	Names  []string
}

// Create makes the namespaces and waits for the controller manager to put the
// service account into each.
func (f Fleet) Create(ctx context.Context, accounts *cluster.Watch, limit time.Duration) error {
	look := accounts.Look(AccountMark, f.Names)
	err := Each(Helpers, f.Names, func(name string) error {
		return f.Client.Post(ctx, "/api/v1/namespaces", NamespaceBody(name))
	})
	if err != nil {
		look.Stop()
		return err
	}
	return look.Wait(ctx, limit)
}

// OptOut makes the namespaces some that the operator leaves alone.
func (f Fleet) OptOut(ctx context.Context) error {
	body := optOutBody()
	return Each(Helpers, f.Names, func(name string) error {
		return f.Client.Patch(ctx, "/api/v1/namespaces/"+name, cluster.MergePatch, body)
	})
}

// Empty takes all copies away and detaches them: the namespaces are again as
// they were before the first opt-in.
func (f Fleet) Empty(ctx context.Context) error {
	accounts, err := f.accounts(ctx)
	if err != nil {
		return err
	}
	detach := cluster.Encode([]map[string]any{{"op": "remove", "path": "/imagePullSecrets"}})
	return Each(Helpers, f.Names, func(name string) error {
		if err := f.Client.Delete(ctx, cluster.Path(name, "secrets", CopyName)); err != nil {
			return err
		}
		if len(accounts[name].PullSecrets) == 0 {
			return nil
		}
		return f.Client.Patch(ctx, cluster.Path(name, "serviceaccounts", account), cluster.JSONPatch, detach)
	})
}

// Copies are the operator's Secrets by namespace, of this fleet and others.
func (f Fleet) Copies(ctx context.Context) (map[string]cluster.Secret, error) {
	list, err := cluster.List[cluster.Secret](ctx, f.Client, "secrets", CopySelector)
	byNamespace := make(map[string]cluster.Secret, len(list))
	for _, secret := range list {
		byNamespace[secret.Meta.Namespace] = secret
	}
	return byNamespace, err
}

func (f Fleet) accounts(ctx context.Context) (map[string]cluster.Account, error) {
	list, err := cluster.List[cluster.Account](ctx, f.Client, "serviceaccounts", "metadata.name="+account)
	byNamespace := make(map[string]cluster.Account, len(list))
	for _, item := range list {
		byNamespace[item.Meta.Namespace] = item
	}
	return byNamespace, err
}

// Check is an error when a namespace does not hold the right copy, attached once.
func (f Fleet) Check(ctx context.Context, want Content) error {
	copies, err := f.Copies(ctx)
	if err != nil {
		return err
	}
	accounts, err := f.accounts(ctx)
	if err != nil {
		return err
	}
	for _, name := range f.Names {
		secret, ok := copies[name]
		if !ok || secret.Type != copyType || secret.Data[copyKey] != want.data || len(secret.Data) != 1 {
			return fmt.Errorf("namespace %s does not hold the right copy", name)
		}
		if attached := accounts[name].PullSecrets; len(attached) != 1 || attached[0].Name != CopyName {
			return fmt.Errorf("namespace %s: the service account's pull secrets are %v", name, attached)
		}
	}
	return nil
}

// Each calls do for all items, by some workers at once, until one fails.
func Each[T any](workers int, items []T, do func(T) error) error {
	var (
		running sync.WaitGroup
		next    atomic.Int64
		once    sync.Once
		failure error
	)
	for range workers {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(items)); i = next.Add(1) - 1 {
				if err := do(items[i]); err != nil {
					next.Store(int64(len(items)))
					once.Do(func() { failure = err })
				}
			}
		})
	}
	running.Wait()
	return failure
}
