package httpapi

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/gateway/payout"
)

// Bounds of a page of a list.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// query reads the parameters of a list and collects every fault, so that they
// are reported at once.
type query struct {
	r      *request
	faults []fault.Field
	cause  error // a parameter could not be looked up
}

func (r *request) query() *query { return &query{r: r} }

// err is the fault of all faulty parameters, nil when there is none.
func (q *query) err() error {
	if q.cause != nil || len(q.faults) == 0 {
		return q.cause
	}
	return fault.Invalid(q.faults...)
}

func (q *query) refuse(name, why string) {
	q.faults = append(q.faults, fault.Field{Name: name, Why: why})
}

// text is a free parameter of at most 255 bytes, "" when absent. What the
// database could not hold matches nothing anyway and is refused.
func (q *query) text(name string) string {
	v := q.r.c.Query(name)
	if len(v) > 255 || !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
		q.refuse(name, "must be text of at most 255 characters")
		return ""
	}
	return v
}

// oneOf is a parameter with listed values, "" when absent.
func (q *query) oneOf(name string, allowed ...string) string {
	v := q.r.c.Query(name)
	q.check(name, v, allowed...)
	return v
}

// check refuses a value that is none of the listed ones and not empty.
func (q *query) check(name, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		q.refuse(name, "must be one of "+strings.Join(allowed, ", "))
	}
}

// time is an RFC 3339 moment, the zero time when absent.
func (q *query) time(name string) time.Time {
	v := q.r.c.Query(name)
	if v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		q.refuse(name, "must be a time such as 2026-01-31T09:30:00Z")
	}
	return t.UTC()
}

// limit is the size of a page.
func (q *query) limit() int {
	v := q.r.c.Query("limit")
	if v == "" {
		return defaultLimit
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxLimit {
		q.refuse("limit", "must be a whole number from 1 to 200")
		return defaultLimit
	}
	return n
}

// idCursor is a cursor that stands for a row number, 0 when absent.
func (q *query) idCursor() int64 {
	id, ok := page.ID(q.r.c.Query("cursor"))
	if !ok {
		q.refuse("cursor", "is not a cursor of this list")
	}
	return id
}

// stamp prints a moment for the wire.
func stamp(t time.Time) string { return payout.Timestamp(t) }
