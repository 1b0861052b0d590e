package enduser_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/enduser"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/migrations/pgtest"
)

// TestRules is the whole rule set: each row is a user, and what comes of
// withdrawing 100000 kopecks by card and by P2P.
func TestRules(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, tt := range []struct {
		name      string
		set       string // what makes the user another than a fresh one
		deposit   int64
		card, p2p error
	}{
		{"Fresh", `name = name`, 200_000, nil, nil},
		{"Poor", `name = name`, 99_999, nil, enduser.ErrMinDeposit},
		{"JustEnough", `name = name`, 100_000, nil, nil},
		{"PoorWithSignupBonus", `signup_bonus = true`, 99_999, enduser.ErrMinDeposit, enduser.ErrMinDeposit},
		{"SignupBonus", `signup_bonus = true`, 100_000, nil, nil},
		{"CashbackWithinDeposits", `cashback_bonus = true, wagering_required = 1`, 100_000, nil, nil},
		{"CashbackBeyondDeposits", `cashback_bonus = true, wagering_required = 1, deposited = 99999`, 200_000, enduser.ErrWagering, enduser.ErrMinDeposit},
		{"CashbackWagered", `cashback_bonus = true, wagering_required = 500, turnover = 500, deposited = 1`, 200_000, nil, enduser.ErrMinDeposit},
		{"CashbackShortOfATurn", `cashback_bonus = true, wagering_required = 501, turnover = 500, withdrawn = 100001`, 200_000, enduser.ErrWagering, enduser.ErrWagering},
		{"OpenOnesCount", `cashback_bonus = true, wagering_required = 501, withdrawing = 100001`, 200_000, enduser.ErrWagering, enduser.ErrWagering},
		{"CompletedAndOpenOnesCount", `cashback_bonus = true, wagering_required = 501, withdrawing = 50000, withdrawn = 50001`, 200_000, enduser.ErrWagering, enduser.ErrWagering},
		{"WageringWithoutCashback", `signup_bonus = true, wagering_required = 501, withdrawn = 150000`, 200_000, nil, nil},
		{"BlockedBeforeAll", `blocked_at = now(), signup_bonus = true`, 99_999, enduser.ErrBlocked, enduser.ErrBlocked},
		{"DepositBeforeWagering", `signup_bonus = true, cashback_bonus = true, wagering_required = 1`, 99_999, enduser.ErrMinDeposit, enduser.ErrMinDeposit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for kind, want := range map[enduser.Kind]error{enduser.Card: tt.card, enduser.P2P: tt.p2p} {
				u := w.make(t, tt.name, tt.deposit)
				// Money that is no deposit, so that funds never refuse.
				adjust := ledger.Adjustment("more:"+enduser.Owner(u.ID), ledger.UserAvailable(enduser.Owner(u.ID), enduser.RUB), rub(500_000))
				if _, err := w.ledger.Post(t.Context(), adjust); err != nil {
					t.Fatal(err)
				}
				w.exec(t, `update users set `+tt.set+` where id = $1`, u.ID)
				before := w.user(t, u.ID)
				if err := w.Refusal(t.Context(), u.ID, kind, 100_000); !errors.Is(err, want) || (want == nil) != (err == nil) {
					t.Errorf("%s: Refusal = %v, want %v", kind, err, want)
				}
				err := w.reserve(t.Context(), fmt.Sprintf("%s:%s", kind, tt.name), u.ID, kind, 100_000)
				if missed(err) != (want != nil) || err != nil && want == nil {
					t.Errorf("%s: reserving: %v, want %v", kind, err, want)
				}
				reserved := w.user(t, u.ID).Withdrawing - before.Withdrawing
				if (reserved == 100_000) != (want == nil) || want != nil && reserved != 0 {
					t.Errorf("%s: %d were reserved", kind, reserved)
				}
				// The sums that the row was given have nothing behind them.
				w.exec(t, `update users u set blocked_at = null,
					deposited = (select coalesce(sum(amount), 0) from user_deposits where user_id = u.id), withdrawn = 0,
					withdrawing = (select coalesce(sum(amount), 0) from user_withdrawals where user_id = u.id) where id = $1`, u.ID)
			}
		})
	}
	if err := w.Refusal(t.Context(), 1<<40, enduser.Card, 1); !errors.Is(err, enduser.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// capped makes a user who may withdraw 100000 of the 300000 at hand.
func capped(t *testing.T, w *wallet) enduser.User {
	t.Helper()
	u := w.make(t, "anna", 100_000)
	if err := w.GrantBonus(t.Context(), u.ID, enduser.Cashback, 1_000, 50_000, "b"); err != nil {
		t.Fatal(err)
	}
	win := ledger.Adjustment("win", ledger.UserAvailable(enduser.Owner(u.ID), enduser.RUB), rub(200_000))
	if _, err := w.ledger.Post(t.Context(), win); err != nil {
		t.Fatal(err)
	}
	return w.user(t, u.ID)
}

func TestACancelledWithdrawalGivesItsAllowanceBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	u := capped(t, w)
	if err := w.reserve(ctx, "o1", u.ID, enduser.Card, 70_000); err != nil {
		t.Fatal(err)
	}
	if err := w.reserve(ctx, "o2", u.ID, enduser.P2P, 30_001); !missed(err) {
		t.Errorf("above the cap: %v", err)
	}
	if err := w.end(ctx, "o1", u.ID, 70_000, false); err != nil {
		t.Fatal(err)
	}
	if err := w.reserve(ctx, "o3", u.ID, enduser.Card, 100_000); err != nil {
		t.Errorf("after the cancellation: %v", err)
	}
	if err := w.end(ctx, "o3", u.ID, 100_000, true); err != nil {
		t.Fatal(err)
	}
	if err := w.reserve(ctx, "o4", u.ID, enduser.Card, 1); !missed(err) {
		t.Errorf("after a completed one of all of it: %v", err)
	}
	if got := w.user(t, u.ID); got.Withdrawing != 0 || got.Withdrawn != 100_000 {
		t.Errorf("withdrawing %d, withdrawn %d", got.Withdrawing, got.Withdrawn)
	}
}

func TestAWithdrawalEndsOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 500_000)
	if err := w.reserve(t.Context(), "o", u.ID, enduser.Card, 100_000); err != nil {
		t.Fatal(err)
	}
	// Each end under a reference of its own, so that only the state refuses.
	var ended atomic.Int64
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			entry := ledger.Adjustment(fmt.Sprint("end:", i), ledger.UserAvailable(enduser.Owner(u.ID), enduser.RUB), rub(1))
			_, err := w.ledger.Post(context.Background(), entry, ledger.Rider(enduser.End("o", i%2 == 0, noon)))
			switch {
			case err == nil:
				ended.Add(1)
			case !missed(err):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if ended.Load() != 1 {
		t.Errorf("ended %d times", ended.Load())
	}
	// The entries above moved other money: end the hold in the books too.
	back := ledger.CardOrderReturn("back", enduser.Owner(u.ID), rub(100_000))
	if _, err := w.ledger.Post(t.Context(), back, ledger.Rider(enduser.End("nothing", true, noon))); !missed(err) {
		t.Errorf("ending what was never open: %v", err)
	}
	if _, err := w.ledger.Post(t.Context(), back); err != nil {
		t.Fatal(err)
	}
}

// between runs change on a user's row in a transaction that is not committed
// before something else waits for the row.
func between(t *testing.T, w *wallet, change string, id int64, race func() error) error {
	t.Helper()
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), change, id); err != nil {
		t.Fatal(err)
	}
	raced := make(chan error, 1)
	go func() { raced <- race() }()
	for waiting := false; !waiting; waiting = waits(t, w.db) {
		select {
		case err := <-raced:
			t.Fatalf("it did not wait for the row: %v", err)
		default:
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return <-raced
}

func TestWhatCommitsInBetweenCounts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, change string
		refusal      error
		amount       int64
	}{
		{"ABetMeetsTheRequirement", `update users set turnover = turnover + 50000 where id = $1`, nil, 300_000},
		{"ABetDoesNot", `update users set turnover = turnover + 49999 where id = $1`, enduser.ErrWagering, 300_000},
		{"TheRequirementRises", `update users set wagering_required = wagering_required + 1, turnover = 50000 where id = $1`, enduser.ErrWagering, 100_001},
		{"TheUserIsBlocked", `update users set blocked_at = now() where id = $1`, enduser.ErrBlocked, 1},
		{"ASignupBonus", `update users set signup_bonus = true where id = $1`, nil, 100_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			u := capped(t, w)
			err := between(t, w, tt.change, u.ID, func() error {
				return w.reserve(context.Background(), "o", u.ID, enduser.Card, tt.amount)
			})
			if missed(err) != (tt.refusal != nil) || err != nil && tt.refusal == nil {
				t.Errorf("reserving: %v, want %v", err, tt.refusal)
			}
			if tt.refusal == nil {
				return
			}
			if err := w.Refusal(t.Context(), u.ID, enduser.Card, tt.amount); !errors.Is(err, tt.refusal) {
				t.Errorf("Refusal = %v, want %v", err, tt.refusal)
			}
		})
	}
}

