package portal_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/console/portal"
	"disburse/gateway/console/site"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/report"
	"disburse/gateway/signin"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// gate counts failures.
type gate struct{ failures int }

func (*gate) Blocked(string) (time.Duration, bool) { return 0, false }
func (g *gate) Fail(context.Context, string)       { g.failures++ }

// journal is the log of callbacks without audit records.
type journal struct {
	callbacks.Journal
	open func(eventID, key string, box []byte) ([]byte, error)
}

func (j journal) Body(ctx context.Context, id string) (string, error) {
	return j.Journal.Body(ctx, id, j.open)
}

// house is the pages over real services, with two live merchants that have
// 1000 USDT and a person each.
type house struct {
	t    *testing.T
	db   *pgxpool.Pool
	app  *fiber.App
	gate *gate
	deps portal.Deps

	anna, boris login
	tested      []string // which merchants were sent a test callback

	site  *site.Site
	asked chan []string // what is live was asked about them
}

type login struct {
	merchant merchant.Merchant
	keys     merchant.Secrets
	email    string
	id       string
	password string
}

const publicURL = "http://pay.example"

func build(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, db: pgtest.New(t), gate: new(gate), app: fiber.New(fiber.Config{Immutable: true}), asked: make(chan []string, 100)}
	box := must(vault.New(vault.Generate("k1")))
	watcher := must(epoch.NewWatcher(epoch.Config{DB: h.db, Every: 50 * time.Millisecond}))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { watcher.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	books := must(ledger.New(ledger.Config{DB: h.db}))
	t.Cleanup(func() {
		ledgertest.Verify(t, books, ledger.Obligation{Purpose: ledger.PurposeHeld, SQL: payout.HeldObligation})
		_ = books.Close(context.Background())
	})
	d := portal.Deps{Ledger: books, Gate: h.gate, Log: slog.New(slog.DiscardHandler), Now: time.Now, PublicURL: publicURL}
	d.Sessions = must(signin.New(signin.Deps{DB: h.db, Vault: box, Now: time.Now, Issuer: "test", FactorOptional: true}))
	d.People = must(merchant.NewPeople(merchant.PeopleDeps{DB: h.db, Sessions: d.Sessions.Of(signin.Merchants), Now: time.Now}))
	d.Merchants = must(merchant.NewService(merchant.Deps{DB: h.db, Ledger: books, Vault: box, Watcher: watcher, Now: time.Now}))
	d.Directory = must(merchant.NewDirectory(merchant.DirectoryDeps{DB: h.db, Vault: box, Watcher: watcher, Now: time.Now}))
	rates := must(fx.New(fx.Deps{DB: h.db, Watcher: watcher, Now: time.Now}))
	must(rates.Set(t.Context(), fx.Change{Currency: "rub", Value: decimal.RequireFromString("97.1234"), Confirm: true}))
	must(rates.Set(t.Context(), fx.Change{Currency: "eur", Value: decimal.RequireFromString("0.9215"), Confirm: true}))
	d.Payouts = must(payout.New(payout.Deps{
		DB: h.db, Ledger: books, Merchants: d.Directory, Rates: rates, Vault: box, Watcher: watcher,
		CheckURL:  func(target string) error { return callbacks.CheckURL(target, callbacks.AllowList{}) },
		PublicURL: publicURL, Now: time.Now, Log: d.Log,
	}))
	d.Callbacks = journal{callbacks.Journal{DB: h.db, Now: time.Now}, payout.BodyOpener(box)}
	d.TestCallback = func(_ context.Context, ref, target string) (string, error) {
		if !strings.HasPrefix(target, "https://") {
			return "", fault.Invalid(fault.Field{Name: "url", Why: "is no address"})
		}
		h.tested = append(h.tested, ref)
		return "evt_test", nil
	}
	figures := must(report.New(report.Deps{DB: h.db, Callbacks: callbacks.Journal{DB: h.db, Now: time.Now}, Now: time.Now}))
	d.Live = func(ctx context.Context, merchants []string) (map[string]map[string]string, error) {
		versions, err := figures.MerchantPulse(ctx, merchants)
		h.asked <- merchants
		return versions, err
	}
	h.deps = d
	h.serve()
	h.anna, h.boris = h.newcomer("shop"), h.newcomer("other")
	return h
}

