package faults

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
)

// Wrap applies the rules to the requests to a handler.
func (rs *Rules) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		host := strings.ToLower(request.Host)
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		r := rs.match(request, host)
		if r == nil {
			next.ServeHTTP(w, request)
			return
		}
		accesslog.Note(w, func(e *accesslog.Entry) { e.Rule = r.Name })
		r.apply(w, request, next)
	})
}

func (r *Rule) apply(w http.ResponseWriter, request *http.Request, next http.Handler) {
	gone := request.Context().Done()
	switch r.Action {
	case "status":
		r.answer(w, request)
	case "edit":
		reply := act(w, request, next)
		r.edit(reply)
		reply.send()
	case "delay":
		wait(gone, time.After(r.delay()))
		next.ServeHTTP(w, request)
	case "late":
		reply := act(w, request, next)
		wait(gone, time.After(r.delay()))
		reply.send()
	case "hold":
		wait(gone, r.gate)
		next.ServeHTTP(w, request)
	case "drop":
		panic(http.ErrAbortHandler)
	case "drop-answer":
		act(w, request, next)
		panic(http.ErrAbortHandler)
	case "hang":
		<-gone
	default:
		next.ServeHTTP(w, request)
	}
}

func wait[T any](gone <-chan struct{}, until <-chan T) {
	select {
	case <-until:
	case <-gone:
	}
}

// answer is all that a request gets to which the rule says "status".
func (r *Rule) answer(w http.ResponseWriter, request *http.Request) {
	// A server that answers before it has read the request resets an HTTP/2 stream, which some
	// clients take for a failure.
	_, _ = io.Copy(io.Discard, request.Body)
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(r.Body, "<") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	if r.RetryAfter != "" {
		w.Header().Set("Retry-After", r.RetryAfter)
	}
	for name, value := range r.Headers {
		w.Header().Set(name, value)
	}
	length := int64(len(r.Body)) + r.BodyBytes
	if r.Truncate {
		length++
	}
	if length > 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	}
	w.WriteHeader(r.Status)
	if request.Method == http.MethodHead {
		return
	}
	_, _ = io.WriteString(w, r.Body)
	_, _ = io.Copy(w, io.LimitReader(spaces{}, r.BodyBytes))
	if r.Truncate {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// spaces is a body without end that JSON allows anywhere.
type spaces struct{}

func (spaces) Read(buffer []byte) (int, error) {
	for i := range buffer {
		buffer[i] = ' '
	}
	return len(buffer), nil
}

// reply keeps an answer back.
type reply struct {
	http.ResponseWriter
	header http.Header
	status int
	body   bytes.Buffer
}

// act lets the request take effect, whether its client still waits or not.
func act(w http.ResponseWriter, request *http.Request, next http.Handler) *reply {
	kept := &reply{ResponseWriter: w, header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(kept, request)
	return kept
}

func (k *reply) Header() http.Header               { return k.header }
func (k *reply) WriteHeader(status int)            { k.status = status }
func (k *reply) Write(content []byte) (int, error) { return k.body.Write(content) }

// Flush does nothing: there is nothing to see yet.
func (k *reply) Flush() {}

// Unwrap leads to the entry in the access log.
func (k *reply) Unwrap() http.ResponseWriter { return k.ResponseWriter }

func (k *reply) send() {
	for name, values := range k.header {
		k.ResponseWriter.Header()[name] = values
	}
	k.ResponseWriter.WriteHeader(k.status)
	_, _ = k.ResponseWriter.Write(k.body.Bytes())
}

// edit changes the answer if it holds a JSON object.
func (r *Rule) edit(kept *reply) {
	object := map[string]any{}
	if json.Unmarshal(kept.body.Bytes(), &object) != nil {
		return
	}
	for name, value := range r.Set {
		object[name] = value
	}
	for _, name := range r.Remove {
		delete(object, name)
	}
	content, err := json.Marshal(object)
	if err != nil {
		return
	}
	kept.body.Reset()
	kept.body.Write(content)
	kept.header.Del("Content-Length")
}
