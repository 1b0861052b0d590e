package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"disburse/gateway/fx"
	"disburse/gateway/payout"
)

// unmatchedRoute is the route label of calls that no row of the table serves.
const unmatchedRoute = "unmatched"

// serve turns a row of the route table into a fiber handler: everything that
// every call needs, in this order: request id and deadline, size of the body,
// the handler, the error in the envelope, the metrics, the log line.
func (a *api) serve(rt *route) fiber.Handler {
	return func(c *fiber.Ctx) error {
		r := a.begin(c, rt)
		ctx, cancel := context.WithTimeout(c.UserContext(), rt.deadline(a.Timeout))
		defer cancel()
		r.ctx = ctx
		a.metrics.inFlight.Inc()
		defer a.metrics.inFlight.Dec()

		err := r.run()
		if err != nil && !r.answered {
			r.renderProblem(err)
		}
		a.finish(r, err)
		return nil
	}
}

// begin opens a call: its id is on the answer before anything can fail.
func (a *api) begin(c *fiber.Ctx, rt *route) *request {
	r := &request{c: c, api: a, route: rt, ctx: c.UserContext(), id: requestID(c), start: a.Now()}
	header := &c.Response().Header
	header.Set(headerRequestID, r.id)
	header.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	header.Set(fiber.HeaderCacheControl, "no-store")
	return r
}

// run checks the size of the body and calls the handler. A panic becomes an
// internal error, so that one broken call ends only itself.
func (r *request) run() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{value: p, stack: debug.Stack()}
		}
	}()
	if len(r.rawBody()) > r.route.maxBody() {
		return errTooLarge
	}
	if err := r.authorise(); err != nil {
		return err
	}
	return r.route.handle(r)
}

// fail answers what never reached a route: unknown paths and methods, bodies
// beyond what the server reads, and requests that are not HTTP.
func (a *api) fail(c *fiber.Ctx, err error) error {
	// The server would keep the memory of a body that broke off.
	defer c.Request().SwapBody(nil)
	defer a.uploads.leave(&c.Request().Header)
	refusal := a.uploads.refusal(&c.Request().Header)
	tooLarge := faultOf(err).Kind == kindTooLarge

	var r *request
	if tooLarge && refusal != nil {
		r = a.begin(c, a.uploadRefused(&c.Request().Header))
		err = r.uploadRefused(refusal)
	} else {
		r = a.begin(c, &route{method: knownMethod(c.Method()), path: unmatchedRoute, envelope: envelopeFor(c.Path())})
	}
	if r.route.envelope.ofUsers { // whose every answer tells of the limit
		err = cmp.Or(r.limitUser(""), err)
	}
	r.renderProblem(err)
	if tooLarge {
		drain(c.Context().Conn(), c.Request().Header.ContentLength())
	}
	a.finish(r, err)
	return nil
}

// finish counts the call and writes its one log line. The line holds the
// route's template and never the path, which contains order ids.
func (a *api) finish(r *request, err error) {
	status := r.c.Response().StatusCode()
	took := a.Now().Sub(r.start)
	a.metrics.answered(r.route.method, r.route.path, status, took)

	level := levelOf(status, err)
	if !a.Log.Enabled(r.ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs,
		slog.String("method", r.route.method),
		slog.String("route", r.route.path),
		slog.Int("status", status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("request_id", r.id),
		slog.String("merchant", r.merchant),
		slog.String("operator", r.operator),
		slog.String("provider", r.provider),
		slog.String("user", r.userID()),
		slog.Int("bytes_in", len(r.rawBody())),
		slog.Int("bytes_out", r.bytesOut()),
		slog.String("limiter", r.decision),
	)
	a.Log.LogAttrs(r.ctx, level, "request", append(attrs, errorAttrs(err)...)...)
}

// bytesOut is the length of the answer, 0 of one that is written as it is sent:
// to ask for its body would be to wait for all of it.
func (r *request) bytesOut() int {
	if r.c.Response().IsBodyStream() {
		return 0
	}
	return len(r.c.Response().Body())
}

// levelOf is how loud a call's line is. Being full and having no current rate are
// states that an operator ends, not failures.
func levelOf(status int, err error) slog.Level {
	switch {
	case status < http.StatusInternalServerError:
		return slog.LevelInfo
	case errors.Is(err, payout.ErrOverloaded), errors.Is(err, fx.ErrUnavailable):
		return slog.LevelWarn
	default:
		return slog.LevelError
	}
}

// errorAttrs are the code of a refused call, and the cause where the answer
// hides it, with the stack where that is a panic.
func errorAttrs(err error) []slog.Attr {
	code, cause := "", ""
	if err != nil {
		f := faultOf(err)
		code = f.Code
		if f.Cause != nil {
			cause = f.Cause.Error()
		}
	}
	return []slog.Attr{slog.String("code", code), slog.String("cause", cause)}
}

// panicked is the cause of the internal error that a panic becomes.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

const otherMethod = "other"

// knownMethod keeps the method label bounded.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return otherMethod
	}
}

func (rt *route) deadline(standard time.Duration) time.Duration {
	if rt.timeout > 0 {
		return rt.timeout
	}
	return standard
}
