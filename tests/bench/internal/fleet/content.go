package fleet

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"icr-pull-secrets/tests/bench/internal/cluster"
)

// Content is what a copy made by the operator from one API key or token looks
// like. The loader writes the same.
type Content struct {
	labels, annotations map[string]string
	data                string
}

// ContentOf takes over a copy that the operator wrote, if it is right.
func ContentOf(secret cluster.Secret, apiKey string) (Content, error) {
	return contentOf(secret, "iamapikey", func(password string) bool { return password == apiKey })
}

// TokenContentOf does so with a copy that holds an access token. Which one it
// should be, nobody but the operator knows.
func TokenContentOf(secret cluster.Secret) (Content, error) {
	return contentOf(secret, "iambearer", func(password string) bool { return password != "" })
}

func contentOf(secret cluster.Secret, user string, good func(password string) bool) (Content, error) {
	content := Content{secret.Meta.Labels, secret.Meta.Annotations, secret.Data[copyKey]}
	text, err := base64.StdEncoding.DecodeString(content.data)
	if err != nil {
		return content, err
	}
	var config struct {
		Auths map[string]struct{ Username, Password, Auth string } `json:"auths"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return content, fmt.Errorf("the copy's dockerconfigjson: %w", err)
	}
	if found := slices.Sorted(maps.Keys(config.Auths)); !slices.Equal(found, hosts) {
		return content, fmt.Errorf("the copy is for %v instead of %v", found, hosts)
	}
	for host, login := range config.Auths {
		auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + login.Password))
		if login.Username != user || !good(login.Password) || login.Auth != auth {
			return content, fmt.Errorf("the copy's login for %s is wrong", host)
		}
	}
	return content, nil
}

// AnyMark is in a watch's event about a copy, whatever it holds.
const AnyMark = `"` + copyKey + `":"`

// Mark is in a watch's event about a copy with this content, and in no other.
func (c Content) Mark() string { return markOf(c.data) }

// Mark is the same for a copy of which nothing is known.
func Mark(secret cluster.Secret) string { return markOf(secret.Data[copyKey]) }

func markOf(data string) string { return AnyMark + data + `"` }

// Bytes is the size of a Secret as it is sent.
func (c Content) Bytes() int { return len(c.createBody()) }

func (c Content) createBody() []byte {
	return cluster.Encode(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": copyType,
		"metadata": map[string]any{"name": CopyName, "labels": c.labels, "annotations": c.annotations},
		"data":     map[string]string{copyKey: c.data},
	})
}

func (c Content) updateBody(of cluster.Secret) []byte {
	return cluster.Encode(map[string]any{
		"metadata": map[string]any{
			"uid": of.Meta.UID, "resourceVersion": of.Meta.ResourceVersion,
			"labels": c.labels, "annotations": c.annotations,
		},
		"data": map[string]string{copyKey: c.data},
	})
}
