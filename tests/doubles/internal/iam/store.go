// Package iam is the part of IBM Cloud IAM that deals with tokens and API keys.
package iam

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"icr-pull-secrets/tests/doubles/internal/keys"
)

// States of an API key.
const (
	StateActive   = "active"
	StateDisabled = "disabled"
	StateDeleted  = "deleted"
	// StateHidden is that of a new key that the token endpoint does not know yet.
	StateHidden = "not-yet-visible"
)

type digest [sha256.Size]byte

// record is an API key; its value is not kept.
type record struct {
	id, name, description, iamID, account, createdBy string
	created, modified                                time.Time
	// When the token endpoint, the registry and the list know it.
	atIAM, atRegistry, inList time.Time
	disabled, locked, deleted bool
	version                   int
	value                     digest
	// pair is the entry of the settings file, for a key from there.
	pair *keys.Key
}

func (r *record) state(known time.Time) string {
	switch {
	case r.deleted:
		return StateDeleted
	case time.Now().Before(known):
		return StateHidden
	case r.disabled || r.pair != nil && r.pair.State == StateDisabled:
		return StateDisabled
	}
	return StateActive
}

// grant is what a token was given for.
type grant struct {
	iamID, account string
	// key or profile that it was given for; the other is empty.
	key, profile string
	expires      time.Time
}

// Store knows API keys and tokens. It lives as long as the program.
type Store struct {
	mutex   sync.Mutex
	records []*record
	// What clients have made, in the order of its creation.
	identities []*identity
	policies   []*policy
	access     map[digest]grant
	refresh    map[digest]grant
	calls      map[string]int
	issued     map[string]int
}

// NewStore returns a store that knows nothing but what the settings will say.
func NewStore() *Store {
	return &Store{access: map[digest]grant{}, refresh: map[digest]grant{}, calls: map[string]int{}, issued: map[string]int{}}
}

// KeyState is a key as tests see it.
type KeyState struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	IamID    string    `json:"iamId"`
	Account  string    `json:"account"`
	State    string    `json:"state"`
	Locked   bool      `json:"locked"`
	FromFile bool      `json:"fromFile"`
	Created  time.Time `json:"created"`
}

// State is what the control API shows.
type State struct {
	// Keys are all that ever were, in the order of their creation.
	Keys []KeyState `json:"keys"`
	// Identities are the service IDs and profiles that clients have made, Policies
	// what these may do.
	Identities []map[string]any `json:"identities"`
	Policies   []*policy        `json:"policies"`
	// TokenCalls and TokensIssued count by the last part of the grant.
	TokenCalls   map[string]int `json:"tokenCalls"`
	TokensIssued map[string]int `json:"tokensIssued"`
}

// State tells what there is.
func (s *Store) State(settings keys.Settings) State {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sync(settings)
	state := State{
		Keys: []KeyState{}, Identities: []map[string]any{}, Policies: append([]*policy{}, s.policies...),
		TokenCalls: map[string]int{}, TokensIssued: map[string]int{},
	}
	for _, i := range s.identities {
		state.Identities = append(state.Identities, i.describe())
	}
	for _, r := range s.records {
		state.Keys = append(state.Keys, KeyState{
			ID: r.id, Name: r.name, IamID: r.iamID, Account: r.account, State: r.state(r.atIAM),
			Locked: r.locked, FromFile: r.pair != nil, Created: r.created,
		})
	}
	for name, count := range s.calls {
		state.TokenCalls[name] = count
	}
	for name, count := range s.issued {
		state.TokensIssued[name] = count
	}
	return state
}

// SetState does to a key what IBM or somebody else might do. It tells whether
// there is such a key.
func (s *Store) SetState(settings keys.Settings, id, state string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sync(settings)
	for _, r := range s.records {
		if r.id != id {
			continue
		}
		r.deleted, r.disabled = state == StateDeleted, state == StateDisabled
		r.atIAM, r.atRegistry, r.inList = time.Time{}, time.Time{}, time.Time{}
		r.version++
		return true
	}
	return false
}

// Forget ends service IDs, with their keys, profiles and policies.
func (s *Store) Forget() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, r := range s.records {
		r.deleted = r.deleted || s.made(r.iamID) != nil
	}
	s.identities, s.policies = nil, nil
}

// Revoke ends all tokens.
func (s *Store) Revoke() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.access)
	clear(s.refresh)
}

