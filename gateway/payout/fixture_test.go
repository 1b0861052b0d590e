package payout_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func (c *clock) Now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }
func (c *clock) set(t time.Time)         { c.at.Store(t.UnixMicro()) }
func startOfTests() time.Time            { return time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC) }
func usdt(text string) money.Money       { return must(money.Parse(text, money.USDT)) }
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// world is everything that payouts need, on a database of its own.
type world struct {
	t         testing.TB
	db        *pgxpool.Pool
	clock     *clock
	ledger    *ledger.Ledger
	vault     *vault.Vault
	watcher   *epoch.Watcher
	directory *merchant.Directory
	merchants *merchant.Service
	rates     *fx.Rates
	deps      payout.Deps
	*payout.Service

	live    merchant.Merchant // 1000 USDT, fee 1 %
	sandbox merchant.Merchant
}

// newWorld checks at its end that the books hold.
func newWorld(t testing.TB, executors ...payout.Executor) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t, pgtest.MaxConns(16)), clock: &clock{}}
	w.clock.set(startOfTests())
	w.vault = must(vault.New(vault.Generate("k1")))
	w.watcher = must(epoch.NewWatcher(epoch.Config{DB: w.db, Every: 50 * time.Millisecond}))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.watcher.Run(ctx) })
	w.ledger = must(ledger.New(ledger.Config{DB: w.db, Now: w.clock.Now}))
	w.directory = must(merchant.NewDirectory(merchant.DirectoryDeps{DB: w.db, Vault: w.vault, Watcher: w.watcher, Now: w.clock.Now}))
	w.merchants = must(merchant.NewService(merchant.Deps{DB: w.db, Ledger: w.ledger, Vault: w.vault, Watcher: w.watcher, Now: w.clock.Now}))
	w.rates = must(fx.New(fx.Deps{DB: w.db, Watcher: w.watcher, Now: w.clock.Now}))
	w.deps = payout.Deps{
		DB: w.db, Ledger: w.ledger, Merchants: w.directory, Rates: w.rates, Vault: w.vault, Watcher: w.watcher,
		CheckURL:  func(target string) error { return callbacks.CheckURL(target, callbacks.AllowList{}) },
		PublicURL: "https://pay.example.com", Executors: executors, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler),
	}
	w.Service = must(payout.New(w.deps))
	t.Cleanup(func() {
		w.verify()
		stop()
		running.Wait()
		if err := w.ledger.Close(context.Background()); err != nil {
			t.Errorf("close ledger: %v", err)
		}
	})
	w.setRate("rub", "97.1234")
	w.setRate("eur", "0.9215")
	w.live = w.merchant("demo", ledger.Live, "1000")
	w.sandbox = w.merchant("sandbox", ledger.Sandbox, "1000")
	return w
}

func (w *world) setRate(currency, value string) {
	w.t.Helper()
	_, err := w.rates.Set(w.t.Context(), fx.Change{Currency: currency, Value: decimal.RequireFromString(value), Confirm: true})
	if err != nil {
		w.t.Fatalf("rate: %v", err)
	}
}

func (w *world) merchant(name string, mode ledger.Mode, funds string) merchant.Merchant {
	w.t.Helper()
	ctx := w.t.Context()
	if _, err := w.merchants.Create(ctx, merchant.New{Name: name, Mode: mode, FeeBPS: 100}); err != nil {
		w.t.Fatalf("merchant: %v", err)
	}
	if funds != "" {
		if _, err := w.merchants.TopUp(ctx, name, usdt(funds), "start"); err != nil {
			w.t.Fatalf("top up: %v", err)
		}
	}
	return w.reload(name)
}

func (w *world) reload(name string) merchant.Merchant {
	w.t.Helper()
	m, err := w.directory.ByName(w.t.Context(), name)
	if err != nil {
		w.t.Fatalf("merchant: %v", err)
	}
	return m
}

func (w *world) set(name string, c merchant.Change) merchant.Merchant {
	w.t.Helper()
	if _, err := w.merchants.Set(w.t.Context(), name, c); err != nil {
		w.t.Fatalf("set: %v", err)
	}
	return w.reload(name)
}

// request is a good request to a card; 1500.00 RUB cost 15.5989 USDT.
func request(orderID string) payout.CreateRequest {
	return payout.CreateRequest{
		OrderID: orderID, PaymentMethod: "card", FiatAmount: "1500.00", FiatCurrency: "rub", NumberCard: "4276345439581234",
		FullName: "Petrov Petr Petrovich", BankName: "Tinkoff",
		SuccessCallbackURL: "https://shop.example.com/success?a=1&b=2", ErrorCallbackURL: "https://shop.example.com/error",
	}
}

