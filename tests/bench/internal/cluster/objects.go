package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
)

// Meta is the part of an object's metadata that matters here.
type Meta struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace,omitempty"`
	UID             string            `json:"uid,omitempty"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
}

// Secret is a core/v1 Secret.
type Secret struct {
	Meta Meta              `json:"metadata"`
	Type string            `json:"type"`
	Data map[string]string `json:"data"`
}

// Account is a core/v1 ServiceAccount.
type Account struct {
	Meta        Meta        `json:"metadata"`
	PullSecrets []Reference `json:"imagePullSecrets"`
}

// Reference names another object in the same namespace.
type Reference struct {
	Name string `json:"name"`
}

// Path is the path of a namespaced collection, or of one object of it.
func Path(namespace, resource, name string) string {
	path := fmt.Sprintf("/api/v1/namespaces/%s/%s", namespace, resource)
	if name != "" {
		path += "/" + name
	}
	return path
}

const pageSize = 500

// List reads a collection over all namespaces, as far as the field selector
// goes, in pages.
func List[T any](ctx context.Context, client *Client, resource, selector string) ([]T, error) {
	var all []T
	query := url.Values{"limit": {fmt.Sprint(pageSize)}}
	if selector != "" {
		query.Set("fieldSelector", selector)
	}
	for {
		var page struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []T `json:"items"`
		}
		if err := client.Get(ctx, "/api/v1/"+resource+"?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Metadata.Continue == "" {
			return all, nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
}

// Encode turns a value of this program's own into JSON.
func Encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // the values here are maps, slices and strings
	}
	return text
}
