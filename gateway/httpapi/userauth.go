package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/ratelimit"
)

// userAccess says which end users a route takes.
type userAccess int

const (
	notForUsers userAccess = iota
	anyone                 // also without a token
	signedIn
)

// defaultUserLimit is how much one token may.
var defaultUserLimit = ratelimit.Limit{Rate: 50, Per: time.Second, Burst: 100}

// authoriseUser finds the end user of the bearer token. What comes with the
// same token counts together, known or not, so that no token reaches the
// database more often than the limit allows; without one the address counts.
//
// A token that is given must be good also where none is needed, or guessing
// there would be free.
func (r *request) authoriseUser() error {
	if err := r.blocked(""); err != nil {
		return err
	}
	given := r.c.Get(fiber.HeaderAuthorization)
	token := bearer(given)
	if err := r.limitUser(token); err != nil {
		return err
	}
	if given == "" && r.route.user == anyone {
		return nil
	}
	u, err := r.api.EndUsers.Authenticate(r.ctx, token)
	if errors.Is(err, enduser.ErrUnauthorized) {
		return r.authenticationFailed("", err)
	}
	if err != nil {
		return err
	}
	r.user = u
	r.by(audit.Actor{Kind: audit.User, ID: strconv.FormatInt(u.ID, 10), Name: u.Name})
	return nil
}

// limitUser uses up the limit of a token, or of the address when there is none.
// Redis gets the token's hash alone.
func (r *request) limitUser(token string) error {
	if token == "" {
		return r.limit(take{"user_address", ratelimit.AddressKey(r.clientAddress()), r.api.UserLimit})
	}
	sum := sha256.Sum256([]byte(token))
	return r.limit(take{"user_token", hex.EncodeToString(sum[:16]), r.api.UserLimit})
}

// userID is the end user for the log line.
func (r *request) userID() string {
	if r.user.ID == 0 {
		return ""
	}
	return strconv.FormatInt(r.user.ID, 10)
}
