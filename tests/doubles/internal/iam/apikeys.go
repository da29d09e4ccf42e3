package iam

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/keys"
)

const (
	usualPage = 20
	mostPage  = 100
)

var (
	errNotFound   = &refusal{http.StatusNotFound, "BXNIM0102E", "Object not found."}
	errNotAllowed = &refusal{http.StatusForbidden, "BXNIM0513E", "You are not authorized to use this API."}
	errToken      = &refusal{http.StatusUnauthorized, "BXNIM0407E", "Provided token is invalid or expired."}
	errLimit      = &refusal{http.StatusUnprocessableEntity, "BXNIM0151E", "The limit of API keys for this identity is reached."}
	// The codes of these two are not on record.
	errLocked  = &refusal{http.StatusConflict, "BXNIM0000E", "The API key is locked."}
	errVersion = &refusal{http.StatusConflict, "BXNIM0000E", "If-Match is not the current version."}
)

// call is one request below /v1. The store is locked while it is served.
type call struct {
	w        http.ResponseWriter
	r        *http.Request
	settings keys.Settings
	store    *Store
	bearer   grant
}

// authorized lets in who has a token of ours.
func (s *Server) authorized(handle func(*call)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		settings, err := s.keys.Load()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		s.store.mutex.Lock()
		defer s.store.mutex.Unlock()
		s.store.sync(settings)
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		bearer, ok := s.store.access[digestOf(token)]
		if !ok || !settings.Now().Before(bearer.expires) {
			failKeys(w, errToken)
			return
		}
		handle(&call{w, r, settings, s.store, bearer})
	}
}

func (c *call) fail(refused *refusal) { failKeys(c.w, refused) }

// allowed answers with a refusal when the bearer may not manage the account.
func (c *call) allowed(account string) bool {
	if c.store.manages(c.settings, c.bearer, account) {
		return true
	}
	c.fail(errNotAllowed)
	return false
}

// managesKeys answers with a refusal when the bearer may not manage the keys of an identity.
func (c *call) managesKeys(account, iamID string) bool {
	return iamID != "" && c.store.operates(c.bearer, iamID) || c.allowed(account)
}

// record is the key that the path names, nil after a refusal.
func (c *call) record() *record {
	r := c.store.find(c.r.PathValue("id"))
	if r == nil {
		c.fail(errNotFound)
		return nil
	}
	if !c.managesKeys(r.account, r.iamID) {
		return nil
	}
	return r
}

func describe(r *record) map[string]any {
	return map[string]any{
		"id": r.id, "entity_tag": r.tag(), "name": r.name, "description": r.description,
		"crn":        fmt.Sprintf("crn:v1:bluemix:public:iam-identity::a/%s::apikey:%s", r.account, r.id),
		"account_id": r.account, "iam_id": r.iamID, "created_by": r.createdBy,
		"created_at": r.created.UTC().Format(minute), "modified_at": r.modified.UTC().Format(minute),
		"locked": r.locked, "disabled": r.state(time.Time{}) == StateDisabled,
		"support_sessions": false, "action_when_leaked": "disable",
	}
}

func (r *record) tag() string { return fmt.Sprintf("%d-%x", r.version, r.value[:8]) }

func (r *record) touch() {
	r.version++
	r.modified = time.Now()
}

func (c *call) show(status int, r *record, more map[string]any) {
	described := describe(r)
	for name, value := range more {
		described[name] = value
	}
	c.w.Header().Set("ETag", r.tag())
	answer(c.w, status, described)
}

type newKey struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	IamID       string `json:"iam_id"`
	Account     string `json:"account_id"`
	Value       string `json:"apikey"`
}

func (c *call) create() {
	var wanted newKey
	if json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, 1<<20)).Decode(&wanted) != nil {
		c.fail(invalid("body"))
		return
	}
	if wanted.Name == "" || wanted.IamID == "" {
		c.fail(missing("name or iam_id"))
		return
	}
	identity, ok := c.store.identity(c.settings, wanted.IamID)
	if !ok {
		c.fail(errNotFound)
		return
	}
	if !c.managesKeys(identity.Account, wanted.IamID) {
		return
	}
	if made := c.store.made(wanted.IamID); made != nil && made.locked {
		c.fail(errIdentityLocked)
		return
	}
	if wanted.Account != "" && wanted.Account != identity.Account {
		c.fail(invalid("account_id"))
		return
	}
	if c.store.existing(wanted.IamID) >= c.settings.KeyLimit(identity.Account) {
		c.fail(errLimit)
		return
	}
	const shortestValue = 32
	if wanted.Value == "" {
		wanted.Value = random(22)
	} else if len(wanted.Value) < shortestValue || c.store.byValue(digestOf(wanted.Value)) != nil {
		c.fail(invalid("apikey"))
		return
	}
	wanted.Account = identity.Account
	c.show(http.StatusCreated, c.add(wanted), map[string]any{"apikey": wanted.Value})
}

