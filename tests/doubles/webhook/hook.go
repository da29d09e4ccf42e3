package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// behaviour is what happens to a request; the zero value lets it pass at once.
type behaviour struct {
	DelayMS int  `json:"delay_ms"`
	Hang    bool `json:"hang"` // until the behaviour is another one, or the caller gives up
	// Denies when there is one: the status of the denial, as a metav1.Status.
	Deny json.RawMessage `json:"deny"`
}

// review is as much of an AdmissionReview as matters here.
type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID string `json:"uid"`
}

type response struct {
	UID     string          `json:"uid"`
	Allowed bool            `json:"allowed"`
	Status  json.RawMessage `json:"status,omitempty"`
}

// hook is the webhook. Its methods may be called at any time from anywhere.
type hook struct {
	mutex   sync.Mutex
	now     behaviour
	changed chan struct{} // closed when there is another behaviour
	asked   int
	waiting int
}

func newHook() *hook { return &hook{changed: make(chan struct{})} }

func (h *hook) behave(b behaviour) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.now = b
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *hook) current() (behaviour, <-chan struct{}) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.now, h.changed
}

func (h *hook) count(asked, waiting int) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.asked += asked
	h.waiting += waiting
}

// wait returns how to answer; false: whoever asked has gone.
func (h *hook) wait(gone <-chan struct{}) (behaviour, bool) {
	h.count(1, 1)
	defer h.count(0, -1)
	for {
		now, changed := h.current()
		var over <-chan time.Time // never
		if !now.Hang {
			over = time.After(time.Duration(now.DelayMS) * time.Millisecond)
		}
		select {
		case <-over:
			return now, true
		case <-changed:
		case <-gone:
			return behaviour{}, false
		}
	}
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked review
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Request == nil {
		http.Error(w, "not an AdmissionReview", http.StatusBadRequest)
		return
	}
	now, answered := h.wait(r.Context().Done())
	if !answered {
		return
	}
	answer(w, review{APIVersion: asked.APIVersion, Kind: asked.Kind, Response: &response{
		UID: asked.Request.UID, Allowed: now.Deny == nil, Status: now.Deny,
	}})
}

func (h *hook) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /behaviour", func(w http.ResponseWriter, r *http.Request) {
		var b behaviour
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&b); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.behave(b)
	})
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		answer(w, map[string]int{"asked": h.asked, "waiting": h.waiting})
	})
	return mux
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}
