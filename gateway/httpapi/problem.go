package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"disburse/gateway/fault"
	"disburse/ratelimit"
)

// Kinds of failure that only HTTP knows; no service returns them.
const (
	kindNoRoute     fault.Kind = "no_route"
	kindMethod      fault.Kind = "method"
	kindTooLarge    fault.Kind = "too_large"
	kindMediaType   fault.Kind = "media_type"
	kindHeaders     fault.Kind = "headers"
	kindSlowRequest fault.Kind = "slow_request"
	kindMalformed   fault.Kind = "malformed"
)

var (
	errNoRoute     = fault.New(kindNoRoute, "not_found", "no such route")
	errMethod      = fault.New(kindMethod, "method_not_allowed", "method not allowed")
	errTooLarge    = fault.New(kindTooLarge, "too_large", "request body too large")
	errMediaType   = fault.New(kindMediaType, "unsupported_media_type", "content type must be application/json")
	errMultipart   = fault.New(kindMediaType, "unsupported_media_type", "content type must be multipart/form-data")
	errHeaders     = fault.New(kindHeaders, "headers_too_large", "request headers too large")
	errSlowRequest = fault.New(kindSlowRequest, "request_timeout", "request took too long to arrive")
	errMalformed   = fault.New(kindMalformed, "invalid_request", "malformed HTTP request")
	errRateLimited = fault.New(fault.RateLimited, "rate_limited", "too many requests")
	errDeadline    = fault.New(fault.Unavailable, "unavailable", "the request ran out of time; repeat it").After(time.Second)
)

// statusOf maps every kind of failure to its HTTP status.
func statusOf(kind fault.Kind) int {
	switch kind {
	case fault.InvalidInput, fault.Rule, kindMalformed:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.InsufficientFunds:
		return http.StatusPaymentRequired
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound, kindNoRoute:
		return http.StatusNotFound
	case kindMethod:
		return http.StatusMethodNotAllowed
	case kindSlowRequest:
		return http.StatusRequestTimeout
	case fault.Conflict:
		return http.StatusConflict
	case kindTooLarge:
		return http.StatusRequestEntityTooLarge
	case kindMediaType:
		return http.StatusUnsupportedMediaType
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case kindHeaders:
		return http.StatusRequestHeaderFieldsTooLarge
	case fault.Upstream:
		return http.StatusBadGateway
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// faultOf turns any error that reached the top into a fault: fiber's own
// errors by their status, everything else by fault.From, which makes an
// unknown error an internal one.
func faultOf(err error) *fault.Error {
	var own *fiber.Error
	if !errors.As(err, &own) {
		if len(issuesIn(err)) > 0 {
			return errInvalidInput.With(err)
		}
		var known *fault.Error
		if !errors.As(err, &known) && errors.Is(err, context.DeadlineExceeded) {
			return errDeadline.With(err)
		}
		return fault.From(err)
	}
	switch own.Code {
	case http.StatusNotFound:
		return errNoRoute
	case http.StatusMethodNotAllowed:
		return errMethod
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusRequestHeaderFieldsTooLarge:
		return errHeaders
	case http.StatusRequestTimeout:
		return errSlowRequest
	case http.StatusBadRequest, http.StatusBadGateway:
		return errMalformed
	default:
		return fault.From(err)
	}
}

// renderProblem writes err in the envelope of the call.
func (r *request) renderProblem(err error) {
	c, e, f := r.c, r.route.envelope, faultOf(err)
	p := problem{
		Status: statusOf(f.Kind), Code: e.code(f.Code), Message: f.Message, Fields: f.Fields, RequestID: r.id, At: r.api.Now(),
		Issues: issuesIn(err),
	}
	if p.Status == http.StatusInternalServerError {
		// Whatever an unexpected fault says about itself is for the log.
		p.Code, p.Message, p.Fields = e.internal, "internal error", nil
	}
	if e.adapt != nil {
		e.adapt(&p, f.Kind)
	}
	if f.RetryAfter > 0 {
		c.Set(ratelimit.HeaderRetryAfter, ratelimit.RetryAfterValue(f.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized && e != merchantEnvelope && e != gameEnvelope {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	writeJSON(c, p.Status, e.append(make([]byte, 0, 256), p))
}

func writeJSON(c *fiber.Ctx, status int, body []byte) {
	res := c.Response()
	res.SetStatusCode(status)
	res.Header.SetContentType(fiber.MIMEApplicationJSON)
	res.SetBodyRaw(body)
}
