package iam

import (
	"net/http"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
	"icr-pull-secrets/tests/doubles/internal/keys"
)

const (
	grantPrefix = "urn:ibm:params:oauth:grant-type:"
	// The client of IBM's command line; its name is its secret.
	client       = "bx"
	notSupported = "not_supported"
)

func missing(property string) *refusal {
	return &refusal{http.StatusBadRequest, "BXNIM0109E", "Property missing or empty: " + property}
}

func invalid(property string) *refusal {
	return &refusal{http.StatusBadRequest, "BXNIM0106E", "Property value failed validation: " + property}
}

// token answers POST /identity/token.
func (s *Server) token(w http.ResponseWriter, r *http.Request, settings keys.Settings) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		failToken(w, &refusal{http.StatusMethodNotAllowed, "BXNIM0060E", "Request method not supported."})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		failToken(w, invalid("body"))
		return
	}
	full := r.PostForm.Get("grant_type")
	name := grantName(full)
	accesslog.Note(w, func(e *accesslog.Entry) { e.Grant = name })
	s.store.count(s.store.calls, name)
	user, secret, withClient := r.BasicAuth()
	if withClient && (user != client || secret != client) {
		failToken(w, &refusal{http.StatusUnauthorized, "BXNIM0400E", "Client authentication failed."})
		return
	}
	given, refused := s.check(name, full, r, withClient, settings)
	if refused != nil {
		failToken(w, refused)
		return
	}
	s.issue(w, name, given, withClient, settings)
}

// grantName is for counting: a client may send anything, a secret too.
func grantName(full string) string {
	switch name := strings.TrimPrefix(full, grantPrefix); name {
	case "apikey", "cr-token", "refresh_token", "assume":
		return name
	}
	return "other"
}

func (s *Server) check(name, full string, r *http.Request, withClient bool, settings keys.Settings) (grant, *refusal) {
	switch {
	case full == "":
		return grant{}, missing("grant_type")
	case name == "apikey":
		return s.store.byAPIKey(settings, r.PostForm.Get("apikey"))
	case name == "cr-token":
		return s.byComputeResource(settings, r)
	case name == "assume":
		return s.store.byAssuming(settings, r.PostForm.Get("access_token"), r.PostForm.Get("profile_id"))
	case name == "refresh_token":
		if !withClient {
			return grant{}, missing("Authorization")
		}
		return s.store.byRefresh(settings, r.PostForm.Get("refresh_token"))
	}
	return grant{}, invalid("grant_type")
}

func (s *Store) byAPIKey(settings keys.Settings, value string) (grant, *refusal) {
	if value == "" {
		return grant{}, missing("apikey")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sync(settings)
	if r := s.byValue(digestOf(value)); r != nil {
		switch r.state(r.atIAM) {
		case StateActive:
			return grant{iamID: r.iamID, account: r.account, key: r.id}, nil
		case StateDisabled:
			return grant{}, &refusal{settings.DisabledStatus, "BXNIM0462E", "Provided API key is disabled."}
		}
	}
	return grant{}, &refusal{http.StatusBadRequest, "BXNIM0415E", "Provided API key could not be found."}
}

// byAssuming gives the profile to an identity that it names.
func (s *Store) byAssuming(settings keys.Settings, value, id string) (grant, *refusal) {
	if value == "" || id == "" {
		return grant{}, missing("access_token or profile_id")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	given, ok := s.access[digestOf(value)]
	profile, found := settings.Profile(id, "")
	if !ok || !found || !listed(profile.Identities, given.iamID) {
		return grant{}, &refusal{http.StatusBadRequest, "BXNIM0400E", "The trusted profile can't be assumed."}
	}
	return grant{iamID: "iam-" + profile.ID, account: profile.Account, profile: profile.ID}, nil
}

func (s *Store) byRefresh(settings keys.Settings, value string) (grant, *refusal) {
	if value == "" {
		return grant{}, missing("refresh_token")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sync(settings)
	given, ok := s.refresh[digestOf(value)]
	switch {
	case !ok:
		return grant{}, &refusal{http.StatusBadRequest, "BXNIM0407E", "Provided refresh token is invalid."}
	case !s.alive(settings, given):
		return grant{}, &refusal{http.StatusBadRequest, "BXNIM0408E", "Provided refresh token is expired."}
	}
	return given, nil
}

func (s *Server) byComputeResource(settings keys.Settings, r *http.Request) (grant, *refusal) {
	token, id, name := r.PostForm.Get("cr_token"), r.PostForm.Get("profile_id"), r.PostForm.Get("profile_name")
	if token == "" {
		return grant{}, missing("cr_token")
	}
	if id+name == "" {
		return grant{}, missing("profile_id")
	}
	subject, err := s.accounts.Subject(token, time.Now())
	if err != nil {
		return grant{}, &refusal{http.StatusBadRequest, "BXNIM0400E", "Compute resource token is not accepted: " + err.Error()}
	}
	if made := s.store.linkedProfile(id, name, subject); made != nil {
		return grant{iamID: made.iamID, account: made.account, profile: made.id}, nil
	}
	profile, ok := settings.Profile(id, name)
	if !ok || !listed(profile.Subjects, subject) {
		return grant{}, &refusal{http.StatusBadRequest, "BXNIM0400E", "No trusted profile is linked to this compute resource."}
	}
	return grant{iamID: "iam-" + profile.ID, account: profile.Account, profile: profile.ID}, nil
}

func (s *Server) issue(w http.ResponseWriter, name string, given grant, withClient bool, settings keys.Settings) {
	now := settings.Now()
	given.expires = now.Add(time.Duration(settings.TokenSeconds) * time.Second)
	access, err := s.sign(map[string]any{
		"iam_id": given.iamID, "sub": strings.TrimPrefix(given.iamID, "iam-"), "jti": uuid(),
		"account": map[string]any{"valid": true, "bss": given.account}, "iss": "https://iam.cloud.ibm.com/identity",
		"iat": now.Unix(), "exp": given.expires.Unix(), "grant_type": grantPrefix + name, "scope": "ibm openid",
		"client_id": "default", "acr": 1, "amr": []string{"pwd"},
	})
	if err != nil {
		failToken(w, &refusal{http.StatusInternalServerError, "BXNIM0001E", err.Error()})
		return
	}
	reply := map[string]any{
		"access_token": access, "refresh_token": notSupported, "token_type": "Bearer",
		"expires_in": settings.TokenSeconds, "expiration": given.expires.Unix(), "scope": "ibm openid",
	}
	refresh := ""
	if withClient && given.key != "" {
		refresh = "refresh-" + random(48)
		reply["refresh_token"] = refresh
	}
	s.store.remember(given, access, refresh, now.Add(time.Duration(settings.RefreshSeconds)*time.Second))
	s.store.count(s.store.issued, name)
	accesslog.Note(w, func(e *accesslog.Entry) { e.Outcome = "issued" })
	answer(w, http.StatusOK, reply)
}

func (s *Store) remember(given grant, access, refresh string, refreshExpires time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.access[digestOf(access)] = given
	if refresh != "" {
		given.expires = refreshExpires
		s.refresh[digestOf(refresh)] = given
	}
}

func (s *Store) count(counts map[string]int, name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	counts[name]++
}