// TestTwoWithdrawalsAtOnce come from two processes, which know nothing of each
// other; the cap leaves room for one.
func TestTwoWithdrawalsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := capped(t, w)
	there := setupOn(t, w.db, ledgertest.New(t, w.db, obligations...))
	for round := range 20 {
		errs := make([]error, 2)
		var both sync.WaitGroup
		for i, process := range []*wallet{w, there} {
			both.Go(func() {
				kind := []enduser.Kind{enduser.Card, enduser.Card}[i]
				errs[i] = process.reserve(context.Background(), fmt.Sprintf("o%d.%d", round, i), u.ID, kind, 60_000)
			})
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !missed(errors.Join(errs...)) {
			t.Fatalf("round %d: %v", round, errs)
		}
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		if err := w.end(t.Context(), fmt.Sprintf("o%d.%d", round, winner), u.ID, 60_000, false); err != nil {
			t.Fatal(err)
		}
	}
}

// crowd is a wallet whose ledger is held up until its queue is full, so that
// what waits there makes one group.
type crowd struct {
	*wallet
	mu     sync.Mutex
	groups []ledger.GroupStats
}

const (
	queued  = 30
	grouped = 2*(queued-1)/3 + 1 // what the writer takes of them
)

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	return crowdOn(t, pgtest.New(t))
}

// crowdOn has a ledger of its own, which remembers nothing and so writes one
// group after the other.
func crowdOn(t *testing.T, db *pgxpool.Pool) *crowd {
	t.Helper()
	c := &crowd{}
	books, err := ledger.New(ledger.Config{DB: db, MaxQueue: queued, Observe: func(g ledger.GroupStats) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.groups = append(c.groups, g)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := books.Close(context.Background()); err != nil {
			t.Error(err)
		}
		ledgertest.Verify(t, books, obligations...)
	})
	c.wallet = setupOn(t, db, books)
	return c
}

