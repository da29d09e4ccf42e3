// Package keys knows which credentials are valid. They live in a file that is
// read again for each question, so that a test changes them by writing it.
package keys

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Key is one pair of user and secret.
type Key struct {
	User   string `json:"user"`
	Secret string `json:"secret"`
	// State is active (the default) or disabled.
	State string `json:"state,omitempty"`
	// Push allows more than pull.
	Push bool `json:"push,omitempty"`
	// Hosts limits the key to some registry hosts. Empty means all of them.
	Hosts []string `json:"hosts,omitempty"`
	// Namespaces limits the key to some registry namespaces (the first part of
	// a repository's name). Empty means all of them.
	Namespaces []string `json:"namespaces,omitempty"`
}

// Settings is the content of the file.
type Settings struct {
	Keys []Key `json:"keys"`
	// RefusalStatus is the answer to a wrong user or secret: 401 (the default)
	// or 400. Both are on record for the real service.
	RefusalStatus int `json:"refusalStatus,omitempty"`
	// Challenge is quoted (the default) or unquoted: the two ways in which the
	// real service has been seen to write its WWW-Authenticate header.
	Challenge string `json:"challenge,omitempty"`
}

// File is the name of a settings file.
type File string

// Load reads the file. A misspelt field is an error: a test that switches
// something must not go on as if it had.
func (f File) Load() (Settings, error) {
	settings := Settings{}
	content, err := os.ReadFile(string(f))
	if err != nil {
		return settings, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		return settings, fmt.Errorf("%s: %w", f, err)
	}
	if settings.RefusalStatus == 0 {
		settings.RefusalStatus = 401
	}
	switch settings.Challenge {
	case "":
		settings.Challenge = "quoted"
	case "quoted", "unquoted":
	default:
		return settings, fmt.Errorf("%s: challenge %q is neither quoted nor unquoted", f, settings.Challenge)
	}
	for _, key := range settings.Keys {
		if key.State != "" && key.State != "active" && key.State != "disabled" {
			return settings, fmt.Errorf("%s: state %q is neither active nor disabled", f, key.State)
		}
	}
	return settings, nil
}

// KnownUser tells whether the registry knows this kind of user at all.
func KnownUser(user string) bool {
	switch user {
	case "iamapikey", "iambearer", "iamrefresh", "cp":
		return true
	}
	return strings.HasPrefix(user, "Profile-") && len(user) > len("Profile-")
}

// Find returns the valid key for the pair at this host.
func (s Settings) Find(host, user, secret string) (Key, bool) {
	for _, key := range s.Keys {
		if key.User != user || subtle.ConstantTimeCompare([]byte(key.Secret), []byte(secret)) != 1 {
			continue
		}
		if key.State == "disabled" || !contains(key.Hosts, host) {
			continue
		}
		if key.Push || KnownUser(user) {
			return key, true
		}
	}
	return Key{}, false
}

// Allows tells whether the key may do something in a repository.
func (k Key) Allows(repository, action string) bool {
	namespace, _, _ := strings.Cut(repository, "/")
	if !contains(k.Namespaces, namespace) {
		return false
	}
	return action == "pull" || k.Push
}

func contains(list []string, item string) bool {
	if len(list) == 0 {
		return true
	}
	for _, candidate := range list {
		if candidate == item {
			return true
		}
	}
	return false
}
