package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"disburse/callbacks"
	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/epoch"
	"disburse/gateway/exchange"
	"disburse/gateway/export"
	"disburse/gateway/fx"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/gateway/httpapi"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/gateway/signin"
	"disburse/gateway/vault"
	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/simulator"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
	"disburse/ratelimit"
	"disburse/ratelimit/redistest"
	"disburse/signing"
)

const publicURL = "https://pay.example"

// stack is the whole surface over real services, listening on a port of its
// own, with one merchant that has 1000 USDT and one operator of every role.
type stack struct {
	t        testing.TB
	url      string
	deps     httpapi.Deps
	log      *logBuffer
	merchant string
	keys     merchant.Secrets
	tokens   map[operator.Role]string
	issuer   *simulator.Simulator // of virtual cards
	ahead    *atomic.Int64        // how far virtual cards' time is
	gaming   gameprovider.Deps
	sessions *signin.Service
}

type option func(*httpapi.Deps)

func newStack(t testing.TB, options ...option) *stack {
	t.Helper()
	s := &stack{t: t, log: new(logBuffer), tokens: make(map[operator.Role]string)}
	s.deps = s.services()
	s.merchant, s.keys = s.newMerchant("demo", "1000.0000")
	for _, role := range operator.Roles() {
		made, err := s.deps.Operators.Create(t.Context(), operator.NewOperator{Email: string(role) + "@desk.example", Role: role})
		must(t, err)
		s.tokens[role] = string(made.Token)
	}
	for currency, value := range map[string]string{"rub": "97.1234", "eur": "0.9215", "jpy": "151.0000", "kwd": "0.3070"} {
		_, err := s.deps.Rates.Set(t.Context(), fx.Change{Currency: currency, Value: decimal.RequireFromString(value)})
		must(t, err)
	}
	for _, o := range options {
		o(&s.deps)
	}
	app, err := httpapi.New(s.deps)
	must(t, err)
	s.url = listen(t, app)
	return s
}

