package registry

import (
	"encoding/json"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
	"icr-pull-secrets/tests/doubles/internal/keys"
)

const authorizationRequired = "Authorization required. See https://cloud.ibm.com/docs/Registry?topic=Registry-troubleshoot-auth-req"

// Logins knows which pairs of user and secret are good at a host.
type Logins interface {
	Login(settings keys.Settings, host, user, secret string) (keys.Key, bool)
}

// Front answers for all registry hosts.
type Front struct {
	keys   keys.File
	logins Logins
	signer *Signer
	// stores holds the registry behind each host.
	stores map[string]http.Handler
}

// NewFront puts a front before the registries in stores (host to base URL). A
// host that is not among them has the images of the settings.
func NewFront(file keys.File, logins Logins, signer *Signer, stores map[string]*url.URL) *Front {
	front := &Front{keys: file, logins: logins, signer: signer, stores: map[string]http.Handler{}}
	for host, target := range stores {
		front.stores[host] = front.proxy(target)
	}
	return front
}

// ServeHTTP is the whole of the registry's protocol.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	settings, err := f.keys.Load()
	if err != nil {
		log.Print(err)
		fail(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	switch {
	case r.URL.Path == "/oauth/token":
		f.token(w, r, settings)
	case r.URL.Path == "/api/v1/images":
		f.images(w, r, settings)
	case r.URL.Path == "/v2" || strings.HasPrefix(r.URL.Path, "/v2/"):
		if store, ok := f.stores[Canonical(r.Host)]; ok {
			store.ServeHTTP(w, r)
		} else {
			f.builtIn(w, r, settings)
		}
	default:
		fail(w, http.StatusNotFound, "NOT_FOUND", "no such page")
	}
}

// Canonical is the host whose images a host serves: port and private endpoint
// make no difference.
func Canonical(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimPrefix(strings.ToLower(host), "private.")
}

func hostname(r *http.Request) string {
	if name, _, err := net.SplitHostPort(r.Host); err == nil {
		return strings.ToLower(name)
	}
	return strings.ToLower(r.Host)
}

// proxy passes requests on, and leads challenges back to the host that the
// client has asked: the registry behind knows only one.
func (f *Front) proxy(target *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			// Upload locations are made from these.
			p.Out.Host = p.In.Host
			p.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		ModifyResponse: func(response *http.Response) error {
			header := response.Header.Get("WWW-Authenticate")
			if response.StatusCode != http.StatusUnauthorized || header == "" {
				return nil
			}
			settings, err := f.keys.Load()
			if err != nil {
				return err
			}
			parameters := parseChallenge(header)
			parameters.set("realm", realm(response.Request.Host, settings))
			response.Header.Set("WWW-Authenticate", parameters.write(settings.Challenge))
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			log.Printf("%s%s: %v", r.Host, r.URL.Path, err)
			fail(w, http.StatusBadGateway, "UNAVAILABLE", "the registry behind does not answer")
		},
	}
}

func realm(host string, settings keys.Settings) string {
	if settings.Realm != "" {
		return settings.Realm
	}
	return "https://" + host + "/oauth/token"
}

// token answers both forms of the token request: GET with Basic, and POST with
// a password grant.
func (f *Front) token(w http.ResponseWriter, r *http.Request, settings keys.Settings) {
	var user, secret string
	var anonymous bool
	switch r.Method {
	case http.MethodGet:
		if err := r.ParseForm(); err != nil {
			fail(w, http.StatusBadRequest, "BAD_REQUEST", err.Error())
			return
		}
		var ok bool
		user, secret, ok = r.BasicAuth()
		anonymous = !ok && r.Header.Get("Authorization") == ""
	case http.MethodPost:
		if err := r.ParseForm(); err != nil {
			fail(w, http.StatusBadRequest, "BAD_REQUEST", err.Error())
			return
		}
		if grant := r.PostForm.Get("grant_type"); grant != "password" {
			fail(w, http.StatusBadRequest, "UNSUPPORTED", "grant type not supported")
			return
		}
		user, secret = r.PostForm.Get("username"), r.PostForm.Get("password")
	default:
		w.Header().Set("Allow", "GET, POST")
		fail(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "method not allowed")
		return
	}
	scopes := scopesOf(r.Form["scope"])
	accesslog.Note(w, func(e *accesslog.Entry) {
		e.User, e.Scope, e.Grant = printable(user), strings.Join(scopes, " "), "registry"
	})

	if anonymous {
		f.issue(w, "", nil, "anonymous")
		return
	}
	key, ok := f.logins.Login(settings, hostname(r), user, secret)
	if !ok {
		accesslog.Note(w, func(e *accesslog.Entry) { e.Outcome = "refused" })
		fail(w, settings.RefusalStatus, "UNAUTHORIZED", authorizationRequired)
		return
	}
	// A right that the key lacks is no error, the token merely says less.
	var granted []Access
	for _, scope := range scopes {
		if access, ok := grant(key, scope); ok {
			granted = append(granted, access)
		}
	}
	f.issue(w, user, granted, "issued")
}

func (f *Front) issue(w http.ResponseWriter, user string, access []Access, outcome string) {
	now := time.Now()
	token, err := f.signer.Sign(user, access, now)
	if err != nil {
		fail(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	accesslog.Note(w, func(e *accesslog.Entry) { e.Outcome = outcome })
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"token":        token,
		"access_token": token,
		"expires_in":   int(f.signer.Lifetime.Seconds()),
		"issued_at":    now.UTC().Format(time.RFC3339),
	})
}

// scopesOf splits what clients repeat as a parameter or join by spaces.
func scopesOf(values []string) []string {
	var scopes []string
	for _, value := range values {
		scopes = append(scopes, strings.Fields(value)...)
	}
	return scopes
}

// grant reads "repository:team/app:pull,push" and keeps what the key allows.
func grant(key keys.Key, scope string) (Access, bool) {
	kind, rest, ok := strings.Cut(scope, ":")
	name, actions, found := cutLast(rest, ":")
	if !ok || !found || kind != "repository" || name == "" {
		return Access{}, false
	}
	access := Access{Type: kind, Name: name}
	for _, action := range strings.Split(actions, ",") {
		if (action == "pull" || action == "push" || action == "delete" || action == "*") && key.Allows(name, action) {
			access.Actions = append(access.Actions, action)
		}
	}
	return access, len(access.Actions) > 0
}

// printable keeps a secret out of the log that a client has sent as its user.
func printable(user string) string {
	if user == "" || keys.KnownUser(user) {
		return user
	}
	return "other"
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"errors": []map[string]string{{"code": code, "message": message}},
	})
}
