// Package registry is the face that IBM Cloud Container Registry shows to its
// clients: a token endpoint beside each registry host, and the challenge that
// leads there. Images are kept by plain registries behind it.
package registry

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Service and Issuer are what the registries behind must be configured with.
const (
	Service = "registry"
	Issuer  = "icr-double"
)

// Access is one right in a token.
type Access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// Signer makes the tokens that the registries behind accept.
type Signer struct {
	key      *rsa.PrivateKey
	chain    []string
	Lifetime time.Duration
}

// NewSigner loads a certificate with an RSA key.
func NewSigner(certFile, keyFile string) (*Signer, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key that signs tokens must be an RSA key")
	}
	signer := &Signer{key: key, Lifetime: time.Hour}
	for _, der := range pair.Certificate {
		signer.chain = append(signer.chain, base64.StdEncoding.EncodeToString(der))
	}
	return signer, nil
}

// Sign returns a token for a user. An empty access list is a valid token that
// opens nothing.
func (s *Signer) Sign(user string, access []Access, now time.Time) (string, error) {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return "", err
	}
	if access == nil {
		access = []Access{}
	}
	return s.SignClaims(map[string]any{
		"iss": Issuer,
		// A string, not a list: version 2 of the registry reads nothing else.
		"aud":    Service,
		"sub":    user,
		"iat":    now.Unix(),
		"nbf":    now.Add(-10 * time.Second).Unix(),
		"exp":    now.Add(s.Lifetime).Unix(),
		"jti":    hex.EncodeToString(id),
		"access": access,
	})
}

// SignClaims returns a token that says just this.
func (s *Signer) SignClaims(claims map[string]any) (string, error) {
	header := map[string]any{"typ": "JWT", "alg": "RS256", "x5c": s.chain}
	body := encodePart(header) + "." + encodePart(claims)
	digest := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Access returns what a token opens, and whether it is one of ours for a
// registry and has not expired.
func (s *Signer) Access(token string, now time.Time) ([]Access, bool) {
	body, signature, ok := cutLast(token, ".")
	if !ok {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return nil, false
	}
	digest := sha256.Sum256([]byte(body))
	if rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, digest[:], raw) != nil {
		return nil, false
	}
	_, claimsPart, _ := strings.Cut(body, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(claimsPart)
	if err != nil {
		return nil, false
	}
	var claims struct {
		Issuer string   `json:"iss"`
		Expiry int64    `json:"exp"`
		Access []Access `json:"access"`
	}
	if json.Unmarshal(decoded, &claims) != nil {
		return nil, false
	}
	return claims.Access, claims.Issuer == Issuer && now.Unix() < claims.Expiry
}

// Public is the key that checks the tokens.
func (s *Signer) Public() *rsa.PublicKey { return &s.key.PublicKey }

func encodePart(value any) string {
	content, err := json.Marshal(value)
	if err != nil {
		panic(err) // maps of strings, numbers and lists only
	}
	return base64.RawURLEncoding.EncodeToString(content)
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}
