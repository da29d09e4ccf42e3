package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const policyBody = `{"type":"access","description":"d","control":{"grant":{"roles":[{"role_id":"crn:v1:bluemix:public:iam::::serviceRole:%s"}]}},
	"subject":{"attributes":[{"key":"iam_id","operator":"stringEquals","value":%q}]},
	"resource":{"attributes":[{"key":"accountId","operator":"stringEquals","value":"acct"},
		{"key":"serviceName","operator":"stringEquals","value":"container-registry"},
		{"key":"region","operator":"stringEquals","value":%q},
		{"key":"resourceType","operator":"stringEquals","value":"namespace"},
		{"key":"resource","operator":"stringEquals","value":%q}]}}`

func (w *world) serviceID() answer {
	return w.do("POST", iamURL+"/v1/serviceids/", `{"name":"pull","account_id":"acct","description":"mine"}`, w.manager())
}

func (w *world) policy(role, iamID, region, namespace string) answer {
	return w.do("POST", iamURL+"/v2/policies", fmt.Sprintf(policyBody, role, iamID, region, namespace), w.manager())
}

func basic(key string) string {
	r, _ := http.NewRequest("GET", "https://x", nil)
	r.SetBasicAuth("iamapikey", key)
	return r.Header.Get("Authorization")
}

// manifest is the status of a manifest for who holds an API key.
func (w *world) manifest(host, key, image string) int {
	token := w.do("GET", "https://"+host+"/oauth/token?service=registry&scope=repository:"+image+":pull", "", header{"Authorization": basic(key)}).text("token")
	return w.do("HEAD", "https://"+host+"/v2/"+image+"/manifests/1", "", header{"Authorization": "Bearer " + token}).status
}

func TestPoliciesDecide(t *testing.T) {
	w := newWorld(t)
	w.order("PATCH", "/settings", `{"images":[{"name":"team/app","reference":"1"},{"name":"shop/app","reference":"1"}]}`)
	made := w.serviceID()
	iamID := made.text("iam_id")
	w.expect("service ID", made, 201, "iam-ServiceId-")
	key := w.do("POST", iamURL+"/v1/apikeys", fmt.Sprintf(`{"name":"k","iam_id":%q,"account_id":"acct"}`, iamID), w.manager()).text("apikey")
	if got := w.manifest("us.icr.io", key, "team/app"); got != 401 {
		t.Errorf("without a policy: %d", got)
	}
	w.expect("policy", w.policy("Reader", iamID, "us-south", "team"), 201, `"state":"active"`)
	for _, c := range []struct {
		host, image string
		status      int
	}{{"us.icr.io", "team/app", 200}, {"private.us.icr.io", "team/app", 200}, {"de.icr.io", "team/app", 401}, {"us.icr.io", "shop/app", 401}} {
		if got := w.manifest(c.host, key, c.image); got != c.status {
			t.Errorf("%+v: %d", c, got)
		}
	}
	bearer := header{"Authorization": "Bearer " + w.token(key).text("access_token"), "Account": "acct"}
	w.expect("images", w.do("GET", "https://us.icr.io/api/v1/images?namespace=team", "", bearer), 200, "us.icr.io/team/app:1")
	w.expect("images of others", w.do("GET", "https://us.icr.io/api/v1/images?namespace=shop", "", bearer), 403, "CRG")
	w.expect("deleted", w.do("DELETE", iamURL+"/v1/serviceids/"+made.text("id"), "", w.manager()), 204, "")
	w.expect("its key", w.token(key), 400, "BXNIM0415E")
}

func TestPolicyConflicts(t *testing.T) {
	w := newWorld(t)
	made := w.serviceID()
	first := w.policy("Reader", made.text("iam_id"), "us-south", "team")
	again := w.policy("Writer", made.text("iam_id"), "us-south", "team")
	w.expect("twice", again, 409, "policy_conflict_error")
	if !strings.Contains(again.body, `"conflicts_with":{"etag":`) || !strings.Contains(again.body, first.text("id")) {
		t.Error(again.body)
	}
	place := iamURL + "/v2/policies/" + first.text("id")
	body := fmt.Sprintf(policyBody, "Writer", made.text("iam_id"), "us-south", "team")
	stale := w.manager()
	stale["If-Match"] = "old"
	w.expect("stale", w.do("PUT", place, body, stale), 412, "")
	current := w.manager()
	current["If-Match"] = w.do("GET", place, "", w.manager()).header.Get("ETag")
	w.expect("current", w.do("PUT", place, body, current), 200, "Writer")
	w.do("POST", iamURL+"/v1/serviceids/"+made.text("id")+"/lock", "", w.manager())
	w.expect("locked", w.policy("Reader", made.text("iam_id"), "eu-de", "team"), 409, "locked")
	w.expect("locked", w.do("DELETE", place, "", w.manager()), 409, "locked")
	w.expect("no manager", w.do("GET", iamURL+"/v2/roles?account_id=acct&service_name=container-registry", "", header{"Authorization": "Bearer " + w.token("plain-key").text("access_token")}), 403, "insufficent_permissions")
}

