package cluster

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
)

// access is how to reach the API server.
type access struct {
	server string
	tls    *tls.Config
}

// readKubeconfig understands what the sandbox writes: one cluster and one user
// with inline data, a key and its value on each line.
func readKubeconfig(file string) (access, error) {
	fields, err := scalars(file)
	if err != nil {
		return access{}, err
	}
	decode := func(key string) []byte {
		value, bad := base64.StdEncoding.DecodeString(fields[key])
		if bad != nil || len(value) == 0 {
			err = errors.Join(err, fmt.Errorf("%s: no usable %s", file, key))
		}
		return value
	}
	authority := decode("certificate-authority-data")
	certificate, key := decode("client-certificate-data"), decode("client-key-data")
	if err != nil {
		return access{}, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return access{}, fmt.Errorf("%s: %w", file, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return access{}, fmt.Errorf("%s: no certificate authority", file)
	}
	return access{fields["server"], &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}}, nil
}

func scalars(file string) (map[string]string, error) {
	stream, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	fields := map[string]string{}
	lines := bufio.NewScanner(stream)
	for lines.Scan() {
		text := strings.TrimPrefix(strings.TrimSpace(lines.Text()), "- ")
		if key, value, ok := strings.Cut(text, ":"); ok {
			fields[key] = strings.TrimSpace(value)
		}
	}
	return fields, lines.Err()
}
