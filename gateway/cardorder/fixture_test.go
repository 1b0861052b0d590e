package cardorder_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

const (
	cardNumber = "2200123456789012"
	route      = "POST /api/v1/card/orders"
)

func startOfTests() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// world is everything that card orders need, on a database of its own. The
// second service is another process on the same database.
type world struct {
	t      testing.TB
	db     *pgxpool.Pool
	passed atomic.Int64 // of the clock, since startOfTests
	asked  atomic.Int64 // how often anybody asked for the time
	books  *ledger.Ledger
	users  *enduser.Service
	vault  *vault.Vault
	log    *safeBuffer
	*cardorder.Service
	second *cardorder.Service
}

// newWorld checks at its end that the books hold, and that users' sums are
// those of their orders.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t, pgtest.MaxConns(20)), log: &safeBuffer{}}
	t.Cleanup(w.checkSums) // after the ledgers are closed
	w.books = ledgertest.New(t, w.db, cardorder.Obligation)
	w.vault = must(vault.New(vault.Generate("k1")))
	w.users = must(enduser.NewService(enduser.Deps{DB: w.db, Ledger: w.books, Now: w.now}))
	w.Service = w.service(w.books, w.vault)
	w.second = w.service(ledgertest.New(t, w.db), w.vault)
	return w
}

func (w *world) service(books *ledger.Ledger, v *vault.Vault) *cardorder.Service {
	w.t.Helper()
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	talk := must(chat.New(chat.Deps{DB: w.db, Vault: v, Now: w.now, Log: log}))
	return must(cardorder.NewService(cardorder.Deps{DB: w.db, Ledger: books, Users: w.users, Chat: talk, Vault: v, Now: w.now}))
}

func (w *world) now() time.Time {
	w.asked.Add(1)
	return startOfTests().Add(time.Duration(w.passed.Load()))
}

func (w *world) advance(d time.Duration) { w.passed.Add(int64(d)) }

// checkSums compares what users' rows say with what their orders do.
func (w *world) checkSums() {
	var wrong int
	err := w.db.QueryRow(context.Background(), `
select count(*) from users u
cross join lateral (select coalesce(sum(amount) filter (where status = 'pending'), 0) as open,
                           coalesce(sum(amount) filter (where status = 'completed'), 0) as completed
                    from card_orders where user_id = u.id and type = 'withdraw') o
where (u.withdrawing, u.withdrawn) is distinct from (o.open, o.completed)
   or u.deposited <> (select coalesce(sum(amount), 0) from user_deposits where user_id = u.id)`).Scan(&wrong)
	if err != nil || wrong != 0 {
		w.t.Errorf("%d users whose sums are wrong, %v", wrong, err)
	}
}

// safeBuffer is a log that many write.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// user makes a user with a completed deposit, none for 0.
func (w *world) user(kopecks int64) enduser.User {
	w.t.Helper()
	u := must(w.users.Create(w.t.Context(), enduser.Spec{Name: "Ivan", Nickname: "ivan"}))
	if kopecks > 0 {
		w.depositTo(u, kopecks, "start")
	}
	return u
}

func (w *world) depositTo(u enduser.User, kopecks int64, ref string) {
	w.t.Helper()
	if err := w.users.Deposit(w.t.Context(), u.ID, money.New(kopecks, enduser.RUB), ref); err != nil {
		w.t.Fatal(err)
	}
}

// withdrawal and deposit are good requests.
func withdrawal(kopecks int64) cardorder.Request {
	return cardorder.Request{
		Type: cardorder.Withdraw, Amount: kopecks,
		Details: cardorder.Details{CardNumber: "2200 1234-5678 9012", BankName: "Sber", HolderName: "IVAN PETROV"},
	}
}

func deposit(kopecks int64) cardorder.Request {
	return cardorder.Request{Type: cardorder.Deposit, Amount: kopecks}
}

func noKey() idempotency.Key { return idempotency.Key{} }

func keyOf(u enduser.User, key string, req cardorder.Request) idempotency.Key {
	return must(idempotency.Of(u.ID, route, key, map[string]any{
		"type": req.Type, "amount": req.Amount, "card": req.Details.CardNumber, "bank": req.Details.BankName,
	}))
}

func (w *world) create(u enduser.User, req cardorder.Request) int64 {
	w.t.Helper()
	id, err := w.Create(w.t.Context(), u, req, noKey())
	if err != nil {
		w.t.Fatalf("create: %v", err)
	}
	return id
}

// paid is a deposit that its user says he has paid.
func (w *world) paid(u enduser.User, kopecks int64) int64 {
	w.t.Helper()
	id := w.create(u, deposit(kopecks))
	if err := w.ConfirmPaid(w.t.Context(), u, id); err != nil {
		w.t.Fatalf("confirm paid: %v", err)
	}
	return id
}

// as gives a context in which an operator acts.
func (w *world) as(id string) context.Context {
	return audit.WithActor(w.t.Context(), audit.Actor{Kind: audit.Operator, ID: id, Name: id})
}

func (w *world) read(id int64) cardorder.Order {
	w.t.Helper()
	o, err := w.DeskByID(context.Background(), id)
	if err != nil {
		w.t.Fatalf("read: %v", err)
	}
	return o
}

func (w *world) wantStatus(id int64, want cardorder.Status) {
	w.t.Helper()
	if got := w.read(id).Status; got != want {
		w.t.Errorf("order %d is %s, want %s", id, got, want)
	}
}

// funds are what a user has free and in open withdrawals.
func (w *world) funds(u enduser.User) (available, held int64) {
	w.t.Helper()
	b, err := w.users.Balance(context.Background(), u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return b.Available, b.Held
}

func (w *world) wantFunds(u enduser.User, available, held int64) {
	w.t.Helper()
	if a, h := w.funds(u); a != available || h != held {
		w.t.Errorf("available %d held %d, want %d and %d", a, h, available, held)
	}
}

// ends counts the transfers that ended an order.
func (w *world) ends(id int64) (count int) {
	w.t.Helper()
	err := w.db.QueryRow(context.Background(),
		`select count(*) from ledger_transfers where reference = 'card_order:' || $1::bigint || ':end'`, id).Scan(&count)
	if err != nil {
		w.t.Fatal(err)
	}
	return count
}

// audited counts the audit records of an action on an order.
func (w *world) audited(action string, id int64) (count int) {
	w.t.Helper()
	err := w.db.QueryRow(context.Background(),
		`select count(*) from audit_log where action = $1 and subject = 'card_order' and subject_id = $2::bigint::text`, action, id).Scan(&count)
	if err != nil {
		w.t.Fatal(err)
	}
	return count
}

func faultOf(err error) *fault.Error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return &fault.Error{}
	}
	return f
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := fault.Code(err); got != code {
		t.Errorf("got %q (%v), want %q", got, err, code)
	}
}
