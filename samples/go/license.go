// Package main verifies a keywright machine license offline. Copy this file into your application.
//
// It needs nothing but the standard library. What is checked, in which order and why is told in
// docs/machine-license.md; the reasons are those of that document.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"time"
)

const (
	longestToken   = 16 * 1024
	clockTolerance = time.Hour
	timeLayout     = "2006-01-02T15:04:05Z"
)

var (
	headerForm = regexp.MustCompile(`\A\{"alg":"([^"\\]*)","typ":"([^"\\]*)","kid":"([0-9a-f]{16})"\}\z`)
	timeForm   = regexp.MustCompile(`\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\z`)
)

// Refused says in one word why the license does not hold.
type Refused string

func (reason Refused) Error() string { return string(reason) }

// Keys are the public keys by their names.
type Keys map[string]ed25519.PublicKey

// Claims are what a machine license says; an end that is nil never comes.
type Claims struct {
	LicenseID, ActivationID, Product, Fingerprint string
	Features                                      []string
	Trial                                         bool
	StartsAt                                      time.Time
	ExpiresAt, ValidUntil                         *time.Time
	OnExpiry                                      string
	MaxActivations, Sequence                      uint64
	IssuedAt, RefreshAt, OfflineUntil             time.Time
}

// Place is what is asking, and where: the products whose licenses your application takes, the
// machine's fingerprint, the day on which your version was released.
type Place struct {
	Products    []string
	Fingerprint string
	ReleasedAt  time.Time
}

func (place Place) takes(product string) bool {
	for _, each := range place.Products {
		if each == product {
			return true
		}
	}
	return false
}

// Seen is what you kept: by license id the highest sequence, and the latest time (zero: none).
// Afterwards keep in it the claims' sequence and the latest of that time, now and the claims'
// IssuedAt; of a license with a higher sequence than ever, its IssuedAt alone.
type Seen struct {
	Sequences map[string]uint64
	Time      time.Time
}

// ReadKeys reads the public keys that you embed: the text of GET /v1/keys.
func ReadKeys(jwks []byte) (Keys, error) {
	var set struct {
		Keys []struct{ Kty, Crv, X, Kid string }
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, err
	}
	keys := Keys{}
	for _, key := range set.Keys {
		if key.Kty != "OKP" || key.Crv != "Ed25519" {
			continue
		}
		x, err := decode(key.X)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, Refused("malformed")
		}
		keys[key.Kid] = x
	}
	return keys, nil
}

// Fingerprint names a machine without saying which: SHA-256 over product and ids, salted by it.
func Fingerprint(product string, machineIDs ...string) string {
	all := strings.Join(append([]string{product}, machineIDs...), "\x00")
	sum := sha256.Sum256([]byte(all))
	return hex.EncodeToString(sum[:])
}

// Verify gives the claims, if the license holds in this place, now.
func Verify(token string, keys Keys, now time.Time, place Place, seen Seen) (*Claims, error) {
	claims, err := Authentic(token, keys)
	if err != nil {
		return nil, err
	}
	slow := now.Add(clockTolerance)
	over := claims.ValidUntil != nil && now.After(*claims.ValidUntil)
	switch {
	case !place.takes(claims.Product):
		return nil, Refused("other_product")
	case claims.Fingerprint != place.Fingerprint:
		return nil, Refused("other_machine")
	case slow.Before(claims.IssuedAt) || slow.Before(seen.Time):
		return nil, Refused("clock_went_back")
	case claims.Sequence < seen.Sequences[claims.LicenseID]:
		return nil, Refused("older_license")
	case slow.Before(claims.StartsAt):
		return nil, Refused("not_started")
	case over && claims.OnExpiry == "restrict":
		return nil, Refused("expired")
	case over && claims.ExpiresAt != nil && place.ReleasedAt.After(*claims.ExpiresAt):
		return nil, Refused("not_covered")
	case now.After(claims.OfflineUntil):
		return nil, Refused("refresh_due")
	}
	return claims, nil
}

// Authentic gives the claims, if one of the keys signed them as a machine license.
func Authentic(token string, keys Keys) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(token) > longestToken || len(parts) != 3 {
		return nil, Refused("malformed")
	}
	var decoded [3][]byte
	for index, part := range parts {
		data, err := decode(part)
		if err != nil {
			return nil, err
		}
		decoded[index] = data
	}
	header, claims, signature := decoded[0], decoded[1], decoded[2]
	said := headerForm.FindSubmatch(header)
	if said == nil {
		return nil, Refused("malformed")
	}
	if string(said[1]) != "EdDSA" {
		return nil, Refused("algorithm")
	}
	if string(said[2]) != "keywright-license+jws" {
		return nil, Refused("wrong_purpose")
	}
	key, known := keys[string(said[3])]
	if !known {
		return nil, Refused("unknown_key")
	}
	if len(signature) != ed25519.SignatureSize {
		return nil, Refused("malformed")
	}
	if !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), signature) {
		return nil, Refused("bad_signature")
	}
	return readClaims(claims)
}

// Strict base64url: no padding, no white space, no spare bits that are set.
func decode(part string) ([]byte, error) {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || base64.RawURLEncoding.EncodeToString(data) != part {
		return nil, Refused("malformed")
	}
	return data, nil
}

func readClaims(text []byte) (*Claims, error) {
	reader := claimsReader{}
	if json.Unmarshal(text, &reader.said) != nil || reader.said == nil {
		return nil, Refused("malformed")
	}
	claims := Claims{
		LicenseID:      *must[string](&reader, "license_id"),
		ActivationID:   *must[string](&reader, "activation_id"),
		Product:        *must[string](&reader, "product"),
		Fingerprint:    *must[string](&reader, "fingerprint"),
		Trial:          *must[bool](&reader, "trial"),
		StartsAt:       reader.time("starts_at"),
		ExpiresAt:      reader.end("expires_at"),
		ValidUntil:     reader.end("valid_until"),
		OnExpiry:       *must[string](&reader, "on_expiry"),
		MaxActivations: *must[uint64](&reader, "max_activations"),
		Sequence:       *must[uint64](&reader, "sequence"),
		IssuedAt:       reader.time("issued_at"),
		RefreshAt:      reader.time("refresh_at"),
		OfflineUntil:   reader.time("offline_until"),
	}
	for _, feature := range *must[[]*string](&reader, "features") {
		if feature == nil {
			return nil, Refused("malformed")
		}
		claims.Features = append(claims.Features, *feature)
	}
	if reader.failed || (claims.OnExpiry != "restrict" && claims.OnExpiry != "maintain") {
		return nil, Refused("malformed")
	}
	return &claims, nil
}

// A member at a time: encoding/json alone would take what is missing, or null, for empty.
type claimsReader struct {
	said   map[string]json.RawMessage
	failed bool
}

func must[T any](reader *claimsReader, name string) *T {
	var value *T
	if json.Unmarshal(reader.said[name], &value) != nil || value == nil {
		reader.failed = true
		return new(T)
	}
	return value
}

func (reader *claimsReader) time(name string) time.Time {
	text := *must[string](reader, name)
	at, err := time.Parse(timeLayout, text)
	if err != nil || !timeForm.MatchString(text) {
		reader.failed = true
	}
	return at
}

func (reader *claimsReader) end(name string) *time.Time {
	if bytes.Equal(reader.said[name], []byte("null")) {
		return nil
	}
	at := reader.time(name)
	return &at
}
