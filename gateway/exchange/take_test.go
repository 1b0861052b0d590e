package exchange_test

import (
	"context"
	"fmt"
	"testing"

	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/racetest"
)

// TestFiftyTakersAtOnce answers ads that have room for ten, of either side.
func TestFiftyTakersAtOnce(t *testing.T) {
	t.Parallel()
	const takers, room, each = 50, 10, 10_000
	for _, side := range []string{"buy", "sell"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			owner := w.user("owner", 10_000_000)
			req := buying(each, room*each)
			if side == "sell" {
				req = selling(each, room*each)
			}
			ad := w.ad(owner, req)
			users := make([]enduser.User, takers)
			for i := range users {
				users[i] = w.user(fmt.Sprintf("taker-%d", i), 200_000)
			}
			results := racetest.Run(takers, func(i int) error {
				_, err := w.CreateOrder(t.Context(), users[i], answer(ad, each), idempotency.Key{})
				return err
			})
			made := 0
			for i, err := range results {
				switch {
				case err == nil:
					made++
					if side == "buy" {
						w.wantMoney(users[i], 200_000-each, each)
					}
				case fault.Code(err) != "AMOUNT_EXCEEDS_AVAILABLE":
					t.Errorf("taker %d: %v", i, err)
				}
			}
			if left := w.remaining(ad); made != room || left != 0 {
				t.Errorf("%d orders and %d left, want %d and 0", made, left, room)
			}
			if side == "sell" {
				w.wantMoney(owner, 10_000_000-room*each, room*each)
			}
			var orders, escrow int64
			noErr(t, w.db.QueryRow(t.Context(), `select count(*), sum(usdt_amount) from p2p_orders where status = 'pending'`).Scan(&orders, &escrow))
			if orders != room || escrow != room*each {
				t.Errorf("%d orders over %d, want %d over %d", orders, escrow, room, room*each)
			}
		})
	}
}

