package publicid

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
)

const (
	alphabet   = "0123456789abcdefghjkmnpqrstvwxyz"
	idLength   = 26
	tokenBytes = 25
	// TokenLength is the number of characters of a token after its prefix and
	// underscore.
	TokenLength = tokenBytes * 8 / 5
)

var encoding = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// New makes an id of the present moment: New("po") is "po_" and 26 characters.
func New(prefix string) string { return At(prefix, time.Now()) }

// At makes an id of the given moment, for callers with their own clock. Moments
// before 1970 count as 1970.
func At(prefix string, now time.Time) string {
	var raw [16]byte
	ms := uint64(max(now.UnixMilli(), 0))
	for i := range 6 {
		raw[i] = byte(ms >> (40 - 8*i))
	}
	// crypto/rand never fails: it ends the process rather than hand out
	// predictable bytes.
	_, _ = rand.Read(raw[6:])
	return prefix + "_" + encode128(raw)
}

// Valid reports whether s has the shape of an id with this prefix.
func Valid(prefix, s string) bool {
	body, ok := strings.CutPrefix(s, prefix+"_")
	// The first character holds the three top bits of 128 alone.
	return ok && len(body) == idLength && body[0] <= '7' && spelled(body)
}

// Token makes a bearer secret: Token("op") is "op_" and 40 random characters.
func Token(prefix string) string {
	var raw [tokenBytes]byte
	_, _ = rand.Read(raw[:])
	return prefix + "_" + encoding.EncodeToString(raw[:])
}

// ValidToken reports whether s has the shape of a token with this prefix.
func ValidToken(prefix, s string) bool {
	body, ok := strings.CutPrefix(s, prefix+"_")
	return ok && len(body) == TokenLength && spelled(body)
}

func spelled(body string) bool {
	for i := range len(body) {
		if strings.IndexByte(alphabet, body[i]) < 0 {
			return false
		}
	}
	return true
}

// encode128 writes 128 bits as 26 characters of 5 bits, the first of which has
// two leading zero bits, so that the text sorts like the number.
func encode128(raw [16]byte) string {
	var out [idLength]byte
	var acc uint
	bits := uint(2)
	at := 0
	for _, b := range raw {
		acc = acc<<8 | uint(b)
		bits += 8
		for bits >= 5 {
			bits -= 5
			out[at] = alphabet[acc>>bits&31]
			at++
		}
		acc &= 1<<bits - 1
	}
	return string(out[:])
}
