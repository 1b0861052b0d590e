package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

func topUp(t testing.TB, l *ledger.Ledger, merchant, amount string) {
	t.Helper()
	_, err := l.Post(t.Context(), ledger.MerchantTopUp("top-up:"+merchant, ledger.Live, merchant, usdt(amount)))
	if err != nil {
		t.Fatal(err)
	}
}

func balance(t testing.TB, l *ledger.Ledger, a ledger.Account) string {
	t.Helper()
	m, err := l.Balance(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return m.String()
}

func hold(reference, merchant, amount string) ledger.Entry {
	return ledger.PayoutHold(reference, ledger.Live, merchant, usdt(amount))
}

// Checks come in a fixed order; each row fails the check it is named after
// and, where possible, the later ones too.
func TestPostChecksInOrder(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t, pgtest.New(t))
	topUp(t, l, "acme", "10")
	if _, err := l.Post(t.Context(), hold("taken", "acme", "1")); err != nil {
		t.Fatal(err)
	}
	rub := ledger.MerchantAvailable(ledger.Live, "acme")
	for _, tc := range []struct {
		name  string
		entry ledger.Entry
		want  error
	}{
		{"EmptyReference", hold("", "acme", "1"), ledger.ErrInvalid},
		{"LongReference", hold(strings.Repeat("r", 1401), "acme", "1"), ledger.ErrInvalid},
		{"ControlCharacterInReference", hold("a\nb", "acme", "1"), ledger.ErrInvalid},
		{"InvalidUTF8InReference", hold("a\xff", "acme", "1"), ledger.ErrInvalid},
		{"ZeroAmount", hold("taken", "acme", "0"), ledger.ErrInvalid},
		{"NegativeAmount", ledger.PayoutHold("n", ledger.Live, "acme", money.New(-1, money.USDT)), ledger.ErrInvalid},
		{"UnknownMode", ledger.PayoutHold("m", "staging", "acme", usdt("1")), ledger.ErrInvalid},
		{"NoOwner", hold("o", "", "1"), ledger.ErrInvalid},
		{"OtherCurrencyThanTheAccount", ledger.Adjustment("c", rub, money.New(1, "RUB")), ledger.ErrInvalid},
		{"ReferenceTakenBeforeFunds", hold("taken", "acme", "1000000"), ledger.ErrReferenceReused},
		{"Funds", hold("new", "acme", "9.000001"), ledger.ErrInsufficientFunds},
		{"Overflow", ledger.MerchantTopUp("big", ledger.Live, "acme", money.New(math.MaxInt64, money.USDT)), ledger.ErrOverflow},
		{"OK", hold("new", "acme", "9"), nil},
		{"Replay", hold("new", "acme", "9"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := l.Post(t.Context(), tc.entry); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestReceiptTellsBalancesAndReplayTellsTheSame(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t, pgtest.New(t))
	topUp(t, l, "acme", "10")
	entry := ledger.PayoutSettle("end", ledger.Live, "acme", usdt("3"), usdt("0.5"))
	if _, err := l.Post(t.Context(), hold("h", "acme", "4")); err != nil {
		t.Fatal(err)
	}
	first, err := l.Post(t.Context(), entry)
	if err != nil {
		t.Fatal(err)
	}
	if first.Replayed || len(first.Transfers) != 2 || first.Transfers[1].FromBalance != 500_000 || first.Transfers[1].ToBalance != 500_000 {
		t.Fatalf("receipt %+v", first)
	}
	again, err := l.Post(t.Context(), entry)
	if err != nil || !again.Replayed {
		t.Fatalf("replay %+v, %v", again, err)
	}
	again.Replayed = false
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the replay tells another receipt (-first +again):\n%s", diff)
	}
}

const sqlNote = `insert into notes (id, text) select * from unnest($1::text[], $2::text[])`

// withNotes gives a table for riders.
func withNotes(t testing.TB, options ...pgtest.Option) *pgxpool.Pool {
	t.Helper()
	db := pgtest.New(t, options...)
	_, err := db.Exec(t.Context(), `create table notes (id text constraint notes_once primary key, text text, seen bool)`)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func note(id, text string) ledger.Rider {
	return ledger.Rider{SQL: sqlNote, Row: []any{id, &text}, Certain: true}
}

func TestRidersStandOrFallWithTheEntry(t *testing.T) {
	t.Parallel()
	db := withNotes(t)
	l := ledgertest.New(t, db)
	topUp(t, l, "acme", "10")
	mark := ledger.Rider{
		SQL: `update notes n set seen = true from unnest($1::text[]) as k (id) where n.id = k.id and n.seen is null`,
		Row: []any{"one"},
	}
	post := func(reference string, riders ...ledger.Rider) error {
		_, err := l.Post(t.Context(), hold(reference, "acme", "1"), riders...)
		return err
	}
	if err := post("1", note("one", "x"), mark); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name       string
		riders     []ledger.Rider
		index      int
		constraint string
	}{
		{"GuardHitsNoRow", []ledger.Rider{note("two", "x"), mark}, 1, ""},
		{"UniqueTaken", []ledger.Rider{note("one", "x")}, 0, "notes_once"},
		{"TwiceTheSameRow", []ledger.Rider{note("three", "x"), note("three", "x")}, 0, "notes_once"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := post("2", tc.riders...)
			var rider *ledger.RiderError
			if !errors.As(err, &rider) || rider.Index != tc.index {
				t.Fatalf("got %v, want a failure of rider %d", err, tc.index)
			}
			var pg *pgconn.PgError
			if errors.As(err, &pg) != (tc.constraint != "") || (pg != nil && pg.ConstraintName != tc.constraint) {
				t.Errorf("cause %v, want constraint %q", rider.Err, tc.constraint)
			}
		})
	}
	if got := balance(t, l, ledger.MerchantHeld(ledger.Live, "acme")); got != "1.000000" {
		t.Errorf("held %s after refused postings, want 1.000000", got)
	}
	var notes int
	if err := db.QueryRow(t.Context(), "select count(*) from notes").Scan(&notes); err != nil || notes != 1 {
		t.Errorf("%d notes, want only the first (%v)", notes, err)
	}
	if err := post("1", note("four", "x")); err != nil { // a replay runs no rider
		t.Error(err)
	}
	if err := db.QueryRow(t.Context(), "select count(*) from notes").Scan(&notes); err != nil || notes != 1 {
		t.Errorf("%d notes after a replay, want 1 (%v)", notes, err)
	}
}

// Many callers at once, some spoiled by their rider or short of funds: each
// gets its own answer, and the good ones all stand.
func TestSpoiledPostingsHarmNoNeighbour(t *testing.T) {
	t.Parallel()
	db := withNotes(t)
	l := ledgertest.New(t, db)
	topUp(t, l, "acme", "300")
	if _, err := db.Exec(t.Context(), `insert into notes (id) values ('taken')`); err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for i := range 300 {
		callers.Go(func() {
			id, amount := fmt.Sprint(i), "1"
			switch i % 10 {
			case 3:
				id = "taken"
			case 7:
				amount = "1000"
			}
			_, err := l.Post(context.Background(), hold("h"+fmt.Sprint(i), "acme", amount), note(id, "n"))
			var rider *ledger.RiderError
			switch {
			case i%10 == 3 && !errors.As(err, &rider), i%10 == 7 && !errors.Is(err, ledger.ErrInsufficientFunds),
				i%10 != 3 && i%10 != 7 && err != nil:
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	callers.Wait()
	if got := balance(t, l, ledger.MerchantHeld(ledger.Live, "acme")); got != "240.000000" {
		t.Errorf("held %s, want 240.000000", got)
	}
}

// A row that some session keeps locked costs those who need it an answer of
// "try again", and everybody else a moment.
func TestLockedRowHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	db := withNotes(t)
	l := ledgertest.New(t, db)
	topUp(t, l, "acme", "300")
	if _, err := db.Exec(t.Context(), `insert into notes (id) select 'n' || n from generate_series(0, 63) n`); err != nil {
		t.Fatal(err)
	}
	frozen, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = frozen.Rollback(context.Background()) }()
	if _, err := frozen.Exec(t.Context(), `select from notes where id = 'n7' for update`); err != nil {
		t.Fatal(err)
	}
	const within = 5 * time.Second // of which each of the seven halvings may wait a quarter of a second
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var callers sync.WaitGroup
	for i := range 64 {
		callers.Go(func() {
			mark := ledger.Rider{
				SQL: `update notes n set seen = true from unnest($1::text[]) as k (id) where n.id = k.id and n.seen is null`,
				Row: []any{fmt.Sprint("n", i)},
			}
			_, err := l.Post(ctx, hold(fmt.Sprint("h", i), "acme", "1"), mark)
			if (i == 7) != errors.Is(err, ledger.ErrUnavailable) || (i != 7 && err != nil) || ctx.Err() != nil {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	callers.Wait()
	if err := frozen.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Post(t.Context(), hold("h7", "acme", "1")); err != nil {
		t.Errorf("trying again: %v", err)
	}
}

// However many wait for the locked row, the others wait for it once.
func TestCrowdAtALockedRowHoldsUpNobodyForLong(t *testing.T) {
	t.Parallel()
	db := withNotes(t)
	l := ledgertest.New(t, db)
	topUp(t, l, "acme", "300")
	topUp(t, l, "zeta", "300")
	if _, err := db.Exec(t.Context(), `insert into notes (id) values ('hot')`); err != nil {
		t.Fatal(err)
	}
	frozen, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = frozen.Rollback(context.Background()) }()
	if _, err := frozen.Exec(t.Context(), `select from notes where id = 'hot' for update`); err != nil {
		t.Fatal(err)
	}
	const within = 12 * time.Second // 64 waits, one after the other, would take 16
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	touch := ledger.Rider{SQL: `update notes n set seen = true from unnest($1::text[]) as k (id) where n.id = k.id`, Row: []any{"hot"}}
	var callers sync.WaitGroup
	for i := range 64 {
		callers.Go(func() {
			_, err := l.Post(ctx, hold(fmt.Sprint("h", i), "acme", "1"), touch)
			if !errors.Is(err, ledger.ErrUnavailable) || ctx.Err() != nil {
				t.Errorf("caller %d: %v, want an answer to try again", i, err)
			}
		})
		callers.Go(func() {
			if _, err := l.Post(ctx, hold(fmt.Sprint("z", i), "zeta", "1")); err != nil {
				t.Errorf("neighbour %d: %v", i, err)
			}
		})
	}
	callers.Wait()
}

// Two ledgers stand for two processes: opposite directions, a hot account,
// shared references, all at once.
func TestTwoProcessesOnTheSameAccounts(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ledgers := []*ledger.Ledger{ledgertest.New(t, db), ledgertest.New(t, db)}
	topUp(t, ledgers[0], "a", "1000")
	const callers, each = 16, 40
	var running sync.WaitGroup
	for c := range callers {
		running.Go(func() {
			l := ledgers[c%2]
			for i := range each {
				reference := fmt.Sprintf("%d:%d", c/2, i) // posted by both processes
				if _, err := l.Post(context.Background(), hold(reference+":hold", "a", "0.1")); err != nil {
					t.Error(err)
				}
				end := ledger.PayoutRelease(reference+":end", ledger.Live, "a", usdt("0.1"))
				if _, err := l.Post(context.Background(), end); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	if got := balance(t, ledgers[0], ledger.MerchantAvailable(ledger.Live, "a")); got != "1000.000000" {
		t.Errorf("available %s, want all of it back", got)
	}
	var transfers int
	err := db.QueryRow(t.Context(), "select count(*) from ledger_transfers").Scan(&transfers)
	if want := callers / 2 * each * 2; err != nil || transfers != want+1 {
		t.Errorf("%d transfers, want %d: each reference once (%v)", transfers, want+1, err)
	}
}

func TestManyCallersFundsForSome(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ledgers := []*ledger.Ledger{ledgertest.New(t, db), ledgertest.New(t, db)}
	topUp(t, ledgers[0], "a", "10")
	var mu sync.Mutex
	var granted, refused int
	var callers sync.WaitGroup
	for i := range 50 {
		callers.Go(func() {
			_, err := ledgers[i%2].Post(context.Background(), hold(fmt.Sprint(i), "a", "1"))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				granted++
			case errors.Is(err, ledger.ErrInsufficientFunds):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if granted != 10 || refused != 40 {
		t.Errorf("%d granted and %d refused, want 10 and 40", granted, refused)
	}
}

func TestFullQueueRefusesAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l, err := ledger.New(ledger.Config{DB: db, MaxQueue: 1, MaxGroup: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close(context.Background()) }() // what is refused is looked at below
	topUp(t, l, "a", "10")
	blocker, err := db.Begin(t.Context()) // stands for a slow group of another process
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec(t.Context(), "select id from ledger_accounts for update"); err != nil {
		t.Fatal(err)
	}
	busy := make(chan error, 3)
	for i := range 3 { // one is written, one waits, one is refused
		go func() {
			_, err := l.Post(context.Background(), hold(fmt.Sprint(i), "a", "1"))
			busy <- err
		}()
	}
	if err := <-busy; !errors.Is(err, ledger.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-busy; err != nil {
			t.Error(err)
		}
	}
}

func TestCallerThatLeavesFindsItsEntryByRetrying(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := ledgertest.New(t, db)
	topUp(t, l, "a", "10")
	blocker, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec(t.Context(), "select id from ledger_accounts for update"); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := l.Post(ctx, hold("h", "a", "1"))
		gone <- err
	}()
	waitForLock(t, db)
	leave()
	if err := <-gone; !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if receipt, err := l.Post(t.Context(), hold("h", "a", "1")); err != nil || !receipt.Replayed {
		t.Errorf("retry: %+v, %v; want the first posting replayed", receipt, err)
	}
}

// waitForLock returns once some session of this database waits for a lock.
func waitForLock(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	for waiting := false; !waiting; {
		err := db.QueryRow(t.Context(), `select exists (select from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseFlushesAndRefuses(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t, pgtest.New(t))
	var waiting sync.WaitGroup
	for i := range 20 {
		waiting.Go(func() {
			entry := ledger.MerchantTopUp(fmt.Sprint(i), ledger.Live, "a", usdt("1"))
			if _, err := l.Post(context.Background(), entry); err != nil && !errors.Is(err, ledger.ErrBusy) {
				t.Error(err)
			}
		})
	}
	waiting.Wait()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Post(t.Context(), hold("late", "a", "1")); !errors.Is(err, ledger.ErrBusy) {
		t.Errorf("posting after Close: %v, want ErrBusy", err)
	}
}

// The server ends every session between two postings: the next one succeeds
// on a new connection without its caller noticing.
func TestPostSurvivesLostConnections(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := ledgertest.New(t, db)
	topUp(t, l, "a", "10")
	for i := range 5 {
		other, err := pgxpool.New(t.Context(), pgtest.URL(t, db))
		if err != nil {
			t.Fatal(err)
		}
		_, err = other.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid()`)
		other.Close()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Post(t.Context(), hold(fmt.Sprint(i), "a", "1")); err != nil {
			t.Errorf("posting %d: %v", i, err)
		}
	}
}