// TestOrderOfChecks breaks several rules at once: the earliest is told. Each
// row leaves the breaks of the rows below it in place.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("Withdrawal", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		owner := w.user("owner", 0)
		other := w.user("other owner", 0)
		taker := w.user("taker", 50_000) // below the minimum of deposits, too little for the ad
		req := buying(100, 1_000_000)
		req.ExchangeRate = new(int64(1))
		ad := w.ad(owner, req)
		dust := answer(ad, 100)
		for _, step := range []struct {
			name   string
			change func(r *exchange.OrderRequest)
			before func()
			user   enduser.User
			want   string
		}{
			{name: "NoAd", change: func(r *exchange.OrderRequest) { r.AdID = 0 }, want: "invalid_request"},
			{name: "NoAmount", change: func(r *exchange.OrderRequest) { r.USDTAmount = 0 }, want: "invalid_request"},
			{name: "NoMethod", change: func(r *exchange.OrderRequest) { r.PaymentMethod = " " }, want: "invalid_request"},
			{name: "BadCard", change: func(r *exchange.OrderRequest) { r.PaymentDetails = map[string]string{"card_number": "12"} }, want: "invalid_request"},
			{name: "NoDetails", change: func(r *exchange.OrderRequest) { r.PaymentDetails = nil; r.PaymentMethod = "cash" }, want: "invalid_request"},
			{name: "BlankDetails", change: func(r *exchange.OrderRequest) {
				r.PaymentDetails = map[string]string{"phone": " ", "bank_name": "\u00a0"}
			}, want: "invalid_request"},
			{name: "Unknown", change: func(r *exchange.OrderRequest) { r.AdID = 4711 }, want: "AD_NOT_ACTIVE"},
			{name: "SwitchedOff", before: func() { w.setActive(owner, ad, false) }, change: func(r *exchange.OrderRequest) { r.PaymentMethod = "cash" }, want: "AD_NOT_ACTIVE"},
			{name: "OwnerBlocked", before: func() { w.setActive(owner, ad, true); noErr(t, w.users.Block(ctx, owner.ID)) }, want: "AD_NOT_ACTIVE"},
			{name: "Own", before: func() { noErr(t, w.users.Unblock(ctx, owner.ID)) }, user: owner, change: func(r *exchange.OrderRequest) { r.PaymentMethod = "cash"; r.USDTAmount = 1 }, want: "OWN_AD"},
			{name: "Method", change: func(r *exchange.OrderRequest) { r.PaymentMethod = "cash"; r.USDTAmount = 1 }, want: "INVALID_PAYMENT_METHOD"},
			{name: "TooLow", change: func(r *exchange.OrderRequest) { r.USDTAmount = 99 }, want: "AMOUNT_TOO_LOW"},
			{name: "TooHigh", change: func(r *exchange.OrderRequest) { r.USDTAmount = 1_000_001 }, want: "AMOUNT_TOO_HIGH"},
			{
				name: "Exceeds", before: func() { w.order(w.user("rich", 10_000_000), ad, 500_000) },
				change: func(r *exchange.OrderRequest) { r.USDTAmount = 500_001 }, want: "AMOUNT_EXCEEDS_AVAILABLE",
			},
			{
				name: "TooSmall", before: func() { noErr(t, w.UpdateAd(ctx, owner, ad, exchange.AdChange{MinAmount: new(int64(1))})) },
				change: func(r *exchange.OrderRequest) { r.USDTAmount = 49 }, want: "AMOUNT_TOO_SMALL",
			},
			{
				name: "MinDeposit", before: func() {
					noErr(t, w.users.GrantBonus(ctx, taker.ID, enduser.Cashback, 1, 1_000_000, "bonus"))
				},
				change: func(r *exchange.OrderRequest) { r.USDTAmount = 200_000 }, want: "MIN_DEPOSIT_REQUIRED",
			},
			{
				name: "Wagering", before: func() { w.deposit(taker, 50_000) },
				change: func(r *exchange.OrderRequest) { r.USDTAmount = 200_000 }, want: "WAGERING_REQUIREMENT_NOT_MET",
			},
			{
				name: "ActiveExists", before: func() {
					noErr(t, w.users.SetWagering(ctx, taker.ID, 0))
					w.order(taker, w.ad(other, buying(100, 100_000)), 1000)
				},
				change: func(r *exchange.OrderRequest) { r.USDTAmount = 200_000 }, want: "ACTIVE_WITHDRAW_ORDER_EXISTS",
			},
			{
				name: "Short", before: func() {
					noErr(t, w.Cancel(ctx, taker, w.mine(taker)))
				},
				change: func(r *exchange.OrderRequest) { r.USDTAmount = 200_000 }, want: "SELLER_INSUFFICIENT_BALANCE",
			},
			{name: "OK", want: ""},
			{name: "Blocked", before: func() { noErr(t, w.users.Block(ctx, taker.ID)) }, change: func(r *exchange.OrderRequest) { r.PaymentMethod = "cash" }, want: "FORBIDDEN"},
		} {
			if step.before != nil {
				step.before()
			}
			req, u := dust, w.reload(taker)
			if step.change != nil {
				step.change(&req)
			}
			if step.user.ID != 0 {
				u = w.reload(step.user)
			}
			_, err := w.CreateOrder(ctx, u, req, idempotency.Key{})
			if got := fault.Code(err); got != step.want {
				t.Errorf("%s: got %q (%v), want %q", step.name, got, err, step.want)
			}
		}
	})

	t.Run("Deposit", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		owner := w.user("owner", 50_000)
		taker := w.user("taker", 0)
		ad := w.ad(owner, selling(100, 1_000_000))
		try := func(want string, change func(r *exchange.OrderRequest)) {
			t.Helper()
			req := answer(ad, 300_000)
			req.PaymentDetails = nil
			if change != nil {
				change(&req)
			}
			_, err := w.CreateOrder(ctx, taker, req, idempotency.Key{})
			wantCode(t, err, want)
		}
		// The owner's prerequisites come before everything that the ad says.
		try("AD_NOT_ACTIVE", func(r *exchange.OrderRequest) { r.PaymentMethod = "cash" })
		try("AD_NOT_ACTIVE", nil)
		w.deposit(owner, 50_000)
		noErr(t, w.users.GrantBonus(ctx, owner.ID, enduser.Cashback, 1, 1_000_000, "bonus"))
		try("AD_NOT_ACTIVE", nil)
		noErr(t, w.users.SetWagering(ctx, owner.ID, 0))
		try("INVALID_PAYMENT_METHOD", func(r *exchange.OrderRequest) { r.PaymentMethod = "cash" })
		other := w.ad(w.user("other", 1_000_000), selling(100, 1_000_000))
		open := w.order(taker, other, 1000)
		try("ACTIVE_DEPOSIT_ORDER_EXISTS", nil)
		noErr(t, w.Cancel(ctx, taker, open))
		try("SELLER_INSUFFICIENT_BALANCE", nil)
		w.deposit(owner, 1_000_000)
		try("", nil)
	})
}

