// Command icrfront stands in for the front of IBM Cloud Container Registry. It
// speaks TLS for all of its host names, issues tokens at /oauth/token and passes
// everything else to one plain registry per host.
package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
	"icr-pull-secrets/tests/doubles/internal/keys"
	"icr-pull-secrets/tests/doubles/internal/registry"
)

// stores is the repeated flag -store host=URL.
type stores map[string]*url.URL

func (s stores) String() string { return fmt.Sprint(map[string]*url.URL(s)) }

func (s stores) Set(value string) error {
	host, target, ok := strings.Cut(value, "=")
	if !ok {
		return errors.New("want HOST=URL")
	}
	parsed, err := url.Parse(target)
	if err != nil {
		return err
	}
	s[host] = parsed
	return nil
}

func run() error {
	listen := flag.String("listen", ":443", "address to listen on")
	certFile := flag.String("cert", "", "certificate for the host names (PEM)")
	keyFile := flag.String("key", "", "its key (PEM)")
	tokenCert := flag.String("token-cert", "", "certificate of the key that signs tokens (PEM)")
	tokenKey := flag.String("token-key", "", "RSA key that signs tokens (PEM)")
	keysFile := flag.String("keys", "", "valid credentials and switches (JSON), read again for each request")
	accessFile := flag.String("access-log", "", "file for one JSON line per request (default: standard output)")
	behind := stores{}
	flag.Var(behind, "store", "HOST=URL of the registry that keeps the images of HOST (repeat)")
	flag.Parse()

	file := keys.File(*keysFile)
	if _, err := file.Load(); err != nil {
		return err
	}
	signer, err := registry.NewSigner(*tokenCert, *tokenKey)
	if err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(*certFile, *keyFile)
	if err != nil {
		return err
	}
	out := os.Stdout
	if *accessFile != "" {
		if out, err = os.OpenFile(*accessFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
			return err
		}
	}
	server := &http.Server{
		Addr:              *listen,
		Handler:           accesslog.New(out).Wrap(registry.NewFront(file, signer, behind)),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Printf("listening on %s", *listen)
	return server.ListenAndServeTLS("", "")
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
