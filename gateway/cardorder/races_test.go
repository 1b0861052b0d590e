package cardorder_test

import (
	"cmp"
	"context"
	"testing"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
)

// rounds is how often each pair meets. In one round the first of the pair is
// let go first, in the next the other.
const rounds = 50

// action is one side of a race. It works through the service it is given.
type action func(s *cardorder.Service, u enduser.User, id int64) error

// pair is two actions on one order that cannot both happen.
type pair struct {
	name   string
	make   func(w *world) func(u enduser.User) int64
	first  action
	second action
	// What the order is after the first or the second has won.
	afterFirst, afterSecond cardorder.Status
	// What the second is told when it loses: INVALID_STATE unless said otherwise.
	// The first is always told INVALID_STATE.
	loser string
}

func (w *world) actions() (cancel, confirm, claim, complete, refuse, otherClaim, otherComplete, otherRefuse action) {
	ctx, ann, bob := context.Background(), w.as("ann"), w.as("bob")
	byOperator := func(ctx context.Context, do func(s *cardorder.Service, ctx context.Context, id int64) (cardorder.Order, error)) action {
		return func(s *cardorder.Service, _ enduser.User, id int64) error { _, err := do(s, ctx, id); return err }
	}
	refusal := func(s *cardorder.Service, ctx context.Context, id int64) (cardorder.Order, error) {
		return s.CancelByOperator(ctx, id, "no")
	}
	return func(s *cardorder.Service, u enduser.User, id int64) error { return s.Cancel(ctx, u, id) },
		func(s *cardorder.Service, u enduser.User, id int64) error { return s.ConfirmPaid(ctx, u, id) },
		byOperator(ann, (*cardorder.Service).Claim), byOperator(ann, (*cardorder.Service).Complete), byOperator(ann, refusal),
		byOperator(bob, (*cardorder.Service).Claim), byOperator(bob, (*cardorder.Service).Complete), byOperator(bob, refusal)
}

func withdrawals(w *world) func(enduser.User) int64  { return w.withdrawn }
func deposits(w *world) func(enduser.User) int64     { return w.deposited }
func paidDeposits(w *world) func(enduser.User) int64 { return w.paidDeposit }

// TestRaces makes every pair collide: both are past all they read when the
// order's row is let go.
func TestRaces(t *testing.T) {
	t.Parallel()
	for _, build := range []struct {
		suffix string
		second func(w *world) *cardorder.Service
	}{
		{"InOneProcess", func(w *world) *cardorder.Service { return w.Service }},
		{"InTwoProcesses", func(w *world) *cardorder.Service { return w.second }},
	} {
		t.Run(build.suffix, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, p := range w.pairs() {
				t.Run(p.name, func(t *testing.T) {
					firsts := 0
					for round := range rounds {
						if w.race(t, p, build.second(w), round%2 == 0) {
							firsts++
						}
					}
					if firsts == 0 || firsts == rounds {
						t.Errorf("one side won %d of %d rounds: nothing raced", firsts, rounds)
					}
				})
			}
		})
	}
}

func (w *world) pairs() []pair {
	cancel, confirm, claim, complete, refuse, _, otherComplete, otherRefuse := w.actions()
	const pending, completed, cancelled = cardorder.Pending, cardorder.Completed, cardorder.Cancelled
	return []pair{
		{name: "WithdrawalCancelOrClaim", make: withdrawals, first: cancel, second: claim, afterFirst: cancelled, afterSecond: pending},
		{name: "WithdrawalCancelOrComplete", make: withdrawals, first: cancel, second: complete, afterFirst: cancelled, afterSecond: completed},
		{name: "WithdrawalCancelOrRefuse", make: withdrawals, first: cancel, second: refuse, afterFirst: cancelled, afterSecond: cancelled},
		{name: "WithdrawalCancelTwice", make: withdrawals, first: cancel, second: cancel, afterFirst: cancelled, afterSecond: cancelled},
		{name: "WithdrawalCompleteOrRefuse", make: withdrawals, first: complete, second: otherRefuse, afterFirst: completed, afterSecond: cancelled},
		{name: "WithdrawalCompleteTwice", make: withdrawals, first: complete, second: otherComplete, afterFirst: completed, afterSecond: completed},
		{name: "WithdrawalRefuseTwice", make: withdrawals, first: refuse, second: otherRefuse, afterFirst: cancelled, afterSecond: cancelled},
		{name: "WithdrawalClaimOrComplete", make: withdrawals, first: claim, second: otherComplete, afterFirst: pending, afterSecond: completed, loser: "claimed_by_other"},
		{name: "WithdrawalClaimOrRefuse", make: withdrawals, first: claim, second: otherRefuse, afterFirst: pending, afterSecond: cancelled, loser: "claimed_by_other"},

		{name: "DepositCancelOrConfirm", make: deposits, first: cancel, second: confirm, afterFirst: cancelled, afterSecond: cardorder.PaidByUser},
		{name: "DepositCancelOrClaim", make: deposits, first: cancel, second: claim, afterFirst: cancelled, afterSecond: pending},
		{name: "DepositCancelOrComplete", make: deposits, first: cancel, second: complete, afterFirst: cancelled, afterSecond: completed},
		{name: "DepositConfirmTwice", make: deposits, first: confirm, second: confirm, afterFirst: cardorder.PaidByUser, afterSecond: cardorder.PaidByUser},
		{name: "DepositCompleteOrRefuse", make: deposits, first: complete, second: otherRefuse, afterFirst: completed, afterSecond: cancelled},
		{name: "PaidDepositCompleteOrRefuse", make: paidDeposits, first: complete, second: otherRefuse, afterFirst: completed, afterSecond: cancelled},
		{name: "PaidDepositClaimOrRefuse", make: paidDeposits, first: claim, second: otherRefuse, afterFirst: cardorder.PaidByUser, afterSecond: cancelled, loser: "claimed_by_other"},
		{name: "PaidDepositCompleteTwice", make: paidDeposits, first: complete, second: otherComplete, afterFirst: completed, afterSecond: completed},
		{name: "PaidDepositRefuseTwice", make: paidDeposits, first: refuse, second: otherRefuse, afterFirst: cancelled, afterSecond: cancelled},
	}
}

