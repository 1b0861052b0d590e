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

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/export"
	"disburse/gateway/fx"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
	"disburse/ratelimit"
)

// Bounds of the server. It takes the memory for a body as soon as its length is
// announced, so nobody unknown may announce more than a JSON body: what is
// longer is answered 413, and the connection is closed.
const (
	maxJSON    = 64 << 10
	maxUpload  = 5<<20 + 64<<10 // a receipt and the multipart text around it
	maxHeaders = 16 << 10
	writeWait  = 30 * time.Second
	idleWait   = 75 * time.Second
	checkWait  = 2 * time.Second

	defaultTimeout     = 10 * time.Second
	defaultReadTimeout = 15 * time.Second
	defaultConnections = 4096
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
	Approvals    *approval.Service
	Operators    *operator.Service
	EndUsers     *enduser.Service
	CardOrders   *cardorder.Service
	Exchange     *exchange.Service
	VirtualCards *virtualcard.Service
	Callbacks    Callbacks
	Rates        *fx.Rates
	Ledger       *ledger.Ledger
	VerifyLedger func(context.Context) (ledger.Report, error)
	Audit        func(context.Context, audit.Filter) (audit.Page, error)
	Exports      *export.Service

	GameDirectory *gameprovider.Directory
	GameProviders *gameprovider.Service
	Games         *gamewallet.Service

	// Pages are the web sites that are served beside the API. Optional.
	Pages []Page

	Limiter      *ratelimit.Limiter
	MerchantGate *ratelimit.FailureGate // failed authentications by merchant name and address
	AddressGate  *ratelimit.FailureGate // the same by address alone

	// UserLimit is how much an end user's token may, and an address that calls
	// without one: 50 a second with a burst of 100 by default. Optional.
	UserLimit ratelimit.Limit

	// MetricsElsewhere leaves /metrics out, because the registry is served on a
	// listener that is not public. Optional.
	MetricsElsewhere bool

	Checks         []Check        // optional; what /readyz asks
	TrustedProxies []netip.Prefix // optional; whose X-Forwarded-For is believed
	Timeout        time.Duration  // optional; deadline of a request, 10 s by default
	ReadTimeout    time.Duration  // optional; how long a request may take to arrive, 15 s by default

	// MaxConnections bounds the memory that connections take, 4096 by default;
	// what comes beyond gets a 503 and is closed. There is no bound per address:
	// behind a proxy all connections come from one. Optional.
	MaxConnections int
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
		{"Approvals", d.Approvals != nil},
		{"Operators", d.Operators != nil},
		{"EndUsers", d.EndUsers != nil},
		{"CardOrders", d.CardOrders != nil},
		{"Exchange", d.Exchange != nil},
		{"VirtualCards", d.VirtualCards != nil},
		{"Callbacks", d.Callbacks != nil},
		{"Rates", d.Rates != nil},
		{"Ledger", d.Ledger != nil},
		{"VerifyLedger", d.VerifyLedger != nil},
		{"Audit", d.Audit != nil},
		{"Exports", d.Exports != nil},
		{"GameDirectory", d.GameDirectory != nil},
		{"GameProviders", d.GameProviders != nil},
		{"Games", d.Games != nil},
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

	uploads      uploads
	uploadRoutes []*route
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
	if d.UserLimit.IsOff() {
		d.UserLimit = defaultUserLimit
	}
	if d.Timeout <= 0 {
		d.Timeout = defaultTimeout
	}
	if d.ReadTimeout <= 0 {
		d.ReadTimeout = defaultReadTimeout
	}
	if d.MaxConnections <= 0 {
		d.MaxConnections = defaultConnections
	}
	a := &api{Deps: d, metrics: m, uploads: uploads{lookups: make(chan struct{}, lookupsAtOnce)}}
	return a.application(), nil
}

// application is the fiber application with every route of the table.
func (a *api) application() *fiber.App {
	app := newApp(a)
	for _, rt := range a.routes() {
		if rt.upload {
			a.uploadRoutes = append(a.uploadRoutes, &rt)
		}
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
		BodyLimit:                    maxJSON,
		Concurrency:                  a.MaxConnections,
		ReadBufferSize:               maxHeaders,
		ReadTimeout:                  a.ReadTimeout,
		WriteTimeout:                 writeWait,
		IdleTimeout:                  idleWait,
		DisablePreParseMultipartForm: true,
		ErrorHandler:                 a.fail,
	})
	app.Server().HeaderReceived = a.bodyLimit
	app.Server().Handler = a.freeingUploads(onlyOneEnd(app, a.onlyKnownMethods(app.Server().Handler)))
	return app
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
