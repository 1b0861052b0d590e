package callbacks

import "time"

// When an endpoint is given up for the time being, and how often it is asked
// whether it is back.
const (
	circuitFailures = 10
	circuitAfter    = 10 * time.Minute
	probeEvery      = time.Minute
	// Failures further apart than this are not one long failure.
	circuitGap = 30 * time.Minute
)

// circuit is the run of failures of one merchant's endpoint, kept in the database while
// it lasts, so that every process sees it. It is over with a success, or when nothing
// waits behind it any more and circuitGap has gone by.
type circuit struct {
	Endpoint     string
	Failures     int
	FailingSince time.Time
	LastFailure  time.Time
}

// open reports whether the run is long enough to stop trying.
func (c circuit) open() bool {
	return c.Failures >= circuitFailures && c.LastFailure.Sub(c.FailingSince) >= circuitAfter
}

// window bounds the size for an endpoint with this run of failures: while the
// circuit is open nothing is sent but one probe in a while, which is the
// delivery that has waited longest. Its failure moves LastFailure, its success
// ends the run.
func (c circuit) window(size int, now time.Time) int {
	switch {
	case !c.open():
		return size
	case now.Sub(c.LastFailure) >= probeEvery:
		return 1
	default:
		return 0
	}
}
