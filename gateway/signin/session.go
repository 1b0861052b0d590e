package signin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"disburse/gateway/fault"
)

// Realm is a group of people who sign in at one page.
type Realm string

// The realms.
const (
	Operators Realm = "operator"
	Merchants Realm = "merchant"
)

// subject is what the trail calls a person of the realm.
func (r Realm) subject() string {
	if r == Merchants {
		return "merchant_person"
	}
	return string(r)
}

// Bounds of sessions and of guessing.
const (
	longest     = 12 * time.Hour   // a session, at most
	idle        = time.Hour        // a session without a call
	halfway     = 10 * time.Minute // a session whose second factor is missing
	touch       = time.Minute      // how often a call is noted
	maxFailures = 10
	lockedFor   = 15 * time.Minute
	forgetAfter = time.Hour // failures that nothing followed

	sessionPrefix = "ses"
	tokenPrefix   = "ss"
	maxAgent      = 256
)

// Faults of this package that callers compare with errors.Is.
var (
	ErrNoSession = fault.New(fault.Unauthenticated, "no_session", "sign in first")
	ErrLocked    = fault.New(fault.RateLimited, "locked", "too many failures, try again in 15 minutes").After(lockedFor)
	ErrWrongCode = fault.New(fault.Unauthenticated, "wrong_code", "the code is wrong or was used already")
	ErrNotFound  = fault.New(fault.NotFound, "not_found", "there is no such session")
	ErrEnrolled  = fault.New(fault.Conflict, "enrolled", "a second factor is set up already")
)

// Token is what a session's cookie holds. Printing it with fmt shows nothing;
// converting it to a string does.
type Token string

// Format keeps the token out of every fmt verb.
func (Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[hidden]") }

func (t Token) hash() []byte {
	sum := sha256.Sum256([]byte(t))
	return sum[:]
}

// CSRF is the text that a form of this session carries, which no other site can
// know.
func (t Token) CSRF() string {
	mac := hmac.New(sha256.New, []byte(t))
	mac.Write([]byte("csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// OwnsCSRF reports whether the text is CSRF of this token, in constant time.
func (t Token) OwnsCSRF(text string) bool {
	return t != "" && hmac.Equal([]byte(t.CSRF()), []byte(text))
}

// Visitor is where somebody signs in from.
type Visitor struct {
	Address string
	Agent   string  // as the browser calls itself
	Browser Browser // as its cookie says; of use to Enter alone
}

// Session is somebody who is signed in, or on the way.
type Session struct {
	ID        string // ses_...
	Realm     Realm
	Subject   string // who: the id of an operator or of a merchant's person
	Name      string // what was typed as the name
	Visitor   Visitor
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	Verified  bool // the second factor was given, or none is needed
	Enrolled  bool // there is a second factor

	counted string // what its failures are counted as
}

// Standing is what is known of somebody's signing in.
type Standing struct {
	Enrolled bool      // there is a second factor
	LastAt   time.Time // when they came in last; zero for never
}

// deadline is when a session that is called at now ends, if nothing follows.
func deadline(created, now time.Time, verified bool) time.Time {
	if !verified {
		return created.Add(halfway)
	}
	end, atRest := created.Add(longest), now.Add(idle)
	if atRest.Before(end) {
		return atRest
	}
	return end
}
