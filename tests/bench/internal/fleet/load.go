package fleet

import (
	"context"
	"fmt"
	"net/http"

	"icr-pull-secrets/tests/bench/internal/cluster"
)

// Load is a set of writes with everything they need known beforehand, as the
// operator knows it from its watches.
type Load func(workers int) error

// OptIn prepares what the operator writes for a new fleet: the copy, then the
// patch of the service account.
func (f Fleet) OptIn(ctx context.Context, content Content) (Load, error) {
	accounts, err := f.accounts(ctx)
	if err != nil {
		return nil, err
	}
	body := content.createBody()
	return func(workers int) error {
		return Each(workers, f.Names, func(name string) error {
			if err := f.Client.Post(ctx, cluster.Path(name, "secrets", ""), body); err != nil {
				return err
			}
			return f.Client.Patch(ctx, cluster.Path(name, "serviceaccounts", account), cluster.JSONPatch, attachBody(accounts[name]))
		})
	}, nil
}

func attachBody(to cluster.Account) []byte {
	return cluster.Encode([]map[string]any{
		{"op": "test", "path": "/metadata/resourceVersion", "value": to.Meta.ResourceVersion},
		{"op": "add", "path": "/imagePullSecrets", "value": []cluster.Reference{{Name: CopyName}}},
	})
}

// Rotate prepares what the operator writes when the API key changes.
func (f Fleet) Rotate(ctx context.Context, content Content) (Load, error) {
	copies, err := f.Copies(ctx)
	if err != nil {
		return nil, err
	}
	return func(workers int) error {
		return Each(workers, f.Names, func(name string) error {
			return f.Client.Patch(ctx, cluster.Path(name, "secrets", CopyName), cluster.MergePatch, content.updateBody(copies[name]))
		})
	}, nil
}

// Delete removes the copies from some namespaces.
func (f Fleet) Delete(ctx context.Context, names []string) error {
	return Each(len(names), names, func(name string) error {
		return f.Client.Delete(ctx, cluster.Path(name, "secrets", CopyName))
	})
}

// Foreign makes Secrets that are none of the operator's business.
func Foreign(ctx context.Context, client *cluster.Client, namespace string, count int, data string) error {
	numbers := make([]int, count)
	for i := range numbers {
		numbers[i] = i
	}
	return Each(Helpers, numbers, func(number int) error {
		body := cluster.Encode(map[string]any{
			"apiVersion": "v1", "kind": "Secret",
			"metadata":   map[string]any{"name": fmt.Sprintf("foreign-%05d", number)},
			"stringData": map[string]string{"value": data},
		})
		return client.Post(ctx, cluster.Path(namespace, "secrets", ""), body)
	})
}

// Source sets the API key that the operator hands out.
func Source(ctx context.Context, client *cluster.Client, namespace, name, key, value string) error {
	object := map[string]any{
		"apiVersion": "v1", "kind": "Secret",
		"metadata":   map[string]any{"name": name},
		"stringData": map[string]string{key: value},
	}
	body := cluster.Encode(object)
	err := client.Patch(ctx, cluster.Path(namespace, "secrets", name), cluster.MergePatch, body)
	if !cluster.IsNotFound(err) {
		return err
	}
	_, err = client.Do(ctx, http.MethodPost, cluster.Path(namespace, "secrets", ""), cluster.JSON, body)
	return err
}
