package payout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"

	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/racetest"
	"disburse/ledger"
	"disburse/ledger/money"
)

func TestCreateHoldsTheMoneyAndAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created, replayed, err := w.Create(t.Context(), w.live, request("order123"))
	if err != nil || replayed {
		t.Fatalf("Create: replayed %v, %v", replayed, err)
	}
	p := created.Payout
	got := []string{p.OrderID, string(p.Status), p.FiatAmount(), p.USDTAmount(), p.SpentAmount(), p.ExchangeRate(), string(p.Method),
		payout.Timestamp(p.CreatedAt), payout.Timestamp(p.ExpiresAt), created.RejectURL, p.Masked()}
	want := []string{"order123", "expectation", "1500.00", "15.4443", "15.5988", "97.1234", "card",
		"2026-03-04T05:06:07Z", "2026-03-04T06:06:07Z", "https://pay.example.com/api/merchant/demo/rejected_pay_out/", "****1234"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.wantBalance(w.live, "984.4012", "15.5988")

	var box, all string
	row := w.db.QueryRow(t.Context(), `select requisite_box::text, payouts::text from payouts where id = $1`, p.ID)
	if err := row.Scan(&box, &all); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(all, "427634543958") {
		t.Error("the requisite rests in clear")
	}
}

func TestCurrenciesOfOtherScales(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setRate("jpy", "150.0000")
	w.setRate("kwd", "0.3070")
	on := merchant.MethodChange{Enabled: new(true), Min: new(money.New(1, "JPY"))}
	onKWD := merchant.MethodChange{Enabled: new(true), Min: new(money.New(1, "KWD"))}
	m := w.set("demo", merchant.Change{Methods: map[merchant.MethodKey]merchant.MethodChange{
		{Currency: "jpy", Method: "card"}: on, {Currency: "kwd", Method: "card"}: onKWD,
	}})
	for _, tc := range []struct{ name, currency, amount, fiat, usdt string }{
		{"NoDecimals", "JPY", "1500.00", "1500.00", "10.0000"},
		{"ThreeDecimals", "KWD", "1.54", "1.54", "5.0163"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := request(tc.name)
			req.FiatCurrency, req.FiatAmount = tc.currency, tc.amount
			p := w.create(m, req)
			if p.FiatAmount() != tc.fiat || p.USDTAmount() != tc.usdt {
				t.Errorf("%s for %s, want %s for %s", p.FiatAmount(), p.USDTAmount(), tc.fiat, tc.usdt)
			}
		})
	}
	req := request("x")
	req.FiatCurrency, req.FiatAmount = "jpy", "1500.50"
	_, _, err := w.Create(t.Context(), m, req)
	if f := wantFault(t, err, "invalid_request"); f.Fields[0].Name != "fiat_amount" {
		t.Errorf("fields %v", f.Fields)
	}
}

func TestCreateIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	poor := w.merchant("poor", ledger.Live, "15.5987")
	w.setRate("usd", "1.0000")
	stale := w.merchant("stale", ledger.Live, "100")
	ibanOff := request("off")
	ibanOff.PaymentMethod, ibanOff.NumberCard, ibanOff.IBANNumber = "iban", "", "DE89370400440532013000"
	tiny := request("tiny")
	tiny.FiatAmount = "0.01"
	tiny.FiatCurrency = "usd"
	for _, tc := range []struct {
		name string
		m    merchant.Merchant
		req  payout.CreateRequest
		code string
	}{
		{"LowBalance", poor, request("a"), "low_balance"},
		{"MethodDisabled", w.live, ibanOff, "method_disabled"},
		{"MethodWithoutEntry", w.live, tiny, "method_disabled"},
		{"FieldFaultBeforeMethodDisabled", w.live, func() payout.CreateRequest { r := ibanOff; r.BIK = "1"; return r }(), "invalid_request"},
		{"BelowMinimum", w.live, func() payout.CreateRequest { r := request("m"); r.FiatAmount = "99.99"; return r }(), "invalid_request"},
		{"AboveMaximum", w.live, func() payout.CreateRequest { r := request("m"); r.FiatAmount = "1000000.01"; return r }(), "invalid_request"},
		{"CurrencyWithoutRate", w.live, func() payout.CreateRequest { r := request("m"); r.FiatCurrency = "gbp"; return r }(), "invalid_request"},
		{"USDTIsNoFiat", w.live, func() payout.CreateRequest { r := request("m"); r.FiatCurrency = "usdt"; return r }(), "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before, _ := w.balance(tc.m)
			_, _, err := w.Create(t.Context(), tc.m, tc.req)
			wantCode(t, err, tc.code)
			w.wantBalance(tc.m, before, "0.0000")
		})
	}
	t.Run("RefusedStoresNothing", func(t *testing.T) {
		if _, err := w.merchants.TopUp(t.Context(), "poor", usdt("0.0001"), "more"); err != nil {
			t.Fatal(err)
		}
		w.create(poor, request("a"))
		w.wantBalance(poor, "0.0000", "15.5988")
	})
	t.Run("RateTooOld", func(t *testing.T) {
		w.create(stale, request("before"))
		w.clock.advance(25 * time.Hour)
		_, _, err := w.Create(t.Context(), stale, request("after"))
		wantCode(t, err, "rate_unavailable")
		bad := request("after")
		bad.BIK = "x"
		_, _, err = w.Create(t.Context(), stale, bad)
		wantCode(t, err, "invalid_request")
		if _, replayed, err := w.Create(t.Context(), stale, request("before")); err != nil || !replayed {
			t.Errorf("a replay needs no rate: replayed %v, %v", replayed, err)
		}
		other := request("before")
		other.FiatAmount = "1600.00"
		_, _, err = w.Create(t.Context(), stale, other)
		wantCode(t, err, "order_id_reused")
	})
}

