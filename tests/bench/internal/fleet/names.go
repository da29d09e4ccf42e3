// Package fleet is the benchmark's population of namespaces: it makes them,
// judges what is in them, puts them back, and loads the API server with the
// same writes as the operator's.
package fleet

import (
	"fmt"

	"icr-pull-secrets/tests/bench/internal/cluster"
)

// What the operator's documentation promises.
const (
	CopyName     = "icr-default"
	CopySelector = "metadata.name=" + CopyName
	account      = "default"
	optIn        = "icr-pull-secrets/regions"
	regions      = "us-south,eu-de"
	copyType     = "kubernetes.io/dockerconfigjson"
	copyKey      = ".dockerconfigjson"
)

var hosts = []string{"de.icr.io", "us.icr.io"}

// Marks in the JSON of a watch's event.
const (
	// AccountMark is in a service account that the operator looks after.
	AccountMark = `"name":"` + account + `"`
	// AttachedMark is in one that names the copy.
	AttachedMark = `"imagePullSecrets":[{"name":"` + CopyName + `"}]`
)

// Names of count namespaces.
func Names(prefix string, count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%05d", prefix, i)
	}
	return names
}

// NamespaceBody is a namespace that opts in.
func NamespaceBody(name string) []byte {
	return cluster.Encode(map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"name": name, "annotations": map[string]string{optIn: regions}},
	})
}

// RegionsEdit asks for one region, for another, and for nonsense, in turns.
func RegionsEdit(number int) []byte {
	value := []string{regions, "jp-tok", fmt.Sprintf("nowhere-%d", number)}[number%3]
	return cluster.Encode(map[string]any{"metadata": map[string]any{"annotations": map[string]string{optIn: value}}})
}

// optOutBody takes the opt-in back.
func optOutBody() []byte {
	return cluster.Encode(map[string]any{"metadata": map[string]any{"annotations": map[string]any{optIn: nil}}})
}
