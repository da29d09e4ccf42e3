package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"icr-pull-secrets/tests/doubles/internal/faults"
	"icr-pull-secrets/tests/doubles/internal/iam"
)

// control is the way in for tests.
//
//	POST   /rules              adds a fault rule (JSON); the newest that fits wins
//	DELETE /rules?name=        removes rules, all without a name; what they hold goes on
//	GET    /matched?name=      how many requests rules of that name were applied to
//	GET    /requests?since=N   the requests that have ended, from the Nth on
//	GET    /state              API keys and counts of tokens
//	POST   /keys/{id}?state=   active, disabled or deleted: at once and everywhere
//	PATCH  /settings           replaces fields of the keys file (JSON; null removes)
//	POST   /revoke             ends all tokens of IAM
//	POST   /forget             ends service IDs, profiles and policies that clients have made
//	POST   /service-account-token?subject=[&audience=iam][&seconds=3600]
//	                           a token that the grant cr-token takes, without -sa-key only
func (d *double) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rules", d.addRule)
	mux.HandleFunc("DELETE /rules", func(_ http.ResponseWriter, r *http.Request) { d.rules.Remove(r.FormValue("name")) })
	mux.HandleFunc("GET /matched", func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, d.rules.Matched(r.FormValue("name")))
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, r *http.Request) {
		since, _ := strconv.Atoi(r.FormValue("since"))
		answerJSON(w, d.log.Since(since))
	})
	mux.HandleFunc("GET /state", d.showState)
	mux.HandleFunc("POST /keys/{id}", d.setKey)
	mux.HandleFunc("PATCH /settings", d.changeSettings)
	mux.HandleFunc("POST /revoke", func(http.ResponseWriter, *http.Request) { d.store.Revoke() })
	mux.HandleFunc("POST /forget", func(http.ResponseWriter, *http.Request) { d.store.Forget() })
	mux.HandleFunc("POST /service-account-token", d.accountToken)
	return mux
}

func (d *double) addRule(w http.ResponseWriter, r *http.Request) {
	rule := &faults.Rule{}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(rule)
	if err == nil {
		err = d.rules.Add(rule)
	}
	complain(w, err)
}

func (d *double) showState(w http.ResponseWriter, _ *http.Request) {
	settings, err := d.keys.Load()
	if err != nil {
		complain(w, err)
		return
	}
	answerJSON(w, d.store.State(settings))
}

func (d *double) setKey(w http.ResponseWriter, r *http.Request) {
	settings, err := d.keys.Load()
	if err != nil {
		complain(w, err)
		return
	}
	switch state := r.FormValue("state"); state {
	case iam.StateActive, iam.StateDisabled, iam.StateDeleted:
		if !d.store.SetState(settings, r.PathValue("id"), state) {
			complain(w, errors.New("no such key"))
		}
	default:
		complain(w, errors.New("state is none of: active, disabled, deleted"))
	}
}

func (d *double) changeSettings(w http.ResponseWriter, r *http.Request) {
	fields := map[string]json.RawMessage{}
	err := json.NewDecoder(r.Body).Decode(&fields)
	if err == nil {
		err = d.keys.Change(fields)
	}
	complain(w, err)
}

func (d *double) accountToken(w http.ResponseWriter, r *http.Request) {
	const usual = 3600
	if !d.ownTokens {
		complain(w, errors.New("the tokens are those of a cluster"))
		return
	}
	seconds, err := strconv.Atoi(r.FormValue("seconds"))
	if err != nil {
		seconds = usual
	}
	audience := r.FormValue("audience")
	if audience == "" {
		audience = iam.Audience
	}
	now := time.Now()
	token, err := d.signer.SignClaims(map[string]any{
		"iss": "https://kubernetes.default.svc.cluster.local", "aud": []string{audience}, "sub": r.FormValue("subject"),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Unix() + int64(seconds),
	})
	if err != nil {
		complain(w, err)
		return
	}
	_, _ = w.Write([]byte(token))
}

// complain answers with an error if there is one.
func complain(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func answerJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}