func TestLatePoliciesAndPages(t *testing.T) {
	w := newWorld(t)
	w.order("PATCH", "/settings", `{"policyReadDelayMs":60000}`)
	iamID := w.serviceID().text("iam_id")
	late := w.policy("Reader", iamID, "us-south", "late")
	w.expect("late", w.do("GET", iamURL+"/v2/policies/"+late.text("id"), "", w.manager()), 404, "policy_not_found")
	w.order("PATCH", "/settings", `{"policyReadDelayMs":null,"policyPage":2}`)
	w.policy("Reader", iamID, "us-south", "team")
	w.policy("Reader", iamID, "us-south", "shop")
	list := iamURL + "/v2/policies?account_id=acct&limit=100&iam_id=" + iamID
	page := w.do("GET", list, "", w.manager())
	next, _ := page.fields["next"].(map[string]any)
	if len(page.fields["policies"].([]any)) != 2 || next["start"] != "2" {
		t.Errorf("%s", page.body)
	}
	page = w.do("GET", list+"&start=2", "", w.manager())
	if len(page.fields["policies"].([]any)) != 1 || page.fields["next"] != nil {
		t.Errorf("%s", page.body)
	}
}

func TestRolesAreTranslated(t *testing.T) {
	w := newWorld(t)
	place := iamURL + "/v2/roles?account_id=acct&service_name=container-registry"
	if german := w.do("GET", place, "", w.manager()); strings.Contains(german.body, `"display_name":"Reader"`) {
		t.Error(german.body)
	}
	english := w.manager()
	english["Accept-Language"] = "en"
	w.expect("in English", w.do("GET", place, "", english), 200, `"display_name":"Reader"`)
}

func TestManagerOfOneServiceID(t *testing.T) {
	w := newWorld(t)
	one, manager := w.serviceID(), w.serviceID()
	body := strings.NewReplacer("container-registry", "iam-identity", "serviceRole:Reader", "role:Operator", `"namespace"`, `"serviceid"`).
		Replace(fmt.Sprintf(policyBody, "Reader", manager.text("iam_id"), "", one.text("id")))
	w.expect("policy", w.do("POST", iamURL+"/v2/policies", body, w.manager()), 201, "")
	key := w.do("POST", iamURL+"/v1/apikeys", fmt.Sprintf(`{"name":"k","iam_id":%q}`, manager.text("iam_id")), w.manager()).text("apikey")
	bearer := header{"Authorization": "Bearer " + w.token(key).text("access_token")}
	keys := func(iamID string) string { return iamURL + "/v1/apikeys?account_id=acct&iam_id=" + iamID }
	w.expect("its keys", w.do("GET", keys(one.text("iam_id")), "", bearer), 200, "apikeys")
	w.expect("its own keys", w.do("GET", keys(manager.text("iam_id")), "", bearer), 403, "BXNIM0513E")
	w.expect("service IDs", w.do("GET", iamURL+"/v1/serviceids/?account_id=acct", "", bearer), 403, "BXNIM0513E")
}

func TestProfileOfACluster(t *testing.T) {
	w := newWorld(t)
	made := w.do("POST", iamURL+"/v1/profiles", `{"name":"keyless","account_id":"acct"}`, w.manager())
	w.expect("profile", made, 201, "iam-Profile-")
	w.expect("again", w.do("POST", iamURL+"/v1/profiles", `{"name":"keyless","account_id":"acct"}`, w.manager()), 409, "")
	link := `{"name":"l","cr_type":"IKS_SA","link":{"crn":"crn:c","namespace":"ops","name":"other"}}`
	links := iamURL + "/v1/profiles/" + made.text("id") + "/links"
	w.expect("link", w.do("POST", links, link, w.manager()), 201, "Link-")
	w.expect("links", w.do("GET", links, "", w.manager()), 200, "IKS_SA")
	token := w.order("POST", "/service-account-token?subject=system:serviceaccount:ops:other", "").body
	form := "grant_type=urn:ibm:params:oauth:grant-type:cr-token&profile_id=" + made.text("id") + "&cr_token=" + token
	w.expect("token", w.do("POST", tokenURL, form, formHeader), 200, "access_token")
}