// TestOneActiveOrderPerSide sends many answers of one user at once.
func TestOneActiveOrderPerSide(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, refusal     string
		ad, other         func(low, high int64) exchange.AdRequest
		available, escrow int64 // of who answers, after the one that stands
	}{
		{"Withdraw", "ACTIVE_WITHDRAW_ORDER_EXISTS", buying, selling, 10_000_000 - 1000, 1000},
		{"Deposit", "ACTIVE_DEPOSIT_ORDER_EXISTS", selling, buying, 10_000_000, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			taker := w.user("taker", 10_000_000)
			var ads [12]int64
			for i := range ads {
				ads[i] = w.ad(w.user(fmt.Sprintf("owner-%d", i), 1_000_000), tt.ad(100, 100_000))
			}
			made := 0
			for i, err := range racetest.Run(len(ads), func(i int) error {
				_, err := w.CreateOrder(t.Context(), taker, answer(ads[i], 1000), idempotency.Key{})
				return err
			}) {
				switch fault.Code(err) {
				case "":
					made++
				case tt.refusal:
				default:
					t.Errorf("answer %d: %v", i, err)
				}
			}
			if made != 1 {
				t.Errorf("%d orders, want 1", made)
			}
			w.wantMoney(taker, tt.available, tt.escrow)
			// The other side is free, and owning an ad binds nobody.
			w.order(taker, w.ad(w.user("other", 1_000_000), tt.other(100, 100_000)), 1000)
		})
	}
}

// TestTwins sends one request many times at once, with one key.
func TestTwins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seller, ctx := w.user("seller", 150_000), t.Context()
	ad := w.ad(w.user("buyer", 0), buying(100, 100_000))
	results := racetest.Run(16, func(int) [2]any {
		id, err := w.CreateOrder(ctx, seller, answer(ad, 100_000), key(seller, "k", "body"))
		return [2]any{id, err}
	})
	for i, r := range results {
		if r[1] != nil || r[0] != results[0][0] {
			t.Errorf("twin %d: %v, want order %v", i, r, results[0][0])
		}
	}
	w.wantMoney(seller, 50_000, 100_000)
	id := results[0][0].(int64)
	_, err := w.CreateOrder(ctx, seller, answer(ad, 90_000), key(seller, "k", "other body"))
	wantCode(t, err, "IDEMPOTENCY_KEY_REUSED")

	// Whatever became of it since: the same answer.
	noErr(t, w.Cancel(ctx, seller, id))
	noErr(t, w.users.Block(ctx, seller.ID))
	if again, err := w.CreateOrder(ctx, w.reload(seller), answer(ad, 100_000), key(seller, "k", "body")); err != nil || again != id {
		t.Errorf("replay: %d, %v, want %d", again, err, id)
	}
	// A refusal is not kept.
	noErr(t, w.users.Unblock(ctx, seller.ID))
	_, err = w.CreateOrder(ctx, seller, answer(ad, 99), key(seller, "k2", "body"))
	wantCode(t, err, "AMOUNT_TOO_LOW")
	if _, err := w.CreateOrder(ctx, seller, answer(ad, 1000), key(seller, "k2", "body")); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
}

