package httpapi

import (
	"context"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Page is one page of a web site that is served beside the API. Handle answers,
// failures included; what it returns is for the log: who called, and why the
// call failed.
type Page struct {
	Method  string
	Path    string
	Timeout time.Duration // zero for the usual one
	Handle  func(ctx context.Context, c *fiber.Ctx, requestID string, from netip.Addr) (who string, err error)
	// Upload says whether who sends this head may send a file after it, before
	// any of it is read; nil where no file is taken.
	Upload func(ctx context.Context, h *fasthttp.RequestHeader) error
}

func (a *api) pageRoutes() []route {
	routes := make([]route, len(a.Pages))
	for i, p := range a.Pages {
		// console, merchants' pages: whom they let in is their own business.
		routes[i] = route{
			method: p.Method, path: p.Path, envelope: operatorEnvelope, timeout: p.Timeout, handle: p.handle,
			upload: p.Upload != nil, mayUpload: p.Upload,
		}
	}
	return routes
}

func (p Page) handle(r *request) error {
	who, err := p.Handle(r.ctx, r.c, r.id, r.clientAddress())
	r.operator, r.answered = who, true
	return err
}
