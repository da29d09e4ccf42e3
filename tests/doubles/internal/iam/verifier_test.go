package iam

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func encode(content []byte) string { return base64.RawURLEncoding.EncodeToString(content) }

// sign makes a token the way an API server does.
func sign(t *testing.T, key crypto.Signer, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	body := encode([]byte(`{"alg":"x"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(body))
	var signature []byte
	switch key := key.(type) {
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		r, s, err = ecdsa.Sign(rand.Reader, key, digest[:])
		signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return body + "." + encode(signature)
}

func load(t *testing.T, content string) *Verifier {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	verifier, err := LoadVerifier(file)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func TestVerifier(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	classic, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKIXPublicKey(&elliptical.PublicKey)
	point, _ := elliptical.PublicKey.Bytes()
	fromText := load(t, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	fromKeySet := load(t, fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","x":%q,"y":%q},{"kty":"RSA","n":%q,"e":"AQAB"}]}`,
		encode(point[1:33]), encode(point[33:]), encode(classic.N.Bytes())))
	now := time.Now()
	claims := func(audience any, expires time.Duration) map[string]any {
		return map[string]any{"aud": audience, "sub": "me", "exp": now.Add(expires).Unix(), "nbf": now.Add(-time.Minute).Unix()}
	}
	for _, c := range []struct {
		what     string
		verifier *Verifier
		token    string
		good     bool
	}{
		{"PEM", fromText, sign(t, elliptical, claims([]string{"iam"}, time.Hour)), true},
		{"key set, elliptic", fromKeySet, sign(t, elliptical, claims([]string{"iam"}, time.Hour)), true},
		{"key set, RSA", fromKeySet, sign(t, classic, claims("iam", time.Hour)), true},
		{"another key", fromText, sign(t, other, claims("iam", time.Hour)), false},
		{"a key that is not trusted", fromText, sign(t, classic, claims("iam", time.Hour)), false},
		{"another audience", fromText, sign(t, elliptical, claims([]string{"api"}, time.Hour)), false},
		{"expired", fromText, sign(t, elliptical, claims("iam", -time.Second)), false},
		{"no token", fromText, "x.y", false},
	} {
		subject, err := c.verifier.Subject(c.token, now)
		if (err == nil) != c.good || c.good && subject != "me" {
			t.Errorf("%s: %s %v", c.what, subject, err)
		}
	}
}
