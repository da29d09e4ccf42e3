package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// proxy forwards requests to the API server unless a rule says otherwise.
type proxy struct {
	rules   rules
	journal journal
	streams streams
	forward *httputil.ReverseProxy
}

func newProxy(upstream *url.URL, transport http.RoundTripper) *proxy {
	p := &proxy{streams: streams{open: map[*stream]bool{}}}
	p.forward = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.Out.Host = r.In.Host
		},
		Transport:     transport,
		FlushInterval: -1, // a watch is passed on event by event
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // the client sees what the proxy saw: a broken connection
		},
		ErrorLog: nil,
	}
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	e, err := p.record(request)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer p.journal.update(func() { e.Done = now() })
	ctx, cancel := context.WithCancel(request.Context())
	defer cancel()
	answer := &stream{ResponseWriter: w, request: request.WithContext(ctx), cancel: cancel}
	answer.onHead = func(status int) { p.journal.update(func() { e.Status = status }) }
	r := p.rules.match(request)
	if r == nil {
		p.pass(answer, e)
		return
	}
	p.journal.update(func() { e.Rule = r.Name })
	p.apply(r, answer, e)
}

func (p *proxy) record(request *http.Request) (*entry, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	token := request.Header.Get("Authorization")
	e := &entry{
		Method: request.Method,
		Path:   request.URL.RequestURI(),
		Accept: request.Header.Get("Accept"),
		Type:   request.Header.Get("Content-Type"),
		Agent:  request.Header.Get("User-Agent"),
		Token:  token[max(0, len(token)-12):],
		Body:   string(body),
	}
	p.journal.begin(e)
	return e, nil
}

func (p *proxy) apply(r *rule, answer *stream, e *entry) {
	context := answer.request.Context()
	switch r.Action {
	case "status":
		p.refuse(r, answer)
	case "delay":
		wait(context, time.After(r.delay()))
		p.pass(answer, e)
	case "hold":
		wait(context, r.gate)
		p.pass(answer, e)
	case "late":
		recorder := p.fetch(answer.request, e)
		wait(context, time.After(r.delay()))
		replay(recorder, answer)
	case "drop":
		panic(http.ErrAbortHandler)
	case "drop-answer":
		p.fetch(answer.request, e)
		panic(http.ErrAbortHandler)
	case "hang":
		<-context.Done()
	case "slow-stream":
		answer.wait = r.delay()
		p.pass(answer, e)
	case "silent":
		answer.silent = true
		p.pass(answer, e)
	default:
		p.pass(answer, e)
	}
}

func wait[T any](context context.Context, until <-chan T) {
	select {
	case <-until:
	case <-context.Done():
	}
}

// pass forwards the request and passes the answer on as it comes.
func (p *proxy) pass(answer *stream, e *entry) {
	p.journal.update(func() { e.Forwarded = true })
	p.streams.add(answer)
	defer p.streams.remove(answer)
	p.serve(answer)
	if answer.isAbrupt() {
		panic(http.ErrAbortHandler)
	}
	if answer.isSilent() {
		<-answer.request.Context().Done()
	}
}

// serve forwards; an answer that was cut in order must not look broken to the client.
func (p *proxy) serve(answer *stream) {
	defer func() {
		broken := recover()
		if broken == nil || (answer.isSilent() || isCut(answer)) && !answer.isAbrupt() {
			return
		}
		panic(broken)
	}()
	p.forward.ServeHTTP(answer, answer.request)
}

func isCut(answer *stream) bool {
	return errors.Is(answer.request.Context().Err(), context.Canceled)
}

// fetch forwards the request and keeps the answer. It goes on when the client has gone: what was
// sent is done.
func (p *proxy) fetch(request *http.Request, e *entry) *httptest.ResponseRecorder {
	p.journal.update(func() { e.Forwarded = true })
	recorder := httptest.NewRecorder()
	p.forward.ServeHTTP(recorder, request.WithContext(context.WithoutCancel(request.Context())))
	return recorder
}

func replay(recorder *httptest.ResponseRecorder, answer *stream) {
	for name, values := range recorder.Header() {
		answer.Header()[name] = values
	}
	answer.WriteHeader(recorder.Code)
	_, _ = answer.Write(recorder.Body.Bytes())
}

// refuse answers like the API server: with a Status, or in the plain words of its priority and
// fairness, unless the rule has a body of its own.
func (p *proxy) refuse(r *rule, answer *stream) {
	body, kind := r.Body, "application/json"
	if body == "" && r.Status == http.StatusTooManyRequests {
		kind = "text/plain; charset=utf-8"
		body = "Too many requests, please try again later.\n"
	}
	if body == "" {
		reason := strings.ReplaceAll(http.StatusText(r.Status), " ", "")
		body = fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the fault proxy says %d",`+
			`"reason":%q,"code":%d}`, r.Status, reason, r.Status)
	}
	answer.Header().Set("Content-Type", kind)
	for name, value := range r.Headers {
		answer.Header().Set(name, value)
	}
	answer.WriteHeader(r.Status)
	_, _ = io.WriteString(answer, body)
}
