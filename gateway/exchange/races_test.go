package exchange_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/racetest"
)

// rounds is how often each pair races from each state.
const rounds = 100

// model is an order of which only the states are known, to say what two
// actions may do to it in either order.
type model struct {
	status           exchange.Status
	called, claimed  bool
	due              bool            // the window of the state is over
	buyerOK, sellrOK bool            // agree to cancel
	resolved         exchange.Status // by an operator, as which end
}

// action is one thing that can be done to an order: what it does to the model,
// and to the order.
type action struct {
	name  string
	apply func(m *model) bool
	run   func(ctx context.Context, w *world, r trade) error // nil: the sweep
}

// trade is one order that is raced for.
type trade struct {
	id            int64
	buyer, seller enduser.User
}

func moves(from, to exchange.Status) func(m *model) bool {
	return func(m *model) bool {
		if m.status != from {
			return false
		}
		m.status, m.due = to, false
		return true
	}
}

func cancels(agree func(m *model)) func(m *model) bool {
	return func(m *model) bool {
		switch m.status {
		case exchange.Pending:
			m.status = exchange.Cancelled
			return true
		case exchange.Disputed:
			if agree(m); m.buyerOK && m.sellrOK {
				m.status = exchange.Cancelled
			}
			return true
		default:
			return false
		}
	}
}

// resolves is by one operator, who may ask again.
func resolves(to exchange.Status) func(m *model) bool {
	return func(m *model) bool {
		if m.resolved == to {
			return true
		}
		if m.status != exchange.Disputed || !m.claimed {
			return false
		}
		m.status, m.resolved = to, to
		return true
	}
}

func actions() []action {
	return []action{
		{"seller cancels", cancels(func(m *model) { m.sellrOK = true }), func(ctx context.Context, w *world, r trade) error { return w.Cancel(ctx, r.seller, r.id) }},
		{"buyer cancels", cancels(func(m *model) { m.buyerOK = true }), func(ctx context.Context, w *world, r trade) error { return w.Cancel(ctx, r.buyer, r.id) }},
		{"confirm-paid", moves(exchange.Pending, exchange.PaidByBuyer), func(ctx context.Context, w *world, r trade) error { return w.ConfirmPaid(ctx, r.buyer, r.id) }},
		{"call-operator", func(m *model) bool {
			called := moves(exchange.PaidByBuyer, exchange.Disputed)(m)
			m.called = m.called || called
			return called
		}, func(ctx context.Context, w *world, r trade) error { return w.CallOperator(ctx, r.seller, r.id) }},
		{"confirm-received", func(m *model) bool {
			return moves(exchange.PaidByBuyer, exchange.Completed)(m) || moves(exchange.Disputed, exchange.Completed)(m)
		}, func(ctx context.Context, w *world, r trade) error { return w.ConfirmReceived(ctx, r.seller, r.id) }},
		{"resolve to buyer", resolves(exchange.Completed), func(ctx context.Context, w *world, r trade) error {
			_, err := w.Resolve(as(ctx, "olga"), r.id, exchange.ToBuyer, "")
			return err
		}},
		{"resolve to seller", resolves(exchange.Cancelled), func(ctx context.Context, w *world, r trade) error {
			_, err := w.Resolve(as(ctx, "olga"), r.id, exchange.ToSeller, "")
			return err
		}},
		{"expiry", func(m *model) bool {
			return m.due && (moves(exchange.Pending, exchange.Cancelled)(m) || moves(exchange.PaidByBuyer, exchange.Disputed)(m))
		}, nil},
	}
}

func starts() []exchange.Status {
	return []exchange.Status{exchange.Pending, exchange.PaidByBuyer, exchange.Disputed}
}

func start(s exchange.Status, due bool) model {
	disputed := s == exchange.Disputed
	return model{status: s, due: due && !disputed, called: disputed, claimed: disputed}
}