// TestAnyOrderIDThatPassesIsPosted takes order_ids to the edge of what the
// rules allow: the books take them all.
func TestAnyOrderIDThatPassesIsPosted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{
		" ", strings.Repeat("\U0010ffff", 255), strings.Repeat("\U0001f600", 255), "a\u2028b", "\ufeff", "'\"\\%_", "\u0301", "\ue000",
	} {
		req := request(id)
		req.FiatAmount = "100.00"
		if p := w.create(w.live, req); p.OrderID != id {
			t.Errorf("%q became %q", id, p.OrderID)
		}
	}
}

func TestWorthNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setRate("vnd", "999999999.0000")
	m := w.set("demo", merchant.Change{Methods: map[merchant.MethodKey]merchant.MethodChange{
		{Currency: "vnd", Method: "card"}: {Enabled: new(true), Min: new(money.New(1, "VND"))},
	}})
	req := request("dust")
	req.FiatCurrency, req.FiatAmount = "vnd", "49999.00"
	_, _, err := w.Create(t.Context(), m, req)
	if f := wantFault(t, err, "invalid_request"); f.Fields[0].Name != "fiat_amount" {
		t.Errorf("fields %v", f.Fields)
	}
	req.FiatAmount = "50000.00" // 0.00005, half up
	if p := w.create(m, req); p.USDTAmount() != "0.0001" {
		t.Errorf("usdt %s, want 0.0001", p.USDTAmount())
	}
}

func TestReplayAnswersTheFirstAnswerForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, _, err := w.Create(t.Context(), w.live, request("order"))
	if err != nil {
		t.Fatal(err)
	}
	again := func(t *testing.T, m merchant.Merchant) {
		t.Helper()
		req := request("order")
		req.Sign = "another spelling of the sign"
		got, replayed, err := w.Create(t.Context(), m, req)
		if err != nil || !replayed {
			t.Fatalf("replayed %v, %v", replayed, err)
		}
		if diff := cmp.Diff(first, got, cmpopts.IgnoreUnexported(payout.Payout{}), cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) }),
			cmp.Comparer(func(a, b money.Money) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
	}
	t.Run("AtOnce", func(t *testing.T) { again(t, w.live) })
	t.Run("AfterTheRateMoved", func(t *testing.T) {
		w.setRate("rub", "80.0000")
		again(t, w.live)
	})
	t.Run("AfterTheBoundsMoved", func(t *testing.T) {
		again(t, w.set("demo", merchant.Change{Methods: map[merchant.MethodKey]merchant.MethodChange{
			{Currency: "rub", Method: "card"}: {Min: new(money.New(500_000, "RUB"))},
		}}))
	})
	t.Run("AfterTheMethodWentOff", func(t *testing.T) {
		again(t, w.set("demo", merchant.Change{Methods: map[merchant.MethodKey]merchant.MethodChange{
			{Currency: "rub", Method: "card"}: {Enabled: new(false)},
		}}))
	})
	t.Run("AfterItEnded", func(t *testing.T) {
		if _, err := w.Cancel(t.Context(), w.live, "order"); err != nil {
			t.Fatal(err)
		}
		again(t, w.live)
	})
	t.Run("WithoutMoney", func(t *testing.T) {
		w.setRate("rub", "97.1234")
		m := w.set("demo", merchant.Change{FeeBPS: new(int64(10_000)), Methods: map[merchant.MethodKey]merchant.MethodChange{
			{Currency: "rub", Method: "card"}: {Enabled: new(true), Min: new(money.New(1, "RUB"))},
		}})
		big := request("big")
		big.FiatAmount = "48000.00"
		w.create(m, big)
		again(t, m)
	})
	w.wantEnd(first.Payout.ID, payout.RejectedMerchant)
}

func TestOtherRequestsUnderAnOrderIDAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(w.live, request("order"))
	for name, change := range map[string]func(*payout.CreateRequest){
		"Amount":      func(r *payout.CreateRequest) { r.FiatAmount = "1500.01" },
		"Requisite":   func(r *payout.CreateRequest) { r.NumberCard = "4276345439581235" },
		"Method":      func(r *payout.CreateRequest) { r.PaymentMethod, r.NumberCard, r.PhoneNumber = "sbp", "", "79161234567" },
		"LetterCase":  func(r *payout.CreateRequest) { r.FiatCurrency = "RUB" },
		"BankName":    func(r *payout.CreateRequest) { r.BankName = "" },
		"BIK":         func(r *payout.CreateRequest) { r.BIK = "044525225" },
		"FullName":    func(r *payout.CreateRequest) { r.FullName = "Petrov" },
		"Customer":    func(r *payout.CreateRequest) { r.Customer = "c" },
		"Description": func(r *payout.CreateRequest) { r.OrderDescription = "d" },
		"SuccessURL":  func(r *payout.CreateRequest) { r.SuccessCallbackURL = "https://shop.example.com/other" },
		"ErrorURL":    func(r *payout.CreateRequest) { r.ErrorCallbackURL = "https://shop.example.com/other" },
		"Timeout":     func(r *payout.CreateRequest) { r.Timeout = new(int64(60)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := request("order")
			change(&req)
			_, _, err := w.Create(t.Context(), w.live, req)
			wantCode(t, err, "order_id_reused")
		})
	}
	t.Run("AnotherMerchantsIsFree", func(t *testing.T) {
		t.Parallel()
		w.create(w.sandbox, request("order"))
	})
}

func TestTwinsMakeOnePayout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type outcome struct {
		id       string
		replayed bool
		err      error
	}
	results := racetest.Run(50, func(int) outcome {
		c, replayed, err := w.Create(context.Background(), w.live, request("twin"))
		return outcome{c.Payout.ID, replayed, err}
	})
	firsts := 0
	for _, r := range results {
		if r.err != nil || r.id != results[0].id {
			t.Fatalf("%+v beside %+v", r, results[0])
		}
		if !r.replayed {
			firsts++
		}
	}
	if firsts != 1 {
		t.Errorf("%d first answers", firsts)
	}
	w.wantBalance(w.live, "984.4012", "15.5988")
}

func TestParallelCreatesNeverOverdraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.merchant("ten", ledger.Live, "155.9880") // ten times 15.5988
	results := racetest.Run(50, func(i int) error {
		_, _, err := w.Create(context.Background(), m, request(orderID(i)))
		return err
	})
	made := 0
	for _, err := range results {
		if err == nil {
			made++
		} else {
			wantCode(t, err, "low_balance")
		}
	}
	if made != 10 {
		t.Errorf("%d payouts, want 10", made)
	}
	w.wantBalance(m, "0.0000", "155.9880")
}

