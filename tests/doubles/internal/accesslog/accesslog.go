// Package accesslog writes one line of JSON for each request, and remembers
// them. Credentials are in headers, bodies and query strings; none of these is
// ever written but a few parameters that hold none.
package accesslog

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Entry is one request.
type Entry struct {
	Number int       `json:"number"`
	Time   time.Time `json:"time"`
	Client string    `json:"client"`
	Host   string    `json:"host"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Query has what is in harmless.
	Query  string  `json:"query,omitempty"`
	Status int     `json:"status"` // 0: the connection was dropped before
	Millis float64 `json:"ms"`
	// Auth is the scheme of the Authorization header.
	Auth    string `json:"auth,omitempty"`
	User    string `json:"user,omitempty"`
	Scope   string `json:"scope,omitempty"`
	Grant   string `json:"grant,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	// Rule is the name of the fault rule that was applied.
	Rule  string `json:"rule,omitempty"`
	Agent string `json:"agent,omitempty"`
}

// Parameters of queries that hold no credentials.
var harmless = []string{"account_id", "iam_id", "pagesize", "pagetoken", "scope", "service"}

// Log writes entries.
type Log struct {
	mutex   sync.Mutex
	out     io.Writer
	entries []Entry
}

// New returns a log that writes to out.
func New(out io.Writer) *Log { return &Log{out: out} }

// Since returns the requests that have ended, from the number on.
func (l *Log) Since(number int) []Entry {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	number = max(0, min(number, len(l.entries)))
	return append([]Entry{}, l.entries[number:]...)
}

type recorder struct {
	http.ResponseWriter
	entry *Entry
}

func (r *recorder) WriteHeader(status int) {
	r.entry.Status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(content []byte) (int, error) {
	if r.entry.Status == 0 {
		r.entry.Status = http.StatusOK
	}
	return r.ResponseWriter.Write(content)
}

// Unwrap lets the reverse proxy flush and hijack.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Note lets a handler add what only it knows to the entry of its request.
func Note(w http.ResponseWriter, note func(*Entry)) {
	for {
		switch candidate := w.(type) {
		case *recorder:
			note(candidate.entry)
			return
		case interface{ Unwrap() http.ResponseWriter }:
			w = candidate.Unwrap()
		default:
			return
		}
	}
}

// Wrap logs the requests to a handler, also those that it ends by a panic.
func (l *Log) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		entry := &Entry{
			Time: start.UTC(), Client: r.RemoteAddr, Host: r.Host, Method: r.Method,
			Path: r.URL.Path, Query: query(r), Auth: knownScheme(scheme), Agent: r.UserAgent(),
		}
		ended := false
		defer func() {
			if ended && entry.Status == 0 {
				entry.Status = http.StatusOK
			}
			entry.Millis = float64(time.Since(start).Microseconds()) / 1000
			l.add(entry)
		}()
		next.ServeHTTP(&recorder{w, entry}, r)
		ended = true
	})
}

func (l *Log) add(entry *Entry) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	entry.Number = len(l.entries)
	l.entries = append(l.entries, *entry)
	if line, err := json.Marshal(entry); err == nil {
		_, _ = l.out.Write(append(line, '\n'))
	}
}

func query(r *http.Request) string {
	all, kept := r.URL.Query(), url.Values{}
	for _, name := range harmless {
		if values, ok := all[name]; ok {
			kept[name] = values
		}
	}
	return kept.Encode()
}

func knownScheme(scheme string) string {
	switch lower := strings.ToLower(scheme); lower {
	case "", "basic", "bearer":
		return lower
	}
	return "other"
}