func listen(t testing.TB, app *fiber.App) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- httpapi.Serve(app, listener) }()
	t.Cleanup(func() {
		if err := errors.Join(app.ShutdownWithTimeout(30*time.Second), <-served); err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

func (s *stack) services() httpapi.Deps {
	t := s.t
	pool := pgtest.New(t)
	now := time.Now
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	books, err := ledger.New(ledger.Config{DB: pool, Now: now})
	must(t, err)
	t.Cleanup(func() {
		if err := books.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	box, err := vault.New(vault.Generate("k1"))
	must(t, err)
	watcher, err := epoch.NewWatcher(epoch.Config{DB: pool, Log: log, Every: 50 * time.Millisecond})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { watcher.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })

	d := httpapi.Deps{Log: log, Now: now, PublicURL: publicURL, Registry: prometheus.NewRegistry(), Ledger: books}
	d.Directory, err = merchant.NewDirectory(merchant.DirectoryDeps{DB: pool, Vault: box, Watcher: watcher, Now: now})
	must(t, err)
	d.Merchants, err = merchant.NewService(merchant.Deps{DB: pool, Ledger: books, Vault: box, Watcher: watcher, Now: now})
	must(t, err)
	d.Rates, err = fx.New(fx.Deps{DB: pool, Watcher: watcher, Now: now})
	must(t, err)
	s.sessions, err = signin.New(signin.Deps{DB: pool, Vault: box, Now: now, Issuer: "test", FactorOptional: true})
	must(t, err)
	d.Operators, err = operator.New(operator.Deps{DB: pool, Watcher: watcher, Sessions: s.sessions.Of(signin.Operators), Now: now})
	must(t, err)
	d.Payouts, err = payout.New(payout.Deps{
		DB: pool, Ledger: books, Merchants: d.Directory, Rates: d.Rates, Vault: box, Watcher: watcher, PublicURL: publicURL, Now: now, Log: log,
		CheckURL: func(target string) error { return callbacks.CheckURL(target, callbacks.AllowList{}) },
	})
	must(t, err)
	s.wallets(&d, pool, box)
	d.Approvals, err = approval.New(approval.Deps{DB: pool, Now: now, Deciders: map[approval.Kind]approval.Decider{
		approval.Payout: d.Payouts, approval.Adjustment: d.Merchants, approval.KeyRotation: d.Merchants,
		approval.Rule: d.Payouts, approval.VirtualCard: d.VirtualCards, approval.MerchantPerson: d.Merchants,
	}})
	must(t, err)
	s.games(&d, gameprovider.Deps{DB: pool, Vault: box, Watcher: watcher, Now: now})
	d.Callbacks = callbacks.Journal{DB: pool, Now: now}
	d.Audit = func(ctx context.Context, f audit.Filter) (audit.Page, error) { return audit.List(ctx, pool, f) }
	d.Exports, err = export.New(export.Deps{DB: pool, Now: now, Log: log})
	must(t, err)
	t.Cleanup(d.Exports.Close)
	d.VerifyLedger = func(ctx context.Context) (ledger.Report, error) {
		return books.Verify(ctx, []ledger.Obligation{
			{Purpose: ledger.PurposeHeld, SQL: payout.HeldObligation}, cardorder.Obligation, exchange.Obligation, virtualcard.Obligation,
		}, nil)
	}
	// However slow the machine, Redis is waited for: in the process each count would begin anew.
	d.Limiter = ratelimit.New(ratelimit.Options{Redis: redistest.New(t), Budget: time.Minute, Now: now})
	d.MerchantGate = d.Limiter.FailureGate("authentication_merchant", 10)
	d.AddressGate = d.Limiter.FailureGate("authentication_address", 60)
	return d
}

// wallets are the services of end users' calls.
func (s *stack) wallets(d *httpapi.Deps, pool *pgxpool.Pool, box *vault.Vault) {
	t := s.t
	talk, err := chat.New(chat.Deps{DB: pool, Vault: box, Now: d.Now, Log: d.Log})
	must(t, err)
	d.EndUsers, err = enduser.NewService(enduser.Deps{DB: pool, Ledger: d.Ledger, Now: d.Now})
	must(t, err)
	d.CardOrders, err = cardorder.NewService(cardorder.Deps{DB: pool, Ledger: d.Ledger, Users: d.EndUsers, Chat: talk, Vault: box, Now: d.Now})
	must(t, err)
	d.Exchange, err = exchange.NewService(exchange.Deps{
		DB: pool, Ledger: d.Ledger, Users: d.EndUsers, Chat: talk, Vault: box, Now: d.Now, Log: d.Log,
	})
	must(t, err)
	s.ahead = new(atomic.Int64)
	s.issuer, err = simulator.Open(simulator.Options{Now: s.cardTime})
	must(t, err)
	d.VirtualCards, err = virtualcard.NewService(virtualcard.Deps{
		DB: pool, Ledger: d.Ledger, Users: d.EndUsers, Provider: s.issuer, Now: s.cardTime, Log: d.Log,
	})
	must(t, err)
}

// games are the services of the providers' calls.
func (s *stack) games(d *httpapi.Deps, deps gameprovider.Deps) {
	var err error
	s.gaming = deps
	d.GameDirectory, err = gameprovider.NewDirectory(deps)
	must(s.t, err)
	d.GameProviders, err = gameprovider.NewService(deps)
	must(s.t, err)
	d.Games, err = gamewallet.NewService(gamewallet.Deps{DB: deps.DB, Ledger: d.Ledger, Directory: d.GameDirectory, Now: deps.Now})
	must(s.t, err)
}

// cardTime is the time of virtual cards and of their provider.
func (s *stack) cardTime() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// newMerchant makes a merchant with a fee of one percent.
func (s *stack) newMerchant(name, available string) (string, merchant.Secrets) {
	s.t.Helper()
	made, err := s.deps.Merchants.Create(s.t.Context(), merchant.New{Name: name, FeeBPS: 100})
	must(s.t, err)
	if available != "" {
		amount, err := money.Parse(available, money.USDT)
		must(s.t, err)
		_, err = s.deps.Merchants.TopUp(s.t.Context(), name, amount, "first")
		must(s.t, err)
	}
	return name, made.Secrets
}

// staleRate sets a rate and waits until it is too old to be used.
func (s *stack) staleRate(currency string) {
	s.t.Helper()
	_, err := s.deps.Rates.Set(s.t.Context(), fx.Change{Currency: currency, Value: decimal.RequireFromString("0.8800"), MaxAge: time.Second})
	must(s.t, err)
	s.eventually(func() bool {
		_, err := s.deps.Rates.Current(s.t.Context(), currency)
		return err != nil
	})
}

// eventually polls until a thing holds.
func (s *stack) eventually(holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("still not so after 20 s")
		}
	}
}

// set changes the merchant.
func (s *stack) set(c merchant.Change) {
	s.t.Helper()
	_, err := s.deps.Merchants.Set(s.t.Context(), s.merchant, c)
	must(s.t, err)
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

func (a answer) text(path ...string) string {
	var v any = a.body
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

type header map[string]string

// send sends any bytes and holds the answer against the contract.
func (s *stack) send(method, path string, body []byte, h header) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, bytes.NewReader(body))
	must(s.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range h {
		if value == "" {
			req.Header.Del(name)
			continue
		}
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	must(s.t, err)
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	a.raw, err = io.ReadAll(res.Body)
	must(s.t, err)
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		must(s.t, json.Unmarshal(a.raw, &a.body))
	}
	holdToContract(s.t, req, body, a)
	return a
}

// call sends a value as JSON.
func (s *stack) call(method, path string, body any, h header) answer {
	s.t.Helper()
	if body == nil {
		return s.send(method, path, nil, h)
	}
	raw, err := json.Marshal(body)
	must(s.t, err)
	return s.send(method, path, raw, h)
}

// as calls the operator API with the token of a role.
func (s *stack) as(role operator.Role, method, path string, body any) answer {
	s.t.Helper()
	return s.call(method, "/api/operator"+path, body, header{"Authorization": "Bearer " + s.tokens[role]})
}

// fields are the members of a create body.
type fields map[string]any

// payoutBody is a good body to a phone number; changes overwrite members, and
// nil takes one away.
func payoutBody(orderID string, changes fields) fields {
	b := fields{
		"order_id": orderID, "payment_method": "sbp", "fiat_amount": "1500.00", "fiat_currency": "rub",
		"phone_number": "79161234567", "bank_name": "Example Bank",
		"success_callback_url": "https://merchant.example/done", "error_callback_url": "https://merchant.example/failed",
	}
	for name, value := range changes {
		if value == nil {
			delete(b, name)
			continue
		}
		b[name] = value
	}
	return b
}

// sign adds the sign that the key gives.
func (b fields) sign(key string) fields {
	part := func(name string) string { s, _ := b[name].(string); return s }
	requisite := map[string]string{"card": "number_card", "sbp": "phone_number", "score": "number_score", "iban": "iban_number"}
	b["sign"] = signing.PayoutSign(part("order_id"), part("fiat_amount"), part(requisite[part("payment_method")]), part("fiat_currency"), key)
	return b
}

func (s *stack) path(call string) string { return "/api/merchant/" + s.merchant + "/" + call + "/" }

// create sends a signed create_pay_out.
func (s *stack) create(b fields) answer {
	s.t.Helper()
	return s.call(http.MethodPost, s.path("create_pay_out"), b.sign(s.keys.SignKey), nil)
}

func (s *stack) created(orderID string) answer {
	s.t.Helper()
	a := s.create(payoutBody(orderID, nil))
	if a.status != http.StatusOK {
		s.t.Fatalf("create: got %d %s", a.status, a.raw)
	}
	return a
}

func (s *stack) cancel(orderID string) answer {
	s.t.Helper()
	return s.call(http.MethodPost, s.path("rejected_pay_out"), fields{
		"order_id": orderID, "standart_sign": signing.StandartSign(signing.OrderKey, s.merchant, orderID, s.keys.SignKey),
	}, nil)
}

func (s *stack) status(id string) answer {
	s.t.Helper()
	return s.send(http.MethodGet, s.path("status_pay_out/"+id), nil, header{"X-Api-Key": s.keys.APIKey})
}

func (s *stack) wantError(a answer, status int, code string) {
	s.t.Helper()
	got := a.text("code")
	if got == "" {
		got = a.text("error", "code")
	}
	if a.status != status || got != code {
		s.t.Errorf("got %d %s, want %d with code %s", a.status, a.raw, status, code)
	}
}

func (s *stack) wantOK(a answer) answer {
	s.t.Helper()
	if a.status != http.StatusOK {
		s.t.Fatalf("got %d %s, want 200", a.status, a.raw)
	}
	return a
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
