package registry

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"icr-pull-secrets/tests/doubles/internal/keys"
)

const settings = `{"keys": [
	{"user": "iamapikey", "secret": "good"},
	{"user": "iamapikey", "secret": "off", "state": "disabled"},
	{"user": "iamapikey", "secret": "us-only", "hosts": ["us.icr.io"]},
	{"user": "iamapikey", "secret": "team-only", "namespaces": ["team"]},
	{"user": "Profile-1", "secret": "service-key"},
	{"user": "somebody", "secret": "unknown-kind"},
	{"user": "pusher", "secret": "push", "push": true}
]%s}`

// pairs are logins that the settings alone decide about.
type pairs struct{}

func (pairs) Login(settings keys.Settings, host, user, secret string) (keys.Key, bool) {
	return settings.Find(host, user, secret)
}

func newFront(t *testing.T, more string, stores map[string]*url.URL) *Front {
	t.Helper()
	folder := t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "t"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert := write("cert", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	private := write("key", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	signer, err := NewSigner(cert, private)
	if err != nil {
		t.Fatal(err)
	}
	file := write("keys.json", []byte(strings.Replace(settings, "%s", more, 1)))
	return NewFront(keys.File(file), pairs{}, signer, stores)
}

func do(front *Front, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	front.ServeHTTP(w, r)
	return w
}

func get(host, user, secret, scope string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "https://"+host+"/oauth/token?service=registry&scope="+url.QueryEscape(scope), nil)
	if user != "" {
		r.SetBasicAuth(user, secret)
	}
	return r
}

// accessIn is the access list of the token in a reply, as JSON.
func accessIn(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var reply struct{ Token string }
	if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil {
		t.Fatal(err)
	}
	decoded, err := base64.RawURLEncoding.DecodeString(strings.Split(reply.Token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Access json.RawMessage }
	if err := json.Unmarshal(decoded, &claims); err != nil {
		t.Fatal(err)
	}
	return string(claims.Access)
}

func TestTokenByGet(t *testing.T) {
	front := newFront(t, "", nil)
	pull := `[{"type":"repository","name":"team/app","actions":["pull"]}]`
	for _, c := range []struct {
		host, user, secret, scope string
		status                    int
		access                    string
	}{
		{"us.icr.io", "iamapikey", "good", "repository:team/app:pull", 200, pull},
		{"us.icr.io", "iamapikey", "good", "repository:team/app:pull,push", 200, pull},
		{"us.icr.io", "iamapikey", "wrong", "repository:team/app:pull", 401, ""},
		{"us.icr.io", "iamapikey", "off", "repository:team/app:pull", 401, ""},
		{"us.icr.io", "iambearer", "good", "repository:team/app:pull", 401, ""},
		{"us.icr.io", "somebody", "unknown-kind", "repository:team/app:pull", 401, ""},
		{"us.icr.io", "Profile-1", "service-key", "repository:team/app:pull", 200, pull},
		{"us.icr.io", "", "", "repository:team/app:pull", 200, "[]"},
		{"us.icr.io:443", "iamapikey", "us-only", "repository:team/app:pull", 200, pull},
		{"de.icr.io", "iamapikey", "us-only", "repository:team/app:pull", 401, ""},
		{"us.icr.io", "iamapikey", "team-only", "repository:team/app:pull", 200, pull},
		{"us.icr.io", "iamapikey", "team-only", "repository:other/app:pull", 200, "[]"},
		{"us.icr.io", "iamapikey", "team-only", "repository:team-b/app:pull", 200, "[]"},
		{"us.icr.io", "pusher", "push", "repository:team/app:push", 200, `[{"type":"repository","name":"team/app","actions":["push"]}]`},
		{"us.icr.io", "iamapikey", "good", "registry:catalog:*", 200, "[]"},
	} {
		w := do(front, get(c.host, c.user, c.secret, c.scope))
		if w.Code != c.status {
			t.Errorf("%+v: status %d", c, w.Code)
		} else if c.status == 200 && accessIn(t, w) != c.access {
			t.Errorf("%+v: access %s", c, accessIn(t, w))
		}
	}
}

func post(form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://us.icr.io/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestTokenByPost(t *testing.T) {
	front := newFront(t, `, "refusalStatus": 400`, nil)
	form := url.Values{"grant_type": {"password"}, "username": {"iamapikey"}, "password": {"good"}, "scope": {"repository:a/b:pull repository:c/d:pull"}}
	w := do(front, post(form))
	if w.Code != 200 || strings.Count(accessIn(t, w), "repository") != 2 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	form.Set("password", "wrong")
	if w := do(front, post(form)); w.Code != 400 {
		t.Errorf("a wrong password has status %d", w.Code)
	}
	form.Set("grant_type", "refresh_token")
	if w := do(front, post(form)); w.Code != 400 {
		t.Errorf("another grant has status %d", w.Code)
	}
}

func TestEmptyRegistry(t *testing.T) {
	front := newFront(t, `, "challenge": "unquoted"`, nil)
	w := do(front, httptest.NewRequest(http.MethodGet, "https://jp.icr.io/v2/", nil))
	if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || got != "Bearer realm=https://jp.icr.io/oauth/token, service=registry" {
		t.Errorf("%d %s", w.Code, got)
	}
	var reply struct{ Token string }
	if err := json.Unmarshal(do(front, get("jp.icr.io", "iamapikey", "good", "")).Body.Bytes(), &reply); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/v2/": 200, "/v2/team/app/manifests/1": 404} {
		r := httptest.NewRequest(http.MethodGet, "https://jp.icr.io"+path, nil)
		r.Header.Set("Authorization", "Bearer "+reply.Token)
		if w := do(front, r); w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
		r.Header.Set("Authorization", "Bearer "+reply.Token[:len(reply.Token)-8]+"AAAAAAAA")
		if w := do(front, r); w.Code != 401 {
			t.Errorf("%s with a forged token: %d", path, w.Code)
		}
	}
}

func TestChallengeOfTheStoreLeadsBack(t *testing.T) {
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://elsewhere/token",service="registry",scope="repository:a/b:pull,push"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer store.Close()
	target, _ := url.Parse(store.URL)
	for style, want := range map[string]string{
		"quoted":   `Bearer realm="https://private.us.icr.io/oauth/token",service="registry",scope="repository:a/b:pull,push"`,
		"unquoted": `Bearer realm=https://private.us.icr.io/oauth/token, service=registry, scope="repository:a/b:pull,push"`,
	} {
		front := newFront(t, `, "challenge": "`+style+`"`, map[string]*url.URL{"us.icr.io": target})
		w := do(front, httptest.NewRequest(http.MethodGet, "https://private.us.icr.io/v2/a/b/tags/list", nil))
		if got := w.Header().Get("WWW-Authenticate"); got != want {
			t.Errorf("%s: %s", style, got)
		}
	}
}

func TestMisspeltSettingIsAnError(t *testing.T) {
	front := newFront(t, `, "refusal": 400`, nil)
	if w := do(front, get("us.icr.io", "iamapikey", "good", "")); w.Code != 500 {
		t.Errorf("status %d", w.Code)
	}
}

func TestForeignRealm(t *testing.T) {
	front := newFront(t, `, "realm": "https://evil.example/oauth/token"`, nil)
	w := do(front, httptest.NewRequest(http.MethodGet, "https://jp.icr.io/v2/", nil))
	if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="https://evil.example/oauth/token",service="registry"` {
		t.Error(got)
	}
}

func TestBuiltInImages(t *testing.T) {
	front := newFront(t, `, "images": [{"name": "team/app", "reference": "1"}, {"name": "uk/app", "reference": "1", "host": "uk.icr.io"}]`, nil)
	token := func(scope string) string {
		var reply struct{ Token string }
		if err := json.Unmarshal(do(front, get("us.icr.io", "iamapikey", "good", scope)).Body.Bytes(), &reply); err != nil {
			t.Fatal(err)
		}
		return reply.Token
	}
	right, other := token("repository:team/app:pull repository:uk/app:pull"), token("repository:team/other:pull")
	for _, c := range []struct {
		host, path, token string
		status            int
	}{
		{"us.icr.io", "/v2/team/app/manifests/1", right, 200},
		{"private.us.icr.io", "/v2/team/app/manifests/1", right, 200},
		{"us.icr.io", "/v2/team/app/manifests/2", right, 404},
		{"us.icr.io", "/v2/team/app/manifests/1", other, 401},
		{"us.icr.io", "/v2/team/app/manifests/1", "", 401},
		{"us.icr.io", "/v2/uk/app/manifests/1", right, 404},
		{"uk.icr.io", "/v2/uk/app/manifests/1", right, 200},
	} {
		r := httptest.NewRequest(http.MethodHead, "https://"+c.host+c.path, nil)
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := do(front, r)
		if w.Code != c.status {
			t.Errorf("%s%s: %d, not %d", c.host, c.path, w.Code, c.status)
		}
		header := w.Header().Get("WWW-Authenticate")
		if c.status == 401 && (!strings.Contains(header, `scope="repository:team/app:pull"`) || strings.Contains(header, "insufficient_scope") != (c.token != "")) {
			t.Errorf("%s%s: %s", c.host, c.path, header)
		}
	}
}
