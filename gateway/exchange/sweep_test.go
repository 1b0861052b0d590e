package exchange_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/exchange"
)

// TestSweep moves the clock over both windows.
func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	buyer := w.user("buyer", 0)
	late, paid := w.user("late", 1_000_000), w.user("paid", 1_000_000)
	req := buying(100, 1_000_000)
	req.PaymentWindowMinutes = new(int64(5))
	ad := w.ad(buyer, req)
	lateID, paidID := w.order(late, ad, 1000), w.order(paid, ad, 2000)
	noErr(t, w.ConfirmPaid(ctx, buyer, paidID))
	sweep := func(want int) {
		t.Helper()
		if n, err := w.Sweep(ctx); err != nil || n != want {
			t.Errorf("swept %d, %v, want %d", n, err, want)
		}
	}
	w.clock.advance(5*time.Minute - time.Second)
	sweep(0)
	w.clock.advance(time.Second)
	sweep(1)
	if o := w.read(late, lateID); o.Status != exchange.Cancelled || w.remaining(ad) != 998_000 {
		t.Errorf("late order %s, %d left", o.Status, w.remaining(ad))
	}
	w.wantMoney(late, 1_000_000, 0)
	w.clock.advance(24*time.Hour - 5*time.Minute - time.Second)
	sweep(0)
	w.clock.advance(time.Second)
	sweep(1)
	o := w.read(paid, paidID)
	if o.Status != exchange.Disputed || o.OperatorCalled {
		t.Errorf("unconfirmed order is %s", o.Status)
	}
	w.wantMoney(paid, 998_000, 2000)
	w.clock.advance(1000 * time.Hour)
	sweep(0)
	// What both agreed to while nobody was there to do it.
	_, err := w.db.Exec(ctx, `update p2p_orders set buyer_cancels = true, seller_cancels = true where id = $1`, paidID)
	noErr(t, err)
	sweep(1)
	w.wantMoney(paid, 1_000_000, 0)
}

// TestAWindowIsAskedOfTheRow: what the sweep has read may be out of date.
func TestAWindowIsAskedOfTheRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seller := w.user("seller", 1_000_000)
	id := w.order(seller, w.ad(w.user("buyer", 0), buying(100, 1_000_000)), 1000)
	wantCode(t, w.EndOverdue(t.Context(), id), "INVALID_STATE")
	if o := w.read(seller, id); o.Status != exchange.Pending {
		t.Errorf("the order is %s", o.Status)
	}
	w.wantMoney(seller, 999_000, 1000)
}

// TestSweepPassesWhatCannotBeEnded: hundreds of orders whose escrow is not there
// keep none behind them, of either sort.
func TestSweepPassesWhatCannotBeEnded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, broken, good string }{
		{
			"Pending", `update p2p_orders set pay_by = created_at where id = any ($1)`,
			`update p2p_orders set pay_by = created_at + interval '1 second' where id = any ($1)`,
		},
		{"Agreed", agreed, agreed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx := t.Context()
			buyer, seller := w.user("buyer", 0), w.user("seller", 1_000_000)
			ad := w.ad(buyer, buying(100, 1_000_000))
			pattern := w.order(seller, ad, 1000)
			noErr(t, w.Cancel(ctx, seller, pattern))
			rows, err := w.db.Query(ctx, `
insert into p2p_orders (ad_id, buyer_id, seller_id, usdt_amount, fiat_amount, exchange_rate, created_at, updated_at, pay_by,
    ad_type, status, fiat_currency, payment_method, operator_called, buyer_cancels, seller_cancels)
select ad_id, buyer_id, 1000000 + n, usdt_amount, fiat_amount, exchange_rate, created_at, updated_at, pay_by,
    ad_type, 'pending', fiat_currency, payment_method, false, false, false
from p2p_orders, generate_series(1, 450) n where id = $1 returning id`, pattern)
			noErr(t, err)
			broken, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			noErr(t, err)
			good := w.order(seller, ad, 2000)
			_, err = w.db.Exec(ctx, tt.broken, broken)
			noErr(t, err)
			_, err = w.db.Exec(ctx, tt.good, []int64{good})
			noErr(t, err)
			w.clock.advance(time.Second)
			if n, err := w.Sweep(ctx); err != nil || n != 1 {
				t.Errorf("swept %d, %v, want the one that can be ended", n, err)
			}
			w.wantMoney(seller, 1_000_000, 0)
			_, err = w.db.Exec(ctx, `delete from p2p_orders where id = any ($1)`, broken)
			noErr(t, err)
		})
	}
}

// agreed makes disputes of orders, which both sides want to cancel.
const agreed = `
update p2p_orders set status = 'disputed', paid_at = created_at, dispute_at = created_at, disputed_at = created_at,
    buyer_cancels = true, seller_cancels = true where id = any ($1)`
