package main

import (
	"sync"
	"time"
)

// entry is one request as it passed through. Times are microseconds since 1970.
type entry struct {
	Number    int    `json:"number"`
	Begun     int64  `json:"begun"`
	Done      int64  `json:"done"` // 0: under way
	Method    string `json:"method"`
	Path      string `json:"path"` // with the query
	Accept    string `json:"accept"`
	Type      string `json:"type"`
	Agent     string `json:"agent"`
	Token     string `json:"token"` // the end of the bearer token
	Body      string `json:"body"`
	Status    int    `json:"status"` // 0: none was passed on
	Forwarded bool   `json:"forwarded"`
	Rule      string `json:"rule"`
}

// journal remembers every request.
type journal struct {
	mutex   sync.Mutex
	entries []*entry
}

func now() int64 { return time.Now().UnixMicro() }

func (j *journal) begin(e *entry) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	e.Number = len(j.entries)
	e.Begun = now()
	j.entries = append(j.entries, e)
}

func (j *journal) update(change func()) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	change()
}

func (j *journal) since(number int) []entry {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	copies := []entry{}
	for _, e := range j.entries[min(number, len(j.entries)):] {
		copies = append(copies, *e)
	}
	return copies
}