// TestEveryPairRaces has every two actions meet on an order, in every state in
// which both could happen (or, when there is none, in which either could). What
// came of it must be what one of the two orders gives, the loser must be told,
// and the escrow must have moved once or not at all.
func TestEveryPairRaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	buyer := w.user("buyer", 0)
	ad := w.ad(buyer, buying(100, 100_000_000))
	trades := make([]trade, rounds)
	for i := range trades {
		trades[i] = trade{buyer: buyer, seller: w.user(fmt.Sprintf("seller-%d", i), 1_000_000)}
	}
	all := actions()
	for i, a := range all {
		for _, b := range all[i:] {
			for _, from := range meeting(a, b) {
				w.race(trades, ad, from, a, b)
			}
		}
	}
	var sold int64
	noErr(t, w.db.QueryRow(t.Context(), `select sum(usdt_amount) from p2p_orders where status = 'completed'`).Scan(&sold))
	if left := w.remaining(ad); left != 100_000_000-sold {
		t.Errorf("%d left of the ad, want %d", left, 100_000_000-sold)
	}
	w.wantMoney(buyer, sold, 0)
	var wrong int
	noErr(t, w.db.QueryRow(t.Context(), `select count(*) from user_withdrawals v
		join p2p_orders o on v.reference = 'p2p_order:' || o.id where v.state <> o.status`).Scan(&wrong))
	if wrong != 0 {
		t.Errorf("%d withdrawals ended otherwise than their orders", wrong)
	}
}

// meeting lists the states to race in.
func meeting(a, b action) []exchange.Status {
	var both, either []exchange.Status
	for _, s := range starts() {
		one, two := start(s, true), start(s, true)
		switch okA, okB := a.apply(&one), b.apply(&two); {
		case okA && okB:
			both = append(both, s)
		case okA || okB:
			either = append(either, s)
		}
	}
	if len(both) > 0 {
		return both
	}
	return either
}

func (w *world) race(trades []trade, ad int64, from exchange.Status, a, b action) {
	w.t.Helper()
	ctx := w.t.Context()
	due := a.run == nil || b.run == nil
	w.prepare(trades, ad, from, due)
	errs := racetest.Run(2*len(trades), func(i int) error {
		run := a.run
		if i%2 == 1 {
			run = b.run
		}
		if run != nil {
			return run(ctx, w, trades[i/2])
		}
		if i < 2 {
			_, err := w.Sweep(ctx)
			return err
		}
		return nil
	})
	for i, o := range w.outcomes(trades) {
		expired := o.EndedBy == "system:window" || from != exchange.Disputed && o.WasDisputed && !o.Called
		ok := [2]bool{errs[2*i] == nil, errs[2*i+1] == nil}
		for which, x := range []action{a, b} {
			if x.run == nil {
				ok[which] = expired
			}
			if c := fault.Code(errs[2*i+which]); c != "" && c != "INVALID_STATE" && (c != "claim_required" || from == exchange.Disputed) {
				w.t.Errorf("%s against %s from %s: the loser got %v", a.name, b.name, from, errs[2*i+which])
			}
		}
		if !w.possible(from, due, a, b, ok, o) {
			w.t.Errorf("%s against %s from %s: successes %v, then %s (called %v), which neither order gives", a.name, b.name, from, ok, o.Status, o.Called)
		}
		want := 0
		if o.Status.Final() {
			want = 1
		}
		if o.Ends != want {
			w.t.Errorf("%s against %s: escrow of a %s order moved %d times", a.name, b.name, o.Status, o.Ends)
		}
	}
	w.finish(trades)
}

// outcome is what came of an order.
type outcome struct {
	Status      exchange.Status
	Called      bool
	WasDisputed bool
	EndedBy     string
	Ends        int // in the books
}

// outcomes reads what came of each trade's order.
func (w *world) outcomes(trades []trade) []outcome {
	w.t.Helper()
	ids := make([]int64, len(trades))
	for i, r := range trades {
		ids[i] = r.id
	}
	rows, err := w.db.Query(w.t.Context(), `
		select o.status, o.operator_called as called, o.disputed_at is not null as was_disputed, coalesce(o.ended_by, '') as ended_by,
		    (select count(*)::int from ledger_transfers l where l.reference = 'p2p_order:' || o.id || ':end') as ends
		from unnest($1::bigint[]) with ordinality as k (id, place) join p2p_orders o on o.id = k.id order by k.place`, ids)
	noErr(w.t, err)
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[outcome])
	noErr(w.t, err)
	if len(out) != len(trades) {
		w.t.Fatalf("%d orders of %d", len(out), len(trades))
	}
	return out
}