func (c *call) add(wanted newKey) *record {
	now := time.Now()
	after := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	r := &record{
		id: "ApiKey-" + uuid(), name: wanted.Name, description: wanted.Description,
		iamID: wanted.IamID, account: wanted.Account, createdBy: c.bearer.iamID,
		created: now, modified: now, version: 1, value: digestOf(wanted.Value),
		atIAM: after(c.settings.PropagationMs), atRegistry: after(*c.settings.RegistryPropagationMs),
		inList:   after(c.settings.ListDelayMs),
		disabled: c.r.Header.Get("Entity-Disable") == "true", locked: c.r.Header.Get("Entity-Lock") == "true",
	}
	c.store.records = append(c.store.records, r)
	return r
}

// existing counts the keys of an identity.
func (s *Store) existing(iamID string) int {
	count := 0
	for _, r := range s.records {
		if r.iamID == iamID && !r.deleted {
			count++
		}
	}
	return count
}

func (c *call) list() {
	query := c.r.URL.Query()
	iamID, account := query.Get("iam_id"), query.Get("account_id")
	if account == "" {
		account = c.bearer.account
	}
	if !c.managesKeys(account, iamID) {
		return
	}
	shown := []map[string]any{}
	for _, r := range c.store.records {
		if !r.deleted && r.account == account && (iamID == "" || r.iamID == iamID) && !time.Now().Before(r.inList) {
			shown = append(shown, describe(r))
		}
	}
	c.answerPage("apikeys", "incoming.APIKey_List", shown)
}

func number(query url.Values, name string, otherwise int) (int, bool) {
	if !query.Has(name) {
		return otherwise, true
	}
	value, err := strconv.Atoi(query.Get(name))
	return value, err == nil
}

// page is the address of the page that begins at a key.
func (c *call) page(from, size int) string {
	query := c.r.URL.Query()
	query.Set("pagesize", strconv.Itoa(size))
	query.Set("pagetoken", strconv.Itoa(from))
	return "https://" + c.r.Host + "/v1/apikeys?" + query.Encode()
}

func (c *call) get() {
	if r := c.record(); r != nil {
		c.show(http.StatusOK, r, nil)
	}
}

// details describes a key to who holds it.
func (c *call) details() {
	value := c.r.Header.Get("IAM-ApiKey")
	if value == "" {
		c.fail(missing("IAM-ApiKey"))
		return
	}
	r := c.store.byValue(digestOf(value))
	if r == nil || r.deleted {
		c.fail(errNotFound)
		return
	}
	c.show(http.StatusOK, r, nil)
}

func (c *call) update() {
	r := c.record()
	if r == nil {
		return
	}
	var wanted newKey
	if json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, 1<<20)).Decode(&wanted) != nil {
		c.fail(invalid("body"))
		return
	}
	switch match := c.r.Header.Get("If-Match"); {
	case match == "":
		c.fail(missing("If-Match"))
		return
	case match != "*" && match != r.tag():
		c.fail(errVersion)
		return
	case r.locked:
		c.fail(errLocked)
		return
	}
	if wanted.Name != "" {
		r.name = wanted.Name
	}
	r.description = wanted.Description
	r.touch()
	c.show(http.StatusOK, r, nil)
}

// change does something to a key that is not locked.
func (c *call) change(evenLocked bool, do func(*record)) {
	r := c.record()
	if r == nil {
		return
	}
	if r.locked && !evenLocked {
		c.fail(errLocked)
		return
	}
	do(r)
	r.touch()
	c.w.WriteHeader(http.StatusNoContent)
}

func (c *call) remove()  { c.change(false, func(r *record) { r.deleted = true }) }
func (c *call) disable() { c.change(false, func(r *record) { r.disabled = true }) }
func (c *call) enable()  { c.change(false, func(r *record) { r.disabled = false }) }
func (c *call) lock()    { c.change(true, func(r *record) { r.locked = true }) }
func (c *call) unlock()  { c.change(true, func(r *record) { r.locked = false }) }

func (c *call) limits() {
	account := c.r.PathValue("account")
	if !c.allowed(account) {
		return
	}
	answer(c.w, http.StatusOK, map[string]any{
		"context": contextOf(c.w, "incoming.Account_Limits"), "account_id": account,
		"apikeys_per_identity": c.settings.KeyLimit(account), "serviceids_per_account": 2000,
	})
}
