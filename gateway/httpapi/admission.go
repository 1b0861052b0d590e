package httpapi

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"disburse/gateway/fault"
)

// Bounds of large uploads, each of which takes up to 8 MiB from its first byte
// on: the server makes room for all that the header announces.
const (
	uploadsAtOnce = 4
	lookupsAtOnce = 4
	lookupWait    = 2 * time.Second
	uploadGrace   = 5 * time.Second
)

var errUploadsBusy = fault.New(fault.Unavailable, "unavailable", "too many uploads at once; repeat it").After(2 * time.Second)

// uploads is who may send a large body now.
//
// The server asks about a header before it reads the body, and tells of no
// connection then; it also forgets the header of a body that breaks off. What
// stays the same until the answer is the place of the header in memory, so
// verdicts are kept by it.
type uploads struct {
	lookups chan struct{} // full while as many tokens are looked up as may be

	mu       sync.Mutex
	verdicts map[*fasthttp.RequestHeader]verdict
}

// verdict is what was said to an upload.
type verdict struct {
	refusal error     // nil for one that may come
	until   time.Time // when it has ended for sure, though nothing told of its end
}

// enter keeps the verdict, which is a refusal when too many are on their way,
// and reports whether the upload may come.
func (u *uploads) enter(h *fasthttp.RequestHeader, refusal error, now, until time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	coming := 0
	for other, v := range u.verdicts {
		switch {
		case other == h || !v.until.After(now):
			delete(u.verdicts, other)
		case v.refusal == nil:
			coming++
		}
	}
	if refusal == nil && coming >= uploadsAtOnce {
		refusal = errUploadsBusy
	}
	if u.verdicts == nil {
		u.verdicts = make(map[*fasthttp.RequestHeader]verdict)
	}
	u.verdicts[h] = verdict{refusal: refusal, until: until}
	return refusal == nil
}

// refusal is why an upload was refused, nil if it was not.
func (u *uploads) refusal(h *fasthttp.RequestHeader) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.verdicts[h].refusal
}

// leave ends an upload.
func (u *uploads) leave(h *fasthttp.RequestHeader) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.verdicts, h)
}

// bodyLimit grants more than a JSON body to uploads by operators alone, before
// any of the body is read.
func (a *api) bodyLimit(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	size := h.ContentLength() // -1 for a body in chunks
	if size != -1 && size <= maxJSON {
		return fasthttp.RequestConfig{}
	}
	// Whatever was said to a request that used this memory before is over.
	a.uploads.leave(h)
	if !isUpload(h) || size > maxUpload {
		return fasthttp.RequestConfig{}
	}
	refusal := a.mayUpload(h)
	now := a.Now()
	if !a.uploads.enter(h, refusal, now, now.Add(a.ReadTimeout+a.Timeout+uploadGrace)) {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: maxUpload}
}

// mayUpload asks whether the token is one of an operator who may upload. Few
// tokens are looked up at a time: who sends many is not known yet and cannot
// be slowed down.
func (a *api) mayUpload(h *fasthttp.RequestHeader) error {
	ctx, cancel := context.WithTimeout(context.Background(), lookupWait)
	defer cancel()
	select {
	case a.uploads.lookups <- struct{}{}:
		defer func() { <-a.uploads.lookups }()
	case <-ctx.Done():
		return ctx.Err()
	}
	o, err := a.Operators.Authenticate(ctx, bearer(string(h.Peek(fiber.HeaderAuthorization))))
	if err != nil {
		return err
	}
	return o.Require(a.uploadRoute.role)
}

// isUpload tells the one kind of request that takes more than a JSON body,
// before any routing.
func isUpload(h *fasthttp.RequestHeader) bool {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte{'?'})
	return h.IsPost() && bytes.HasPrefix(path, []byte("/api/operator/payouts/")) && bytes.HasSuffix(bytes.TrimRight(path, "/"), []byte("/receipts"))
}

// freeingUploads ends an upload with its handler and lets go of its memory,
// which the server would keep for the next request of the connection.
func (a *api) freeingUploads(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if isUpload(&ctx.Request.Header) {
			defer func() {
				a.uploads.leave(&ctx.Request.Header)
				ctx.Request.SwapBody(nil)
			}()
		}
		next(ctx)
	}
}

// uploadRefused is why an upload may not come: what the route would say, where
// the header is still there, so that a wrong token counts as a failure.
func (r *request) uploadRefused(refusal error) error {
	if !isUpload(&r.c.Request().Header) {
		return refusal
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.api.Timeout)
	defer cancel()
	r.ctx = ctx
	if err := r.authorise(); err != nil {
		return err
	}
	return refusal
}
