// Command icrfront stands in for IBM Cloud IAM and for the front of IBM Cloud
// Container Registry. It speaks TLS for all of their host names: at IAM's it
// gives tokens and keeps API keys, at the registry's it issues tokens at
// /oauth/token and passes everything else to one plain registry per host, or
// answers from a built-in store. ../README.md is the manual.
package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
	"icr-pull-secrets/tests/doubles/internal/workdir"
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

// names is a repeated flag.
type names []string

func (n *names) String() string { return strings.Join(*n, " ") }

func (n *names) Set(value string) error {
	*n = append(*n, value)
	return nil
}

type options struct {
	listen, control, work                                 string
	cert, key, tokenCert, tokenKey, keys, log, accountKey string
	behind                                                stores
	iamHosts, hosts                                       names
}

func parse() *options {
	o := &options{behind: stores{}}
	flag.StringVar(&o.listen, "listen", ":443", "address to listen on; port 0 for a free one")
	flag.StringVar(&o.control, "control", "", "address of the control API, plain HTTP (default: none; with -work 127.0.0.1:0)")
	flag.StringVar(&o.work, "work", "", "folder for a CA, certificates, keys file and access log made at the start; the next five flags default to files there")
	flag.StringVar(&o.cert, "cert", "", "certificate for the host names (PEM)")
	flag.StringVar(&o.key, "key", "", "its key (PEM)")
	flag.StringVar(&o.tokenCert, "token-cert", "", "certificate of the key that signs tokens (PEM)")
	flag.StringVar(&o.tokenKey, "token-key", "", "RSA key that signs tokens (PEM)")
	flag.StringVar(&o.keys, "keys", "", "valid credentials and switches (JSON), read again for each request")
	flag.StringVar(&o.log, "access-log", "", "file for one JSON line per request (default: standard output, with -work a file there)")
	flag.StringVar(&o.accountKey, "sa-key", "", "public keys of the cluster's service-account tokens (PEM or JWKS; default: a key of its own)")
	flag.Var(o.behind, "store", "HOST=URL of the registry that keeps the images of HOST (repeat)")
	flag.Var(&o.iamHosts, "iam-host", "further NAME at which IAM answers, beside a registry (repeat)")
	flag.Var(&o.hosts, "host", "further NAME in the certificate of -work (repeat)")
	flag.Parse()
	return o
}

// The regions of the registry, for the certificate.
var regions = []string{"us", "uk", "de", "au", "jp", "jp2", "ca", "ca2", "br", "es", "in", "in2", "fr2"}

// prepare makes the folder and fills in what was not given.
func (o *options) prepare() error {
	if o.work == "" {
		return nil
	}
	all := append([]string{"localhost", "icr.io", "*.icr.io", "private.icr.io", "evil.example"}, iamHosts...)
	for _, region := range regions {
		all = append(all, "private."+region+".icr.io")
	}
	for _, name := range append(o.hosts, o.iamHosts...) {
		if net.ParseIP(name) == nil {
			all = append(all, name)
		}
	}
	folder := workdir.Folder(o.work)
	for field, file := range map[*string]string{
		&o.cert: folder.Cert(), &o.key: folder.Key(), &o.tokenCert: folder.TokenCert(), &o.tokenKey: folder.TokenKey(),
		&o.keys: folder.Keys(), &o.log: folder.AccessLog(), &o.control: "127.0.0.1:0",
	} {
		if *field == "" {
			*field = file
		}
	}
	return folder.Prepare(all)
}

func (o *options) logFile() (io.Writer, error) {
	if o.log == "" {
		return os.Stdout, nil
	}
	return os.OpenFile(o.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// announce prints where everything is, as the first line of the output.
func (o *options) announce(clients, control net.Listener) {
	line := map[string]any{"address": clients.Addr().String(), "port": clients.Addr().(*net.TCPAddr).Port, "keys": o.keys}
	if control != nil {
		line["control"] = "http://" + control.Addr().String()
	}
	if o.work != "" {
		line["ca"] = workdir.Folder(o.work).CA()
	}
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

func run() error {
	o := parse()
	if err := o.prepare(); err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return err
	}
	out, err := o.logFile()
	if err != nil {
		return err
	}
	d, err := newDouble(o, accesslog.New(out))
	if err != nil {
		return err
	}
	clients, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	var control net.Listener
	if o.control != "" {
		if control, err = net.Listen("tcp", o.control); err != nil {
			return err
		}
		go func() { log.Fatal(http.Serve(control, d.control())) }()
	}
	server := &http.Server{
		Handler:           d.handler(),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
	}
	o.announce(clients, control)
	log.Printf("listening on %s", clients.Addr())
	return server.ServeTLS(clients, "", "")
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
