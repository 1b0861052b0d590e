package httpapi

import (
	"strings"
	"unicode/utf8"

	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
)

const (
	headerIdempotencyKey = "Idempotency-Key"
	maxIdempotencyKey    = 255
)

// asked is what of a request is compared: what the path names and what the body
// says.
type asked struct {
	ID   int64
	Body any
}

// key is the Idempotency-Key of a call of an end user, whose route is that of
// the table: the thing that the path names is part of the request, so that a
// key which comes back for another thing is refused instead of answered with
// what was made for the first.
func (r *request) key(id int64, body any) (idempotency.Key, error) {
	given := r.c.Request().Header.PeekAll(headerIdempotencyKey)
	if len(given) == 0 {
		return idempotency.Key{}, nil
	}
	text := string(given[0])
	n := utf8.RuneCountInString(text)
	if len(given) > 1 || n < 1 || n > maxIdempotencyKey || !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return idempotency.Key{}, fault.Invalid(fault.Field{Name: headerIdempotencyKey, Why: "must be given once, with 1 to 255 characters"})
	}
	return idempotency.Of(r.user.ID, r.route.method+" "+r.route.path, text, asked{ID: id, Body: body})
}
