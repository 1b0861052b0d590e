package callbacks

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// The waits after the first, second ... failure; after the last of them the
// last repeats.
var schedule = [...]time.Duration{
	10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

const (
	scheduleEnds  = 72 * time.Hour
	jitterShare   = 0.2
	maxRetryAfter = 24 * time.Hour
	// A receiver may ask to be tried sooner than the schedule says, but not
	// for ever: else one that always answers "in a second" would be.
	soonerUpTo    = 5
	minRetryAfter = time.Second
	// What we cannot send for our own reasons waits a tenth of its age, within
	// these bounds, and is never given up.
	notAttemptedMin = 15 * time.Second
	notAttemptedMax = time.Hour
)

// result is what the policy has to know about an attempt.
type result struct {
	Outcome    Outcome
	Status     int           // HTTP status, 0 when there was no answer
	RetryAfter time.Duration // what the answer asked for, 0 when it did not
}

// verdict is what becomes of a delivery after an attempt.
type verdict struct {
	State    State
	Failures int       // counted failures, this attempt included
	Next     time.Time // of Pending: when to try again
	Reason   string    // of Dead
}

// decide is the retry policy. failures is the count before this attempt,
// since is when the schedule began, jitter is between -1 and 1.
func decide(r result, failures int, since, now time.Time, jitter float64) verdict {
	if r.Outcome == Accepted {
		return verdict{State: Delivered, Failures: failures}
	}
	if r.Outcome == NotAttempted {
		return verdict{State: Pending, Failures: failures, Next: now.Add(min(max(now.Sub(since)/10, notAttemptedMin), notAttemptedMax))}
	}
	failures++
	if r.Status == http.StatusGone {
		return verdict{State: Dead, Failures: failures, Reason: ReasonGone}
	}
	end := since.Add(scheduleEnds)
	if !now.Before(end) {
		return verdict{State: Dead, Failures: failures, Reason: ReasonExhausted}
	}
	// The last wait is cut to end with the schedule: the waits before it may
	// come to less than two days, and a third would be left unused.
	next := now.Add(wait(failures, r.RetryAfter, jitter))
	if next.After(end) {
		next = end
	}
	return verdict{State: Pending, Failures: failures, Next: next}
}

func wait(failures int, retryAfter time.Duration, jitter float64) time.Duration {
	planned := schedule[min(failures, len(schedule))-1]
	planned += time.Duration(jitter * jitterShare * float64(planned))
	if retryAfter <= 0 {
		return planned
	}
	asked := min(max(retryAfter, minRetryAfter), maxRetryAfter)
	if failures > soonerUpTo {
		return max(asked, planned)
	}
	return asked
}

// retryAfter reads the Retry-After header: seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if header == "" {
		return 0
	}
	seconds, err := strconv.ParseUint(header, 10, 32)
	if err == nil || errors.Is(err, strconv.ErrRange) { // too large a number reads as the largest
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
