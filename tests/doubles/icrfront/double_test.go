package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
)

const settings = `{
	"keys": [
		{"user": "iamapikey", "secret": "manager-key", "manager": true, "account": "acct", "iamId": "iam-ServiceId-m"},
		{"user": "iamapikey", "secret": "plain-key", "account": "acct", "id": "ApiKey-plain"},
		{"user": "iamapikey", "secret": "off-key", "account": "acct", "state": "disabled"}
	],
	"accounts": [{"id": "acct", "keysPerIdentity": 3}],
	"identities": [
		{"iamId": "iam-ServiceId-1", "account": "acct", "namespaces": ["team"]},
		{"iamId": "iam-ServiceId-2", "account": "other"}
	],
	"profiles": [{"id": "Profile-1", "account": "acct", "subjects": ["system:serviceaccount:ops:operator"],
		"identities": ["iam-ServiceId-1"], "hosts": ["us.icr.io"]}]
}`

// world is a double with its clients and its control API.
type world struct {
	t               *testing.T
	client, control *httptest.Server
	log             *bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	o := &options{work: t.TempDir(), iamHosts: names{"localhost"}}
	if err := o.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.keys, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	d, err := newDouble(o, accesslog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t, httptest.NewTLSServer(d.handler()), httptest.NewServer(d.control()), log}
	w.client.Config.ErrorLog = nil
	t.Cleanup(w.client.Close)
	t.Cleanup(w.control.Close)
	return w
}

// answer is a reply with its JSON.
type answer struct {
	status int
	header http.Header
	body   string
	fields map[string]any
}

func (a answer) text(name string) string {
	value, _ := a.fields[name].(string)
	return value
}

type header map[string]string