func (h *house) serve() {
	h.site = must(portal.New(h.deps))
	h.t.Cleanup(h.site.Close)
	for _, p := range h.site.Served() {
		h.app.Add(p.Method, p.Path, func(c *fiber.Ctx) error {
			_, _ = p.Handle(c.UserContext(), c, "req_1", netip.MustParseAddr("192.0.2.1"))
			return nil
		})
	}
}

func (h *house) newcomer(name string) login {
	h.t.Helper()
	ctx := h.t.Context()
	made := must(h.deps.Merchants.Create(ctx, merchant.New{Name: name, FeeBPS: 100}))
	must(h.deps.Merchants.TopUp(ctx, name, money.New(1000_000000, money.USDT), "start"))
	email := "owner@" + name + ".example"
	who, password, err := h.deps.People.Add(ctx, name, email)
	if err != nil {
		h.t.Fatal(err)
	}
	return login{merchant: made.Merchant, keys: made.Secrets, email: email, id: who.ID, password: string(password)}
}

// payout makes a payout of 1500.00 RUB, which holds 15.5988 USDT.
func (h *house) payout(l login, orderID string) payout.Payout {
	h.t.Helper()
	m := must(h.deps.Directory.ByID(h.t.Context(), l.merchant.ID))
	created, _, err := h.deps.Payouts.Create(h.t.Context(), m, payout.CreateRequest{
		OrderID: orderID, PaymentMethod: "card", FiatAmount: "1500.00", FiatCurrency: "rub", NumberCard: "4276345439581234",
		SuccessCallbackURL: "https://shop.example.com/success", ErrorCallbackURL: "https://shop.example.com/error",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return created.Payout
}

// ended makes a payout and ends it as its merchant may, which stages a callback.
func (h *house) ended(l login, orderID string) (payout.Payout, callbacks.Item) {
	h.t.Helper()
	p := h.payout(l, orderID)
	must(h.deps.Payouts.Cancel(h.t.Context(), must(h.deps.Directory.ByID(h.t.Context(), l.merchant.ID)), orderID))
	page := must(h.deps.Callbacks.List(h.t.Context(), callbacks.Filter{Subject: p.ID}, "", 1))
	if len(page.Items) != 1 {
		h.t.Fatalf("%d callbacks", len(page.Items))
	}
	return p, page.Items[0]
}

func (h *house) trail(f audit.Filter) []audit.Item {
	h.t.Helper()
	return must(audit.List(h.t.Context(), h.db, f)).Items
}

// browser keeps cookies.
type browser struct {
	*house
	cookies map[string]string
}

type answer struct {
	status   int
	location string
	text     string
}

func (h *house) open(l login) *browser {
	h.t.Helper()
	b := &browser{house: h, cookies: map[string]string{}}
	if a := b.do(http.MethodPost, "/sign-in", url.Values{"name": {l.email}, "password": {l.password}}); a.location != "/merchant/" {
		h.t.Fatalf("sign in: %d to %q: %.300s", a.status, a.location, a.text)
	}
	return b
}

func (b *browser) do(method, path string, form url.Values, headers ...string) answer {
	b.t.Helper()
	r := httptest.NewRequest(method, "/merchant"+path, strings.NewReader(form.Encode()))
	r.Host = "pay.example"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	response := must(b.app.Test(r, 30_000))
	for _, c := range response.Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.cookies, c.Name)
		}
	}
	return answer{response.StatusCode, response.Header.Get("Location"), string(must(io.ReadAll(response.Body)))}
}

func (b *browser) get(path string) answer { return b.do(http.MethodGet, path, nil) }

var csrf = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	found := csrf.FindStringSubmatch(b.get("/keys").text)
	if found == nil {
		b.t.Fatal("no token")
	}
	form.Set("csrf", found[1])
	return b.do(http.MethodPost, path, form)
}

// has checks the words of a page.
func (a answer) has(t *testing.T, status int, words ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d: %.500s", a.status, status, a.text)
	}
	for _, word := range words {
		if !strings.Contains(a.text, word) {
			_, main, _ := strings.Cut(a.text, "<main")
			t.Errorf("no %q in %.3000s", word, main)
		}
	}
}

func (a answer) lacks(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		if word != "" && strings.Contains(a.text, word) {
			t.Errorf("%q is in the page", word)
		}
	}
}
