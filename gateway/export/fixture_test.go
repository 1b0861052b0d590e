package export_test

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/export"
	"disburse/gateway/fault"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

// world is payouts over real books on a database of its own, with a clock that
// tests move.
type world struct {
	t       testing.TB
	db      *pgxpool.Pool
	clock   atomic.Int64
	ledger  *ledger.Ledger
	payouts *payout.Service
	export  *export.Service

	merchants *merchant.Service
	directory *merchant.Directory
	demo      merchant.Merchant // 1000 USDT, fee 1 %
}

func (w *world) now() time.Time          { return time.UnixMicro(w.clock.Load()).UTC() }
func (w *world) advance(d time.Duration) { w.clock.Add(d.Microseconds()) }

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// newWorld checks at its end that the books hold.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t, pgtest.MaxConns(10))}
	w.clock.Store(start.UnixMicro())
	w.ledger = w.books()
	box := must(vault.New(vault.Generate("k1")))
	watcher := must(epoch.NewWatcher(epoch.Config{DB: w.db, Every: 50 * time.Millisecond}))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { watcher.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	w.directory = must(merchant.NewDirectory(merchant.DirectoryDeps{DB: w.db, Vault: box, Watcher: watcher, Now: w.now}))
	w.merchants = must(merchant.NewService(merchant.Deps{DB: w.db, Ledger: w.ledger, Vault: box, Watcher: watcher, Now: w.now}))
	rates := must(fx.New(fx.Deps{DB: w.db, Watcher: watcher, Now: w.now}))
	w.payouts = must(payout.New(payout.Deps{
		DB: w.db, Ledger: w.ledger, Merchants: w.directory, Rates: rates, Vault: box, Watcher: watcher,
		CheckURL:  func(target string) error { return callbacks.CheckURL(target, callbacks.AllowList{}) },
		PublicURL: "https://pay.example.com", Now: w.now, Log: slog.New(slog.DiscardHandler),
	}))
	w.export = must(export.New(export.Deps{DB: w.db, Now: w.now, Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(w.export.Close)
	must(rates.Set(t.Context(), fx.Change{Currency: "rub", Value: decimal.RequireFromString("97.1234"), MaxAge: 1000 * time.Hour}))
	w.demo = w.merchant("demo", "1000")
	return w
}

func (w *world) books() *ledger.Ledger {
	l := must(ledger.New(ledger.Config{DB: w.db, Now: w.now}))
	w.t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
		ledgertest.Verify(w.t, l, ledger.Obligation{Purpose: ledger.PurposeHeld, SQL: payout.HeldObligation})
	})
	return l
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func usdt(text string) money.Money { return must(money.Parse(text, money.USDT)) }

func (w *world) merchant(name, funds string) merchant.Merchant {
	w.t.Helper()
	must(w.merchants.Create(w.t.Context(), merchant.New{Name: name, Mode: ledger.Live, FeeBPS: 100}))
	must(w.merchants.TopUp(w.t.Context(), name, usdt(funds), "start"))
	return must(w.directory.ByName(w.t.Context(), name))
}

func (w *world) account(m merchant.Merchant) export.Account {
	return export.Account{MerchantID: m.ID, Name: m.Name, Mode: m.Mode}
}

const card = "4276345439581234"

func request(orderID, amount string) payout.CreateRequest {
	return payout.CreateRequest{
		OrderID: orderID, PaymentMethod: "card", FiatAmount: amount, FiatCurrency: "rub", NumberCard: card,
		FullName: "Petrov Petr Petrovich", BankName: "Tinkoff",
		SuccessCallbackURL: "https://shop.example.com/done?token=abc", ErrorCallbackURL: "https://shop.example.com/error",
	}
}

func (w *world) create(m merchant.Merchant, req payout.CreateRequest) payout.Payout {
	w.t.Helper()
	created, _, err := w.payouts.Create(w.t.Context(), m, req)
	if err != nil {
		w.t.Fatal(err)
	}
	return created.Payout
}

func (w *world) operator() context.Context {
	return audit.WithActor(w.t.Context(), audit.Actor{Kind: audit.Operator, ID: "usr_1", Name: "o@desk.example"})
}

func (w *world) claim(p payout.Payout) {
	w.t.Helper()
	if _, found, err := w.payouts.Claim(w.operator(), payout.ClaimFilter{ID: p.ID}); err != nil || !found {
		w.t.Fatalf("claim: %v %v", found, err)
	}
}

func (w *world) complete(p payout.Payout) {
	w.t.Helper()
	w.claim(p)
	must(w.payouts.Complete(w.operator(), p.ID, payout.Completion{}))
}

func (w *world) reject(p payout.Payout, reason string) {
	w.t.Helper()
	w.claim(p)
	must(w.payouts.Reject(w.operator(), p.ID, reason))
}

func (w *world) balance(a ledger.Account) string {
	w.t.Helper()
	return must(w.ledger.Balance(w.t.Context(), a)).String()
}

func (w *world) open(kind export.Kind, format export.Format, f export.Filter) *export.File {
	w.t.Helper()
	file, err := w.export.Open(w.operator(), kind, format, f)
	if err != nil {
		w.t.Fatalf("open: %v", err)
	}
	w.t.Cleanup(func() { _ = file.Close() })
	return file
}

func (w *world) read(file *export.File) []byte {
	w.t.Helper()
	content, err := io.ReadAll(file)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		w.t.Fatal(err)
	}
	return content
}

func (w *world) csv(kind export.Kind, f export.Filter) table {
	w.t.Helper()
	return rows(w.t, w.read(w.open(kind, export.CSV, f)))
}

// table is a file as a list of rows by the names of its columns.
type table []map[string]string

func rows(t testing.TB, content []byte) table {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return named(records)
}

func named(records [][]string) table {
	list := make(table, 0, len(records))
	for _, record := range records[1:] {
		row := make(map[string]string)
		for i, value := range record {
			row[records[0][i]] = value
		}
		list = append(list, row)
	}
	return list
}

// sum adds up a column over the rows whose other column has the value.
func (t table) sum(column, where, value string) decimal.Decimal {
	total := decimal.Zero
	for _, row := range t {
		if row[where] == value {
			total = total.Add(decimal.RequireFromString(row[column]))
		}
	}
	return total
}

func wantFault(t *testing.T, err error, code string) *fault.Error {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v, want the fault %s", err, code)
	}
	return f
}

var discard = slog.New(slog.DiscardHandler)
