package signing_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"

	"disburse/signing"
)

var (
	now  = time.Unix(1763700000, 0)
	body = []byte(`{"order_id":"order123","status":"successful"}`)
)

func secretOf(n int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n))
}

func mustSign(t testing.TB, secrets []string, at time.Time) signing.Headers {
	t.Helper()
	h, err := signing.Sign(secrets, "evt_1", at, body)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestVerify(t *testing.T) {
	t.Parallel()
	older, newer, stranger := signing.NewSecret(), signing.NewSecret(), signing.NewSecret()
	one := []string{newer}
	good := mustSign(t, one, now)
	with := func(change func(*signing.Headers)) signing.Headers {
		h := good
		change(&h)
		return h
	}
	cases := []struct {
		name    string
		secrets []string
		headers signing.Headers
		body    []byte
		want    error
	}{
		{"OK", one, good, body, nil},
		{"ReceiverKnowsTheOldSecretOnly", []string{older}, mustSign(t, []string{newer, older}, now), body, nil},
		{"ReceiverKnowsTheNewSecretOnly", one, mustSign(t, []string{newer, older}, now), body, nil},
		{"ReceiverKnowsBothSecrets", []string{older, newer}, good, body, nil},
		{"UnknownVersionsPassedOver", one, with(func(h *signing.Headers) { h.Signature = "v1a,AAAA v2,x " + h.Signature + " v3" }), body, nil},
		{"ErrNoMatchOtherSecret", []string{stranger}, good, body, signing.ErrNoMatch},
		{"ErrNoMatchOtherBody", one, good, append([]byte(" "), body...), signing.ErrNoMatch},
		{"ErrNoMatchOtherID", one, with(func(h *signing.Headers) { h.ID = "evt_2" }), body, signing.ErrNoMatch},
		{"ErrNoMatchOtherTime", one, with(func(h *signing.Headers) { h.Timestamp = "1763700001" }), body, signing.ErrNoMatch},
		{"ErrNoMatchOtherVersion", one, with(func(h *signing.Headers) { h.Signature = "v2" + h.Signature[2:] }), body, signing.ErrNoMatch},
		{"ErrNoMatchWithoutVersion", one, with(func(h *signing.Headers) { h.Signature = h.Signature[3:] }), body, signing.ErrNoMatch},
		{"ErrNoMatchShortened", one, with(func(h *signing.Headers) { h.Signature = h.Signature[:len(h.Signature)-4] }), body, signing.ErrNoMatch},
		{"ErrHeadersMissingAll", one, signing.Headers{}, body, signing.ErrHeadersMissing},
		{"ErrHeadersMissingID", one, with(func(h *signing.Headers) { h.ID = "" }), body, signing.ErrHeadersMissing},
		{"ErrHeadersMissingTimestamp", one, with(func(h *signing.Headers) { h.Timestamp = "" }), body, signing.ErrHeadersMissing},
		{"ErrHeadersMissingSignature", one, with(func(h *signing.Headers) { h.Signature = "" }), body, signing.ErrHeadersMissing},
		{"ErrHeadersMalformedFullStopInID", one, with(func(h *signing.Headers) { h.ID = "evt_1.5" }), body, signing.ErrHeadersMalformed},
		{"ErrHeadersMalformedSpaceInID", one, with(func(h *signing.Headers) { h.ID = "evt 1" }), body, signing.ErrHeadersMalformed},
		{"ErrHeadersMalformedLongID", one, with(func(h *signing.Headers) { h.ID = strings.Repeat("i", 256) }), body, signing.ErrHeadersMalformed},
		{"ErrHeadersMalformedLongSignature", one, with(func(h *signing.Headers) { h.Signature += strings.Repeat(" ", 1024) }), body, signing.ErrHeadersMalformed},
		{"ErrBadSecretNone", nil, good, body, signing.ErrBadSecret},
		{"ErrBadSecretOneOfTwo", []string{newer, "whsec_"}, good, body, signing.ErrBadSecret},
	}
	for _, stamp := range []string{"+1763700000", "01763700000", "-1", "1.7637e9", "1763700000.0", " 1763700000", "x", "9223372036854775807", "99999999999999999999"} {
		cases = append(cases, struct {
			name    string
			secrets []string
			headers signing.Headers
			body    []byte
			want    error
		}{"ErrHeadersMalformedTimestamp" + stamp, one, with(func(h *signing.Headers) { h.Timestamp = stamp }), body, signing.ErrHeadersMalformed})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := signing.Verify(c.secrets, c.headers, c.body, now, signing.Tolerance); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestTolerance(t *testing.T) {
	t.Parallel()
	secrets := []string{signing.NewSecret()}
	for _, c := range []struct {
		name   string
		offset time.Duration
		want   error
	}{
		{"OldestAccepted", -signing.Tolerance, nil},
		{"ErrTooOld", -signing.Tolerance - time.Second, signing.ErrTooOld},
		{"NewestAccepted", signing.Tolerance, nil},
		{"ErrTooNew", signing.Tolerance + time.Second, signing.ErrTooNew},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := mustSign(t, secrets, now.Add(c.offset))
			if err := signing.Verify(secrets, h, body, now, signing.Tolerance); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestSignRefusesWhatNobodyAccepts(t *testing.T) {
	t.Parallel()
	secret := signing.NewSecret()
	for _, c := range []struct {
		name    string
		secrets []string
		id      string
		at      time.Time
		want    error
	}{
		{"ErrBadSecretNone", nil, "evt_1", now, signing.ErrBadSecret},
		{"ErrBadSecretPlainText", []string{"secret"}, "evt_1", now, signing.ErrBadSecret},
		{"ErrHeadersMalformedNoID", []string{secret}, "", now, signing.ErrHeadersMalformed},
		{"ErrHeadersMalformedFullStop", []string{secret}, "evt.1", now, signing.ErrHeadersMalformed},
		{"ErrHeadersMalformedLineBreak", []string{secret}, "evt\n1", now, signing.ErrHeadersMalformed},
		{"ErrHeadersMalformedBefore1970", []string{secret}, "evt_1", time.Unix(-1, 0), signing.ErrHeadersMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, err := signing.Sign(c.secrets, c.id, c.at, body)
			if !errors.Is(err, c.want) || h.Present() {
				t.Errorf("got %+v, %v; want %v", h, err, c.want)
			}
		})
	}
}

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		secret string
		ok     bool
	}{
		{"Shortest", secretOf(24), true},
		{"Longest", secretOf(64), true},
		{"Generated", signing.NewSecret(), true},
		{"TooShort", secretOf(23), false},
		{"TooLong", secretOf(65), false},
		{"NoKey", "whsec_", false},
		{"Empty", "", false},
		{"NoPrefix", strings.TrimPrefix(secretOf(32), "whsec_"), false},
		{"NoPadding", strings.TrimRight(secretOf(32), "="), false},
		{"LineBreakInside", "whsec_\n" + strings.TrimPrefix(secretOf(24), "whsec_"), false},
		{"NotBase64", "whsec_" + strings.Repeat("*", 44), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := signing.CheckSecret(c.secret)
			if (err == nil) != c.ok || (err != nil && !errors.Is(err, signing.ErrBadSecret)) {
				t.Errorf("got %v, want ok=%t", err, c.ok)
			}
		})
	}
	if first, second := signing.NewSecret(), signing.NewSecret(); first == second {
		t.Error("two generated secrets are equal")
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	header := http.Header{}
	if signing.ReadHeaders(header.Get).Present() {
		t.Error("present without any header")
	}
	for _, name := range []string{signing.HeaderID, signing.HeaderTimestamp, signing.HeaderSignature} {
		h := http.Header{}
		h.Set(name, "x")
		if !signing.ReadHeaders(h.Get).Present() {
			t.Errorf("not present with %s", name)
		}
	}
	want := signing.Headers{ID: "a", Timestamp: "1", Signature: "v1,x"}
	want.Apply(header.Set)
	if diff := cmp.Diff(want, signing.ReadHeaders(header.Get)); diff != "" {
		t.Errorf("headers change on the way (-want +got):\n%s", diff)
	}
}

// The reference library must accept what Sign makes and make what Verify
// accepts, for each of several secrets.
func TestAgreesWithTheReferenceLibrary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "at"), 0)
		id := rapid.StringMatching(`[A-Za-z0-9_-]{1,40}`).Draw(t, "id")
		payload := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		keys := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 24, 64), 1, 3).Draw(t, "keys")
		secrets := make([]string, len(keys))
		for i, key := range keys {
			secrets[i] = "whsec_" + base64.StdEncoding.EncodeToString(key)
		}

		ours, err := signing.Sign(secrets, id, at, payload)
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{}
		ours.Apply(header.Set)
		for _, secret := range secrets {
			reference, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := reference.VerifyIgnoringTimestamp(payload, header); err != nil {
				t.Fatalf("the reference refuses ours: %v", err)
			}
			signature, err := reference.Sign(id, at, payload)
			if err != nil {
				t.Fatal(err)
			}
			theirs := signing.Headers{ID: id, Timestamp: strconv.FormatInt(at.Unix(), 10), Signature: signature}
			if err := signing.Verify(secrets, theirs, payload, at, signing.Tolerance); err != nil {
				t.Fatalf("we refuse the reference's: %v", err)
			}
		}
	})
}
