package merchant

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Limit allows Rate requests in each Per and Burst at once; the zero value
// means off: no limit. It converts to the limiter's own type.
type Limit struct {
	Rate  int
	Per   time.Duration
	Burst int
}

// Off reports that nothing is limited.
func (l Limit) Off() bool { return l == Limit{} }

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
	Status       Limit
	StatusPayout Limit
	Create       Limit
	Reject       Limit
}

// DefaultLimits are in force where nothing else was set.
func DefaultLimits() Limits {
	return Limits{
		Status:       Limit{Rate: 10, Per: time.Second, Burst: 20},
		StatusPayout: Limit{Rate: 1, Per: 5 * time.Second, Burst: 5},
		Create:       Limit{Rate: 500, Per: time.Second, Burst: 1000},
		Reject:       Limit{Rate: 50, Per: time.Second, Burst: 100},
	}
}

// Get is the limit of a name, off for a name that is none.
func (l Limits) Get(name LimitName) Limit {
	if p := l.at(name); p != nil {
		return *p
	}
	return Limit{}
}

func (l *Limits) at(name LimitName) *Limit {
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

// Bounds of a limit that can be set: they keep the limiter's arithmetic far
// from its ends.
const (
	maxRate = 1_000_000
	maxPer  = 24 * time.Hour
)

var errLimit = errors.New("merchant: a limit is RATE/PERIOD:BURST, as in 10/s:20 or 1/5s:5, or off")

// ParseLimit reads "10/s:20" (ten a second, twenty at once), "1/5s:5" or
// "off". The period is s, m or h with an optional count before it, up to a
// day; rate and burst are 1 to 1,000,000.
func ParseLimit(text string) (Limit, error) {
	if text == "off" {
		return Limit{}, nil
	}
	rateText, rest, ok := strings.Cut(text, "/")
	perText, burstText, ok2 := strings.Cut(rest, ":")
	if !ok || !ok2 {
		return Limit{}, errLimit
	}
	rate, okRate := count(rateText)
	burst, okBurst := count(burstText)
	per, okPer := period(perText)
	if !okRate || !okBurst || !okPer {
		return Limit{}, errLimit
	}
	return Limit{Rate: rate, Per: per, Burst: burst}, nil
}

// String is the form that ParseLimit reads.
func (l Limit) String() string {
	if l.Off() {
		return "off"
	}
	per := ""
	switch {
	case l.Per%time.Hour == 0:
		per = unit(int64(l.Per/time.Hour), "h")
	case l.Per%time.Minute == 0:
		per = unit(int64(l.Per/time.Minute), "m")
	default:
		per = unit(int64(l.Per/time.Second), "s")
	}
	return strconv.Itoa(l.Rate) + "/" + per + ":" + strconv.Itoa(l.Burst)
}

func (l Limit) valid() bool {
	return l.Off() || l.Rate >= 1 && l.Rate <= maxRate && l.Burst >= 1 && l.Burst <= maxRate &&
		l.Per >= time.Second && l.Per <= maxPer && l.Per%time.Second == 0
}

func unit(n int64, name string) string {
	if n == 1 {
		return name
	}
	return strconv.FormatInt(n, 10) + name
}

func period(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour}
	size, known := units[text[len(text)-1]]
	if !known {
		return 0, false
	}
	n := 1
	if digits := text[:len(text)-1]; digits != "" {
		var ok bool
		if n, ok = count(digits); !ok {
			return 0, false
		}
	}
	per := time.Duration(n) * size
	return per, per <= maxPer
}

// count reads plain digits; Atoi alone would take a sign.
func count(text string) (int, bool) {
	if text == "" || text[0] < '1' || text[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n <= maxRate
}
