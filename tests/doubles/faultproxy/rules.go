package main

import (
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// rule says what happens to requests that match it.
type rule struct {
	Name    string            `json:"name"`
	Method  string            `json:"method"`  // regular expression, empty: any
	Path    string            `json:"path"`    // regular expression over path and query, empty: any
	Times   int               `json:"times"`   // for so many requests, 0: for all
	Action  string            `json:"action"`  // see actions
	Status  int               `json:"status"`  // of "status"
	Headers map[string]string `json:"headers"` // of "status"
	Body    string            `json:"body"`    // of "status"
	DelayMS int               `json:"delay_ms"`

	method, path *regexp.Regexp
	matched      int
	gate         chan struct{} // closed when a "hold" is released
}

// What a rule can do. "delay", "late" and "hold" forward the request all the same.
var actions = map[string]bool{
	"pass":        true, // nothing but counting
	"status":      true, // answer at once
	"delay":       true, // wait, then forward
	"late":        true, // forward, and wait before the answer is passed on
	"hold":        true, // wait until the rule is released, then forward
	"drop":        true, // close the connection, forward nothing
	"drop-answer": true, // forward, then close the connection without an answer
	"hang":        true, // never answer
	"slow-stream": true, // pass each piece of the body on after a wait
	"silent":      true, // pass the head on and nothing of the body
}

func (r *rule) prepare() error {
	var err error
	if !actions[r.Action] {
		return fmt.Errorf("unknown action %q", r.Action)
	}
	if r.method, err = regexp.Compile("^(?:" + or(r.Method, ".*") + ")$"); err != nil {
		return err
	}
	if r.path, err = regexp.Compile(or(r.Path, ".*")); err != nil {
		return err
	}
	r.gate = make(chan struct{})
	return nil
}

func (r *rule) delay() time.Duration { return time.Duration(r.DelayMS) * time.Millisecond }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// rules is the list in force. The first that matches and is not used up counts.
type rules struct {
	mutex sync.Mutex
	list  []*rule
}

func (rs *rules) match(request *http.Request) *rule {
	rs.mutex.Lock()
	defer rs.mutex.Unlock()
	for _, r := range rs.list {
		if r.Times > 0 && r.matched >= r.Times {
			continue
		}
		if r.method.MatchString(request.Method) && r.path.MatchString(request.URL.RequestURI()) {
			r.matched++
			return r
		}
	}
	return nil
}

// add puts a rule before the others, so that the newest wins.
func (rs *rules) add(r *rule) error {
	if err := r.prepare(); err != nil {
		return err
	}
	rs.mutex.Lock()
	defer rs.mutex.Unlock()
	rs.list = append([]*rule{r}, rs.list...)
	return nil
}

// remove takes away the rules called name, all when it is empty, and lets go what they hold.
func (rs *rules) remove(name string) {
	rs.mutex.Lock()
	defer rs.mutex.Unlock()
	var kept []*rule
	for _, r := range rs.list {
		if name != "" && r.Name != name {
			kept = append(kept, r)
			continue
		}
		close(r.gate)
	}
	rs.list = kept
}

// matched counts the requests that rules called name applied to.
func (rs *rules) matched(name string) int {
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
