package httpapi

import (
	"strconv"
	"time"

	"disburse/ratelimit"
)

// Names of the headers in which end users' calls tell of their limit, as
// published.
const (
	headerLimit     = "X-RateLimit-Limit"
	headerRemaining = "X-RateLimit-Remaining"
	headerReset     = "X-RateLimit-Reset"
)

// take is one limit that a call uses up: its name in the headers, whom it is
// counted for, and how much that one may.
type take struct {
	name    string
	subject string
	limit   ratelimit.Limit
}

// limit uses up each limit in turn and tells where the caller stands in the
// RateLimit headers, whatever the outcome. It fails with rate_limited at the
// first that is exhausted.
func (r *request) limit(takes ...take) error {
	policies := make([]ratelimit.Policy, 0, len(takes))
	var refused *ratelimit.Decision
	for _, t := range takes {
		if t.limit.IsOff() {
			continue
		}
		d := r.api.Limiter.Take(r.ctx, t.name+":"+t.subject, t.limit)
		policies = append(policies, ratelimit.Policy{Name: t.name, Decision: d})
		r.decided(d)
		if !d.Allowed {
			refused = &d
			break
		}
	}
	r.standing(policies...)
	if refused != nil {
		return errRateLimited.After(refused.RetryAfter)
	}
	return nil
}

// standing tells where the caller stands with each policy.
func (r *request) standing(policies ...ratelimit.Policy) {
	if r.route.envelope.ofUsers {
		r.standingOfUser(policies)
		return
	}
	if value := ratelimit.Value(policies...); value != "" {
		header := &r.c.Response().Header
		header.Set(ratelimit.HeaderRateLimit, value)
		header.Set(ratelimit.HeaderPolicy, ratelimit.PolicyValue(policies...))
	}
}

// standingOfUser tells of the last policy, since the published headers have
// room for one: a refusal is always the last.
func (r *request) standingOfUser(policies []ratelimit.Policy) {
	if len(policies) == 0 {
		return
	}
	d := policies[len(policies)-1].Decision
	reset := r.api.Now().Add(d.ResetAfter + time.Second - 1) // rounded up: who waits for it is never early
	header := &r.c.Response().Header
	header.Set(headerLimit, strconv.Itoa(d.Limit.Burst))
	header.Set(headerRemaining, strconv.Itoa(d.Remaining))
	header.Set(headerReset, strconv.FormatInt(reset.Unix(), 10))
}

// decided keeps the last decision for the log line.
func (r *request) decided(d ratelimit.Decision) {
	outcome := ratelimit.OutcomeRefused
	if d.Allowed {
		outcome = ratelimit.OutcomeAllowed
	}
	r.decision = string(outcome)
	if d.Local {
		r.decision += "_local"
	}
}
