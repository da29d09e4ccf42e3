package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const question = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1"}}`

func ask(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func reviewOf(t *testing.T, w *httptest.ResponseRecorder) review {
	t.Helper()
	var r review
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil || r.Response == nil {
		t.Fatalf("no review: %s", w.Body)
	}
	return r
}

func TestLetsPassAndDenies(t *testing.T) {
	h := newHook()
	if r := reviewOf(t, ask(h, "POST", "/", question)); !r.Response.Allowed || r.Response.UID != "u-1" || r.Kind != "AdmissionReview" {
		t.Errorf("%+v", r)
	}
	if w := ask(h.control(), "PUT", "/behaviour", `{"deny":{"code":429,"message":"later"}}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if r := reviewOf(t, ask(h, "POST", "/", question)); r.Response.Allowed || !strings.Contains(string(r.Response.Status), "later") {
		t.Errorf("%+v", r)
	}
	if w := ask(h.control(), "GET", "/counts", ""); !strings.Contains(w.Body.String(), `"asked":2`) {
		t.Error(w.Body)
	}
}

func TestWhoHangsGoesOnWhenToldSo(t *testing.T) {
	h := newHook()
	h.behave(behaviour{Hang: true})
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- ask(h, "POST", "/", question) }()
	select {
	case <-done:
		t.Fatal("it did not hang")
	case <-time.After(50 * time.Millisecond):
	}
	h.behave(behaviour{})
	if r := reviewOf(t, <-done); !r.Response.Allowed {
		t.Errorf("%+v", r)
	}
}

func TestBadRequests(t *testing.T) {
	h := newHook()
	if w := ask(h, "POST", "/", "nonsense"); w.Code != http.StatusBadRequest {
		t.Error(w.Code)
	}
	if w := ask(h.control(), "PUT", "/behaviour", `{"delay": 1}`); w.Code != http.StatusBadRequest {
		t.Error(w.Code)
	}
}
