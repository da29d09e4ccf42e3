package iam

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
	"icr-pull-secrets/tests/doubles/internal/keys"
)

const roleCRN = "crn:v1:bluemix:public:iam::::"

type attribute struct {
	Key      string `json:"key"`
	Operator string `json:"operator"`
	Value    any    `json:"value"`
}

type attributes struct {
	Attributes []attribute `json:"attributes"`
}

func (a attributes) get(key string) string {
	for _, one := range a.Attributes {
		if one.Key == key {
			text, _ := one.Value.(string)
			return text
		}
	}
	return ""
}

// key is the same for the same attributes in any order.
func (a attributes) key() string {
	var parts []string
	for _, one := range a.Attributes {
		text, _ := json.Marshal(one)
		parts = append(parts, string(text))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

type role struct {
	ID string `json:"role_id"`
}

// policy is an access policy, in the second version's shape.
type policy struct {
	ID          string     `json:"id"`
	Type        string     `json:"type"`
	Description string     `json:"description,omitempty"`
	Subject     attributes `json:"subject"`
	Resource    attributes `json:"resource"`
	Control     struct {
		Grant struct {
			Roles []role `json:"roles"`
		} `json:"grant"`
	} `json:"control"`
	State     string    `json:"state"`
	Href      string    `json:"href"`
	CreatedAt time.Time `json:"created_at"`

	account                     string
	version                     int
	readable, inList, effective time.Time
}

func (p *policy) tag() string { return "1-" + p.ID + "-" + string(rune('a'+p.version)) }

// grants tells whether one of the roles ends with a name: "serviceRole:Reader".
func (p *policy) grants(names ...string) bool {
	for _, granted := range p.Control.Grant.Roles {
		for _, name := range names {
			if strings.HasSuffix(granted.ID, ":"+name) {
				return true
			}
		}
	}
	return false
}

// failPolicy is the shape of errors of the API for policies.
func (c *call) failPolicy(status int, code, message string, details map[string]any) {
	accesslog.Note(c.w, func(e *accesslog.Entry) { e.Outcome = "refused " + code })
	problem := map[string]any{"code": code, "message": message}
	if details != nil {
		problem["details"] = details
	}
	answer(c.w, status, map[string]any{
		"trace": c.w.Header().Get("Transaction-Id"), "errors": []any{problem}, "status_code": status,
	})
}

// mayPolicies answers with a refusal when the bearer may not write policies of the account.
func (c *call) mayPolicies(account string) bool {
	if c.store.manages(c.settings, c.bearer, account) {
		return true
	}
	c.failPolicy(http.StatusForbidden, "insufficent_permissions", "You are not allowed to manage this policy.", nil)
	return false
}

// subjectLocked answers with a refusal when the subject of a policy is a locked service ID.
func (c *call) subjectLocked(p *policy) bool {
	i := c.store.made(p.Subject.get("iam_id"))
	if i == nil || !i.locked {
		return false
	}
	c.failPolicy(http.StatusConflict, "request_not_processed", "The service ID is locked.", nil)
	return true
}

func (c *call) decodePolicy() *policy {
	p := &policy{}
	if json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, 1<<20)).Decode(p) != nil || p.Type != "access" {
		c.failPolicy(http.StatusBadRequest, "invalid_body", "The body is no access policy.", nil)
		return nil
	}
	p.account = p.Resource.get("accountId")
	service := p.Resource.get("serviceName")
	if p.account == "" || service == "" || p.Subject.get("iam_id") == "" || len(p.Control.Grant.Roles) == 0 {
		c.failPolicy(http.StatusBadRequest, "invalid_body", "accountId, serviceName, iam_id or roles are missing.", nil)
		return nil
	}
	for _, granted := range p.Control.Grant.Roles {
		if !strings.HasPrefix(granted.ID, roleCRN) {
			c.failPolicy(http.StatusBadRequest, "invalid_body", "Role not found.", nil)
			return nil
		}
	}
	return p
}

