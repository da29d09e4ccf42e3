// Command webhook is a validating admission webhook: it lets everything pass, and when told to it
// takes its time, never answers, or denies. A test registers it for the objects and namespaces in
// question, and controls it over a port of its own:
//
//	PUT /behaviour   JSON, see behaviour; who waits goes on by the new one
//	GET /counts      {"asked": 7, "waiting": 2}
//
// It prints one line when it is ready: {"address":"…","ca":"FILE","control":"http://…"}.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"icr-pull-secrets/tests/doubles/internal/workdir"
)

func run() error {
	listen := flag.String("listen", "127.0.0.1:0", "address for the API server")
	work := flag.String("work", "", "folder for a certificate and who signed it")
	flag.Parse()
	folder := workdir.Folder(*work)
	if err := folder.Prepare(nil); err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(folder.Cert(), folder.Key())
	if err != nil {
		return err
	}
	asked, err := tls.Listen("tcp", *listen, &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return err
	}
	controlled, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	line := map[string]string{
		"address": asked.Addr().String(), "ca": folder.CA(), "control": "http://" + controlled.Addr().String(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		return err
	}
	h := newHook()
	go func() { log.Fatal(http.Serve(controlled, h.control())) }()
	return (&http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}).Serve(asked)
}

func main() {
	if err := run(); err != nil {
		log.Fatal("webhook: ", err)
	}
}