// sync takes over what the file says about API keys. What was done to a key in
// here holds until the file says something else about it.
func (s *Store) sync(settings keys.Settings) {
	seen := map[*record]bool{}
	for i := range settings.Keys {
		pair := &settings.Keys[i]
		if pair.User != "iamapikey" {
			continue
		}
		r := s.byValue(digestOf(pair.Secret))
		if r == nil {
			now := time.Now()
			r = &record{created: now, modified: now, createdBy: keys.DefaultIdentity, value: digestOf(pair.Secret), pair: pair}
			s.records = append(s.records, r)
		}
		// A key of the file that this program itself has made is left alone.
		if r.pair == nil {
			continue
		}
		if r.pair.State != pair.State {
			r.disabled, r.deleted = false, false
		}
		r.pair = pair
		r.id, r.name, r.iamID, r.account = pair.ID, pair.Name, pair.IamID, pair.Account
		seen[r] = true
	}
	for _, r := range s.records {
		if r.pair != nil && !seen[r] {
			r.deleted = true
			r.pair = &keys.Key{State: StateDeleted}
		}
	}
}

func (s *Store) byValue(value digest) *record {
	for _, r := range s.records {
		if r.value == value {
			return r
		}
	}
	return nil
}

// find returns the key with the id unless it was deleted.
func (s *Store) find(id string) *record {
	for _, r := range s.records {
		if r.id == id && !r.deleted {
			return r
		}
	}
	return nil
}

// Login finds what a pair of user and secret may do at a registry host.
func (s *Store) Login(settings keys.Settings, host, user, secret string) (keys.Key, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sync(settings)
	login := keys.Key{User: user}
	known := false
	value := digestOf(secret)
	switch user {
	case "iamapikey":
		r := s.byValue(value)
		if r == nil || r.state(r.atRegistry) != StateActive {
			return login, false
		}
		if r.pair != nil {
			return settings.Find(host, user, secret)
		}
		login, known = s.identityLogin(settings, user, host, r.iamID), true
	case "iambearer":
		if g, ok := s.access[value]; ok && settings.Now().Before(g.expires) {
			login, known = s.tokenLogin(settings, user, host, g), true
		}
	case "iamrefresh":
		if g, ok := s.refresh[value]; ok && s.alive(settings, g) {
			login, known = s.tokenLogin(settings, user, host, g), true
		}
	default:
		if profile, ok := settings.Profile(user, ""); ok {
			r := s.byValue(value)
			known = r != nil && r.state(r.atRegistry) == StateActive && listed(profile.Identities, r.iamID)
			login.Rights = profile.Rights
		}
	}
	if known && login.Opens(host) {
		return login, true
	}
	return settings.Find(host, user, secret)
}

// identityLogin has the rights of an identity at a host: those of the settings, or
// of policies for one that a client has made.
func (s *Store) identityLogin(settings keys.Settings, user, host, iamID string) keys.Key {
	login := keys.Key{User: user}
	if s.made(iamID) != nil {
		login = s.rightsAt(iamID, host)
		login.User = user
		return login
	}
	identity, _ := settings.Identity(iamID)
	login.Rights = identity.Rights
	return login
}

func (s *Store) tokenLogin(settings keys.Settings, user, host string, g grant) keys.Key {
	if s.made(g.iamID) != nil {
		return s.identityLogin(settings, user, host, g.iamID)
	}
	return keys.Key{User: user, Rights: s.rights(settings, g)}
}

// alive tells whether a refresh token is still good.
func (s *Store) alive(settings keys.Settings, g grant) bool {
	if !settings.Now().Before(g.expires) {
		return false
	}
	r := s.find(g.key)
	return r != nil && r.state(r.atIAM) == StateActive
}

// rights are those of the profile, key of the file or identity behind a token.
func (s *Store) rights(settings keys.Settings, g grant) keys.Rights {
	if profile, ok := settings.Profile(g.profile, ""); ok {
		return profile.Rights
	}
	if r := s.find(g.key); r != nil && r.pair != nil {
		return r.pair.Rights
	}
	identity, _ := settings.Identity(g.iamID)
	return identity.Rights
}

// manages tells whether a token allows to manage the API keys of an account.
func (s *Store) manages(settings keys.Settings, g grant, account string) bool {
	if g.account != account {
		return false
	}
	if profile, ok := settings.Profile(g.profile, ""); ok {
		return profile.Manager
	}
	if r := s.find(g.key); r != nil && r.pair != nil && r.pair.Manager {
		return true
	}
	identity, _ := settings.Identity(g.iamID)
	return identity.Manager
}

func listed(list []string, item string) bool {
	for _, candidate := range list {
		if candidate == item {
			return true
		}
	}
	return false
}

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

func random(size int) string {
	content := make([]byte, size)
	_, _ = rand.Read(content) // never fails
	return hex.EncodeToString(content)
}

func uuid() string {
	text := random(16)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
