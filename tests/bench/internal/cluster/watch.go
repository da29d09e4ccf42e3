package cluster

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Watch follows one collection over all namespaces and tells when objects were
// seen to be as somebody wants them. It asks for the same form of the events as
// the operator does: the API server encodes an event once for all who do.
type Watch struct {
	mu    sync.Mutex
	looks map[*Look]struct{}
	err   error
}

// Look waits until a mark was seen in an object of each of some namespaces.
type Look struct {
	watch  *Watch
	mark   []byte
	absent bool // the mark is in what is not waited for
	done   chan struct{}

	// guarded by watch.mu
	missing map[string]struct{}
	seen    map[string]time.Time
	deleted int
}

// StartWatch returns once the watch is open. It ends with the context.
func StartWatch(ctx context.Context, client *Client, resource, selector string) (*Watch, error) {
	query := url.Values{"limit": {"1"}}
	if selector != "" {
		query.Set("fieldSelector", selector)
	}
	var list struct {
		Meta Meta `json:"metadata"`
	}
	if err := client.Get(ctx, "/api/v1/"+resource+"?"+query.Encode(), &list); err != nil {
		return nil, err
	}
	query.Del("limit")
	query.Set("watch", "1")
	query.Set("allowWatchBookmarks", "true")
	query.Set("timeoutSeconds", "86400")
	version := list.Meta.ResourceVersion
	open := func() (*http.Response, error) {
		query.Set("resourceVersion", version)
		return client.send(ctx, &client.streams, http.MethodGet, "/api/v1/"+resource+"?"+query.Encode(), "", nil)
	}
	response, err := open()
	if err != nil {
		return nil, err
	}
	watch := &Watch{looks: map[*Look]struct{}{}}
	go func() {
		// The server ends a watch whose reader was too slow for a moment.
		for err == nil {
			version, err = watch.read(response, version)
			if err == nil {
				response, err = open()
			}
		}
		watch.fail(fmt.Errorf("the watch of %s ended: %w", resource, err))
	}()
	return watch, nil
}

// read returns the version of the last event when the stream ends.
func (w *Watch) read(response *http.Response, version string) (string, error) {
	defer response.Body.Close()
	stream := bufio.NewReaderSize(response.Body, 1<<18)
	for {
		line, err := stream.ReadBytes('\n')
		if err != nil {
			return version, nil
		}
		if bytes.HasPrefix(line, []byte(`{"type":"ERROR"`)) {
			return version, fmt.Errorf("%.300s", line)
		}
		w.note(line, time.Now())
		version = text(line, "resourceVersion")
	}
}

// note does not decode the event: on two cores that would cost the cluster a
// part of what is to be measured.
func (w *Watch) note(line []byte, at time.Time) {
	namespace := text(line, "namespace")
	gone := bytes.HasPrefix(line, []byte(`{"type":"DELETED"`))
	w.mu.Lock()
	defer w.mu.Unlock()
	for look := range w.looks {
		if gone {
			look.deleted++
			continue
		}
		if _, missing := look.missing[namespace]; !missing || bytes.Contains(line, look.mark) == look.absent {
			continue
		}
		delete(look.missing, namespace)
		look.seen[namespace] = at
		if len(look.missing) == 0 {
			close(look.done)
		}
	}
}

// text is the value of the first such key: that of the object's metadata.
func text(line []byte, key string) string {
	_, rest, _ := bytes.Cut(line, []byte(`"`+key+`":"`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

func (w *Watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

// Look begins to wait for an object that contains mark in each of the namespaces.
func (w *Watch) Look(mark string, namespaces []string) *Look {
	return w.look(mark, false, namespaces)
}

// LookOther begins to wait for an object that does not contain mark in each of
// the namespaces: one that has changed into something that is not known yet.
func (w *Watch) LookOther(mark string, namespaces []string) *Look {
	return w.look(mark, true, namespaces)
}

func (w *Watch) look(mark string, absent bool, namespaces []string) *Look {
	look := &Look{
		watch: w, mark: []byte(mark), absent: absent, done: make(chan struct{}),
		missing: make(map[string]struct{}, len(namespaces)), seen: make(map[string]time.Time, len(namespaces)),
	}
	for _, namespace := range namespaces {
		look.missing[namespace] = struct{}{}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks[look] = struct{}{}
	return look
}

// Wait returns when the mark was seen everywhere, or with an error that says
// where it was not.
func (l *Look) Wait(ctx context.Context, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	defer l.Stop()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	if l.watch.err != nil {
		return l.watch.err
	}
	for namespace := range l.missing {
		return fmt.Errorf("after %s %d namespaces are not as they should be, one is %s", limit, len(l.missing), namespace)
	}
	return nil
}

// Done is closed when the mark was seen everywhere.
func (l *Look) Done() <-chan struct{} { return l.done }

// Stop ends the look; what was seen stays.
func (l *Look) Stop() {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	delete(l.watch.looks, l)
}

// At is when the namespace's object was first seen with the mark.
func (l *Look) At(namespace string) time.Time {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	return l.seen[namespace]
}

// Deleted is how many objects were seen to go.
func (l *Look) Deleted() int {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	return l.deleted
}

// Ends are the first and the last sighting.
func (l *Look) Ends() (first, last time.Time) {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	for _, at := range l.seen {
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	return first, last
}
