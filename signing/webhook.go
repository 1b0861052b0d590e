package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Names of the three headers of a webhook signature.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// Tolerance is how far a webhook's time may be from the receiver's clock, into
// the past and into the future alike.
const Tolerance = 5 * time.Minute

const (
	version = "v1,"

	maxIDLen = 255
	// Ten digits last until the year 2286, twelve leave room, and neither
	// comes near the end of int64.
	maxTimestampLen = 12
	// A rotation needs two signatures. The bound keeps a made-up header from
	// costing work.
	maxSignatureLen = 1024
)

// What Sign and Verify can answer, to be told apart with errors.Is.
var (
	// ErrHeadersMissing: one of the three headers is absent or empty.
	ErrHeadersMissing = errors.New("signing: webhook header missing")
	// ErrHeadersMalformed: an id with a full stop, a space or a control
	// character in it or longer than 255, a time that is not a plain number
	// of seconds, or an overlong signature header.
	ErrHeadersMalformed = errors.New("signing: webhook header malformed")
	// ErrTooOld and ErrTooNew: the time is outside the tolerance.
	ErrTooOld = errors.New("signing: webhook timestamp too old")
	ErrTooNew = errors.New("signing: webhook timestamp too far in the future")
	// ErrNoMatch: no signature was made with any of the secrets.
	ErrNoMatch = errors.New("signing: no matching webhook signature")
)

// Headers are the values of the three headers of one webhook.
type Headers struct {
	ID        string // webhook-id: names the event, equal on every attempt
	Timestamp string // webhook-timestamp: Unix seconds of this attempt
	Signature string // webhook-signature: "v1,<base64>", several joined by a space
}

// ReadHeaders takes the values out of a request; get is, for example, the Get
// method of an http.Header.
func ReadHeaders(get func(name string) string) Headers {
	return Headers{ID: get(HeaderID), Timestamp: get(HeaderTimestamp), Signature: get(HeaderSignature)}
}

// Apply hands each header to set, for example the Set method of an
// http.Header.
func (h Headers) Apply(set func(name, value string)) {
	set(HeaderID, h.ID)
	set(HeaderTimestamp, h.Timestamp)
	set(HeaderSignature, h.Signature)
}

// Present reports whether any of the three headers was sent. A request that
// has one must be verified even where none is required: else a broken
// signature would pass for no signature.
func (h Headers) Present() bool {
	return h.ID != "" || h.Timestamp != "" || h.Signature != ""
}

// WebhookString is the text a webhook signature is computed over: id, Unix
// seconds and body, joined by full stops.
func WebhookString(id string, at time.Time, body []byte) string {
	return string(signedContent(id, strconv.FormatInt(at.Unix(), 10), body))
}

// Sign makes the headers of a webhook sent at the given time, with one
// signature per secret (whsec_...), in the order of the secrets. During a
// rotation both the old and the new secret are given, and a receiver that
// knows either accepts. It returns ErrBadSecret, also when there is no secret,
// and ErrHeadersMalformed for an id or a time that no receiver would accept.
func Sign(secrets []string, id string, at time.Time, body []byte) (Headers, error) {
	keys, err := parseSecrets(secrets)
	if err != nil {
		return Headers{}, err
	}
	h := Headers{ID: id, Timestamp: strconv.FormatInt(at.Unix(), 10)}
	if _, err := h.time(); err != nil {
		return Headers{}, err
	}
	content := signedContent(h.ID, h.Timestamp, body)
	signatures := make([]string, len(keys))
	for i, key := range keys {
		signatures[i] = version + base64.StdEncoding.EncodeToString(hmacSHA256(key, content))
	}
	h.Signature = strings.Join(signatures, " ")
	return h, nil
}

// Verify checks that one of the signatures in h was made over id, time and the
// raw body with one of the secrets (whsec_...), and that the time is within
// tolerance of now, bounds included. Signatures of unknown versions are passed
// over. It returns nil, ErrHeadersMissing, ErrHeadersMalformed, ErrTooOld,
// ErrTooNew, ErrNoMatch, or, when there is no secret or one of them is not
// well formed, ErrBadSecret.
func Verify(secrets []string, h Headers, body []byte, now time.Time, tolerance time.Duration) error {
	keys, err := parseSecrets(secrets)
	if err != nil {
		return err
	}
	if h.ID == "" || h.Timestamp == "" || h.Signature == "" {
		return ErrHeadersMissing
	}
	at, err := h.time()
	if err != nil {
		return err
	}
	if len(h.Signature) > maxSignatureLen {
		return fmt.Errorf("%w: %s is longer than %d bytes", ErrHeadersMalformed, HeaderSignature, maxSignatureLen)
	}
	given := parseSignatures(h.Signature)
	content := signedContent(h.ID, h.Timestamp, body)
	match := 0
	for _, key := range keys {
		want := hmacSHA256(key, content)
		for _, got := range given {
			match |= subtle.ConstantTimeCompare(got, want)
		}
	}
	switch {
	case match != 1:
		return ErrNoMatch
	case now.Sub(at) > tolerance:
		return ErrTooOld
	case at.Sub(now) > tolerance:
		return ErrTooNew
	}
	return nil
}

// time checks the form of id and timestamp and returns the time. A full stop
// in the id would let two different messages have one signed text, and so
// would a second way to write the same number.
func (h Headers) time() (time.Time, error) {
	if h.ID == "" || len(h.ID) > maxIDLen {
		return time.Time{}, fmt.Errorf("%w: %s must have 1 to %d characters", ErrHeadersMalformed, HeaderID, maxIDLen)
	}
	for i := range len(h.ID) {
		if c := h.ID[i]; c <= ' ' || c > '~' || c == '.' {
			return time.Time{}, fmt.Errorf("%w: %s must be printable ASCII without spaces and full stops", ErrHeadersMalformed, HeaderID)
		}
	}
	seconds, err := strconv.ParseUint(h.Timestamp, 10, 63)
	if err != nil || len(h.Timestamp) > maxTimestampLen || strconv.FormatUint(seconds, 10) != h.Timestamp {
		// The cause is left out: it would quote what the sender wrote.
		return time.Time{}, fmt.Errorf("%w: %s must be Unix seconds", ErrHeadersMalformed, HeaderTimestamp)
	}
	return time.Unix(int64(seconds), 0), nil //nolint:gosec // at most twelve digits, checked above
}

// parseSignatures gives the well-formed v1 signatures of the header. Strict
// base64 and the exact length leave each signature one way to be written.
func parseSignatures(header string) [][]byte {
	var found [][]byte
	for part := range strings.SplitSeq(header, " ") {
		text, ok := strings.CutPrefix(part, version)
		if !ok || len(text) != base64.StdEncoding.EncodedLen(sha256.Size) {
			continue
		}
		if sum, err := base64.StdEncoding.Strict().DecodeString(text); err == nil && len(sum) == sha256.Size {
			found = append(found, sum)
		}
	}
	return found
}

func signedContent(id, timestamp string, body []byte) []byte {
	content := make([]byte, 0, len(id)+len(timestamp)+2+len(body))
	content = append(content, id...)
	content = append(content, '.')
	content = append(content, timestamp...)
	content = append(content, '.')
	return append(content, body...)
}

func hmacSHA256(key, content []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(content)
	return mac.Sum(nil)
}
