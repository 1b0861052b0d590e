package exchange_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
)

// ids lists the ids of a listing.
func (w *world) ids(f exchange.AdFilter) []int64 {
	w.t.Helper()
	ads, err := w.Ads(w.t.Context(), f)
	noErr(w.t, err)
	out := []int64{}
	for _, ad := range ads {
		out = append(out, ad.ID)
	}
	return out
}

func TestListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	ad := func(name string, change func(r *exchange.AdRequest)) int64 {
		req := buying(1000, 100_000)
		if change != nil {
			change(&req)
		}
		return w.ad(w.user(name, 1_000_000), req)
	}
	cheap := ad("cheap", func(r *exchange.AdRequest) { r.ExchangeRate = new(int64(90)) })
	dear := ad("dear", func(r *exchange.AdRequest) { r.ExchangeRate = new(int64(110)) })
	plain := ad("plain", nil)
	even := ad("even", nil)
	euro := ad("euro", func(r *exchange.AdRequest) { r.FiatCurrency, r.ExchangeRate = "EUR", new(int64(1)) })
	sale := ad("sale", func(r *exchange.AdRequest) { *r = selling(1000, 50_000); r.ExchangeRate = new(int64(105)) })
	bargain := ad("bargain", func(r *exchange.AdRequest) {
		*r = selling(1000, 200_000)
		r.ExchangeRate, r.PaymentMethods, r.PaymentWindowMinutes = new(int64(95)), []string{"sbp"}, new(int64(10))
	})
	paused := ad("paused", nil)
	_, err := w.db.Exec(ctx, `update p2p_ads set is_active = false where id = $1`, paused)
	noErr(t, err)
	spent := ad("spent", func(r *exchange.AdRequest) { r.MinAmount = 60_000 })
	w.order(w.user("taker", 1_000_000), spent, 60_000)
	for id, stats := range map[int64][2]int{dear: {500, 1}, plain: {400, 9}, sale: {450, 4}} {
		_, err := w.db.Exec(ctx, `update p2p_ads set author_rating = $2, author_orders = $3 where id = $1`, id, stats[0], stats[1])
		noErr(t, err)
	}
	yes, no := true, false
	for _, tt := range []struct {
		name   string
		filter exchange.AdFilter
		want   []int64
	}{
		{"All", exchange.AdFilter{}, []int64{dear, sale, plain, cheap, even, euro, bargain}},
		{"Active", exchange.AdFilter{IsActive: &yes}, []int64{dear, sale, plain, cheap, even, euro, bargain}},
		{"Inactive", exchange.AdFilter{IsActive: &no}, []int64{paused}},
		{"Type", exchange.AdFilter{Type: "sell"}, []int64{sale, bargain}},
		{"Currency", exchange.AdFilter{FiatCurrency: "EUR"}, []int64{euro}},
		{"CurrencyOfBothTypes", exchange.AdFilter{FiatCurrency: "RUB"}, []int64{dear, sale, plain, cheap, even, bargain}},
		{"OrdersCount", exchange.AdFilter{SortBy: "orders_count", FiatCurrency: "RUB"}, []int64{plain, sale, dear, cheap, even, bargain}},
		{"BestPriceBuy", exchange.AdFilter{SortBy: "best_price", Type: "buy", FiatCurrency: "RUB"}, []int64{dear, plain, even, cheap}},
		{"BestPriceSell", exchange.AdFilter{SortBy: "best_price", Type: "sell"}, []int64{bargain, sale}},
		{"AmountBelow", exchange.AdFilter{Amount: new(int64(999))}, []int64{}},
		{"AmountAbove", exchange.AdFilter{Amount: new(int64(100_001))}, []int64{bargain}},
		{"Amount", exchange.AdFilter{Amount: new(int64(1000)), Type: "sell"}, []int64{sale, bargain}},
		{"Method", exchange.AdFilter{PaymentMethod: "card", Type: "sell"}, []int64{sale}},
		{"NoMethod", exchange.AdFilter{PaymentMethod: "cash"}, []int64{}},
		{"Duration", exchange.AdFilter{MaxPaymentDuration: new(int64(29))}, []int64{bargain}},
		{"Author", exchange.AdFilter{AuthorNickname: "plain"}, []int64{plain}},
		{"NoAuthor", exchange.AdFilter{AuthorNickname: "nobody"}, []int64{}},
		{"Page", exchange.AdFilter{Limit: 2, Offset: 1}, []int64{sale, plain}},
	} {
		if diff := cmp.Diff(tt.want, w.ids(tt.filter)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	for name, f := range map[string]exchange.AdFilter{
		"type": {Type: "rent"}, "fiat_currency": {FiatCurrency: "rub"}, "amount": {Amount: new(int64(0))}, "sort_by": {SortBy: "age"},
		"limit": {Limit: 101}, "offset": {Offset: 10_001}, "max_payment_duration": {MaxPaymentDuration: new(int64(0))},
		"payment_method": {PaymentMethod: strings.Repeat("x", 65)}, "author_nickname": {AuthorNickname: "\x00"},
	} {
		_, err := w.Ads(ctx, f)
		if wantCode(t, err, "invalid_request"); err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := w.AdByID(ctx, spent); err != nil || !v.Exhausted || !v.IsActive {
		t.Errorf("a spent ad: %+v, %v", v, err)
	}
	if _, err := w.CreateOrder(ctx, w.user("late", 1_000_000), answer(spent, 60_000), idempotency.Key{}); fault.Code(err) != "AMOUNT_EXCEEDS_AVAILABLE" {
		t.Errorf("answer to a spent ad: %v", err)
	}
}

// TestListingPlans explains every listing on a hundred thousand ads: all are
// read from an index, in its order.
func TestListingPlans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for _, sql := range []string{
		`insert into users (name, nickname, signup_bonus, cashback_bonus, deposited, withdrawn, withdrawing, turnover, wagering_required, created_at)
		 select 'user ' || n, 'nick' || n, false, false, 0, 0, 0, 0, 0, now() from generate_series(1, 5000) n`,
		`insert into p2p_ads (user_id, type, fiat_currency, exchange_rate, min_amount, max_amount, remaining_amount, payment_methods, instructions,
		     window_minutes, is_active, version, created_at, updated_at, author_orders, author_rating)
		 select n, (array['buy', 'sell'])[1 + n % 2], (array['RUB', 'RUB', 'RUB', 'EUR', 'KZT'])[1 + n % 5], 50 + n % 100, 1000 + n % 1000, 1000000,
		     case when n % 11 = 0 then 10 else 1000000 - n % 1000 end, array[(array['card', 'sbp', 'cash'])[1 + n % 3]], '',
		     1 + n % 60, n % 7 <> 0, 1, now(), now(), n % 300, n % 501
		 from generate_series(1, 100000) n`,
		`analyze users`, `analyze p2p_ads`,
	} {
		_, err := w.db.Exec(ctx, sql)
		noErr(t, err)
	}
	sorted := regexp.MustCompile(`"Node Type": "(Incremental )?Sort"`)
	filters := map[string]exchange.AdFilter{
		"none": {}, "type": {Type: "buy"}, "currency": {FiatCurrency: "RUB"}, "rare currency": {FiatCurrency: "KZT"},
		"market": {Type: "sell", FiatCurrency: "RUB"}, "inactive": {IsActive: new(false)},
		"amount": {Type: "buy", FiatCurrency: "RUB", Amount: new(int64(500_000))},
		"method": {Type: "buy", FiatCurrency: "RUB", PaymentMethod: "sbp"}, "duration": {Type: "sell", MaxPaymentDuration: new(int64(15))},
		"all":  {Type: "buy", FiatCurrency: "RUB", Amount: new(int64(500_000)), PaymentMethod: "card", MaxPaymentDuration: new(int64(30)), IsActive: new(true)},
		"deep": {Type: "buy", FiatCurrency: "RUB", Limit: 100, Offset: 10_000},
	}
	for _, sort := range []string{"rating", "orders_count", "best_price"} {
		for name, f := range filters {
			f.SortBy = sort
			sql, args, err := exchange.ListingSQL(f, nil)
			noErr(t, err)
			var plan json.RawMessage
			noErr(t, w.db.QueryRow(ctx, `explain (format json) `+sql, args...).Scan(&plan))
			if sorted.Match(plan) || strings.Contains(string(plan), `"Seq Scan"`) || !strings.Contains(string(plan), "p2p_ads_") {
				t.Errorf("%s by %s:\n%s", name, sort, plan)
			}
		}
		// An author has few ads: they are found by him, and put in order.
		sql, args, err := exchange.ListingSQL(exchange.AdFilter{SortBy: sort}, []int64{4712})
		noErr(t, err)
		var plan json.RawMessage
		noErr(t, w.db.QueryRow(ctx, `explain (format json) `+sql, args...).Scan(&plan))
		if !strings.Contains(string(plan), `"p2p_ads_user"`) {
			t.Errorf("author by %s:\n%s", sort, plan)
		}
	}
	if got := w.ids(exchange.AdFilter{AuthorNickname: "nick4712"}); fmt.Sprint(got) != "[4712]" {
		t.Errorf("ads of nick4712: %v", got)
	}
}
