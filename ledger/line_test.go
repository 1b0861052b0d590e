package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/migrations/pgtest"
)

// lanes counts groups by how they went.
type lanes struct {
	mu              sync.Mutex
	guessed, others int
}

func (n *lanes) observe(g ledger.GroupStats) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if g.Guessed {
		n.guessed++
	} else {
		n.others++
	}
}

// since returns the counts and starts them anew.
func (n *lanes) since() (guessed, others int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	guessed, others = n.guessed, n.others
	n.guessed, n.others = 0, 0
	return guessed, others
}

func observed(t *testing.T, cfg ledger.Config) (*ledger.Ledger, *lanes) {
	t.Helper()
	var n lanes
	cfg.Observe = n.observe
	l, err := ledger.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			t.Error(err)
		}
		ledgertest.Verify(t, l)
	})
	return l, &n
}

// What the writer remembers is right until somebody else posts; then it is
// noticed, once, and balances are read until guessing pays again.
func TestGuessIsCheckedAndCorrected(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	here, lanes := observed(t, ledger.Config{DB: db})
	there := ledgertest.New(t, db)
	topUp(t, here, "a", "1000")
	serial := 0
	post := func(l *ledger.Ledger) {
		t.Helper()
		serial++
		receipt, err := l.Post(t.Context(), hold(fmt.Sprint(serial), "a", "1"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := receipt.Transfers[0].FromBalance, int64(1000-serial)*1_000_000; got != want {
			t.Fatalf("posting %d left %d, want %d", serial, got, want)
		}
	}
	post(here) // opens and reads the account
	lanes.since()
	for range 10 {
		post(here)
	}
	if guessed, others := lanes.since(); guessed != 10 || others != 0 {
		t.Fatalf("%d groups guessed and %d read, want 10 and 0", guessed, others)
	}
	post(there)
	for range 20 {
		post(here)
	}
	if guessed, others := lanes.since(); guessed != 0 || others != 20 {
		t.Errorf("%d groups guessed and %d read after another process posted, want 0 and 20", guessed, others)
	}
	for range 100 {
		post(here)
	}
	if guessed, _ := lanes.since(); guessed < 30 {
		t.Errorf("%d of 100 groups guessed again, want most of the last 50", guessed)
	}
}

// Everything that can happen to a posting happens on the line too, with the
// same answer, beside neighbours that it does not harm.
func TestAnswersOnTheLine(t *testing.T) {
	t.Parallel()
	db := withNotes(t)
	l, lanes := observed(t, ledger.Config{DB: db})
	topUp(t, l, "a", "1000")
	seen := func(id string) ledger.Rider {
		return ledger.Rider{
			SQL: `update notes n set seen = true from unnest($1::text[]) as k (id) where n.id = k.id and n.seen is null`,
			Row: []any{id},
		}
	}
	post := func(reference, amount string, riders ...ledger.Rider) error {
		_, err := l.Post(context.Background(), hold(reference, "a", amount), riders...)
		return err
	}
	for i := range 3 {
		if err := post(fmt.Sprint("first", i), "1", note(fmt.Sprint("first", i), "n")); err != nil {
			t.Fatal(err)
		}
	}
	lanes.since()
	if err := post("guard", "1", seen("first1")); err != nil {
		t.Error(err)
	}
	if guessed, _ := lanes.since(); guessed != 1 {
		t.Error("a guarded rider did not take the line")
	}
	spoiled := func(refused bool) func(error) bool {
		return func(err error) bool {
			var rider *ledger.RiderError
			return errors.As(err, &rider) && (rider.Err != nil) == refused
		}
	}
	for _, tc := range []struct {
		name string
		err  func(i int) error
		ok   func(error) bool
	}{
		{"short of funds", func(i int) error { return post(fmt.Sprint("poor", i), "2000") },
			func(err error) bool { return errors.Is(err, ledger.ErrInsufficientFunds) }},
		{"replayed", func(int) error { return post("first0", "1", note("new", "n")) }, func(err error) bool { return err == nil }},
		{"replayed though it would not fit", func(int) error { return post("first2", "1") }, func(err error) bool { return err == nil }},
		{"reused", func(int) error { return post("first0", "2") },
			func(err error) bool { return errors.Is(err, ledger.ErrReferenceReused) }},
		{"guard missed", func(i int) error { return post(fmt.Sprint("missed", i), "1", seen("first1")) },
			spoiled(false)},
		{"rider refused", func(i int) error { return post(fmt.Sprint("refused", i), "1", note("first1", "n")) },
			spoiled(true)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for lanes.since(); ; { // until guesses are made again
				if err := post(fmt.Sprint("calm", tc.name, time.Now().UnixNano()), "0.01"); err != nil {
					t.Fatal(err)
				}
				if guessed, _ := lanes.since(); guessed > 0 {
					break
				}
			}
			var callers sync.WaitGroup
			for i := range 12 {
				callers.Go(func() {
					if i%4 == 0 {
						if err := tc.err(i); !tc.ok(err) {
							t.Errorf("caller %d: %v", i, err)
						}
					} else if err := post(fmt.Sprint("neighbour", tc.name, i), "1"); err != nil {
						t.Errorf("neighbour %d: %v", i, err)
					}
				})
			}
			callers.Wait()
		})
	}
	var notes int
	if err := db.QueryRow(t.Context(), "select count(*) from notes").Scan(&notes); err != nil || notes != 3 {
		t.Errorf("%d notes, want the 3 that stand (%v)", notes, err)
	}
}

// A statement that the line cannot take goes alone and leaves the line as it
// was; one that counts for itself needs no such detour.
func TestUnfitRidersLeaveTheLine(t *testing.T) {
	t.Parallel()
	l, lanes := observed(t, ledger.Config{DB: withNotes(t)})
	topUp(t, l, "a", "10")
	post := func(reference string, riders ...ledger.Rider) error {
		_, err := l.Post(t.Context(), hold(reference, "a", "1"), riders...)
		return err
	}
	if err := post("first", note("one", "n")); err != nil {
		t.Fatal(err)
	}
	counted := `with k as (select unnest($1::text[]) as id), done as (
		update notes n set seen = true from k where n.id = k.id and n.seen is null returning 1
	) select ledger_expect((select count(*) from done) = cardinality($1), 'DL002')`
	uncounted := `with k as (insert into notes (id) select unnest($1::text[]) returning id)
		insert into notes (id) select id || 'x' from k`
	lanes.since()
	if err := post("alone", ledger.Rider{SQL: uncounted, Row: []any{"two"}}); err != nil {
		t.Error(err)
	}
	if err := post("counts for itself", ledger.Rider{SQL: counted, Row: []any{"one"}, Certain: true}); err != nil {
		t.Error(err)
	}
	if guessed, others := lanes.since(); guessed != 1 || others != 1 {
		t.Errorf("%d groups on the line and %d alone, want one each", guessed, others)
	}
	var rider *ledger.RiderError
	if err := post("missed", ledger.Rider{SQL: counted, Row: []any{"one"}, Certain: true}); !errors.As(err, &rider) || !rider.Missed() {
		t.Errorf("got %v, want a rider that missed", err)
	}
}