func (w *world) create(m merchant.Merchant, req payout.CreateRequest) payout.Payout {
	w.t.Helper()
	created, replayed, err := w.Create(w.t.Context(), m, req)
	if err != nil || replayed {
		w.t.Fatalf("Create: replayed %v, %v", replayed, err)
	}
	return created.Payout
}

// as gives a context in which an operator acts.
func (w *world) as(id string) context.Context {
	return audit.WithActor(w.t.Context(), audit.Actor{Kind: audit.Operator, ID: id, Name: id})
}

func (w *world) claim(ctx context.Context, id string) payout.Claimed {
	w.t.Helper()
	claimed, found, err := w.Claim(ctx, payout.ClaimFilter{ID: id})
	if err != nil || !found {
		w.t.Fatalf("Claim: found %v, %v", found, err)
	}
	return claimed
}

func (w *world) read(id string) payout.Detail {
	w.t.Helper()
	d, err := w.Detail(context.Background(), id)
	if err != nil {
		w.t.Fatalf("Detail: %v", err)
	}
	return d
}

func (w *world) balance(m merchant.Merchant) (available, held string) {
	w.t.Helper()
	b, err := w.Balance(context.Background(), m)
	if err != nil {
		w.t.Fatalf("Balance: %v", err)
	}
	return b.Available.Fixed(4), b.Held.Fixed(4)
}

func (w *world) wantBalance(m merchant.Merchant, available, held string) {
	w.t.Helper()
	if a, h := w.balance(m); a != available || h != held {
		w.t.Errorf("available %s held %s, want %s and %s", a, h, available, held)
	}
}

// wantEnd checks that a payout ended so, with one callback and one effect.
func (w *world) wantEnd(id string, want payout.Status) map[string]any {
	w.t.Helper()
	d := w.read(id)
	if d.Payout.Status != want {
		w.t.Errorf("status %s, want %s", d.Payout.Status, want)
	}
	last := d.Timeline[len(d.Timeline)-1]
	if last.Kind != string(want) && last.Kind != "late_answer" {
		w.t.Errorf("timeline ends with %s, want %s", last.Kind, want)
	}
	ends := 0
	for _, e := range d.Timeline {
		if payout.Status(e.Kind).Final() {
			ends++
		}
	}
	if ends != 1 {
		w.t.Errorf("%d ends in the timeline", ends)
	}
	bodies := w.callbacks(id)
	if len(bodies) != 1 {
		w.t.Fatalf("%d callbacks, want 1", len(bodies))
	}
	return bodies[0]
}

// callbacks reads the bodies that were staged for a payout.
func (w *world) callbacks(id string) []map[string]any {
	w.t.Helper()
	var out []map[string]any
	for _, c := range w.staged(id) {
		var body map[string]any
		if err := json.Unmarshal(c.body, &body); err != nil {
			w.t.Fatalf("callback body: %v", err)
		}
		out = append(out, body)
	}
	return out
}

type stagedCallback struct {
	id, url string
	body    []byte
}

func (w *world) staged(id string) []stagedCallback {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(),
		`select id, url, body_key, body_box from callback_events where subject = $1 order by id`, id)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var out []stagedCallback
	for rows.Next() {
		var c stagedCallback
		var key string
		var box []byte
		if err := rows.Scan(&c.id, &c.url, &key, &box); err != nil {
			w.t.Fatal(err)
		}
		if c.body, err = payout.BodyOpener(w.vault)(c.id, key, box); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// verify checks that the books hold and that each merchant's held account has
// what its open payouts cost.
func (w *world) verify() {
	w.t.Helper()
	report, err := w.ledger.Verify(context.Background(), []ledger.Obligation{{Purpose: ledger.PurposeHeld, SQL: payout.HeldObligation}}, nil)
	if err != nil || !report.Clean {
		w.t.Errorf("the books do not hold: %v %v", err, report.Problems)
	}
}

func wantFault(t *testing.T, err error, code string) *fault.Error {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v, want the fault %s", err, code)
	}
	return f
}

// wantCode is wantFault for those who look no further.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	_ = wantFault(t, err, code)
}

func orderID(i int) string { return fmt.Sprintf("order-%d", i) }
