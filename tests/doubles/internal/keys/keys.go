// Package keys knows which credentials are valid, and how the double behaves.
// Both live in a file that is read again for each question, so that a test
// changes them by writing it.
package keys

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// What a key of the file belongs to when it does not say so.
const (
	DefaultIdentity = "IBMid-double"
	DefaultAccount  = "account-double"
)

// Rights limit what a login opens at the registry. Empty means all of them.
type Rights struct {
	// Hosts are registry hosts.
	Hosts []string `json:"hosts,omitempty"`
	// Namespaces are registry namespaces (the first part of a repository's name).
	Namespaces []string `json:"namespaces,omitempty"`
}

// Key is one pair of user and secret. A pair of the user iamapikey is an API
// key that IAM knows too; the fields from ID on are for that.
type Key struct {
	User   string `json:"user"`
	Secret string `json:"secret"`
	// State is active (the default) or disabled.
	State string `json:"state,omitempty"`
	// Push allows more than pull.
	Push bool `json:"push,omitempty"`
	Rights
	ID      string `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	IamID   string `json:"iamId,omitempty"`
	Account string `json:"account,omitempty"`
	// Manager allows to manage the account: its API keys, service IDs, profiles and policies.
	Manager bool `json:"manager,omitempty"`
	// Pushes and Lists are the namespaces that policies let a login push to, and
	// list the images of.
	Pushes []string `json:"-"`
	Lists  []string `json:"-"`
}

// Account is an IBM Cloud account.
type Account struct {
	ID string `json:"id"`
	// KeysPerIdentity is the most API keys that an identity may have: 20.
	KeysPerIdentity int `json:"keysPerIdentity,omitempty"`
}

// Identity is a service ID (or user) that may have API keys.
type Identity struct {
	IamID   string `json:"iamId"`
	Account string `json:"account,omitempty"`
	Manager bool   `json:"manager,omitempty"`
	Rights
}

// Profile is a trusted profile.
type Profile struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Account string `json:"account,omitempty"`
	// Subjects are the service accounts ("system:serviceaccount:NS:NAME") whose
	// tokens get one of the profile.
	Subjects []string `json:"subjects,omitempty"`
	// Identities are those whose API keys log in at the registry with the
	// profile's id as the user.
	Identities []string `json:"identities,omitempty"`
	Manager    bool     `json:"manager,omitempty"`
	Rights
}

// Image is in the built-in store of hosts that have no registry behind them.
type Image struct {
	// Host is empty for all.
	Host      string `json:"host,omitempty"`
	Name      string `json:"name"`
	Reference string `json:"reference"`
}

// Settings is the content of the file.
type Settings struct {
	Keys []Key `json:"keys"`
	// RefusalStatus is the registry's answer to a wrong user or secret: 401 (the
	// default) or 400. Both are on record for the real service.
	RefusalStatus int `json:"refusalStatus,omitempty"`
	// DisabledStatus is IAM's answer to a disabled API key: 400 (the default) or
	// 401, for the same reason.
	DisabledStatus int `json:"disabledStatus,omitempty"`
	// Challenge is quoted (the default) or unquoted: the two ways in which the
	// real service has been seen to write its WWW-Authenticate header.
	Challenge string `json:"challenge,omitempty"`
	// Realm replaces the address of the token endpoint in challenges.
	Realm string `json:"realm,omitempty"`
	// TokenSeconds is the lifetime of access tokens (3600), RefreshSeconds that of
	// refresh tokens (72 hours).
	TokenSeconds   int `json:"tokenSeconds,omitempty"`
	RefreshSeconds int `json:"refreshSeconds,omitempty"`
	// ClockOffsetSeconds is how far IAM's clock is ahead of the machine's.
	ClockOffsetSeconds int `json:"clockOffsetSeconds,omitempty"`
	// PropagationMs is how long a new API key is not known yet at IAM's token
	// endpoint; RegistryPropagationMs the same at the registry (the same time when
	// absent); ListDelayMs the same for the list of keys.
	PropagationMs         int  `json:"propagationMs,omitempty"`
	RegistryPropagationMs *int `json:"registryPropagationMs,omitempty"`
	ListDelayMs           int  `json:"listDelayMs,omitempty"`
	// PolicyReadDelayMs is how long a new policy is not found by its id,
	// PolicyPropagationMs how long the registry does not know it.
	PolicyReadDelayMs   int `json:"policyReadDelayMs,omitempty"`
	PolicyPropagationMs int `json:"policyPropagationMs,omitempty"`
	// PolicyPage is the most policies in a page of their list.
	PolicyPage int        `json:"policyPage,omitempty"`
	Accounts   []Account  `json:"accounts,omitempty"`
	Identities []Identity `json:"identities,omitempty"`
	Profiles   []Profile  `json:"profiles,omitempty"`
	Images     []Image    `json:"images,omitempty"`
}

// File is the name of a settings file.
type File string

// Load reads the file.
func (f File) Load() (Settings, error) {
	content, err := os.ReadFile(string(f))
	if err != nil {
		return Settings{}, err
	}
	settings, err := parse(content)
	if err != nil {
		return settings, fmt.Errorf("%s: %w", f, err)
	}
	return settings, nil
}

// Change replaces fields of the file in one step; null takes a field away.
func (f File) Change(fields map[string]json.RawMessage) error {
	lock, err := os.OpenFile(string(f)+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	content, err := os.ReadFile(string(f))
	if err != nil {
		return err
	}
	whole := map[string]json.RawMessage{}
	if err := json.Unmarshal(content, &whole); err != nil {
		return err
	}
	for name, value := range fields {
		whole[name] = value
		if string(value) == "null" {
			delete(whole, name)
		}
	}
	if content, err = json.Marshal(whole); err != nil {
		return err
	}
	if _, err := parse(content); err != nil {
		return err
	}
	if err := os.WriteFile(string(f)+".partial", content, 0o600); err != nil {
		return err
	}
	return os.Rename(string(f)+".partial", string(f))
}

// parse is strict. A misspelt field is an error: a test that switches something
// must not go on as if it had.
func parse(content []byte) (Settings, error) {
	settings := Settings{}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		return settings, err
	}
	setDefault(&settings.RefusalStatus, 401)
	setDefault(&settings.DisabledStatus, 400)
	setDefault(&settings.TokenSeconds, 3600)
	setDefault(&settings.RefreshSeconds, 72*3600)
	if settings.RegistryPropagationMs == nil {
		settings.RegistryPropagationMs = &settings.PropagationMs
	}
	switch settings.Challenge {
	case "":
		settings.Challenge = "quoted"
	case "quoted", "unquoted":
	default:
		return settings, fmt.Errorf("challenge %q is neither quoted nor unquoted", settings.Challenge)
	}
	for i := range settings.Keys {
		if err := settings.Keys[i].complete(); err != nil {
			return settings, err
		}
	}
	return settings, nil
}

func setDefault(field *int, value int) {
	if *field == 0 {
		*field = value
	}
}

// complete fills in what the file leaves out. The id of a key is made from its
// secret, so that it is the same each time.
func (k *Key) complete() error {
	if k.State != "" && k.State != "active" && k.State != "disabled" {
		return fmt.Errorf("state %q is neither active nor disabled", k.State)
	}
	if k.IamID == "" {
		k.IamID = DefaultIdentity
	}
	if k.Account == "" {
		k.Account = DefaultAccount
	}
	if k.ID == "" {
		digest := sha256.Sum256([]byte(k.Secret))
		k.ID = fmt.Sprintf("ApiKey-%x-%x-%x-%x-%x", digest[:4], digest[4:6], digest[6:8], digest[8:10], digest[10:16])
	}
	return nil
}

// Now is the time on the clock of IAM.
func (s Settings) Now() time.Time {
	return time.Now().Add(time.Duration(s.ClockOffsetSeconds) * time.Second)
}

// KeyLimit is the most API keys that an identity of the account may have.
func (s Settings) KeyLimit(account string) int {
	const usual = 20
	for _, candidate := range s.Accounts {
		if candidate.ID == account && candidate.KeysPerIdentity != 0 {
			return candidate.KeysPerIdentity
		}
	}
	return usual
}

// Identity finds an identity; one that only a key of the file names exists too.
func (s Settings) Identity(iamID string) (Identity, bool) {
	found, ok := Identity{IamID: iamID, Account: DefaultAccount}, false
	for _, candidate := range s.Identities {
		if candidate.IamID == iamID {
			found, ok = candidate, true
			if found.Account == "" {
				found.Account = DefaultAccount
			}
			return found, ok
		}
	}
	for _, key := range s.Keys {
		if key.User == "iamapikey" && key.IamID == iamID {
			found.Account, ok = key.Account, true
		}
	}
	return found, ok
}

// Profile finds a trusted profile by id or name.
func (s Settings) Profile(id, name string) (Profile, bool) {
	for _, candidate := range s.Profiles {
		if id != "" && candidate.ID != id || name != "" && candidate.Name != name || id+name == "" {
			continue
		}
		if candidate.Account == "" {
			candidate.Account = DefaultAccount
		}
		return candidate, true
	}
	return Profile{}, false
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
		if key.State == "disabled" || !key.Opens(host) {
			continue
		}
		if key.Push || KnownUser(user) {
			return key, true
		}
	}
	return Key{}, false
}

// Opens tells whether the rights are good for a host.
func (r Rights) Opens(host string) bool { return contains(r.Hosts, host) }

// Allows tells whether the key may do something in a repository.
func (k Key) Allows(repository, action string) bool {
	namespace, _, _ := strings.Cut(repository, "/")
	if !contains(k.Namespaces, namespace) {
		return false
	}
	return action == "pull" || k.Push || slices.Contains(k.Pushes, namespace)
}

// ListsImages tells whether the key may list the images of a namespace.
func (k Key) ListsImages(namespace string) bool {
	return contains(k.Namespaces, namespace) && (k.Lists == nil && k.Pushes == nil || slices.Contains(k.Lists, namespace))
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
