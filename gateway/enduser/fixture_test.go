package enduser_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// What open withdrawals reserve stands in the books, and the sums on a user's
// row are those of what they sum; see (*wallet).check for the latter.
var obligations = []ledger.Obligation{
	{Purpose: ledger.PurposeOrderHeld, SQL: open("card")},
	{Purpose: ledger.PurposeEscrow, SQL: open("p2p")},
}

func open(kind string) string {
	return `select 'live', 'user:' || user_id, 'RUB', sum(amount)::bigint from user_withdrawals
		where state = 'open' and kind = '` + kind + `' group by user_id`
}

// wallet is a database with users, and the services over it.
type wallet struct {
	*enduser.Service
	db     *pgxpool.Pool
	ledger *ledger.Ledger
	since  atomic.Int64 // the clock: nanoseconds after noon
}

func setup(t *testing.T) *wallet {
	t.Helper()
	db := pgtest.New(t)
	return setupOn(t, db, ledgertest.New(t, db, obligations...))
}

func setupOn(t *testing.T, db *pgxpool.Pool, books *ledger.Ledger) *wallet {
	t.Helper()
	w := &wallet{db: db, ledger: books}
	var err error
	w.Service, err = enduser.NewService(enduser.Deps{DB: db, Ledger: books, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.check(t) })
	return w
}

func (w *wallet) now() time.Time { return noon.Add(time.Duration(w.since.Load())) }

func (w *wallet) pass(d time.Duration) { w.since.Add(int64(d)) }

// check compares the sums on the users' rows with what they sum.
func (w *wallet) check(t *testing.T) {
	t.Helper()
	var wrong int
	err := w.db.QueryRow(context.Background(), `
select count(*) from users u
cross join lateral (select coalesce(sum(amount) filter (where state = 'open'), 0) as open,
                           coalesce(sum(amount) filter (where state = 'completed'), 0) as completed
                    from user_withdrawals where user_id = u.id) w
cross join lateral (select coalesce(sum(amount), 0) as deposited from user_deposits where user_id = u.id) d
where (u.withdrawing, u.withdrawn, u.deposited) is distinct from (w.open, w.completed, d.deposited)`).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Errorf("%d users whose sums are wrong, %v", wrong, err)
	}
}

// make makes a user, with a completed deposit unless it is zero.
func (w *wallet) make(t testing.TB, name string, kopecks int64) enduser.User {
	t.Helper()
	u, err := w.Create(t.Context(), enduser.Spec{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	if kopecks > 0 {
		if err := w.Deposit(t.Context(), u.ID, rub(kopecks), "first"); err != nil {
			t.Fatal(err)
		}
	}
	return w.user(t, u.ID)
}

func (w *wallet) user(t testing.TB, id int64) enduser.User {
	t.Helper()
	u, err := w.ByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (w *wallet) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := w.db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// reserve begins a withdrawal, as an order does.
func (w *wallet) reserve(ctx context.Context, reference string, id int64, kind enduser.Kind, amount int64) error {
	entry := ledger.CardOrderHold(reference+":hold", enduser.Owner(id), rub(amount))
	if kind == enduser.P2P {
		entry = ledger.EscrowLock(reference+":lock", enduser.Owner(id), rub(amount))
	}
	_, err := w.ledger.Post(ctx, entry, ledger.Rider(enduser.Reserve(reference, id, kind, amount, w.now())))
	return err
}

// end ends a card withdrawal.
func (w *wallet) end(ctx context.Context, reference string, id, amount int64, completed bool) error {
	flow := ledger.CardOrderReturn
	if completed {
		flow = ledger.CardOrderSettle
	}
	_, err := w.ledger.Post(ctx, flow(reference+":end", enduser.Owner(id), rub(amount)),
		ledger.Rider(enduser.End(reference, completed, w.now())))
	return err
}

func (w *wallet) trail(t testing.TB, action string) []audit.Item {
	t.Helper()
	page, err := audit.List(t.Context(), w.db, audit.Filter{Action: action})
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

func rub(kopecks int64) money.Money { return money.New(kopecks, enduser.RUB) }

func missed(err error) bool {
	var rider *ledger.RiderError
	return errors.As(err, &rider) && rider.Missed()
}

func checkFields(t *testing.T, err error, want ...string) {
	t.Helper()
	f := fault.From(err)
	if f == nil || f.Kind != fault.InvalidInput || len(f.Fields) != len(want) {
		t.Fatalf("error = %+v, want faults of %v", f, want)
	}
	for i, field := range f.Fields {
		if field.Name != want[i] {
			t.Errorf("fault of %s, want %s", field.Name, want[i])
		}
	}
}

// waitForLock returns once some session of this database waits for a lock.
func waitForLock(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	for !waits(t, db) {
		continue
	}
}

func waits(t testing.TB, db *pgxpool.Pool) (waiting bool) {
	t.Helper()
	err := db.QueryRow(t.Context(), `select exists (select from pg_stat_activity
		where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting)
	if err != nil {
		t.Fatal(err)
	}
	return waiting
}
