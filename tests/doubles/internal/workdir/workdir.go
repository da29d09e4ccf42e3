// Package workdir makes what a double needs that nobody has prepared anything
// for: a certificate authority, certificates, a settings file.
package workdir

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Folder is where everything is.
type Folder string

// Files of the folder.
func (f Folder) CA() string        { return filepath.Join(string(f), "ca.crt") }
func (f Folder) Cert() string      { return filepath.Join(string(f), "server.crt") }
func (f Folder) Key() string       { return filepath.Join(string(f), "server.key") }
func (f Folder) TokenCert() string { return filepath.Join(string(f), "token.crt") }
func (f Folder) TokenKey() string  { return filepath.Join(string(f), "token.key") }
func (f Folder) Keys() string      { return filepath.Join(string(f), "keys.json") }
func (f Folder) AccessLog() string { return filepath.Join(string(f), "access.log") }

// Prepare fills the folder. A settings file that is there stays.
func (f Folder) Prepare(names []string) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(f.Keys()); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(f.Keys(), []byte(`{"keys": []}`), 0o600); err != nil {
			return err
		}
	}
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	signing, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	const bits = 2048
	token, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return err
	}
	ca := template("double-ca")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	server := template("double")
	server.KeyUsage, server.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames, server.IPAddresses = names, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	signer := template("double-token")
	return errors.Join(
		certificate(f.CA(), ca, ca, &authority.PublicKey, authority),
		certificate(f.Cert(), server, ca, &signing.PublicKey, authority),
		private(f.Key(), signing),
		certificate(f.TokenCert(), signer, signer, &token.PublicKey, token),
		private(f.TokenKey(), token),
	)
}

func template(name string) *x509.Certificate {
	const serialBits = 64
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
	}
}

func certificate(file string, what, by *x509.Certificate, key crypto.PublicKey, with crypto.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, what, by, key, with)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func private(file string, key crypto.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}