// atOnce posts until the queue is full, then lets it go, and returns how many
// stand and how large the largest group was.
func (c *crowd) atOnce(t *testing.T, post func(i int) error) (stand, largest int) {
	t.Helper()
	blocker, err := c.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = blocker.Rollback(context.Background()) }()
	if _, err := blocker.Exec(t.Context(), `select id from ledger_accounts for update`); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.groups = nil
	c.mu.Unlock()
	answers := make(chan error, queued+2)
	go func() { answers <- post(0) }()
	waitForLock(t, c.db) // the writer has the first and is held up
	for i := range queued + 1 {
		go func() { answers <- post(i + 1) }()
	}
	if err := <-answers; !errors.Is(err, ledger.ErrBusy) {
		t.Fatalf("the first answer is %v, want a full queue", err)
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range queued + 1 {
		switch err := <-answers; {
		case err == nil:
			stand++
		case !missed(err):
			t.Error(err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.groups {
		largest = max(largest, g.Postings)
	}
	return stand, largest
}

// TestOneUsersManyInOneGroup is the owner of a popular ad.
func TestOneUsersManyInOneGroup(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	u := c.make(t, "anna", 10_000_000)
	reserve := func(round string) func(int) error {
		return func(i int) error {
			return c.reserve(context.Background(), fmt.Sprint(round, i), u.ID, enduser.P2P, int64(1_000+i))
		}
	}
	stand, largest := c.atOnce(t, reserve("o"))
	if stand != queued+1 || largest < grouped {
		t.Errorf("%d stand, the largest group has %d; want %d, and one of %d", stand, largest, queued+1, grouped)
	}
	var opened int
	if err := c.db.QueryRow(t.Context(), `select count(*) from user_withdrawals where state = 'open'`).Scan(&opened); err != nil || opened != stand {
		t.Errorf("%d open withdrawals, %v", opened, err)
	}
	t.Run("DepositsToo", func(t *testing.T) {
		c := crowdOn(t, c.db)
		stand, largest := c.atOnce(t, func(i int) error {
			entry := ledger.CardOrderCredit(fmt.Sprint("d", i), enduser.Owner(u.ID), rub(100))
			_, err := c.ledger.Post(context.Background(), entry, ledger.Rider(enduser.CountDeposit(entry.Reference, u.ID, 100, noon)))
			return err
		})
		if stand != queued+1 || largest < grouped {
			t.Errorf("%d stand, the largest group has %d", stand, largest)
		}
	})
	t.Run("EndsToo", func(t *testing.T) {
		c := crowdOn(t, c.db)
		rows, err := c.db.Query(t.Context(), `select reference, amount from user_withdrawals where state = 'open'`)
		if err != nil {
			t.Fatal(err)
		}
		type withdrawal struct {
			Reference string
			Amount    int64
		}
		mine, err := pgx.CollectRows(rows, pgx.RowToStructByPos[withdrawal])
		if err != nil {
			t.Fatal(err)
		}
		mine = append(mine, mine[0]) // a replay, which ends nothing again
		stand, largest := c.atOnce(t, func(i int) error {
			_, err := c.ledger.Post(context.Background(),
				ledger.EscrowReturn(mine[i].Reference+":end", enduser.Owner(u.ID), rub(mine[i].Amount)),
				ledger.Rider(enduser.End(mine[i].Reference, false, noon)))
			return err
		})
		if stand != queued+1 || largest < grouped {
			t.Errorf("%d stand, the largest group has %d", stand, largest)
		}
	})
}

// TestAGroupThatIsTooMuchTogether has room for some of it: these stand, and no
// more.
func TestAGroupThatIsTooMuchTogether(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	u := capped(t, c.wallet)
	kinds := []enduser.Kind{enduser.Card, enduser.P2P}
	stand, _ := c.atOnce(t, func(i int) error {
		return c.reserve(context.Background(), fmt.Sprint("o", i), u.ID, kinds[i%2], 9_000)
	})
	if got := c.user(t, u.ID).Withdrawing; stand != 11 || got != 99_000 {
		t.Errorf("%d stand, %d kopecks together; want 11 of 9000 each under the cap of 100000", stand, got)
	}
}

// TestKindsOfOneGroupAreJudgedEachByItsRules: a user who may withdraw by card and not by P2P gets the
// card withdrawals of a group of both.
func TestKindsOfOneGroupAreJudgedEachByItsRules(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	u := c.make(t, "anna", 99_999)
	var cards atomic.Int64
	stand, _ := c.atOnce(t, func(i int) error {
		if i%3 == 0 {
			return c.reserve(context.Background(), fmt.Sprint("o", i), u.ID, enduser.P2P, 10)
		}
		err := c.reserve(context.Background(), fmt.Sprint("o", i), u.ID, enduser.Card, 10)
		if err == nil {
			cards.Add(1)
		}
		return err
	})
	var kinds []string
	rows, err := c.db.Query(t.Context(), `select distinct kind from user_withdrawals`)
	if err != nil {
		t.Fatal(err)
	}
	if kinds, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || stand != int(cards.Load()) || stand == 0 {
		t.Errorf("%d stand, %d of them by card, %v", stand, cards.Load(), err)
	}
	if diff := cmp.Diff([]string{"card"}, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

func TestADepositCountsOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	for i := range 2 {
		entry := ledger.CardOrderCredit(fmt.Sprint("credit:", i), enduser.Owner(u.ID), rub(500))
		_, err := w.ledger.Post(t.Context(), entry, ledger.Rider(enduser.CountDeposit("card_order:1", u.ID, 500, noon)))
		if (err == nil) != (i == 0) {
			t.Errorf("try %d: %v", i, err)
		}
	}
	if got := w.user(t, u.ID).Deposited; got != 500 {
		t.Errorf("deposited %d", got)
	}
	entry := ledger.CardOrderCredit("nobody", enduser.Owner(9), rub(500))
	if _, err := w.ledger.Post(t.Context(), entry, ledger.Rider(enduser.CountDeposit("x", 9, 500, noon))); !missed(err) {
		t.Errorf("a deposit of nobody: %v", err)
	}
}