// race lets a pair collide once and checks that one won, that the other was
// told so, and that the money moved as the winner says. It tells whether the
// first of the pair won.
func (w *world) race(t *testing.T, p pair, other *cardorder.Service, firstAhead bool) bool {
	t.Helper()
	var u enduser.User
	var id int64
	var first, second error
	for range 5 {
		u = w.user(100000)
		id = p.make(w)(u)
		first, second = w.collide(t, id, firstAhead,
			func() error { return p.first(w.Service, u, id) },
			func() error { return p.second(other, u, id) })
		if fault.Code(first) != "unavailable" && fault.Code(second) != "unavailable" {
			break
		}
		// On a slow machine the row was locked for longer than the ledger waits,
		// so its caller has to ask again. Nothing may have moved by halves.
		w.wantMoney(u, id)
	}
	if (first == nil) == (second == nil) {
		t.Fatalf("first %v, second %v: want one winner", first, second)
	}
	loser, want, code := second, p.afterFirst, cmp.Or(p.loser, "INVALID_STATE")
	if first != nil {
		loser, want, code = first, p.afterSecond, "INVALID_STATE"
	}
	wantCode(t, loser, code)
	w.wantStatus(id, want)
	w.wantMoney(u, id)
	return first == nil
}

// wantMoney checks that the books and the order of 40000 of a user with 100000
// say the same.
func (w *world) wantMoney(u enduser.User, id int64) {
	w.t.Helper()
	o := w.read(id)
	available, held, transfers := int64(100000), int64(0), 0
	switch {
	case o.Type == cardorder.Withdraw && o.Status == cardorder.Completed:
		available, transfers = 60000, 1
	case o.Type == cardorder.Withdraw && o.Status == cardorder.Cancelled:
		transfers = 1
	case o.Type == cardorder.Withdraw:
		available, held = 60000, 40000
	case o.Status == cardorder.Completed:
		available, transfers = 140000, 1
	}
	w.wantFunds(u, available, held)
	if n := w.ends(id); n != transfers {
		w.t.Errorf("%d transfers end it, want %d", n, transfers)
	}
}

// collide runs both while the order's row is locked. The one ahead has come to
// wait for the row, and the other has read the order as it was, when it is let
// go.
func (w *world) collide(t *testing.T, id int64, firstAhead bool, first, second func() error) (firstErr, secondErr error) {
	t.Helper()
	ctx := t.Context()
	tx, err := w.db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, `select from card_orders where id = $1 for update`, id); err != nil {
		t.Fatal(err)
	}
	one, two := make(chan error, 1), make(chan error, 1)
	ahead, behind := func() { one <- first() }, func() { two <- second() }
	if !firstAhead {
		ahead, behind = behind, ahead
	}
	go ahead()
	w.await(t, func() bool {
		waiting := 0
		// Outside of the transaction, which would see the same answer for ever.
		err := w.db.QueryRow(ctx, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting > 0
	})
	asked := w.asked.Load()
	go behind()
	// An action asks for the time when it has read the order.
	w.await(t, func() bool { return w.asked.Load() > asked })
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	return <-one, <-two
}

// await asks until something has happened.
func (w *world) await(t *testing.T, happened func() bool) {
	t.Helper()
	for range 3000 {
		if happened() {
			return
		}
		if _, err := w.db.Exec(t.Context(), `select pg_sleep(0.001)`); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("nobody came to race")
}

// TestClaimsCollide: two operators want one order.
func TestClaimsCollide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, claim, _, _, otherClaim, _, _ := w.actions()
	anns := 0
	for round := range rounds {
		u := w.user(100000)
		id := w.withdrawn(u)
		ann, bob := w.collide(t, id, round%2 == 0,
			func() error { return claim(w.Service, u, id) }, func() error { return otherClaim(w.second, u, id) })
		holder, loser := "operator:ann", bob
		if ann != nil {
			holder, loser = "operator:bob", ann
		}
		if (ann == nil) == (bob == nil) {
			t.Fatalf("ann %v, bob %v: want one winner", ann, bob)
		}
		wantCode(t, loser, "claimed_by_other")
		if o := w.read(id); o.ClaimedBy != holder {
			t.Errorf("%s holds it, want %s", o.ClaimedBy, holder)
		}
		if ann == nil {
			anns++
		}
	}
	if anns == 0 || anns == rounds {
		t.Errorf("ann won %d of %d rounds: nothing raced", anns, rounds)
	}
}
