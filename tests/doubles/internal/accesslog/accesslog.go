// Package accesslog writes one line of JSON for each request. Credentials are
// in headers, bodies and query strings; none of these is ever written.
package accesslog

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// Entry is one request.
type Entry struct {
	Time    time.Time `json:"time"`
	Client  string    `json:"client"`
	Host    string    `json:"host"`
	Method  string    `json:"method"`
	Path    string    `json:"path"`
	Status  int       `json:"status"`
	Millis  float64   `json:"ms"`
	User    string    `json:"user,omitempty"`
	Scope   string    `json:"scope,omitempty"`
	Outcome string    `json:"outcome,omitempty"`
	Agent   string    `json:"agent,omitempty"`
}

// Log writes entries.
type Log struct {
	mutex sync.Mutex
	out   io.Writer
}

// New returns a log that writes to out.
func New(out io.Writer) *Log { return &Log{out: out} }

type recorder struct {
	http.ResponseWriter
	entry *Entry
}

func (r *recorder) WriteHeader(status int) {
	r.entry.Status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the reverse proxy flush and hijack.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Note lets a handler add what only it knows to the entry of its request.
func Note(w http.ResponseWriter, note func(*Entry)) {
	if r, ok := w.(*recorder); ok {
		note(r.entry)
	}
}

// Wrap logs the requests to a handler.
func (l *Log) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		entry := &Entry{
			Time: start.UTC(), Client: r.RemoteAddr, Host: r.Host, Method: r.Method,
			Path: r.URL.Path, Status: http.StatusOK, Agent: r.UserAgent(),
		}
		next.ServeHTTP(&recorder{w, entry}, r)
		entry.Millis = float64(time.Since(start).Microseconds()) / 1000
		line, err := json.Marshal(entry)
		if err != nil {
			return
		}
		l.mutex.Lock()
		defer l.mutex.Unlock()
		_, _ = l.out.Write(append(line, '\n'))
	})
}