func TestCapacityIsExact(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		set  payout.Capacity
	}{
		{"Count", payout.Capacity{Currency: "rub", Method: payout.Card, MaxOpen: new(int64(10))}},
		{"Amount", payout.Capacity{Currency: "rub", Method: payout.Card, MaxOpenAmount: new(money.New(1_500_000, "RUB"))}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if _, err := w.SetCapacity(t.Context(), tc.set); err != nil {
				t.Fatal(err)
			}
			// A second process with its own writer and caches.
			other := w.deps
			books := must(ledger.New(ledger.Config{DB: w.db, Now: w.clock.Now}))
			defer func() { _ = books.Close(context.Background()) }()
			other.Ledger = books
			second := must(payout.New(other))
			// Each has a merchant of its own, so that no account orders the two.
			services := []*payout.Service{w.Service, second}
			merchants := []merchant.Merchant{w.live, w.merchant("second", ledger.Live, "1000")}
			results := racetest.Run(50, func(i int) error {
				_, _, err := services[i%2].Create(context.Background(), merchants[i%2], request(orderID(i)))
				return err
			})
			made := 0
			for _, err := range results {
				if err == nil {
					made++
					continue
				}
				if f := wantFault(t, err, "overloading_requisite"); f.RetryAfter <= 0 {
					t.Error("no Retry-After")
				}
			}
			if made != 10 {
				t.Errorf("%d payouts, want 10", made)
			}
			sandboxed := request("apart")
			w.create(w.sandbox, sandboxed)
			sbp := request("other-method")
			sbp.PaymentMethod, sbp.NumberCard, sbp.PhoneNumber = "sbp", "", "79161234567"
			w.create(w.live, sbp)
			for i, err := range results {
				if err != nil {
					continue
				}
				if _, err := w.Cancel(t.Context(), merchants[i%2], orderID(i)); err != nil {
					t.Fatal(err)
				}
				w.create(w.live, request("room"))
				break
			}
			if _, err := w.SetCapacity(t.Context(), payout.Capacity{Currency: "rub", Method: payout.Card}); err != nil {
				t.Fatal(err)
			}
			w.create(w.live, request("no-bound"))
		})
	}
}

// TestCapacityWaitsForOthersToCommit has another process in the middle of taking
// the last place: a create must wait for it, and then count it.
func TestCapacityWaitsForOthersToCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.create(w.live, request("first"))
	if _, err := w.Cancel(t.Context(), w.live, "first"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetCapacity(t.Context(), payout.Capacity{Currency: "rub", Method: payout.Card, MaxOpen: new(int64(1))}); err != nil {
		t.Fatal(err)
	}
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	for _, sql := range []string{
		`select 1 from payout_capacity for update`,
		`update payouts set status = 'expectation', ended_at = null, ended_by = null where order_id = 'first'`,
	} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() {
		_, _, err := w.Create(context.Background(), w.live, request("second"))
		done <- err
	}()
	for deadline := time.Now().Add(10 * time.Second); ; {
		var waiting int
		err := w.db.QueryRow(t.Context(), `select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and query like '%payout_capacity%'`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			break
		}
		if time.Now().After(deadline) || len(done) > 0 {
			t.Fatalf("the create did not wait (%d done)", len(done))
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-done, "overloading_requisite")
	_, err = w.db.Exec(t.Context(), `update payouts set status = 'rejected_merchant', ended_at = created_at, ended_by = 'x' where id = $1`, first.ID)
	if err != nil {
		t.Fatal(err)
	}
}

func TestOverloadComesBeforeLowBalanceAndAfterReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(w.live, request("first"))
	if _, err := w.SetCapacity(t.Context(), payout.Capacity{Currency: "rub", Method: payout.Card, MaxOpen: new(int64(1))}); err != nil {
		t.Fatal(err)
	}
	poor := w.merchant("poor", ledger.Live, "")
	_, _, err := w.Create(t.Context(), poor, request("x"))
	wantCode(t, err, "overloading_requisite")
	if _, replayed, err := w.Create(t.Context(), w.live, request("first")); err != nil || !replayed {
		t.Errorf("replayed %v, %v", replayed, err)
	}
	changed := request("first")
	changed.FiatAmount = "1501.00"
	_, _, err = w.Create(t.Context(), w.live, changed)
	wantCode(t, err, "order_id_reused")
}

func TestSetCapacityRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.SetCapacity(t.Context(), payout.Capacity{
		Currency: "xyz", Method: "cash", MaxOpen: new(int64(-1)), MaxOpenAmount: new(money.New(1, "EUR")),
	})
	if f := wantFault(t, err, "invalid_request"); len(f.Fields) != 4 {
		t.Errorf("fields %v", f.Fields)
	}
	if all, err := w.Capacities(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("capacities %v, %v", all, err)
	}
}

func TestUnknownOutcomeIsARetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := w.Create(ctx, w.live, request("order"))
	if !errors.Is(err, context.Canceled) && err == nil {
		t.Fatal("an ended context made a payout for certain")
	}
	if _, _, err := w.Create(t.Context(), w.live, request("order")); err != nil {
		t.Fatal(err)
	}
	w.wantBalance(w.live, "984.4012", "15.5988")
}

var _ payout.Rates = (*fx.Rates)(nil)
