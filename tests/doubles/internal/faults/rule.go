// Package faults makes a server misbehave when told to: a list of rules says
// what happens to which requests.
package faults

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Rule says what happens to requests that match it.
type Rule struct {
	Name   string `json:"name"`
	Host   string `json:"host"`   // regular expression over the host without its port, empty: any
	Method string `json:"method"` // regular expression, empty: any
	Path   string `json:"path"`   // regular expression that the path begins with, empty: any
	Grant  string `json:"grant"`  // end of the form's grant_type, for example apikey; empty: any
	After  int    `json:"after"`  // so many requests are let through before
	Times  int    `json:"times"`  // for so many requests, 0: for all
	Action string `json:"action"` // see actions

	DelayMS    int               `json:"delay_ms"`    // of "delay" and "late"
	Status     int               `json:"status"`      // of "status"
	Headers    map[string]string `json:"headers"`     // of "status"
	RetryAfter string            `json:"retry_after"` // of "status": the header of that name
	Body       string            `json:"body"`        // of "status"
	BodyBytes  int64             `json:"body_bytes"`  // of "status": so many spaces follow the body
	Truncate   bool              `json:"truncate"`    // of "status": the end of the promised body is missing
	Set        map[string]any    `json:"set"`         // of "edit"
	Remove     []string          `json:"remove"`      // of "edit"

	host, method, path *regexp.Regexp
	seen, matched      int
	gate               chan struct{} // closed when a "hold" is released
}

// What a rule can do.
var actions = map[string]bool{
	"pass":        true, // nothing but counting
	"status":      true, // answer at once with status, headers and body
	"edit":        true, // act, then change fields of the JSON object in the answer
	"delay":       true, // wait, then act
	"late":        true, // act, then wait before the answer
	"hold":        true, // wait until the rule is deleted, then act
	"drop":        true, // close the connection
	"drop-answer": true, // act, then close the connection without an answer
	"hang":        true, // never answer
}

func (r *Rule) prepare() error {
	var err error
	if !actions[r.Action] {
		return fmt.Errorf("unknown action %q", r.Action)
	}
	if r.Action == "status" && (r.Status < 200 || r.Status > 599) {
		return fmt.Errorf("status %d", r.Status)
	}
	if r.host, err = regexp.Compile("^(?:" + orAny(r.Host) + ")$"); err != nil {
		return err
	}
	if r.method, err = regexp.Compile("^(?:" + orAny(r.Method) + ")$"); err != nil {
		return err
	}
	if r.path, err = regexp.Compile("^(?:" + orAny(r.Path) + ")"); err != nil {
		return err
	}
	r.gate = make(chan struct{})
	return nil
}

func orAny(pattern string) string {
	if pattern == "" {
		return ".*"
	}
	return pattern
}

func (r *Rule) fits(request *http.Request, host string) bool {
	return r.host.MatchString(host) && r.method.MatchString(request.Method) && r.path.MatchString(request.URL.Path) &&
		(r.Grant == "" || strings.HasSuffix(grantOf(request), r.Grant))
}

// grantOf reads the form; the handler finds it read.
func grantOf(request *http.Request) string {
	if request.Method != http.MethodPost || request.ParseForm() != nil {
		return ""
	}
	return request.PostForm.Get("grant_type")
}

func (r *Rule) delay() time.Duration { return time.Duration(r.DelayMS) * time.Millisecond }

// Rules is the list in force.
type Rules struct {
	mutex sync.Mutex
	list  []*Rule
}

// Add puts a rule before the others, so that the newest wins.
func (rs *Rules) Add(r *Rule) error {
	if err := r.prepare(); err != nil {
		return err
	}
	rs.mutex.Lock()
	defer rs.mutex.Unlock()
	rs.list = append([]*Rule{r}, rs.list...)
	return nil
}

// Remove takes away the rules called name, all when it is empty, and lets go
// what they hold.
func (rs *Rules) Remove(name string) {
	rs.mutex.Lock()
	defer rs.mutex.Unlock()
	var kept []*Rule
	for _, r := range rs.list {
		if name != "" && r.Name != name {
			kept = append(kept, r)
			continue
		}
		close(r.gate)
	}
	rs.list = kept
}

// Matched counts the requests that rules called name were applied to.
func (rs *Rules) Matched(name string) int {
	rs.mutex.Lock()
	defer rs.mutex.Unlock()
	count := 0
	for _, r := range rs.list {
		if r.Name == name {
			count += r.matched
		}
	}
	return count
}

// match finds the first rule that fits and is not used up.
func (rs *Rules) match(request *http.Request, host string) *Rule {
	rs.mutex.Lock()
	defer rs.mutex.Unlock()
	for _, r := range rs.list {
		if r.Times > 0 && r.matched >= r.Times || !r.fits(request, host) {
			continue
		}
		r.seen++
		if r.seen <= r.After {
			continue
		}
		r.matched++
		return r
	}
	return nil
}
