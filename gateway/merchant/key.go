package merchant

import (
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"disburse/gateway/publicid"
	"disburse/signing"
)

// KeyKind is what a key is for.
type KeyKind string

// The kinds of keys.
const (
	SignKey       KeyKind = "sign"
	APIKey        KeyKind = "api"
	WebhookSecret KeyKind = "webhook"
)

// KeyKinds lists all of them.
func KeyKinds() []KeyKind { return []KeyKind{SignKey, APIKey, WebhookSecret} }

// DefaultGrace is how long a rotated key goes on working unless told
// otherwise, MaxGrace the longest that can be asked for.
const (
	DefaultGrace = 24 * time.Hour
	MaxGrace     = 30 * 24 * time.Hour
)

// maxActive is how many keys of one kind verify at a time.
const maxActive = 2

// KeyInfo tells about a key without telling it.
type KeyInfo struct {
	ID        string     `json:"id"`
	Kind      KeyKind    `json:"kind"`
	Prefix    string     `json:"prefix"` // the first characters, to recognise it
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"` // nil: the newest of its kind
}

// Secrets are keys in clear, at the only moment when they are shown. A kind
// that was not made is empty. Printing them with fmt shows nothing; reading
// the fields and JSON do.
type Secrets struct {
	SignKey       string `json:"sign_key,omitempty"`
	APIKey        string `json:"api_key,omitempty"`
	WebhookSecret string `json:"webhook_secret,omitempty"`
}

// Format keeps the secrets out of every fmt verb.
func (Secrets) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[hidden]") }

// newKey is a key on its way to the database.
type newKey struct {
	id         string
	merchantID string
	kind       KeyKind
	secret     string
}

func makeKey(merchantID string, kind KeyKind, now time.Time) newKey {
	k := newKey{id: publicid.At("key", now), merchantID: merchantID, kind: kind}
	switch kind {
	case SignKey:
		k.secret = publicid.Token("sk")
	case APIKey:
		k.secret = publicid.Token("ak")
	case WebhookSecret:
		k.secret = signing.NewSecret()
	}
	return k
}

// prefix keeps a few characters beyond the kind's own prefix: enough to tell
// two keys apart, and far too few to help a guess.
func (k newKey) prefix() string {
	shown := 8
	if k.kind == WebhookSecret {
		shown = 10
	}
	return k.secret[:shown]
}

func (s *Secrets) add(k newKey) {
	switch k.kind {
	case SignKey:
		s.SignKey = k.secret
	case APIKey:
		s.APIKey = k.secret
	case WebhookSecret:
		s.WebhookSecret = k.secret
	}
}

func hashOf(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// additionalData binds a sealed key to its row.
func additionalData(keyID string) string { return "merchant_keys.secret_box:" + keyID }

// storedKey is a key as a Directory holds it.
type storedKey struct {
	info   KeyInfo
	secret string   // sign and webhook
	hash   [32]byte // api
}

func (k storedKey) activeAt(now time.Time) bool {
	return k.info.ExpiresAt == nil || k.info.ExpiresAt.After(now)
}
