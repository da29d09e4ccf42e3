package main

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
)

// identity is the certificate that clients are shown. Another one ends all connections, as the
// restart of an API server does.
type identity struct {
	mutex       sync.Mutex
	certificate tls.Certificate
	connections map[net.Conn]bool
}

func newIdentity(certificate tls.Certificate) *identity {
	return &identity{certificate: certificate, connections: map[net.Conn]bool{}}
}

func (i *identity) show(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	certificate := i.certificate
	return &certificate, nil
}

func (i *identity) follow(connection net.Conn, state http.ConnState) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if state == http.StateNew {
		i.connections[connection] = true
	}
	if state == http.StateClosed || state == http.StateHijacked {
		delete(i.connections, connection)
	}
}

// change takes a certificate and its key as PEM, one after the other.
func (i *identity) change(w http.ResponseWriter, request *http.Request) {
	pem, err := io.ReadAll(request.Body)
	if err == nil {
		var certificate tls.Certificate
		if certificate, err = tls.X509KeyPair(pem, pem); err == nil {
			i.replace(certificate)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (i *identity) replace(certificate tls.Certificate) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.certificate = certificate
	for connection := range i.connections {
		_ = connection.Close()
	}
}
