package httpapi

import (
	"bytes"
	"context"
	"strings"
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
	rt := a.uploadRoute(h)
	if rt == nil || size > maxUpload {
		return fasthttp.RequestConfig{}
	}
	refusal := a.mayUpload(rt, h)
	now := a.Now()
	if !a.uploads.enter(h, refusal, now, now.Add(a.ReadTimeout+a.Timeout+uploadGrace)) {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: maxUpload}
}

// mayUpload asks whether the token, or the session of a web page, is one of an
// operator who may upload. Few are looked up at a time: who sends many is not
// known yet and cannot be slowed down.
func (a *api) mayUpload(rt *route, h *fasthttp.RequestHeader) error {
	ctx, cancel := context.WithTimeout(context.Background(), lookupWait)
	defer cancel()
	select {
	case a.uploads.lookups <- struct{}{}:
		defer func() { <-a.uploads.lookups }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if rt.mayUpload != nil {
		return rt.mayUpload(ctx, h)
	}
	o, err := a.Operators.Authenticate(ctx, bearer(string(h.Peek(fiber.HeaderAuthorization))))
	if err != nil {
		return err
	}
	return o.Require(rt.role)
}

// uploadRoute is the route of a request that takes more than a JSON body, nil
// for all others, before any routing.
func (a *api) uploadRoute(h *fasthttp.RequestHeader) *route {
	if !h.IsPost() {
		return nil
	}
	path, _, _ := bytes.Cut(h.RequestURI(), []byte{'?'})
	for _, rt := range a.uploadRoutes {
		before, after, _ := strings.Cut(rt.path, ":id")
		if bytes.HasPrefix(path, []byte(before)) && bytes.HasSuffix(bytes.TrimRight(path, "/"), []byte(after)) {
			return rt
		}
	}
	return nil
}

// freeingUploads ends an upload with its handler and lets go of its memory,
// which the server would keep for the next request of the connection.
func (a *api) freeingUploads(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if a.uploadRoute(&ctx.Request.Header) != nil {
			defer func() {
				a.uploads.leave(&ctx.Request.Header)
				ctx.Request.SwapBody(nil)
			}()
		}
		next(ctx)
	}
}

// uploadRefused is the route of an upload that may not come. The server may have
// forgotten where it was going; the first of them answers for all then.
func (a *api) uploadRefused(h *fasthttp.RequestHeader) *route {
	if rt := a.uploadRoute(h); rt != nil {
		return rt
	}
	return a.uploadRoutes[0]
}

// uploadRefused is why an upload may not come: what the route would say, where
// the header is still there, so that a wrong token counts as a failure. Pages
// authorise by themselves, and have done so.
func (r *request) uploadRefused(refusal error) error {
	if r.route.mayUpload != nil || r.api.uploadRoute(&r.c.Request().Header) == nil {
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
