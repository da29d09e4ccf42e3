package iam

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/keys"
)

// identity is a service ID or a trusted profile that a client has made.
type identity struct {
	id, iamID, name, description, account string
	profile, locked                       bool
	created, inList                       time.Time
	links                                 []map[string]any
}

var errIdentityLocked = &refusal{http.StatusConflict, "BXNIM0000E", "The service ID is locked."}

func (i *identity) describe() map[string]any {
	stamp := i.created.UTC().Format(minute)
	kind := "serviceid"
	if i.profile {
		kind = "profile"
	}
	return map[string]any{
		"id": i.id, "iam_id": i.iamID, "entity_tag": "1-" + i.id, "name": i.name, "description": i.description,
		"crn":        fmt.Sprintf("crn:v1:bluemix:public:iam-identity::a/%s::%s:%s", i.account, kind, i.id),
		"account_id": i.account, "locked": i.locked, "created_at": stamp, "modified_at": stamp,
	}
}

// made is the identity that a client has made, nil if there is none.
func (s *Store) made(id string) *identity {
	for _, i := range s.identities {
		if i.id == id || i.iamID == id {
			return i
		}
	}
	return nil
}

// identity is one of the settings or one that a client has made.
func (s *Store) identity(settings keys.Settings, iamID string) (keys.Identity, bool) {
	if i := s.made(iamID); i != nil {
		return keys.Identity{IamID: iamID, Account: i.account}, true
	}
	return settings.Identity(iamID)
}

func (c *call) createIdentity(profile bool) {
	var wanted struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Account     string `json:"account_id"`
	}
	if json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, 1<<20)).Decode(&wanted) != nil {
		c.fail(invalid("body"))
		return
	}
	if wanted.Name == "" || wanted.Account == "" {
		c.fail(missing("name or account_id"))
		return
	}
	if !c.allowed(wanted.Account) {
		return
	}
	now := time.Now()
	id := "ServiceId-" + uuid()
	if profile {
		id = "Profile-" + uuid()
		for _, other := range c.store.identities {
			// Names of profiles are unique, those of service IDs are not.
			if other.profile && other.account == wanted.Account && other.name == wanted.Name {
				c.fail(&refusal{http.StatusConflict, "BXNIM0446E", "A profile of that name exists."})
				return
			}
		}
	}
	made := &identity{
		id: id, iamID: "iam-" + id, name: wanted.Name, description: wanted.Description, account: wanted.Account,
		profile: profile, created: now, inList: now.Add(time.Duration(c.settings.ListDelayMs) * time.Millisecond),
	}
	c.store.identities = append(c.store.identities, made)
	c.w.Header().Set("ETag", "1-"+id)
	answer(c.w, http.StatusCreated, made.describe())
}

func (c *call) createServiceID() { c.createIdentity(false) }
func (c *call) createProfile()   { c.createIdentity(true) }

func (c *call) listIdentities(profiles bool, field string) {
	query := c.r.URL.Query()
	account, name := query.Get("account_id"), query.Get("name")
	if account == "" {
		c.fail(missing("account_id"))
		return
	}
	if !c.allowed(account) {
		return
	}
	shown := []map[string]any{}
	for _, i := range c.store.identities {
		if i.profile == profiles && i.account == account && (name == "" || i.name == name) && !time.Now().Before(i.inList) {
			shown = append(shown, i.describe())
		}
	}
	c.answerPage(field, "incoming."+field, shown)
}

func (c *call) listServiceIDs() { c.listIdentities(false, "serviceids") }
func (c *call) listProfiles()   { c.listIdentities(true, "profiles") }

// answerPage gives the part of a list that was asked for, in that field of the answer; it pages by
// the number of entries that went before.
func (c *call) answerPage(field, operation string, all []map[string]any) {
	query := c.r.URL.Query()
	size, ok := number(query, "pagesize", usualPage)
	if !ok || size < 1 || size > mostPage {
		c.fail(invalid("pagesize"))
		return
	}
	from, ok := number(query, "pagetoken", 0)
	if !ok || from < 0 {
		c.fail(invalid("pagetoken"))
		return
	}
	from = min(from, len(all))
	end := min(from+size, len(all))
	page := map[string]any{
		"context": contextOf(c.w, operation), "offset": from, "limit": size, "first": c.page(0, size),
		field: all[from:end],
	}
	if end < len(all) {
		page["next"] = c.page(end, size)
	}
	answer(c.w, http.StatusOK, page)
}

// found is the identity that the path names, nil after a refusal.
func (c *call) found() *identity {
	i := c.store.made(c.r.PathValue("id"))
	if i == nil {
		c.fail(errNotFound)
		return nil
	}
	if !c.allowed(i.account) {
		return nil
	}
	return i
}

func (c *call) showIdentity() {
	if i := c.found(); i != nil {
		c.w.Header().Set("ETag", "1-"+i.id)
		answer(c.w, http.StatusOK, i.describe())
	}
}

// removeIdentity takes the keys along, and leaves the policies without a subject.
func (c *call) removeIdentity() {
	i := c.found()
	switch {
	case i == nil:
		return
	case i.locked:
		c.fail(errIdentityLocked)
		return
	}
	for _, r := range c.store.records {
		if r.iamID == i.iamID {
			r.deleted = true
		}
	}
	kept := c.store.identities[:0]
	for _, other := range c.store.identities {
		if other != i {
			kept = append(kept, other)
		}
	}
	c.store.identities = kept
	c.w.WriteHeader(http.StatusNoContent)
}

func (c *call) setIdentityLock(locked bool) {
	if i := c.found(); i != nil {
		i.locked = locked
		c.w.WriteHeader(http.StatusNoContent)
	}
}

func (c *call) lockIdentity()   { c.setIdentityLock(true) }
func (c *call) unlockIdentity() { c.setIdentityLock(false) }

func (c *call) createLink() {
	i := c.found()
	if i == nil {
		return
	}
	var wanted struct {
		Name string            `json:"name"`
		Type string            `json:"cr_type"`
		Link map[string]string `json:"link"`
	}
	if json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, 1<<20)).Decode(&wanted) != nil {
		c.fail(invalid("body"))
		return
	}
	if !strings.HasSuffix(wanted.Type, "_SA") || wanted.Link["crn"] == "" || wanted.Link["namespace"] == "" || wanted.Link["name"] == "" {
		c.fail(invalid("link"))
		return
	}
	link := map[string]any{"id": "Link-" + uuid(), "name": wanted.Name, "cr_type": wanted.Type, "link": wanted.Link}
	i.links = append(i.links, link)
	answer(c.w, http.StatusCreated, link)
}

func (c *call) listLinks() {
	if i := c.found(); i != nil {
		answer(c.w, http.StatusOK, map[string]any{"links": append([]map[string]any{}, i.links...)})
	}
}

// linked tells whether a client has linked a service account to a profile.
func (i *identity) linked(subject string) bool {
	for _, link := range i.links {
		of, _ := link["link"].(map[string]string)
		if subject == "system:serviceaccount:"+of["namespace"]+":"+of["name"] {
			return true
		}
	}
	return false
}

// linkedProfile is a profile that a client has made and linked to a service account.
func (s *Store) linkedProfile(id, name, subject string) *identity {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, i := range s.identities {
		if i.profile && (id == i.id || id == "" && name == i.name) && i.linked(subject) {
			return i
		}
	}
	return nil
}
