package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/racetest"
)

func TestAdRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user("u", 0)
	for field, change := range map[string]func(r *exchange.AdRequest){
		"type":                   func(r *exchange.AdRequest) { r.Type = "rent" },
		"fiat_currency":          func(r *exchange.AdRequest) { r.FiatCurrency = "rubles" },
		"exchange_rate":          func(r *exchange.AdRequest) { r.FiatCurrency = "EUR" },
		"min_amount":             func(r *exchange.AdRequest) { r.MinAmount = 0 },
		"max_amount":             func(r *exchange.AdRequest) { r.MaxAmount = 99 },
		"payment_methods":        func(r *exchange.AdRequest) { r.PaymentMethods = nil },
		"payment_details":        func(r *exchange.AdRequest) { r.PaymentDetails = map[string]string{"card_number": "1234"} },
		"instructions":           func(r *exchange.AdRequest) { r.Instructions = strings.Repeat("x", 2001) },
		"payment_window_minutes": func(r *exchange.AdRequest) { r.PaymentWindowMinutes = new(int64(1441)) },
	} {
		req := buying(100, 1000)
		change(&req)
		_, err := w.CreateAd(t.Context(), u, req, idempotency.Key{})
		if wantCode(t, err, "invalid_request"); err != nil && !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	req := buying(100, 1000)
	req.PaymentMethods = []string{"card", "card"}
	_, err := w.CreateAd(t.Context(), u, req, idempotency.Key{})
	wantCode(t, err, "invalid_request")
}

func TestOneActiveAdPerType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, u := t.Context(), w.user("u", 0)
	made := 0
	for _, err := range racetest.Run(8, func(int) error {
		_, err := w.CreateAd(ctx, u, buying(100, 1000), idempotency.Key{})
		return err
	}) {
		if err == nil {
			made++
		} else {
			wantCode(t, err, "DUPLICATE_AD_TYPE")
		}
	}
	if made != 1 {
		t.Errorf("%d ads, want 1", made)
	}
	w.ad(u, selling(100, 1000))
	first := w.ids(exchange.AdFilter{Type: "buy"})[0]
	w.setActive(u, first, false)
	w.ad(u, buying(100, 1000))
	wantCode(t, w.UpdateAd(ctx, u, first, exchange.AdChange{IsActive: new(true)}), "DUPLICATE_AD_TYPE")

	// Twins make one ad.
	v := w.user("v", 0)
	ids := racetest.Run(8, func(int) int64 {
		id, err := w.CreateAd(ctx, v, buying(100, 1000), key(v, "k", "body"))
		if err != nil {
			t.Errorf("twin: %v", err)
		}
		return id
	})
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("twins made %v", ids)
		}
	}
	_, err := w.CreateAd(ctx, v, selling(100, 1000), key(v, "k", "other"))
	wantCode(t, err, "IDEMPOTENCY_KEY_REUSED")
}

func TestEditAndDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	owner, taker, stranger := w.user("owner", 0), w.user("taker", 1_000_000), w.user("stranger", 0)
	ad := w.ad(owner, buying(1000, 100_000))
	wantCode(t, w.UpdateAd(ctx, stranger, ad, exchange.AdChange{}), "FORBIDDEN")
	wantCode(t, w.DeleteAd(ctx, stranger, ad), "FORBIDDEN")
	wantCode(t, w.UpdateAd(ctx, owner, 4711, exchange.AdChange{}), "NOT_FOUND")
	id := w.order(taker, ad, 60_000)
	noErr(t, w.UpdateAd(ctx, owner, ad, exchange.AdChange{MaxAmount: new(int64(70_000)), ExchangeRate: new(int64(200)), PaymentMethods: &[]string{"sbp"}}))
	if left := w.remaining(ad); left != 10_000 {
		t.Errorf("%d left after max_amount went down by 30000, want 10000", left)
	}
	wantCode(t, w.UpdateAd(ctx, owner, ad, exchange.AdChange{MaxAmount: new(int64(59_999))}), "invalid_request")
	if o := w.read(taker, id); o.ExchangeRate != 100 || o.FiatAmount != 60_000 || o.PaymentMethod != "card" {
		t.Errorf("the order follows the edit: %+v", o)
	}
	wantCode(t, w.DeleteAd(ctx, owner, ad), "HAS_OPEN_ORDERS")
	noErr(t, w.Cancel(ctx, taker, id))
	if left := w.remaining(ad); left != 70_000 {
		t.Errorf("%d left after the cancellation, want 70000", left)
	}
	noErr(t, w.DeleteAd(ctx, owner, ad))
	_, err := w.AdByID(ctx, ad)
	wantCode(t, err, "NOT_FOUND")
	wantCode(t, w.DeleteAd(ctx, owner, ad), "NOT_FOUND")
	_, err = w.CreateOrder(ctx, taker, answer(ad, 1000), idempotency.Key{})
	wantCode(t, err, "AD_NOT_ACTIVE")
}

// TestDeletingWhileTaking: an ad is deleted, or answered, and never both.
func TestDeletingWhileTaking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	taker := w.user("taker", 1_000_000)
	for i := range 30 {
		owner := w.user(fmt.Sprintf("owner-%d", i), 0)
		ad := w.ad(owner, buying(100, 1000))
		var id int64
		errs := racetest.Run(2, func(i int) (err error) {
			if i == 0 {
				return w.DeleteAd(ctx, owner, ad)
			}
			id, err = w.CreateOrder(ctx, taker, answer(ad, 100), idempotency.Key{})
			return err
		})
		switch d, c := fault.Code(errs[0]), fault.Code(errs[1]); {
		case d == "" && c == "AD_NOT_ACTIVE":
		case d == "HAS_OPEN_ORDERS" && c == "":
			noErr(t, w.Cancel(ctx, taker, id))
		default:
			t.Errorf("delete: %v; order: %v", errs[0], errs[1])
		}
	}
}
