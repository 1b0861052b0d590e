package httpapi

import (
	"errors"
	"time"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/ratelimit"
	"disburse/signing"
)

const headerAPIKey = "X-Api-Key"

// signKeys is how many sign keys every check computes with, whether a merchant
// has one or, during a rotation, two: else the time would tell which.
const signKeys = 2

var errInvalidSignature = fault.New(fault.Unauthenticated, "invalid_signature", "invalid signature")

// signedBy is the merchant of the path when got is the signature that want
// makes with one of its keys, and a v2 signature verifies wherever one is there
// or required. It fails with invalid_signature, the same and after the same
// work for an unknown merchant, a disabled one and a wrong signature, and with
// rate_limited after too many failures.
func (r *request) signedBy(got string, want func(m *merchant.Merchant, key string) string) (merchant.Merchant, error) {
	name := r.param("merchant")
	if err := r.blocked(name); err != nil {
		return merchant.Merchant{}, err
	}
	m, known, err := r.api.Directory.Authenticating(r.ctx, name)
	if err != nil {
		return merchant.Merchant{}, err
	}
	var wanted [signKeys]string
	for i := range wanted {
		if n := len(m.SignKeys); n > 0 {
			wanted[i] = want(&m, m.SignKeys[min(i, n-1)])
		}
	}
	signed := signing.VerifyHex(got, wanted[:]...)
	if v2 := r.webhookSigned(&m, m.RequireV2); !signed || !v2 || !known {
		return merchant.Merchant{}, r.authenticationFailed(name, errInvalidSignature)
	}
	r.actAs(&m)
	return m, nil
}

// keyedBy is the merchant of the path when the request carries its API key. It
// fails with invalid_api_key, with invalid_signature when a v2 signature is
// there and does not verify, and with rate_limited after too many failures.
//
// require_v2 does not reach calls that only read: what v2 adds is cover for
// fields that the legacy signatures leave open, and these calls have no fields.
func (r *request) keyedBy() (merchant.Merchant, error) {
	name := r.param("merchant")
	if err := r.blocked(name); err != nil {
		return merchant.Merchant{}, err
	}
	m, err := r.api.Directory.AuthenticateAPIKey(r.ctx, name, r.c.Get(headerAPIKey))
	if errors.Is(err, merchant.ErrInvalidAPIKey) {
		return merchant.Merchant{}, r.authenticationFailed(name, err)
	}
	if err != nil {
		return merchant.Merchant{}, err
	}
	if !r.webhookSigned(&m, false) {
		return merchant.Merchant{}, r.authenticationFailed(name, errInvalidSignature)
	}
	r.actAs(&m)
	return m, nil
}

// webhookSigned verifies the v2 headers over the raw body. When one of them is
// there, all must be and they must verify; without any it is enough that none
// is required.
func (r *request) webhookSigned(m *merchant.Merchant, required bool) bool {
	h := signing.ReadHeaders(func(name string) string { return r.c.Get(name) })
	if !h.Present() && !required {
		return true
	}
	return signing.Verify(m.WebhookSecrets, h, r.rawBody(), r.api.Now(), signing.Tolerance) == nil
}

// actAs makes the merchant the actor of what follows, for the audit trail and
// the log line.
func (r *request) actAs(m *merchant.Merchant) {
	r.merchant = m.Name
	r.by(audit.Actor{Kind: audit.Merchant, ID: m.ID, Name: m.Name})
}

// by names the actor of what follows, where it comes from and in which request.
func (r *request) by(a audit.Actor) {
	a.Address = r.clientAddress().String()
	r.ctx = audit.WithActor(audit.WithRequestID(r.ctx, r.id), a)
}

// blocked refuses a caller with too many failed authentications, before any
// work is done for it.
func (r *request) blocked(name string) error {
	address := ratelimit.AddressKey(r.clientAddress())
	var policies []ratelimit.Policy
	var longest time.Duration
	ask := func(gate *ratelimit.FailureGate, key string) {
		if wait, blocked := gate.Blocked(key); blocked {
			policies, longest = append(policies, gate.Policy(wait)), max(longest, wait)
		}
	}
	ask(r.api.AddressGate, address)
	if name != "" {
		ask(r.api.MerchantGate, name+"|"+address)
	}
	if len(policies) == 0 {
		return nil
	}
	r.decision = string(ratelimit.OutcomeBlocked)
	r.standing(policies...)
	return errRateLimited.After(max(longest, time.Second))
}

// authenticationFailed counts a failure and returns it.
func (r *request) authenticationFailed(name string, err error) error {
	address := ratelimit.AddressKey(r.clientAddress())
	r.api.AddressGate.Fail(r.ctx, address)
	if name != "" {
		r.api.MerchantGate.Fail(r.ctx, name+"|"+address)
	}
	return err
}