func (w *world) try(method, address, body string, headers header) (answer, error) {
	target, err := url.Parse(address)
	if err != nil {
		w.t.Fatal(err)
	}
	host := target.Host
	if target.Scheme == "https" {
		target.Host = strings.TrimPrefix(w.client.URL, "https://")
	}
	request, err := http.NewRequest(method, target.String(), strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if target.Scheme == "https" {
		request.Host = host
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	client := w.client.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	a := answer{response.StatusCode, response.Header, string(content), map[string]any{}}
	_ = json.Unmarshal(content, &a.fields)
	return a, err
}

func (w *world) do(method, address, body string, headers header) answer {
	w.t.Helper()
	a, err := w.try(method, address, body, headers)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) order(method, path, body string) answer {
	w.t.Helper()
	a := w.do(method, w.control.URL+path, body, nil)
	if a.status != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return a
}

const (
	iamURL   = "https://iam.cloud.ibm.com"
	tokenURL = iamURL + "/identity/token"
)

var (
	formHeader = header{"Content-Type": "application/x-www-form-urlencoded"}
	bxHeader   = header{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic Yng6Yng="}
)

func apiKeyForm(key string) string {
	return url.Values{"grant_type": {"urn:ibm:params:oauth:grant-type:apikey"}, "apikey": {key}}.Encode()
}

func (w *world) token(key string) answer { return w.do("POST", tokenURL, apiKeyForm(key), formHeader) }

// login asks a registry for a token.
func (w *world) login(host, user, secret string) int {
	r, _ := http.NewRequest("GET", "https://x", nil)
	r.SetBasicAuth(user, secret)
	return w.do("GET", "https://"+host+"/oauth/token?service=registry", "", header{"Authorization": r.Header.Get("Authorization")}).status
}

func (w *world) manager() header {
	w.t.Helper()
	return header{"Authorization": "Bearer " + w.token("manager-key").text("access_token")}
}

func (w *world) create(name string, more header) answer {
	headers := w.manager()
	for key, value := range more {
		headers[key] = value
	}
	return w.do("POST", iamURL+"/v1/apikeys", fmt.Sprintf(`{"name":%q,"iam_id":"iam-ServiceId-1","account_id":"acct"}`, name), headers)
}

func (w *world) expect(what string, a answer, status int, code string) {
	w.t.Helper()
	if a.status != status || !strings.Contains(a.body, code) {
		w.t.Errorf("%s: %d %s, not %d %s", what, a.status, a.body, status, code)
	}
}

func TestTokenByAPIKey(t *testing.T) {
	w := newWorld(t)
	a := w.token("plain-key")
	if a.status != 200 || a.text("refresh_token") != "not_supported" || a.text("token_type") != "Bearer" ||
		a.fields["expires_in"] != 3600.0 || a.text("scope") != "ibm openid" || a.fields["expiration"].(float64) < float64(time.Now().Unix()+3500) {
		t.Errorf("%d %v", a.status, a.fields)
	}
	access := a.text("access_token")
	if got := w.login("de.icr.io", "iambearer", access); got != 200 {
		t.Errorf("iambearer: %d", got)
	}
	a = w.do("POST", tokenURL, apiKeyForm("plain-key"), bxHeader)
	refresh := a.text("refresh_token")
	if got := w.login("de.icr.io", "iamrefresh", refresh); got != 200 || refresh == "not_supported" {
		t.Errorf("iamrefresh: %d", got)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}.Encode()
	w.expect("refresh", w.do("POST", tokenURL, form, bxHeader), 200, "access_token")
	w.expect("refresh without a client", w.do("POST", tokenURL, form, formHeader), 400, "BXNIM0109E")
	w.order("POST", "/keys/ApiKey-plain?state=disabled", "")
	w.expect("refresh of a disabled key", w.do("POST", tokenURL, form, bxHeader), 400, "BXNIM0408E")
	if got := w.login("de.icr.io", "iamrefresh", refresh); got != 401 {
		t.Errorf("iamrefresh of a disabled key: %d", got)
	}
	if got := w.login("de.icr.io", "iambearer", access); got != 200 {
		t.Errorf("a token must survive its key: %d", got)
	}
	w.order("POST", "/revoke", "")
	if got := w.login("de.icr.io", "iambearer", access); got != 401 {
		t.Errorf("revoked iambearer: %d", got)
	}
}

func TestTokenRefusals(t *testing.T) {
	w := newWorld(t)
	w.expect("unknown", w.token("nobody"), 400, "BXNIM0415E")
	w.expect("disabled", w.token("off-key"), 400, "BXNIM0462E")
	w.order("PATCH", "/settings", `{"disabledStatus": 401}`)
	a := w.token("off-key")
	w.expect("disabled", a, 401, "BXNIM0462E")
	if a.text("errorCode") != "BXNIM0462E" || a.header.Get("transaction-id") == "" || a.fields["context"] == nil {
		t.Errorf("%v %s", a.header, a.body)
	}
	w.expect("empty", w.token(""), 400, "BXNIM0109E")
	w.expect("no grant", w.do("POST", tokenURL, "", formHeader), 400, "BXNIM0109E")
	w.expect("strange grant", w.do("POST", tokenURL, "grant_type=x", formHeader), 400, "BXNIM0106E")
	w.expect("GET", w.do("GET", tokenURL, "", nil), 405, "BXNIM0060E")
	w.expect("private host", w.do("POST", "https://private.iam.cloud.ibm.com/identity/token", apiKeyForm("plain-key"), formHeader), 200, "access_token")
	w.expect("further host", w.do("POST", "https://localhost:1/identity/token", apiKeyForm("plain-key"), formHeader), 200, "access_token")
	w.expect("further host as a registry", w.do("GET", "https://localhost:1/v2/", "", nil), 401, "UNAUTHORIZED")
	w.expect("registry host", w.do("POST", "https://us.icr.io/identity/token", apiKeyForm("plain-key"), formHeader), 404, "NOT_FOUND")
}

func TestLifetimes(t *testing.T) {
	w := newWorld(t)
	w.order("PATCH", "/settings", `{"tokenSeconds": 1, "clockOffsetSeconds": 600}`)
	a := w.token("plain-key")
	if a.fields["expires_in"] != 1.0 || a.fields["expiration"].(float64) < float64(time.Now().Unix()+590) {
		t.Error(a.body)
	}
	if got := w.login("us.icr.io", "iambearer", a.text("access_token")); got != 200 {
		t.Errorf("before its end: %d", got)
	}
	time.Sleep(1100 * time.Millisecond)
	if got := w.login("us.icr.io", "iambearer", a.text("access_token")); got != 401 {
		t.Errorf("after its end: %d", got)
	}
}

func TestTrustedProfile(t *testing.T) {
	w := newWorld(t)
	ask := func(query, profile string) answer {
		token := w.order("POST", "/service-account-token?"+query, "").body
		return w.do("POST", tokenURL, url.Values{
			"grant_type": {"urn:ibm:params:oauth:grant-type:cr-token"}, "cr_token": {token}, "profile_id": {profile},
		}.Encode(), formHeader)
	}
	good := "subject=system:serviceaccount:ops:operator"
	a := ask(good, "Profile-1")
	w.expect("linked", a, 200, "access_token")
	if got := w.login("us.icr.io", "iambearer", a.text("access_token")); got != 200 {
		t.Errorf("iambearer: %d", got)
	}
	if got := w.login("de.icr.io", "iambearer", a.text("access_token")); got != 401 {
		t.Errorf("iambearer without the right: %d", got)
	}
	w.expect("other account", ask("subject=system:serviceaccount:ops:default", "Profile-1"), 400, "BXNIM0400E")
	w.expect("other audience", ask(good+"&audience=api", "Profile-1"), 400, "audience")
	w.expect("expired", ask(good+"&seconds=-1", "Profile-1"), 400, "expired")
	w.expect("other profile", ask(good, "Profile-2"), 400, "BXNIM0400E")
	w.expect("no profile", ask(good, ""), 400, "BXNIM0109E")
}

func TestLifeOfAPIKey(t *testing.T) {
	w := newWorld(t)
	a := w.create("first", nil)
	id, value := a.text("id"), a.text("apikey")
	if a.status != 201 || a.header.Get("ETag") == "" || value == "" || !strings.HasPrefix(id, "ApiKey-") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	w.expect("login", w.token(value), 200, "access_token")
	for host, want := range map[string]int{"us.icr.io": 200, "de.icr.io": 401} {
		if got := w.login(host, "Profile-1", value); got != want {
			t.Errorf("profile at %s: %d", host, got)
		}
	}
	address := iamURL + "/v1/apikeys/" + id
	if got := w.do("GET", address, "", w.manager()); got.status != 200 || got.text("apikey") != "" {
		t.Errorf("%d %s", got.status, got.body)
	}
	held := w.manager()
	held["IAM-ApiKey"] = value
	w.expect("details", w.do("GET", iamURL+"/v1/apikeys/details", "", held), 200, id)
	renamed := w.manager()
	w.expect("change without a version", w.do("PUT", address, `{"name":"n"}`, renamed), 400, "BXNIM0109E")
	renamed["If-Match"] = "old"
	w.expect("change of an old version", w.do("PUT", address, `{"name":"n"}`, renamed), 409, "If-Match")
	renamed["If-Match"] = a.header.Get("ETag")
	w.expect("change", w.do("PUT", address, `{"name":"renamed"}`, renamed), 200, "renamed")
	for _, step := range []struct {
		method, path  string
		status, login int
	}{
		{"POST", "/lock", 204, 200}, {"DELETE", "", 409, 200}, {"DELETE", "/lock", 204, 200},
		{"POST", "/disable", 204, 401}, {"DELETE", "/disable", 204, 200}, {"DELETE", "", 204, 401}, {"DELETE", "", 404, 401},
	} {
		if got := w.do(step.method, address+step.path, "", w.manager()); got.status != step.status {
			t.Errorf("%s %s: %d %s", step.method, step.path, got.status, got.body)
		}
		if got := w.login("us.icr.io", "iamapikey", value); got != step.login {
			t.Errorf("login after %s %s: %d", step.method, step.path, got)
		}
	}
	w.expect("deleted", w.token(value), 400, "BXNIM0415E")
}

func TestListOfAPIKeys(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		w.expect("create", w.create(name, nil), 201, "apikey")
	}
	a := w.create("d", nil)
	w.expect("limit", a, 422, `"message_code":"BXNIM0151E"`)
	if a.fields["trace"] == "" {
		t.Error("no trace")
	}
	w.expect("limits", w.do("GET", iamURL+"/v1/accounts/acct/limits/identity", "", w.manager()), 200, `"apikeys_per_identity":3`)
	address, found := iamURL+"/v1/apikeys?account_id=acct&iam_id=iam-ServiceId-1&pagesize=2", 0
	for pages := 0; address != "" && pages < 5; pages++ {
		a := w.do("GET", address, "", w.manager())
		list, _ := a.fields["apikeys"].([]any)
		found += len(list)
		address = a.text("next")
	}
	if found != 3 {
		t.Errorf("%d keys", found)
	}
	w.expect("page size", w.do("GET", iamURL+"/v1/apikeys?account_id=acct&pagesize=101", "", w.manager()), 400, "BXNIM0106E")
}

func TestRightsForAPIKeys(t *testing.T) {
	w := newWorld(t)
	plain := header{"Authorization": "Bearer " + w.token("plain-key").text("access_token")}
	body := `{"name":"x","iam_id":"iam-ServiceId-1"}`
	w.expect("no right", w.do("POST", iamURL+"/v1/apikeys", body, plain), 403, "BXNIM0513E")
	w.expect("no right to list", w.do("GET", iamURL+"/v1/apikeys?account_id=acct", "", plain), 403, "BXNIM0513E")
	w.expect("no token", w.do("POST", iamURL+"/v1/apikeys", body, nil), 401, "BXNIM0407E")
	w.expect("other account", w.do("POST", iamURL+"/v1/apikeys", `{"name":"x","iam_id":"iam-ServiceId-2"}`, w.manager()), 403, "BXNIM0513E")
	w.expect("unknown identity", w.do("POST", iamURL+"/v1/apikeys", `{"name":"x","iam_id":"iam-ServiceId-9"}`, w.manager()), 404, "BXNIM0102E")
	w.expect("no name", w.do("POST", iamURL+"/v1/apikeys", `{"iam_id":"iam-ServiceId-1"}`, w.manager()), 400, "BXNIM0109E")
	w.expect("unknown page", w.do("GET", iamURL+"/v1/nothing", "", w.manager()), 404, "BXNIM0102E")
}

func TestPropagation(t *testing.T) {
	w := newWorld(t)
	w.order("PATCH", "/settings", `{"propagationMs": 600, "listDelayMs": 600}`)
	a := w.create("slow", nil)
	value := a.text("apikey")
	w.expect("at once", w.token(value), 400, "BXNIM0415E")
	if got := w.login("us.icr.io", "iamapikey", value); got != 401 {
		t.Errorf("registry at once: %d", got)
	}
	address := iamURL + "/v1/apikeys?account_id=acct&iam_id=iam-ServiceId-1"
	if got := w.do("GET", address, "", w.manager()); strings.Contains(got.body, a.text("id")) {
		t.Error("listed at once")
	}
	if !strings.Contains(w.order("GET", "/state", "").body, "not-yet-visible") {
		t.Error("state does not tell")
	}
	time.Sleep(650 * time.Millisecond)
	w.expect("later", w.token(value), 200, "access_token")
	if got := w.login("us.icr.io", "iamapikey", value); got != 200 {
		t.Errorf("registry later: %d", got)
	}
	w.expect("list later", w.do("GET", address, "", w.manager()), 200, a.text("id"))
}

func TestFileHasItsSay(t *testing.T) {
	w := newWorld(t)
	w.order("PATCH", "/settings", `{"keys": [{"user": "iamapikey", "secret": "plain-key", "state": "disabled"}]}`)
	w.expect("disabled", w.token("plain-key"), 400, "BXNIM0462E")
	w.expect("gone", w.token("manager-key"), 400, "BXNIM0415E")
	w.order("PATCH", "/settings", `{"keys": [{"user": "iamapikey", "secret": "manager-key"}]}`)
	w.expect("back", w.token("manager-key"), 200, "access_token")
	w.expect("gone", w.token("plain-key"), 400, "BXNIM0415E")
	if a := w.do("PATCH", w.control.URL+"/settings", `{"mistake": 1}`, nil); a.status != 400 {
		t.Errorf("a misspelt field: %d", a.status)
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t)
	w.order("POST", "/rules", `{"name":"busy","path":"/identity/","grant":"apikey","after":1,"times":1,"action":"status","status":429,"retry_after":"7"}`)
	for i, want := range []int{200, 429, 200} {
		if a := w.token("plain-key"); a.status != want || want == 429 && a.header.Get("Retry-After") != "7" {
			t.Errorf("call %d: %d", i, a.status)
		}
	}
	if got := w.order("GET", "/matched?name=busy", "").body; got != "1\n" {
		t.Errorf("matched %s", got)
	}
	w.order("POST", "/rules", `{"path":"/identity/","times":1,"action":"status","status":200,"body":"<html>"}`)
	if a := w.token("plain-key"); a.status != 200 || a.body != "<html>" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("%v %s", a.header, a.body)
	}
	w.order("POST", "/rules", `{"path":"/identity/","times":1,"action":"edit","set":{"expires_in":"soon"},"remove":["access_token"]}`)
	if a := w.token("plain-key"); a.fields["expires_in"] != "soon" || a.fields["access_token"] != nil || a.fields["scope"] == nil {
		t.Error(a.body)
	}
	w.order("POST", "/rules", `{"path":"/identity/","times":1,"action":"status","status":200,"body":"{","body_bytes":1000000}`)
	if a := w.token("plain-key"); len(a.body) != 1000001 {
		t.Errorf("%d bytes", len(a.body))
	}
	w.order("POST", "/rules", `{"path":"/identity/","times":1,"action":"status","status":200,"body":"{\"access_","truncate":true}`)
	if a, err := w.try("POST", tokenURL, apiKeyForm("plain-key"), formHeader); err == nil {
		t.Errorf("truncated: %s", a.body)
	}
	w.order("POST", "/rules", `{"host":"us\\.icr\\.io","action":"status","status":307,"headers":{"Location":"https://evil.example/"}}`)
	if a := w.do("GET", "https://us.icr.io/v2/", "", nil); a.status != 307 || a.header.Get("Location") != "https://evil.example/" {
		t.Errorf("%d %v", a.status, a.header)
	}
	w.expect("other host", w.do("GET", "https://de.icr.io/v2/", "", nil), 401, "UNAUTHORIZED")
	w.order("DELETE", "/rules", "")
	w.expect("no rules", w.do("GET", "https://us.icr.io/v2/", "", nil), 401, "UNAUTHORIZED")
	if a := w.do("POST", w.control.URL+"/rules", `{"action":"explode"}`, nil); a.status != 400 {
		t.Errorf("unknown action: %d", a.status)
	}
}

func TestDroppedConnections(t *testing.T) {
	w := newWorld(t)
	manager := w.manager()
	body := `{"name":"lost","iam_id":"iam-ServiceId-1"}`
	for _, c := range []struct {
		action string
		keys   int
	}{{"drop", 0}, {"drop-answer", 1}} {
		w.order("POST", "/rules", fmt.Sprintf(`{"method":"POST","path":"/v1/apikeys$","action":%q}`, c.action))
		if a, err := w.try("POST", iamURL+"/v1/apikeys", body, manager); err == nil {
			t.Errorf("%s: %s", c.action, a.body)
		}
		if got := strings.Count(w.order("GET", "/state", "").body, `"lost"`); got != c.keys {
			t.Errorf("%s: %d keys", c.action, got)
		}
		w.order("DELETE", "/rules", "")
	}
}

func TestDelays(t *testing.T) {
	w := newWorld(t)
	for _, action := range []string{"delay", "late"} {
		w.order("POST", "/rules", fmt.Sprintf(`{"path":"/identity/","times":1,"action":%q,"delay_ms":300}`, action))
		begun := time.Now()
		w.expect(action, w.token("plain-key"), 200, "access_token")
		if took := time.Since(begun); took < 300*time.Millisecond {
			t.Errorf("%s: %v", action, took)
		}
	}
}

func TestNoSecretsInJournal(t *testing.T) {
	w := newWorld(t)
	access := w.token("plain-key").text("access_token")
	w.login("us.icr.io", "iamapikey", "plain-key")
	w.login("us.icr.io", "plain-key", "x")
	w.do("POST", tokenURL, "grant_type=plain-key", formHeader)
	w.do("GET", iamURL+"/v1/apikeys?account_id=acct&apikey=plain-key", "", header{"Authorization": "plain-key"})
	requests := w.order("GET", "/requests?since=0", "").body + w.order("GET", "/state", "").body + w.log.String()
	for _, wanted := range []string{`"grant":"apikey"`, `"user":"iamapikey"`, `"outcome":"issued"`, `"auth":"basic"`, `"query":"account_id=acct"`, `"tokenCalls":{"apikey":1,"other":1}`} {
		if !strings.Contains(requests, wanted) {
			t.Errorf("no %s", wanted)
		}
	}
	if strings.Contains(requests, "plain-key") || strings.Contains(requests, access) {
		t.Error("a secret in the journal")
	}
	if got := w.order("GET", "/requests?since=4", "").body; strings.Count(got, `"number"`) != 1 {
		t.Errorf("since 4: %s", got)
	}
}
