package exchange_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func (c *clock) Now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }

func startOfTests() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const card = "2200123456789012"

// world is everything that trade needs, on a database of its own. At its end
// the books must hold and escrow must have what open orders sell.
type world struct {
	t      testing.TB
	db     *pgxpool.Pool
	clock  *clock
	ledger *ledger.Ledger
	users  *enduser.Service
	vault  *vault.Vault
	deps   exchange.Deps
	*exchange.Service

	deposits atomic.Int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t, pgtest.MaxConns(16)), clock: &clock{}}
	w.clock.at.Store(startOfTests().UnixMicro())
	w.ledger = ledgertest.New(t, w.db, exchange.Obligation)
	w.vault = must(vault.New(vault.Generate("k1")))
	w.users = must(enduser.NewService(enduser.Deps{DB: w.db, Ledger: w.ledger, Now: w.clock.Now}))
	log := slog.New(slog.DiscardHandler)
	w.deps = exchange.Deps{
		DB: w.db, Ledger: w.ledger, Users: w.users, Vault: w.vault, Now: w.clock.Now, Log: log,
		Chat: must(chat.New(chat.Deps{DB: w.db, Vault: w.vault, Now: w.clock.Now, Log: log})),
	}
	w.Service = must(exchange.NewService(w.deps))
	return w
}

// user makes a user who has deposited so many kopecks.
func (w *world) user(name string, deposited int64) enduser.User {
	w.t.Helper()
	u, err := w.users.Create(w.t.Context(), enduser.Spec{Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	if deposited > 0 {
		if err := w.users.Deposit(w.t.Context(), u.ID, money.New(deposited, "RUB"), "start-"+name); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.reload(u)
}

func (w *world) reload(u enduser.User) enduser.User {
	w.t.Helper()
	u, err := w.users.ByID(context.Background(), u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// buying is a good request for an ad of somebody who buys.
func buying(low, high int64) exchange.AdRequest {
	return exchange.AdRequest{
		Type: "buy", FiatCurrency: "RUB", MinAmount: low, MaxAmount: high, PaymentMethods: []string{"card", "sbp"},
	}
}

// selling is one of somebody who sells.
func selling(low, high int64) exchange.AdRequest {
	req := buying(low, high)
	req.Type, req.PaymentDetails = "sell", map[string]string{"card_number": "2200 1234-5678 9012"}
	return req
}

func (w *world) ad(u enduser.User, req exchange.AdRequest) int64 {
	w.t.Helper()
	id, err := w.CreateAd(w.t.Context(), u, req, idempotency.Key{})
	if err != nil {
		w.t.Fatalf("CreateAd: %v", err)
	}
	return id
}

// answer is a good request for an order.
func answer(ad, amount int64) exchange.OrderRequest {
	return exchange.OrderRequest{AdID: ad, USDTAmount: amount, PaymentMethod: "card", PaymentDetails: map[string]string{"card_number": card}}
}

func (w *world) order(u enduser.User, ad, amount int64) int64 {
	w.t.Helper()
	id, err := w.CreateOrder(w.t.Context(), u, answer(ad, amount), idempotency.Key{})
	if err != nil {
		w.t.Fatalf("CreateOrder: %v", err)
	}
	return id
}

func (w *world) remaining(ad int64) int64 {
	w.t.Helper()
	v, err := w.AdByID(context.Background(), ad)
	if err != nil {
		w.t.Fatal(err)
	}
	return v.RemainingAmount
}

func (w *world) read(u enduser.User, id int64) exchange.OrderView {
	w.t.Helper()
	v, err := w.OrderByID(context.Background(), u, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// wantMoney checks what a user has free and in escrow.
func (w *world) wantMoney(u enduser.User, available, escrow int64) {
	w.t.Helper()
	owner := enduser.Owner(u.ID)
	got, err := w.ledger.Balances(context.Background(), ledger.UserAvailable(owner, "RUB"), ledger.UserEscrow(owner, "RUB"))
	if err != nil {
		w.t.Fatal(err)
	}
	if got[0].Minor() != available || got[1].Minor() != escrow {
		w.t.Errorf("%s has %d free and %d in escrow, want %d and %d", u.Name, got[0].Minor(), got[1].Minor(), available, escrow)
	}
}

// ends counts the ends of an order in the books.
func (w *world) ends(id int64) int {
	w.t.Helper()
	rows, err := w.ledger.TransfersByReference(context.Background(), fmt.Sprintf("p2p_order:%d:end", id))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(rows)
}

// as gives a context in which an operator acts.
func as(ctx context.Context, name string) context.Context {
	return audit.WithActor(ctx, audit.Actor{Kind: audit.Operator, ID: name, Name: name})
}

func key(u enduser.User, name, body string) idempotency.Key {
	return must(idempotency.Of(u.ID, "POST /test", name, body))
}

func wantCode(t testing.TB, err error, want string) {
	t.Helper()
	if got := fault.Code(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func noErr(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// deposit adds to what a user has deposited.
func (w *world) deposit(u enduser.User, amount int64) {
	w.t.Helper()
	reference := fmt.Sprintf("more-%d-%d", u.ID, w.deposits.Add(1))
	noErr(w.t, w.users.Deposit(context.Background(), u.ID, money.New(amount, "RUB"), reference))
}

// mine is the one open order of a user.
func (w *world) mine(u enduser.User) int64 {
	w.t.Helper()
	orders, err := w.MyOrders(context.Background(), u.ID, "pending", 0, 0)
	if err != nil || len(orders) != 1 {
		w.t.Fatalf("%d open orders, %v", len(orders), err)
	}
	return orders[0].ID
}

// untilBlocked waits until some statement waits for a lock. What is to wait
// must not answer before.
func (w *world) untilBlocked(answered <-chan error) {
	w.t.Helper()
	for {
		select {
		case err := <-answered:
			w.t.Fatalf("answered without waiting: %v", err)
		default:
		}
		var blocked bool
		noErr(w.t, w.db.QueryRow(w.t.Context(), `select exists (select from pg_stat_activity
			where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)`).Scan(&blocked))
		if blocked {
			return
		}
	}
}