// possible says whether one after the other could have come to this.
func (w *world) possible(from exchange.Status, due bool, a, b action, ok [2]bool, o outcome) bool {
	for _, aFirst := range []bool{true, false} {
		m := start(from, due)
		var got [2]bool
		if aFirst {
			got[0], got[1] = a.apply(&m), b.apply(&m)
		} else {
			got[1], got[0] = b.apply(&m), a.apply(&m)
		}
		// Two sweeps look alike in what is left of them.
		sweeps := a.run == nil && b.run == nil && (got[0] || got[1]) == ok[0]
		if (got == ok || sweeps) && m.status == o.Status && m.called == o.Called {
			return true
		}
	}
	return false
}

// prepare makes a new order of each trade, in the state to race from.
func (w *world) prepare(trades []trade, ad int64, from exchange.Status, due bool) {
	w.t.Helper()
	ctx := w.t.Context()
	ids := racetest.Run(len(trades), func(i int) int64 {
		id, err := w.CreateOrder(ctx, trades[i].seller, answer(ad, 100), idempotency.Key{})
		if err != nil {
			w.t.Errorf("CreateOrder: %v", err)
		}
		return id
	})
	for i := range trades {
		trades[i].id = ids[i]
	}
	window := 1
	if due {
		window = -1
	}
	_, err := w.db.Exec(ctx, `
		update p2p_orders set status = $2, pay_by = $3::timestamptz + $4 * interval '1 hour',
		    paid_at = case when $2 <> 'pending' then $3::timestamptz end,
		    dispute_at = case when $2 <> 'pending' then $3::timestamptz + $4 * interval '1 hour' end,
		    disputed_at = case when $2 = 'disputed' then $3::timestamptz end, operator_called = $2 = 'disputed',
		    claimed_by = case when $2 = 'disputed' then 'operator:olga' end,
		    lease_until = case when $2 = 'disputed' then $3::timestamptz + interval '1 hour' end
		where id = any($1)`, ids, string(from), w.clock.Now(), window)
	noErr(w.t, err)
}

// finish ends what is open, so that each seller may sell again.
func (w *world) finish(trades []trade) {
	w.t.Helper()
	ctx := w.t.Context()
	found := w.outcomes(trades)
	racetest.Run(len(trades), func(i int) error {
		switch found[i].Status {
		case exchange.Pending:
			return w.Cancel(ctx, trades[i].seller, trades[i].id)
		case exchange.PaidByBuyer, exchange.Disputed:
			return w.ConfirmReceived(ctx, trades[i].seller, trades[i].id)
		default:
			return nil
		}
	})
}

// TestBothAgreeAtOnce has both sides cancel a dispute at the same moment.
func TestBothAgreeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	buyer := w.user("buyer", 0)
	ad := w.ad(buyer, buying(100, 1_000_000))
	trades := make([]trade, rounds)
	for i := range trades {
		trades[i] = trade{buyer: buyer, seller: w.user(fmt.Sprintf("seller-%d", i), 200_000)}
	}
	w.prepare(trades, ad, exchange.Disputed, false)
	for i, err := range racetest.Run(2*rounds, func(i int) error {
		r := trades[i/2]
		if i%2 == 0 {
			return w.Cancel(ctx, r.seller, r.id)
		}
		return w.Cancel(ctx, r.buyer, r.id)
	}) {
		if err != nil {
			t.Errorf("agreement %d: %v", i, err)
		}
	}
	for _, r := range trades {
		if o := w.read(r.seller, r.id); o.Status != exchange.Cancelled || w.ends(r.id) != 1 {
			t.Errorf("order %d is %s after %d ends", r.id, o.Status, w.ends(r.id))
		}
		w.wantMoney(r.seller, 200_000, 0)
	}
	if left := w.remaining(ad); left != 1_000_000 {
		t.Errorf("%d left of the ad", left)
	}
}
