// Command faultproxy stands between a client and a Kubernetes API server and misbehaves when told
// to: it delays, refuses, drops and hangs requests, cuts and silences watches, and remembers every
// request with its time. Clients log in with bearer tokens, which it passes on. Tests control it
// over a port of its own (see control.go).
//
// It prints one line when it is ready: "API-ADDRESS CONTROL-ADDRESS".
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
)

func upstreamTransport(caFile string) (*http.Transport, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New(caFile + " holds no certificate")
	}
	return &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		MaxIdleConnsPerHost: 64,
		DisableCompression:  true,
	}, nil
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:0", "address for clients")
	controlled := flag.String("control", "127.0.0.1:0", "address for the test that controls it")
	upstream := flag.String("upstream", "https://127.0.0.1:6443", "the API server")
	ca := flag.String("ca", "", "who signed its certificate (PEM)")
	cert := flag.String("cert", "", "certificate to show to clients (PEM)")
	key := flag.String("key", "", "its key (PEM)")
	flag.Parse()

	target, err := url.Parse(*upstream)
	if err != nil {
		return err
	}
	transport, err := upstreamTransport(*ca)
	if err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		return err
	}
	identity := newIdentity(certificate)
	clients, err := tls.Listen("tcp", *listen, &tls.Config{GetCertificate: identity.show})
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", *controlled)
	if err != nil {
		return err
	}
	fmt.Println(clients.Addr(), control.Addr())

	p := newProxy(target, transport)
	quiet := log.New(io.Discard, "", 0)
	p.forward.ErrorLog = quiet
	mux := p.control()
	mux.HandleFunc("POST /identity", identity.change)
	go func() { log.Fatal(http.Serve(control, mux)) }()
	return (&http.Server{Handler: p, ErrorLog: quiet, ConnState: identity.follow}).Serve(clients)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "faultproxy:", err)
		os.Exit(1)
	}
}
