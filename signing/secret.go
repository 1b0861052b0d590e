package signing

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
)

const (
	secretPrefix = "whsec_"

	minSecretBytes = 24
	maxSecretBytes = 64
	newSecretBytes = 32
)

// ErrBadSecret means that there is no webhook secret, or that one is not
// "whsec_" and the padded base64 of 24 to 64 bytes. It never quotes it.
var ErrBadSecret = errors.New("signing: a webhook secret must be whsec_ followed by the base64 of 24 to 64 bytes")

// NewSecret generates a webhook secret: whsec_ and the base64 of 32 random
// bytes.
func NewSecret() string {
	key := make([]byte, newSecretBytes)
	_, _ = rand.Read(key) // never fails: it ends the process instead
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// CheckSecret returns ErrBadSecret for a webhook secret that Sign and Verify
// would refuse.
func CheckSecret(secret string) error {
	_, err := parseSecret(secret)
	return err
}

func parseSecret(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	// The decoder skips line breaks, which would make two texts one secret.
	if !ok || strings.ContainsAny(text, "\r\n") {
		return nil, ErrBadSecret
	}
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(key) < minSecretBytes || len(key) > maxSecretBytes {
		return nil, ErrBadSecret
	}
	return key, nil
}

func parseSecrets(secrets []string) ([][]byte, error) {
	if len(secrets) == 0 {
		return nil, ErrBadSecret
	}
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		key, err := parseSecret(secret)
		if err != nil {
			return nil, err
		}
		keys[i] = key
	}
	return keys, nil
}