// TestEditsWhileTaking edits an ad while many answer it: every order has the
// rate and the window of one edit, and the ad's amount adds up.
func TestEditsWhileTaking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.user("owner", 0)
	ad := w.ad(owner, buying(100, 1_000_000))
	const takers, edits = 24, 12
	users := make([]enduser.User, takers)
	for i := range users {
		users[i] = w.user(fmt.Sprintf("taker-%d", i), 100_000)
	}
	ctx := t.Context()
	racetest.Run(takers+1, func(i int) error {
		if i < takers {
			_, err := w.CreateOrder(ctx, users[i], answer(ad, 1000), idempotency.Key{})
			if c := fault.Code(err); c != "" && c != "unavailable" { // judged again too often
				t.Errorf("taker %d: %v", i, err)
			}
			return err
		}
		for n := range int64(edits) {
			noErr(t, w.UpdateAd(ctx, owner, ad, exchange.AdChange{ExchangeRate: new(200 + n), PaymentWindowMinutes: new(100 + n)}))
		}
		return nil
	})
	var torn, taken int64
	noErr(t, w.db.QueryRow(ctx, `
		select count(*) filter (where extract(epoch from pay_by - created_at) / 60 <> case exchange_rate when 100 then 30 else exchange_rate - 100 end
		                           or fiat_amount <> usdt_amount * exchange_rate / 100), coalesce(sum(usdt_amount), 0)
		from p2p_orders`).Scan(&torn, &taken))
	if torn != 0 || w.remaining(ad) != 1_000_000-taken {
		t.Errorf("%d orders with torn terms; %d left of which %d are taken", torn, w.remaining(ad), taken)
	}
}

// TestATakeByOldTermsIsJudgedAgain has the edit happen between the judgement
// and the posting, which a lock on the ad's row forces.
func TestATakeByOldTermsIsJudgedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	owner, taker := w.user("owner", 0), w.user("taker", 1_000_000)
	ad := w.ad(owner, buying(100, 1_000_000))
	for _, tt := range []struct {
		name, edit, want string
	}{
		{"RateFollows", `update p2p_ads set exchange_rate = 250, version = version + 1 where id = $1`, ""},
		{"MinimumIsRespected", `update p2p_ads set min_amount = 5000, version = version + 1 where id = $1`, "AMOUNT_TOO_LOW"},
		{"SwitchedOff", `update p2p_ads set is_active = false, version = version + 1 where id = $1`, "AD_NOT_ACTIVE"},
	} {
		noErr(t, w.UpdateAd(ctx, owner, ad, exchange.AdChange{MinAmount: new(int64(100))}))
		tx, err := w.db.Begin(ctx)
		noErr(t, err)
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		_, err = tx.Exec(ctx, tt.edit, ad)
		noErr(t, err)
		result := make(chan error, 1)
		var id int64
		go func() {
			var err error
			id, err = w.CreateOrder(context.WithoutCancel(ctx), taker, answer(ad, 1000), idempotency.Key{})
			result <- err
		}()
		w.untilBlocked(result)
		noErr(t, tx.Commit(ctx))
		err = <-result
		wantCode(t, err, tt.want)
		if err == nil {
			if o := w.read(taker, id); o.ExchangeRate != 250 || o.FiatAmount != 2500 {
				t.Errorf("%s: rate %d, fiat %d", tt.name, o.ExchangeRate, o.FiatAmount)
			}
			noErr(t, w.Cancel(ctx, taker, id))
		}
	}
}

func TestRounding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taker := w.user("taker", 1_000_000)
	owner := w.user("owner", 0)
	req := buying(1, 1_000_000)
	ad := w.ad(owner, req)
	for _, tt := range []struct{ amount, rate, fiat int64 }{
		{1000, 100, 1000}, {3, 50, 2}, {1, 50, 1}, {1, 49, 0}, {149, 1, 1}, {150, 1, 2}, {333, 9350, 31136}, {1, 9349, 93}, {1, 9350, 94},
	} {
		noErr(t, w.UpdateAd(t.Context(), owner, ad, exchange.AdChange{ExchangeRate: &tt.rate}))
		id, err := w.CreateOrder(t.Context(), taker, answer(ad, tt.amount), idempotency.Key{})
		if tt.fiat == 0 {
			wantCode(t, err, "AMOUNT_TOO_SMALL")
			continue
		}
		noErr(t, err)
		if got := w.read(taker, id).FiatAmount; got != tt.fiat {
			t.Errorf("%d at %d: %d, want %d", tt.amount, tt.rate, got, tt.fiat)
		}
		noErr(t, w.Cancel(t.Context(), taker, id))
	}
}

func (w *world) setActive(u enduser.User, ad int64, active bool) {
	w.t.Helper()
	noErr(w.t, w.UpdateAd(w.t.Context(), u, ad, exchange.AdChange{IsActive: &active}))
}
