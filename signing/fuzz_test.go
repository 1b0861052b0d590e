package signing_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"disburse/signing"
)

// VerifyHex must say what a plain comparison of the lower-cased texts says.
func FuzzVerifyHex(f *testing.F) {
	sum := sha256.Sum256([]byte("x"))
	text := hex.EncodeToString(sum[:])
	f.Add(text, "x")
	f.Add(strings.ToUpper(text), "x")
	f.Add(text[:63], "x")
	f.Add("", "")
	f.Add(strings.Repeat("0", 64), "x")
	f.Add(strings.Repeat("K", 64), "x") // the Kelvin sign lowers to k
	f.Fuzz(func(t *testing.T, got, signed string) {
		sum := sha256.Sum256([]byte(signed))
		want := hex.EncodeToString(sum[:])
		if ok := signing.VerifyHex(got, want); ok != (strings.ToLower(got) == want) {
			t.Errorf("VerifyHex(%q, %q) = %t", got, want, ok)
		}
	})
}

// Whatever the headers hold, Verify accepts only what holds a signature that
// Sign makes for exactly these values.
func FuzzVerify(f *testing.F) {
	secret := secretOf(32)
	good := mustSign(f, []string{secret}, now)
	f.Add(good.ID, good.Timestamp, good.Signature, body)
	f.Add(good.ID, good.Timestamp, "v1, v1a,x "+good.Signature+" v1,"+strings.Repeat("A", 44), body)
	f.Add(good.ID+".", good.Timestamp, good.Signature, body)
	f.Add(good.ID, "+"+good.Timestamp, good.Signature, body)
	f.Add("", "", "", []byte{})
	f.Add("evt_1", "999999999999", "v1,", []byte("x"))
	known := []error{
		signing.ErrHeadersMissing, signing.ErrHeadersMalformed,
		signing.ErrTooOld, signing.ErrTooNew, signing.ErrNoMatch,
	}
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, payload []byte) {
		h := signing.Headers{ID: id, Timestamp: timestamp, Signature: signature}
		err := signing.Verify([]string{secret}, h, payload, now, signing.Tolerance)
		if err == nil {
			want, signErr := signing.Sign([]string{secret}, id, atOf(t, timestamp), payload)
			if signErr != nil || want.Timestamp != timestamp || !holds(signature, want.Signature) {
				t.Fatalf("accepted %+v, Sign gives %+v, %v", h, want, signErr)
			}
			return
		}
		for _, k := range known {
			if errors.Is(err, k) {
				return
			}
		}
		t.Fatalf("unknown error %v", err)
	})
}

func atOf(t *testing.T, timestamp string) time.Time {
	t.Helper()
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		t.Fatalf("accepted the timestamp %q", timestamp)
	}
	return time.Unix(seconds, 0)
}

func holds(header, signature string) bool {
	for part := range strings.SplitSeq(header, " ") {
		if part == signature {
			return true
		}
	}
	return false
}

func FuzzCheckSecret(f *testing.F) {
	f.Add(secretOf(24))
	f.Add(secretOf(65))
	f.Add("whsec_")
	f.Fuzz(func(t *testing.T, secret string) {
		if signing.CheckSecret(secret) != nil {
			return
		}
		h := mustSign(t, []string{secret}, now)
		if err := signing.Verify([]string{secret}, h, body, now, signing.Tolerance); err != nil {
			t.Fatalf("accepted secret does not verify: %v", err)
		}
	})
}
