package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"disburse/gateway/audit"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/ledger"
	"disburse/ratelimit"
)

// Bounds of the server. A body beyond the limit of its route but below what the
// server reads is answered 413 on a connection that stays usable; beyond that
// the connection is closed after the answer.
const (
	maxJSON    = 64 << 10
	readJSON   = 1 << 20
	maxUpload  = 5<<20 + 64<<10 // a receipt and the multipart text around it
	readUpload = 8 << 20
	maxHeaders = 16 << 10
	readWait   = 15 * time.Second
	writeWait  = 30 * time.Second
	idleWait   = 75 * time.Second
	checkWait  = 2 * time.Second

	defaultTimeout = 10 * time.Second
)

// Deps are what the HTTP surface stands on. Every field without "optional" in
// its comment must be set.
type Deps struct {
	Log       *slog.Logger
	Now       func() time.Time
	PublicURL string // where merchants reach this gateway, such as https://pay.example
	Registry  *prometheus.Registry

	Directory    *merchant.Directory
	Merchants    *merchant.Service
	Payouts      *payout.Service
	Operators    *operator.Service
	Callbacks    Callbacks
	Rates        *fx.Rates
	Ledger       *ledger.Ledger
	VerifyLedger func(context.Context) (ledger.Report, error)
	Audit        func(context.Context, audit.Filter) (audit.Page, error)

	Limiter      *ratelimit.Limiter
	MerchantGate *ratelimit.FailureGate // failed authentications by merchant name and address
	AddressGate  *ratelimit.FailureGate // the same by address alone

	// MetricsElsewhere leaves /metrics out, because the registry is served on a
	// listener that is not public. Optional.
	MetricsElsewhere bool

	Checks         []Check        // optional; what /readyz asks
	TrustedProxies []netip.Prefix // optional; whose X-Forwarded-For is believed
	Timeout        time.Duration  // optional; deadline of a request, 10 s by default
}

// missing names the required fields that are not set.
func (d *Deps) missing() []string {
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"Log", d.Log != nil},
		{"Now", d.Now != nil},
		{"PublicURL", d.PublicURL != ""},
		{"Registry", d.Registry != nil},
		{"Directory", d.Directory != nil},
		{"Merchants", d.Merchants != nil},
		{"Payouts", d.Payouts != nil},
		{"Operators", d.Operators != nil},
		{"Callbacks", d.Callbacks != nil},
		{"Rates", d.Rates != nil},
		{"Ledger", d.Ledger != nil},
		{"VerifyLedger", d.VerifyLedger != nil},
		{"Audit", d.Audit != nil},
		{"Limiter", d.Limiter != nil},
		{"MerchantGate", d.MerchantGate != nil},
		{"AddressGate", d.AddressGate != nil},
	} {
		if !f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// api is the surface once it is built.
type api struct {
	Deps
	metrics   *metrics
	readiness readiness
}

// New builds the application with every route of the table. It fails when a
// dependency is missing, naming each, or when the registry already holds a
// collector of ours.
func New(d Deps) (*fiber.App, error) {
	if names := d.missing(); len(names) > 0 {
		return nil, fmt.Errorf("httpapi: not set: %s", strings.Join(names, ", "))
	}
	m, err := newMetrics(d.Registry)
	if err != nil {
		return nil, fmt.Errorf("httpapi: metrics: %w", err)
	}
	if d.Timeout <= 0 {
		d.Timeout = defaultTimeout
	}
	a := &api{Deps: d, metrics: m}
	return a.application(), nil
}

// application is the fiber application with every route of the table.
func (a *api) application() *fiber.App {
	app := newApp(a)
	for _, rt := range a.routes() {
		app.Add(rt.method, rt.path, a.serve(&rt))
	}
	return app
}

func newApp(a *api) *fiber.App {
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true,
		// Services keep strings of requests beyond the handler, in caches and in
		// the ledger's queue; fiber would reuse their memory.
		Immutable:                    true,
		CaseSensitive:                true,
		BodyLimit:                    readJSON,
		ReadBufferSize:               maxHeaders,
		ReadTimeout:                  readWait,
		WriteTimeout:                 writeWait,
		IdleTimeout:                  idleWait,
		DisablePreParseMultipartForm: true,
		ErrorHandler:                 a.fail,
	})
	app.Server().HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		if h.IsPost() && isUpload(string(h.RequestURI())) {
			return fasthttp.RequestConfig{MaxRequestBodySize: readUpload}
		}
		return fasthttp.RequestConfig{}
	}
	app.Server().Handler = a.onlyKnownMethods(app.Server().Handler)
	return app
}

// isUpload tells the one kind of path that takes more than a JSON body, before
// any routing.
func isUpload(uri string) bool {
	path, _, _ := strings.Cut(uri, "?")
	return strings.HasPrefix(path, "/api/operator/payouts/") && strings.HasSuffix(strings.TrimRight(path, "/"), "/receipts")
}

// onlyKnownMethods keeps inventions such as "FOO / HTTP/1.1" away from fiber,
// which would answer them in its own words and without a request id.
func (a *api) onlyKnownMethods(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if knownMethod(string(ctx.Method())) == otherMethod {
			ctx.Request.Header.SetMethod(http.MethodTrace)
		}
		next(ctx)
	}
}
