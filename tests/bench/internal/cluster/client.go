// Package cluster talks to a Kubernetes API server: requests over one HTTP/2
// connection, watches over another, no limit on the rate of either.
package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Content types of a body.
const (
	JSON       = "application/json"
	JSONPatch  = "application/json-patch+json"
	MergePatch = "application/merge-patch+json"
)

const requestLimit = 30 * time.Second

// StatusError is an answer that is no success.
type StatusError struct {
	Method, Path string
	Code         int
	Body         string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: status %d: %.300s", e.Method, e.Path, e.Code, e.Body)
}

// IsNotFound tells whether err is a 404.
func IsNotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}

// Client sends requests as the user of a kubeconfig. Safe for concurrent use.
type Client struct {
	server  string
	calls   http.Client
	streams http.Client
}

// NewClient reads the kubeconfig file.
func NewClient(kubeconfig string) (*Client, error) {
	access, err := readKubeconfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	return &Client{
		server:  access.server,
		calls:   http.Client{Transport: transport(access.tls), Timeout: requestLimit},
		streams: http.Client{Transport: transport(access.tls)},
	}, nil
}

func transport(settings *tls.Config) *http.Transport {
	// The idle connections matter to who turns HTTP/2 off, for comparison.
	return &http.Transport{
		TLSClientConfig: settings.Clone(), ForceAttemptHTTP2: os.Getenv("BENCH_HTTP1") == "", DisableCompression: true, MaxIdleConnsPerHost: 64,
	}
}

// Do sends one request and returns the body of a successful answer.
func (c *Client) Do(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	response, err := c.send(ctx, &c.calls, method, path, contentType, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// Get decodes the object at path into target.
func (c *Client) Get(ctx context.Context, path string, target any) error {
	body, err := c.Do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, target)
}

// Post creates an object.
func (c *Client) Post(ctx context.Context, path string, body []byte) error {
	_, err := c.Do(ctx, http.MethodPost, path, JSON, body)
	return err
}

// Patch changes an object.
func (c *Client) Patch(ctx context.Context, path, contentType string, body []byte) error {
	_, err := c.Do(ctx, http.MethodPatch, path, contentType, body)
	return err
}

// Delete removes an object; one that is not there is fine.
func (c *Client) Delete(ctx context.Context, path string) error {
	_, err := c.Do(ctx, http.MethodDelete, path, "", nil)
	if IsNotFound(err) {
		return nil
	}
	return err
}

func (c *Client) send(ctx context.Context, through *http.Client, method, path, contentType string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", JSON)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := through.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return nil, &StatusError{method, path, response.StatusCode, string(text)}
	}
	return response, nil
}
