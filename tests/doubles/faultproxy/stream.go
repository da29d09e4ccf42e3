package main

import (
	"context"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// stream is the answer to a request that is under way. Everything written to it goes through here,
// so that a test can cut it, silence it or put something into it.
type stream struct {
	http.ResponseWriter
	request *http.Request
	cancel  context.CancelFunc
	wait    time.Duration // before each piece
	onHead  func(status int)

	mutex  sync.Mutex
	silent bool
	abrupt bool // end it by breaking the connection
}

func (s *stream) WriteHeader(status int) {
	s.onHead(status)
	s.ResponseWriter.WriteHeader(status)
}

// Write claims to have written what a silent stream keeps to itself.
func (s *stream) Write(bytes []byte) (int, error) {
	if s.wait > 0 {
		select {
		case <-time.After(s.wait):
		case <-s.request.Context().Done():
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.silent {
		return len(bytes), nil
	}
	return s.ResponseWriter.Write(bytes)
}

func (s *stream) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *stream) isSilent() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.silent
}

func (s *stream) isAbrupt() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.abrupt
}

func (s *stream) silence() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.silent = true
}

// inject writes text as if the server had sent it.
func (s *stream) inject(text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, _ = s.ResponseWriter.Write([]byte(text))
	_ = http.NewResponseController(s.ResponseWriter).Flush()
}

func (s *stream) cut(abrupt bool) {
	s.mutex.Lock()
	s.abrupt = abrupt
	s.mutex.Unlock()
	s.cancel()
}

// streams are the answers under way.
type streams struct {
	mutex sync.Mutex
	open  map[*stream]bool
}

func (ss *streams) add(s *stream) {
	ss.mutex.Lock()
	defer ss.mutex.Unlock()
	ss.open[s] = true
}

func (ss *streams) remove(s *stream) {
	ss.mutex.Lock()
	defer ss.mutex.Unlock()
	delete(ss.open, s)
}

func (ss *streams) matching(path *regexp.Regexp) []*stream {
	ss.mutex.Lock()
	defer ss.mutex.Unlock()
	var found []*stream
	for s := range ss.open {
		if path.MatchString(s.request.URL.RequestURI()) {
			found = append(found, s)
		}
	}
	return found
}
