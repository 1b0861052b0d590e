package fault

import (
	"errors"
	"time"
)

// Kind says what sort of failure it is; there are few, and every one has
// exactly one HTTP status in each envelope.
type Kind string

// The kinds. InvalidInput is the kind of the faults that the function Invalid
// makes: what the request says can never be taken. A Rule refuses a request
// that is well formed, and the same one may be taken at another time.
const (
	InvalidInput      Kind = "invalid"
	Rule              Kind = "rule"
	Unauthenticated   Kind = "unauthenticated"
	InsufficientFunds Kind = "insufficient_funds"
	Forbidden         Kind = "forbidden"
	NotFound          Kind = "not_found"
	Conflict          Kind = "conflict"
	RateLimited       Kind = "rate_limited"
	Unavailable       Kind = "unavailable"
	Upstream          Kind = "upstream" // somebody whom we asked did not answer, or not well
	Internal          Kind = "internal"
)

// Kinds lists every kind, for tables that must cover all of them.
func Kinds() []Kind {
	return []Kind{InvalidInput, Rule, Unauthenticated, InsufficientFunds, Forbidden, NotFound, Conflict, RateLimited, Unavailable, Upstream, Internal}
}

// Field is one faulty input field: its name on the wire and what is wrong with
// it. Why never repeats the value.
type Field struct {
	Name string
	Why  string
}

// Error is a failure that a caller may be told about.
type Error struct {
	Kind       Kind
	Code       string        // stable, for machines: "order_id_reused"
	Message    string        // for people, safe to show
	Fields     []Field       // only with InvalidInput
	RetryAfter time.Duration // zero: nothing is promised about a retry
	Cause      error         // for logs, never shown
}

// New makes a fault of a kind with its code and its message.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Invalid makes the fault of a request whose fields break rules, all of them at
// once and in the order given; the message names the first.
func Invalid(fields ...Field) *Error {
	e := &Error{Kind: InvalidInput, Code: "invalid_request", Message: "invalid request", Fields: fields}
	if len(fields) > 0 {
		e.Message = "invalid request: " + fields[0].Name + ": " + fields[0].Why
	}
	return e
}

// From finds the fault in an error chain. Any other error becomes an internal
// fault with a fixed text and the error as its cause; nil stays nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Message: "internal error", Cause: err}
}

// Code is the code of the fault in an error chain, as From finds it, and "" for
// nil.
func Code(err error) string {
	if err == nil {
		return ""
	}
	return From(err).Code
}

// Error is the text for logs: the message and the cause.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is a fault of the same kind and code, so that a
// package-level fault still matches after With and After have copied it.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Code == e.Code
}

// With gives a copy that carries cause.
func (e *Error) With(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// After gives a copy that asks for a retry no sooner than d.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}
