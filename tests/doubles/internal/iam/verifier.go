package iam

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"strings"
	"time"
)

// Audience is what a service-account token must be for.
const Audience = "iam"

// Verifier checks service-account tokens of a cluster.
type Verifier struct{ keys []crypto.PublicKey }

// NewVerifier trusts the given keys.
func NewVerifier(trusted ...crypto.PublicKey) *Verifier { return &Verifier{trusted} }

// LoadVerifier reads public keys: PEM (keys or certificates), or a JSON Web Key
// Set as /openid/v1/jwks of an API server has it.
func LoadVerifier(file string) (*Verifier, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	found := fromPEM(content)
	if len(found) == 0 {
		found = fromSet(content)
	}
	if len(found) == 0 {
		return nil, errors.New(file + " holds no public key")
	}
	return NewVerifier(found...), nil
}

func fromPEM(content []byte) []crypto.PublicKey {
	var found []crypto.PublicKey
	for {
		var block *pem.Block
		if block, content = pem.Decode(content); block == nil {
			return found
		}
		if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			found = append(found, key)
		} else if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, certificate.PublicKey)
		}
	}
}

func fromSet(content []byte) []crypto.PublicKey {
	var set struct {
		Keys []struct {
			N, E, X, Y string
		}
	}
	if json.Unmarshal(content, &set) != nil {
		return nil
	}
	var found []crypto.PublicKey
	for _, key := range set.Keys {
		if key.N != "" {
			exponent := new(big.Int).SetBytes(part(key.E)).Int64()
			found = append(found, &rsa.PublicKey{N: new(big.Int).SetBytes(part(key.N)), E: int(exponent)})
			continue
		}
		point := append([]byte{4}, append(part(key.X), part(key.Y)...)...)
		if key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err == nil {
			found = append(found, key)
		}
	}
	return found
}

func part(text string) []byte {
	content, _ := base64.RawURLEncoding.DecodeString(text)
	return content
}

// Subject returns whose token it is, when it is good and for IAM.
func (v *Verifier) Subject(token string, now time.Time) (string, error) {
	parts := strings.Split(token, ".")
	const count = 3
	if len(parts) != count {
		return "", errors.New("not a JWT")
	}
	if !v.signed(parts[0]+"."+parts[1], part(parts[2])) {
		return "", errors.New("wrong signature")
	}
	var claims struct {
		Audience  any     `json:"aud"`
		Subject   string  `json:"sub"`
		Expiry    float64 `json:"exp"`
		NotBefore float64 `json:"nbf"`
	}
	if err := json.Unmarshal(part(parts[1]), &claims); err != nil {
		return "", errors.New("no claims")
	}
	switch at := float64(now.Unix()); {
	case !isFor(claims.Audience):
		return "", errors.New("wrong audience")
	case at >= claims.Expiry:
		return "", errors.New("expired")
	case at < claims.NotBefore:
		return "", errors.New("not valid yet")
	}
	return claims.Subject, nil
}

// signed tries each key; the header has no say in what is accepted.
func (v *Verifier) signed(content string, signature []byte) bool {
	digest := sha256.Sum256([]byte(content))
	for _, candidate := range v.keys {
		switch key := candidate.(type) {
		case *rsa.PublicKey:
			if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil {
				return true
			}
		case *ecdsa.PublicKey:
			const half = 32
			if len(signature) != 2*half {
				continue
			}
			r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
			if ecdsa.Verify(key, digest[:], r, s) {
				return true
			}
		}
	}
	return false
}

// isFor reads an audience, which is a string or a list.
func isFor(audience any) bool {
	if one, ok := audience.(string); ok {
		return one == Audience
	}
	list, _ := audience.([]any)
	for _, one := range list {
		if one == Audience {
			return true
		}
	}
	return false
}