func (c *call) createPolicy() {
	p := c.decodePolicy()
	if p == nil || !c.mayPolicies(p.account) {
		return
	}
	if _, ok := c.store.identity(c.settings, p.Subject.get("iam_id")); !ok {
		c.failPolicy(http.StatusBadRequest, "invalid_body", "The subject does not exist.", nil)
		return
	}
	if c.subjectLocked(p) {
		return
	}
	for _, other := range c.store.policies {
		if other.Subject.key() != p.Subject.key() || other.Resource.key() != p.Resource.key() {
			continue
		}
		c.failPolicy(http.StatusConflict, "policy_conflict_error", "The policy conflicts with policy "+other.ID+".", map[string]any{
			"conflicts_with": map[string]any{"etag": other.tag(), "policy": other},
		})
		return
	}
	now := time.Now()
	after := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	p.ID, p.State, p.CreatedAt = uuid(), "active", now.UTC()
	p.Href = "https://" + c.r.Host + "/v2/policies/" + p.ID
	p.readable, p.inList, p.effective = after(c.settings.PolicyReadDelayMs), after(c.settings.ListDelayMs), after(c.settings.PolicyPropagationMs)
	c.store.policies = append(c.store.policies, p)
	c.w.Header().Set("ETag", p.tag())
	answer(c.w, http.StatusCreated, p)
}

// policy is the one that the path names, nil after a refusal.
func (c *call) policy() *policy {
	for _, p := range c.store.policies {
		if p.ID != c.r.PathValue("id") {
			continue
		}
		if time.Now().Before(p.readable) {
			break
		}
		if !c.mayPolicies(p.account) {
			return nil
		}
		return p
	}
	c.failPolicy(http.StatusNotFound, "policy_not_found", "The policy was not found.", nil)
	return nil
}

func (c *call) showPolicy() {
	if p := c.policy(); p != nil {
		c.w.Header().Set("ETag", p.tag())
		answer(c.w, http.StatusOK, p)
	}
}

func (c *call) replacePolicy() {
	old := c.policy()
	if old == nil {
		return
	}
	wanted := c.decodePolicy()
	if wanted == nil || c.subjectLocked(old) {
		return
	}
	switch match := c.r.Header.Get("If-Match"); {
	case match == "":
		c.failPolicy(http.StatusBadRequest, "invalid_body", "If-Match is missing.", nil)
		return
	case match != old.tag():
		c.failPolicy(http.StatusPreconditionFailed, "request_not_processed", "If-Match is not the current version.", nil)
		return
	}
	old.Description, old.Control, old.Resource = wanted.Description, wanted.Control, wanted.Resource
	old.version++
	c.w.Header().Set("ETag", old.tag())
	answer(c.w, http.StatusOK, old)
}

func (c *call) removePolicy() {
	p := c.policy()
	if p == nil || c.subjectLocked(p) {
		return
	}
	c.store.policies = slices.DeleteFunc(c.store.policies, func(other *policy) bool { return other == p })
	c.w.WriteHeader(http.StatusNoContent)
}

// listPolicies shows what the bearer may read: another account's list is empty, not forbidden.
func (c *call) listPolicies() {
	query := c.r.URL.Query()
	account := query.Get("account_id")
	if account == "" {
		c.failPolicy(http.StatusBadRequest, "missing_required_query_parameter", "account_id is missing.", nil)
		return
	}
	shown := []*policy{}
	for _, p := range c.store.policies {
		fits := p.account == account && (query.Get("iam_id") == "" || p.Subject.get("iam_id") == query.Get("iam_id")) &&
			(query.Get("service_name") == "" || p.Resource.get("serviceName") == query.Get("service_name"))
		if fits && !time.Now().Before(p.inList) && c.store.manages(c.settings, c.bearer, account) {
			shown = append(shown, p)
		}
	}
	size, ok := number(query, "limit", mostPage)
	from, fine := number(query, "start", 0)
	if !ok || !fine || size < 1 || from < 0 {
		c.failPolicy(http.StatusBadRequest, "invalid_body", "limit or start makes no sense.", nil)
		return
	}
	// Pages are smaller than asked for, so that few policies have several.
	if c.settings.PolicyPage != 0 {
		size = min(size, c.settings.PolicyPage)
	}
	from = min(from, len(shown))
	end := min(from+size, len(shown))
	page := map[string]any{"limit": size, "policies": shown[from:end]}
	if end < len(shown) {
		next := c.r.URL.Query()
		next.Set("start", strconv.Itoa(end))
		page["next"] = map[string]string{"start": strconv.Itoa(end), "href": "https://" + c.r.Host + "/v2/policies?" + next.Encode()}
	}
	answer(c.w, http.StatusOK, page)
}

