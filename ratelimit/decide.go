package ratelimit

import "time"

// Decision is the answer for one request.
type Decision struct {
	Allowed    bool
	Limit      Limit         // the limit it was taken from; off when nothing was limited
	Remaining  int           // how many more requests would be allowed at this instant
	RetryAfter time.Duration // how long until the next one is allowed; 0 when this one was
	ResetAfter time.Duration // how long until the whole burst is there again
	Local      bool          // decided in this process alone, because Redis was away
}

// Decide is the rule of a rate limit. stored is the time kept for the key, the
// zero time when there is none; next is what to keep instead. A refused request
// uses nothing up. A limit that is off allows; a limit that Validate refuses
// refuses.
//
// A stored time further ahead than a whole burst is pulled in to that, also by
// a refused request. It comes from a limit that was since made shorter or a
// clock that was set back, and neither may lock a caller out.
func Decide(l Limit, stored, now time.Time) (next time.Time, d Decision) {
	if l.IsOff() {
		return stored, Decision{Allowed: true}
	}
	if l.Validate() != nil {
		return stored, Decision{Limit: l, RetryAfter: time.Second, ResetAfter: time.Second}
	}
	interval, span := l.interval(), l.span()
	used := max(stored.Sub(now), 0)
	if used > span {
		used, stored = span, now.Add(span)
	}
	room := span - used - interval
	if room < 0 {
		return stored, Decision{Limit: l, RetryAfter: -room, ResetAfter: used}
	}
	return now.Add(used + interval), Decision{
		Allowed:    true,
		Limit:      l,
		Remaining:  int(room / interval),
		ResetAfter: used + interval,
	}
}
