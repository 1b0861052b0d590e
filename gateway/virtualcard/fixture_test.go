package virtualcard_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

const (
	plainBIN  = "0b0f3c52-5d6e-4c55-9d7e-2f5c9a6d1a01" // nothing on a new card
	loadedBIN = "0b0f3c52-5d6e-4c55-9d7e-2f5c9a6d1a02" // 5.00 on a new card
)

func startOfTests() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func usd(minor int64) money.Money { return money.New(minor, virtualcard.USD) }

// world is everything that cards need, on a database of its own. The second
// service is another process on the same database.
type world struct {
	t        testing.TB
	db       *pgxpool.Pool
	passed   atomic.Int64 // of the clock, since startOfTests
	books    *flakyBooks
	users    *enduser.Service
	provider *provider
	*virtualcard.Service
	second *virtualcard.Service
}

// newWorld checks at its end that the books hold, and that what they say lies at
// the provider lies there.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t, pgtest.MaxConns(20))}
	w.provider = newProvider(w.now)
	t.Cleanup(w.checkCards) // after the ledgers are closed
	w.books = &flakyBooks{Ledger: ledgertest.New(t, w.db, virtualcard.Obligation)}
	w.users = must(enduser.NewService(enduser.Deps{DB: w.db, Ledger: w.books, Now: w.now}))
	w.Service = w.service(w.books)
	w.second = w.service(ledgertest.New(t, w.db))
	return w
}

func (w *world) service(books virtualcard.Books) *virtualcard.Service {
	return must(virtualcard.NewService(virtualcard.Deps{
		DB: w.db, Ledger: books, Users: w.users, Provider: w.provider, Now: w.now, Log: slog.New(slog.DiscardHandler),
	}))
}

func (w *world) now() time.Time { return startOfTests().Add(time.Duration(w.passed.Load())) }

func (w *world) advance(d time.Duration) { w.passed.Add(int64(d)) }

// settle lets every order's time pass and looks up what is left.
func (w *world) settle() {
	w.t.Helper()
	for range 20 {
		w.advance(31 * time.Second)
		must(w.Recover(context.Background(), 100))
		if w.processing() == 0 {
			return
		}
	}
	w.t.Errorf("%d operations never end", w.processing())
}

func (w *world) processing() (n int) {
	w.t.Helper()
	if err := w.db.QueryRow(context.Background(), `select count(*) from virtual_card_operations where state = 'processing'`).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// checkCards compares the books with the provider, once nothing is under way
// that either may not know of.
func (w *world) checkCards() {
	var open, booked int64
	err := w.db.QueryRow(context.Background(), `
select (select count(*) from virtual_card_operations where state = 'processing' or contradiction is not null),
       (select coalesce(sum(balance), 0)::bigint from ledger_accounts where owner = 'house' and purpose = 'cards')`).Scan(&open, &booked)
	if err != nil {
		w.t.Fatal(err)
	}
	if there := w.provider.total(); open == 0 && there != booked {
		w.t.Errorf("at the provider lie %d cents, the books say %d", there, booked)
	}
}

// user makes a user with dollars in the wallet.
func (w *world) user(cents int64) enduser.User {
	w.t.Helper()
	u := must(w.users.Create(w.t.Context(), enduser.Spec{Name: "Ivan"}))
	if cents > 0 {
		if err := w.users.Deposit(w.t.Context(), u.ID, usd(cents), "start"); err != nil {
			w.t.Fatal(err)
		}
	}
	return u
}

// issued makes a card with money on it, outside of the user's wallet.
func (w *world) issued(u enduser.User, cents int64) virtualcard.Card {
	w.t.Helper()
	c, err := w.Issue(w.t.Context(), u.ID, usd(cents))
	if err != nil {
		w.t.Fatalf("issue: %v", err)
	}
	return c
}

func (w *world) wantWallet(u enduser.User, cents int64) {
	w.t.Helper()
	wallet, err := w.Wallet(context.Background(), u.ID)
	if err != nil || wallet.Balance.Minor() != cents {
		w.t.Errorf("wallet holds %s (%v), want %s", wallet.Balance, err, usd(cents))
	}
}

func (w *world) wantCard(u enduser.User, id string, status virtualcard.Status, cents int64) {
	w.t.Helper()
	c, err := w.Card(context.Background(), u.ID, id)
	if err != nil || c.Status != status || c.Balance.Minor() != cents {
		w.t.Errorf("card is %s with %s (%v), want %s with %s", c.Status, c.Balance, err, status, usd(cents))
	}
}

// credits counts the transfers to a user's wallet off cards.
func (w *world) credits(u enduser.User) (n int) {
	w.t.Helper()
	err := w.db.QueryRow(context.Background(), `
select count(*) from ledger_transfers t join ledger_accounts a on a.id = t.to_account
where t.flow = 'card_unload' and a.owner = $1`, enduser.Owner(u.ID)).Scan(&n)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) exceptions() []virtualcard.Exception {
	w.t.Helper()
	p, err := w.Exceptions(context.Background(), "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Items
}

func noKey() idempotency.Key { return idempotency.Key{} }

func keyOf(u enduser.User, route, key string, request any) idempotency.Key {
	return must(idempotency.Of(u.ID, route, key, request))
}

// flakyBooks are books that fail at the postings of one reference.
type flakyBooks struct {
	*ledger.Ledger
	mu   sync.Mutex
	fail func(e ledger.Entry) (before, after error)
}

func (b *flakyBooks) Post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error) {
	b.mu.Lock()
	fail := b.fail
	b.mu.Unlock()
	var before, after error
	if fail != nil {
		before, after = fail(e)
	}
	if before != nil {
		return ledger.Receipt{}, before
	}
	receipt, err := b.Ledger.Post(ctx, e, riders...)
	if after != nil {
		return ledger.Receipt{}, after
	}
	return receipt, err
}

// failOnce makes the next entry of a flow fail, before it is posted or after.
func (b *flakyBooks) failOnce(flow string, posted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var once atomic.Bool
	b.fail = func(e ledger.Entry) (before, after error) {
		switch {
		case e.Flow != flow || once.Swap(true):
			return nil, nil
		case posted:
			return nil, ledger.ErrUnavailable
		default:
			return ledger.ErrUnavailable, nil
		}
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := fault.Code(err); got != code {
		t.Errorf("got %q (%v), want %q", got, err, code)
	}
}
