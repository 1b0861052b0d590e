package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	keyBytes    = 32
	maxIDLength = 32
)

// Key is one named 256-bit key. Printing it with fmt, slog or JSON shows its
// name alone; only String gives the secret away.
type Key struct {
	ID     string
	secret [keyBytes]byte
}

// Generate makes a new random key with the given name, which must be 1 to 32 of
// [A-Za-z0-9._-] for New to take it.
func Generate(id string) Key {
	k := Key{ID: id}
	// crypto/rand ends the process rather than fail.
	_, _ = rand.Read(k.secret[:])
	return k
}

// Parse reads a list of keys, primary first: "k2:BASE64,k1:BASE64". Spaces
// and line breaks around the parts are allowed, and base64 may be of the
// standard or of the URL alphabet, padded or not. The error says which part is
// wrong by its position and never repeats any of the text.
func Parse(text string) ([]Key, error) {
	parts := strings.Split(text, ",")
	keys := make([]Key, 0, len(parts))
	var faults []error
	for i, part := range parts {
		k, err := parseOne(strings.TrimSpace(part))
		if err != nil {
			faults = append(faults, fmt.Errorf("encryption key %d: %w", i+1, err))
			continue
		}
		keys = append(keys, k)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return keys, nil
}

func parseOne(part string) (Key, error) {
	id, encoded, ok := strings.Cut(part, ":")
	if !ok {
		return Key{}, errors.New("want the form NAME:BASE64")
	}
	if !validID(id) {
		return Key{}, errors.New("the name must be 1 to 32 of A-Z a-z 0-9 . _ -")
	}
	encoded = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(encoded, "="))
	// Strict refuses stray trailing bits, so that one key has one spelling.
	raw, err := base64.RawStdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return Key{}, errors.New("the part after the colon is not base64")
	}
	if len(raw) != keyBytes {
		return Key{}, fmt.Errorf("the key must have %d bytes, it has %d", keyBytes, len(raw))
	}
	return Key{ID: id, secret: [keyBytes]byte(raw)}, nil
}

func validID(id string) bool {
	if id == "" || len(id) > maxIDLength {
		return false
	}
	for _, r := range id {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return false
		}
	}
	return true
}

// String is the key in the form that Parse reads, secret included. Call it only
// to write a key to where keys are kept.
func (k Key) String() string {
	return k.ID + ":" + base64.StdEncoding.EncodeToString(k.secret[:])
}

// Format keeps the secret out of every fmt verb.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.ID+":[hidden]") }

// LogValue keeps the secret out of logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.ID + ":[hidden]") }
