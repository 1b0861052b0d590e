package httpapi

import "disburse/ratelimit"

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
	if value := ratelimit.Value(policies...); value != "" {
		header := &r.c.Response().Header
		header.Set(ratelimit.HeaderRateLimit, value)
		header.Set(ratelimit.HeaderPolicy, ratelimit.PolicyValue(policies...))
	}
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
