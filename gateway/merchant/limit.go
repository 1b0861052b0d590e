package merchant

import (
	"time"

	"disburse/ratelimit"
)

// LimitName names what a limit is on.
type LimitName string

// The limits of a merchant: status polling in all and of one payout, creating
// and rejecting payouts.
const (
	LimitStatus       LimitName = "status"
	LimitStatusPayout LimitName = "status_payout"
	LimitCreate       LimitName = "create"
	LimitReject       LimitName = "reject"
)

// LimitNames lists all of them.
func LimitNames() []LimitName {
	return []LimitName{LimitStatus, LimitStatusPayout, LimitCreate, LimitReject}
}

// Limits are the rate limits of a merchant.
type Limits struct {
	Status       ratelimit.Limit
	StatusPayout ratelimit.Limit
	Create       ratelimit.Limit
	Reject       ratelimit.Limit
}

// DefaultLimits are in force where nothing else was set.
func DefaultLimits() Limits {
	return Limits{
		Status:       ratelimit.Limit{Rate: 10, Per: time.Second, Burst: 20},
		StatusPayout: ratelimit.Limit{Rate: 1, Per: 5 * time.Second, Burst: 5},
		Create:       ratelimit.Limit{Rate: 500, Per: time.Second, Burst: 1000},
		Reject:       ratelimit.Limit{Rate: 50, Per: time.Second, Burst: 100},
	}
}

// Get is the limit of a name, off for a name that is none.
func (l Limits) Get(name LimitName) ratelimit.Limit {
	if p := l.at(name); p != nil {
		return *p
	}
	return ratelimit.Limit{}
}

func (l *Limits) at(name LimitName) *ratelimit.Limit {
	switch name {
	case LimitStatus:
		return &l.Status
	case LimitStatusPayout:
		return &l.StatusPayout
	case LimitCreate:
		return &l.Create
	case LimitReject:
		return &l.Reject
	}
	return nil
}
