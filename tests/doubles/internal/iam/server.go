package iam

import (
	"encoding/json"
	"log"
	"net/http"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
	"icr-pull-secrets/tests/doubles/internal/keys"
)

const minute = "2006-01-02T15:04-0700"

// SignToken makes a token of claims.
type SignToken func(claims map[string]any) (string, error)

// Server answers for IAM's hosts.
type Server struct {
	keys  keys.File
	store *Store
	sign  SignToken
	// accounts checks service-account tokens.
	accounts *Verifier
	mux      *http.ServeMux
}

// NewServer puts IAM's interface before a store.
func NewServer(file keys.File, store *Store, sign SignToken, accounts *Verifier) *Server {
	s := &Server{keys: file, store: store, sign: sign, accounts: accounts, mux: http.NewServeMux()}
	type handler = func(*call)
	for pattern, handle := range map[string]handler{
		"POST /v1/apikeys":                           (*call).create,
		"GET /v1/apikeys":                            (*call).list,
		"GET /v1/apikeys/details":                    (*call).details,
		"GET /v1/apikeys/{id}":                       (*call).get,
		"PUT /v1/apikeys/{id}":                       (*call).update,
		"DELETE /v1/apikeys/{id}":                    (*call).remove,
		"POST /v1/apikeys/{id}/lock":                 (*call).lock,
		"DELETE /v1/apikeys/{id}/lock":               (*call).unlock,
		"POST /v1/apikeys/{id}/disable":              (*call).disable,
		"DELETE /v1/apikeys/{id}/disable":            (*call).enable,
		"GET /v1/accounts/{account}/limits/identity": (*call).limits,
		"POST /v1/serviceids/{$}":                    (*call).createServiceID,
		"GET /v1/serviceids/{$}":                     (*call).listServiceIDs,
		"GET /v1/serviceids/{id}":                    (*call).showIdentity,
		"DELETE /v1/serviceids/{id}":                 (*call).removeIdentity,
		"POST /v1/serviceids/{id}/lock":              (*call).lockIdentity,
		"DELETE /v1/serviceids/{id}/lock":            (*call).unlockIdentity,
		"POST /v1/profiles":                          (*call).createProfile,
		"GET /v1/profiles":                           (*call).listProfiles,
		"GET /v1/profiles/{id}":                      (*call).showIdentity,
		"DELETE /v1/profiles/{id}":                   (*call).removeIdentity,
		"POST /v1/profiles/{id}/links":               (*call).createLink,
		"GET /v1/profiles/{id}/links":                (*call).listLinks,
		"GET /v2/roles":                              (*call).listRoles,
		"POST /v2/policies":                          (*call).createPolicy,
		"GET /v2/policies":                           (*call).listPolicies,
		"GET /v2/policies/{id}":                      (*call).showPolicy,
		"PUT /v2/policies/{id}":                      (*call).replacePolicy,
		"DELETE /v2/policies/{id}":                   (*call).removePolicy,
	} {
		s.mux.HandleFunc(pattern, s.authorized(handle))
	}
	return s
}

// Serves tells whether a path is one of IAM's.
func Serves(path string) bool {
	return strings.HasPrefix(path, "/identity/") || strings.HasPrefix(path, "/v1/") ||
		path == "/v2/roles" || path == "/v2/policies" || strings.HasPrefix(path, "/v2/policies/")
}

// ServeHTTP is IAM. Its two halves have different ways to tell of errors.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	settings, err := s.keys.Load()
	if err != nil {
		log.Print(err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	id := random(16)
	w.Header().Set("Transaction-Id", id)
	w.Header().Set("X-Request-Id", id)
	w.Header().Set("X-Correlation-Id", id)
	w.Header().Set("Cache-Control", "no-cache, no-store, must-revalidate")
	w.Header().Set("Date", settings.Now().UTC().Format(http.TimeFormat))
	if r.URL.Path == "/identity/token" {
		s.token(w, r, settings)
		return
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		failKeys(w, &refusal{http.StatusNotFound, "BXNIM0102E", "Object not found."})
		return
	}
	s.mux.ServeHTTP(w, r)
}

// refusal is an error that a client is told.
type refusal struct {
	status        int
	code, message string
}

// failToken is the flat shape of the token endpoint.
func failToken(w http.ResponseWriter, refused *refusal) {
	accesslog.Note(w, func(e *accesslog.Entry) { e.Outcome = "refused " + refused.code })
	answer(w, refused.status, map[string]any{
		"context":      contextOf(w, "incoming.Identity_Token"),
		"errorCode":    refused.code,
		"errorMessage": refused.message,
	})
}

// failKeys is the shape of everything below /v1.
func failKeys(w http.ResponseWriter, refused *refusal) {
	accesslog.Note(w, func(e *accesslog.Entry) { e.Outcome = "refused " + refused.code })
	answer(w, refused.status, map[string]any{
		"trace": w.Header().Get("Transaction-Id"),
		"errors": []map[string]string{{
			"code":         strings.ToLower(strings.ReplaceAll(http.StatusText(refused.status), " ", "_")),
			"message_code": refused.code,
			"message":      refused.message,
			"details":      refused.message,
		}},
		"status_code": refused.status,
	})
}

func contextOf(w http.ResponseWriter, kind string) map[string]any {
	return map[string]any{
		"requestId":   w.Header().Get("Transaction-Id"),
		"requestType": kind,
		"startTime":   time.Now().UTC().Format("02.01.2006 15:04:05:000 UTC"),
	}
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