// listRoles names roles in German unless English is asked for, as the real service translates them.
func (c *call) listRoles() {
	query := c.r.URL.Query()
	if !c.store.manages(c.settings, c.bearer, query.Get("account_id")) {
		c.failPolicy(http.StatusForbidden, "insufficent_permissions", "You are not allowed to list roles.", nil)
		return
	}
	english := strings.HasPrefix(c.r.Header.Get("Accept-Language"), "en")
	show := func(kind, name, translated string, actions ...string) map[string]any {
		shown := translated
		if english {
			shown = name
		}
		return map[string]any{"crn": roleCRN + kind + ":" + name, "display_name": shown, "description": "", "actions": actions}
	}
	service := []any{}
	if query.Get("service_name") == "container-registry" {
		service = []any{
			show("serviceRole", "Reader", "Leseberechtigter", "container-registry.image.pull", "container-registry.image.list"),
			show("serviceRole", "Writer", "Schreibberechtigter", "container-registry.image.pull", "container-registry.image.push"),
			show("serviceRole", "Manager", "Manager", "container-registry.image.pull", "container-registry.image.push", "container-registry.image.list"),
		}
	}
	answer(c.w, http.StatusOK, map[string]any{
		"custom_roles": []any{}, "service_roles": service,
		"system_roles": []any{
			show("role", "Viewer", "Anzeigeberechtigter"), show("role", "Operator", "Bediener"),
			show("role", "Editor", "Bearbeiter"), show("role", "Administrator", "Administrator"),
		},
	})
}

// operates tells whether a token's policies allow to manage the API keys of a service ID.
func (s *Store) operates(g grant, iamID string) bool {
	for _, p := range s.policies {
		if p.Subject.get("iam_id") == g.iamID && p.Resource.get("serviceName") == "iam-identity" &&
			p.Resource.get("resourceType") == "serviceid" && "iam-"+p.Resource.get("resource") == iamID &&
			p.grants("role:Operator", "role:Editor", "role:Administrator") {
			return true
		}
	}
	return false
}

// rightsAt is what policies open at a registry host for an identity that a client has made.
func (s *Store) rightsAt(iamID, host string) keys.Key {
	host = strings.TrimPrefix(host, "private.")
	// Nothing, where an empty list would be everything.
	rights := keys.Key{Rights: keys.Rights{Namespaces: []string{"-"}}}
	for _, p := range s.policies {
		region, geography := p.Resource.get("region"), p.Resource.get("geography")
		there := region == "" && geography == "" || region != "" && regionHosts[region] == host || geography == "global" && host == "icr.io"
		if p.Subject.get("iam_id") != iamID || p.Resource.get("serviceName") != "container-registry" || !there || time.Now().Before(p.effective) {
			continue
		}
		if p.grants("serviceRole:Reader", "serviceRole:Writer", "serviceRole:Manager") {
			rights.Namespaces = append(rights.Namespaces, p.Resource.get("resource"))
		}
		if p.grants("serviceRole:Writer", "serviceRole:Manager") {
			rights.Pushes = append(rights.Pushes, p.Resource.get("resource"))
		}
		if p.grants("serviceRole:Reader", "serviceRole:Manager") {
			rights.Lists = append(rights.Lists, p.Resource.get("resource"))
		}
	}
	return rights
}

var regionHosts = map[string]string{
	"us-south": "us.icr.io", "eu-gb": "uk.icr.io", "eu-de": "de.icr.io", "au-syd": "au.icr.io", "jp-tok": "jp.icr.io",
	"jp-osa": "jp2.icr.io", "ca-tor": "ca.icr.io", "ca-mon": "ca2.icr.io", "br-sao": "br.icr.io", "eu-es": "es.icr.io",
	"in-che": "in.icr.io", "in-mum": "in2.icr.io", "eu-fr2": "fr2.icr.io",
}
