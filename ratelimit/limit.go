package ratelimit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limit is a rate of Rate requests per Per, of which up to Burst may come at
// once. The zero Limit is off: it allows everything.
type Limit struct {
	Rate  int
	Per   time.Duration
	Burst int
}

// Bounds of a limit. Together they keep one request's share of time above a
// few microseconds, the unit of the arithmetic, and every sum of it far from
// the 2^53 up to which Redis counts exactly.
const (
	maxRatePerSecond = 100_000
	maxBurst         = 1_000_000
	maxPer           = 24 * time.Hour
	maxRefill        = 31 * 24 * time.Hour
)

// ErrBadLimit means that a limit's text or its numbers are not usable; the
// error says why.
var ErrBadLimit = errors.New("not a limit")

// IsOff reports whether l limits nothing.
func (l Limit) IsOff() bool { return l == Limit{} }

// Validate returns ErrBadLimit, with the reason, for a limit that is neither
// off nor within the bounds: rate 1 to 100000 per second, per whole seconds up
// to a day, burst 1 to 1000000, refilled from empty within 31 days.
func (l Limit) Validate() error {
	switch {
	case l.IsOff():
		return nil
	case l.Per < time.Second || l.Per > maxPer || l.Per%time.Second != 0:
		return fmt.Errorf("%w: the period must be whole seconds, at most a day", ErrBadLimit)
	case l.Rate < 1 || int64(l.Rate) > maxRatePerSecond*int64(l.Per/time.Second):
		return fmt.Errorf("%w: the rate must be 1 to %d per second", ErrBadLimit, maxRatePerSecond)
	case l.Burst < 1 || l.Burst > maxBurst:
		return fmt.Errorf("%w: the burst must be 1 to %d", ErrBadLimit, maxBurst)
	case l.interval() > maxRefill/time.Duration(l.Burst):
		return fmt.Errorf("%w: the burst must refill within 31 days", ErrBadLimit)
	}
	return nil
}

// interval is the time one request uses up, in whole microseconds.
func (l Limit) interval() time.Duration {
	return (l.Per / time.Duration(l.Rate)).Truncate(time.Microsecond)
}

// span is the time in which an empty burst refills.
func (l Limit) span() time.Duration {
	return l.interval() * time.Duration(l.Burst)
}

// Parse reads a limit: RATE/PERIOD:BURST, as in 10/s:20, 1/5s:5 or 60/m:60, or
// "off". The period is s, m or h with a number before it when it is not one;
// without a burst it equals the rate. It returns ErrBadLimit.
func Parse(text string) (Limit, error) {
	if text == "off" {
		return Limit{}, nil
	}
	rateText, rest, ok := strings.Cut(text, "/")
	if !ok {
		return Limit{}, fmt.Errorf("%w: %q is neither off nor like 10/s:20", ErrBadLimit, text)
	}
	periodText, burstText, hasBurst := strings.Cut(rest, ":")
	if !hasBurst {
		burstText = rateText
	}
	rate, rateOK := number(rateText)
	per, perOK := period(periodText)
	burst, burstOK := number(burstText)
	if !rateOK || !perOK || !burstOK {
		return Limit{}, fmt.Errorf("%w: %q is neither off nor like 10/s:20", ErrBadLimit, text)
	}
	l := Limit{Rate: rate, Per: per, Burst: burst}
	if err := l.Validate(); err != nil {
		return Limit{}, err
	}
	return l, nil
}

// number reads 1 to 9 digits without a sign or a leading zero.
func number(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err == nil && text[0] != '0' && len(text) <= 9
}

func period(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour}
	unit, ok := units[text[len(text)-1]]
	count := 1
	if digits := text[:len(text)-1]; digits != "" && ok {
		count, ok = number(digits)
	}
	// Nine digits of hours are beyond what a Duration holds.
	if !ok || time.Duration(count) > maxPer/unit {
		return 0, false
	}
	return time.Duration(count) * unit, true
}

// String prints l as Parse reads it, with the largest unit that fits.
func (l Limit) String() string {
	if l.IsOff() {
		return "off"
	}
	unit, letter := time.Second, "s"
	switch {
	case l.Per%time.Hour == 0:
		unit, letter = time.Hour, "h"
	case l.Per%time.Minute == 0:
		unit, letter = time.Minute, "m"
	}
	if n := l.Per / unit; n != 1 {
		letter = strconv.FormatInt(int64(n), 10) + letter
	}
	return fmt.Sprintf("%d/%s:%d", l.Rate, letter, l.Burst)
}

// MarshalText prints l as String does.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what Parse reads and returns ErrBadLimit.
func (l *Limit) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}
