package gameprovider

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"disburse/gateway/fault"
	"disburse/signing"
)

// Faults of this package that callers compare with errors.Is.
var (
	ErrNotFound      = fault.New(fault.NotFound, "not_found", "provider not found")
	ErrNameTaken     = fault.New(fault.Conflict, "name_taken", "a provider of this name exists already")
	ErrUnknownKey    = fault.New(fault.Unauthenticated, "unknown_public_key", "unknown public key")
	ErrUnknownPlayer = fault.New(fault.NotFound, "unknown_player", "player not found")
)

// Provider is one that provides games. Printing it shows no private key.
type Provider struct {
	ID        int64
	Name      string // 1 to 64 of a-z 0-9 _ -
	Active    bool   // an inactive one is refused as if it did not exist
	Profile   Profile
	Keys      []Key // that work now: the current one, then the one in its grace
	CreatedAt time.Time

	named string // the public key it was asked for by
}

// Owner is the provider's name in the books.
func (p Provider) Owner() string { return "provider:" + strconv.FormatInt(p.ID, 10) }

// String names the provider.
func (p Provider) String() string { return p.Owner() + " (" + p.Name + ")" }

// Format keeps the keys out of every fmt verb.
func (p Provider) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, p.String()) }

// Verify reports whether a signature is that of a call. uri is the full public
// URL, body the raw body. Of a provider that was found by a public key, only
// the private key of that pair counts; else any that works now. It takes the
// same time wherever the signatures differ.
func (p Provider) Verify(method, uri string, body []byte, signature string, now time.Time) bool {
	var want []string
	for _, k := range p.Keys {
		if k.activeAt(now) && (p.named == "" || p.named == k.PublicKey) {
			want = append(want, signing.WalletSignature(method, uri, body, k.private))
		}
	}
	return signing.VerifyHex(signature, want...)
}

// Key is a key pair as it can be told about.
type Key struct {
	PublicKey string     `json:"public_key"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"` // nil: the current one

	private string // filled in by a Directory alone
}

// Format keeps the private key out of every fmt verb.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.PublicKey) }

func (k Key) activeAt(now time.Time) bool { return k.ExpiresAt == nil || k.ExpiresAt.After(now) }

// Pair is a new key pair in clear, at the only moment when it is shown.
// Printing it with fmt shows nothing; reading the fields and JSON do.
type Pair struct {
	PublicKey  string `json:"public_key"`
	PrivateKey string `json:"private_key"`
}

// Format keeps the secret out of every fmt verb.
func (Pair) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[hidden]") }

var namePattern = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
