package exchange_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/racetest"
)

// disputed makes an order that is in dispute.
func (w *world) disputed(buyer, seller enduser.User, ad int64) int64 {
	w.t.Helper()
	id := w.order(seller, ad, 10_000)
	noErr(w.t, w.ConfirmPaid(w.t.Context(), buyer, id))
	noErr(w.t, w.CallOperator(w.t.Context(), seller, id))
	return id
}

// TestTwoOperatorsResolveAtOnce, each his own way: one claims, and resolves once.
func TestTwoOperatorsResolveAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	buyer, seller := w.user("buyer", 0), w.user("seller", 1_000_000)
	ad := w.ad(buyer, buying(100, 1_000_000))
	sold := int64(0)
	for range 10 {
		id := w.disputed(buyer, seller, ad)
		results := racetest.Run(4, func(i int) error {
			ctx := as(t.Context(), []string{"olga", "oleg"}[i%2])
			if _, err := w.ClaimDispute(ctx, id); err != nil {
				return err
			}
			_, err := w.Resolve(ctx, id, []string{exchange.ToBuyer, exchange.ToSeller}[i/2], "seen")
			return err
		})
		won := 0
		for i, err := range results {
			switch fault.Code(err) {
			case "":
				won++
			case "INVALID_STATE", "claimed_by_other":
			default:
				t.Errorf("operator %d: %v", i, err)
			}
		}
		if won != 1 || w.ends(id) != 1 {
			t.Errorf("%d resolutions, %d ends", won, w.ends(id))
		}
		if w.read(seller, id).Status == exchange.Completed {
			sold += 10_000
		}
	}
	w.wantMoney(seller, 1_000_000-sold, 0)
	w.wantMoney(buyer, sold, 0)
	if left := w.remaining(ad); left != 1_000_000-sold {
		t.Errorf("%d left of the ad, want %d", left, 1_000_000-sold)
	}
}

func TestDisputeNeedsTheClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, olga, oleg := t.Context(), as(t.Context(), "olga"), as(t.Context(), "oleg")
	buyer, seller := w.user("buyer", 0), w.user("seller", 1_000_000)
	ad := w.ad(buyer, buying(100, 1_000_000))
	id := w.order(seller, ad, 10_000)
	resolve := func(name, want string) {
		t.Helper()
		_, err := w.Resolve(as(ctx, name), id, exchange.ToSeller, "")
		wantCode(t, err, want)
	}
	resolve("olga", "INVALID_STATE")
	_, err := w.ClaimDispute(olga, id)
	wantCode(t, err, "INVALID_STATE")
	_, err = w.DisputeByID(olga, id)
	wantCode(t, err, "ORDER_NOT_FOUND")
	noErr(t, w.ConfirmPaid(ctx, buyer, id))
	noErr(t, w.CallOperator(ctx, buyer, id))
	resolve("olga", "claim_required")

	v, err := w.DisputeByID(olga, id)
	noErr(t, err)
	if v.PaymentDetails["card_number"] != "****9012" {
		t.Errorf("without the claim: %v", v.PaymentDetails)
	}
	v, err = w.ClaimDispute(olga, id)
	noErr(t, err)
	if v.PaymentDetails["card_number"] != card {
		t.Errorf("with the claim: %v", v.PaymentDetails)
	}
	_, err = w.ClaimDispute(oleg, id)
	wantCode(t, err, "claimed_by_other")
	resolve("oleg", "claimed_by_other")
	wantCode(t, w.ReleaseDispute(oleg, id), "claimed_by_other")
	if v, err := w.DisputeByID(oleg, id); err != nil || v.PaymentDetails["card_number"] != "****9012" {
		t.Errorf("under another's claim: %v, %v", v.PaymentDetails, err)
	}
	noErr(t, w.ReleaseDispute(olga, id))
	resolve("olga", "claim_required")
	_, err = w.ClaimDispute(olga, id)
	noErr(t, err)
	w.clock.advance(exchange.DisputeLease)
	resolve("olga", "claim_required")
	_, err = w.ClaimDispute(oleg, id)
	noErr(t, err)
	for _, to := range []string{"", "both"} {
		_, err = w.Resolve(oleg, id, to, "")
		wantCode(t, err, "invalid_request")
	}
	page, err := w.Disputes(ctx, exchange.DisputeFilter{})
	if err != nil || len(page.Items) != 1 || page.Items[0].OrderID != id || page.Items[0].PaymentDetails["card_number"] != "****9012" {
		t.Errorf("list: %+v, %v", page, err)
	}
	v, err = w.Resolve(oleg, id, exchange.ToSeller, "paid to "+card)
	if err != nil || v.Status != exchange.Cancelled || v.Note != "paid to ****9012" {
		t.Errorf("resolved: %+v, %v", v, err)
	}
	// Who lost the answer asks again, and nobody else decides any more.
	w.clock.advance(time.Second)
	again, err := w.Resolve(oleg, id, exchange.ToSeller, "paid to "+card)
	if diff := cmp.Diff(v, again); err != nil || diff != "" {
		t.Errorf("resolved again: %v, %s", err, diff)
	}
	resolve("olga", "INVALID_STATE")
	_, err = w.Resolve(oleg, id, exchange.ToBuyer, "")
	wantCode(t, err, "INVALID_STATE")
	w.wantMoney(seller, 1_000_000, 0)

	log, err := audit.List(ctx, w.db, audit.Filter{Action: "p2p_dispute.resolve"})
	if err != nil || len(log.Items) != 1 || log.Items[0].Actor.Name != "oleg" {
		t.Errorf("audit: %+v, %v", log, err)
	}
	w.noCardInRecords()
}

// noCardInRecords looks for the card number in every record and every column of
// orders and ads.
func (w *world) noCardInRecords() {
	w.t.Helper()
	for _, table := range []string{"audit_log", "p2p_ads", "p2p_orders"} {
		var found int
		noErr(w.t, w.db.QueryRow(w.t.Context(), `select count(*) from `+table+` r where replace(replace(r::text, ' ', ''), '-', '') like '%`+card+`%'`).Scan(&found))
		if found != 0 {
			w.t.Errorf("%d rows of %s hold the card number", found, table)
		}
	}
}

func TestCardNumbersAreMasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	seller, buyer := w.user("seller", 1_000_000), w.user("buyer", 0)
	req := selling(100, 1_000_000)
	req.Instructions = "to the card 2200 1234 5678 9012, please"
	ad := w.ad(seller, req)
	id := w.order(buyer, ad, 1000)
	for _, u := range []enduser.User{seller, buyer} {
		if got := w.read(u, id).PaymentDetails["card_number"]; got != card {
			t.Errorf("%s sees %q, want the number", u.Name, got)
		}
	}
	noErr(t, w.UpdateDetails(ctx, seller, id, map[string]string{"card_number": card, "phone": "+79161234567"}))
	for _, none := range []map[string]string{nil, {}, {"phone": "", "bank_name": " "}} {
		wantCode(t, w.UpdateDetails(ctx, seller, id, none), "invalid_request")
	}
	noErr(t, w.UpdateAd(ctx, seller, ad, exchange.AdChange{PaymentDetails: &map[string]string{"account": card}}))
	mine, err := w.MyOrders(ctx, buyer.ID, "", 0, 0)
	noErr(t, err)
	ads, err := w.Ads(ctx, exchange.AdFilter{})
	noErr(t, err)
	one, err := w.AdByID(ctx, ad)
	noErr(t, err)
	for name, shown := range map[string]any{"orders": mine, "ads": ads, "ad": one} {
		raw, err := json.Marshal(shown)
		noErr(t, err)
		if text := strings.ReplaceAll(string(raw), " ", ""); strings.Contains(text, card) || strings.Contains(text, "payment_details") {
			t.Errorf("%s show the card: %s", name, raw)
		}
	}
	w.noCardInRecords()
}

// TestOthersOrders asks for everything by one who takes no part, and by the
// participant who may not.
func TestOthersOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	buyer, seller, stranger := w.user("buyer", 0), w.user("seller", 1_000_000), w.user("stranger", 1_000_000)
	ad := w.ad(buyer, buying(100, 1_000_000))
	id := w.order(seller, ad, 1000)
	calls := map[string]func(u enduser.User, id int64) error{
		"OrderByID":       func(u enduser.User, id int64) error { _, err := w.OrderByID(ctx, u, id); return err },
		"UpdateDetails":   func(u enduser.User, id int64) error { return w.UpdateDetails(ctx, u, id, map[string]string{"a": "b"}) },
		"ConfirmPaid":     func(u enduser.User, id int64) error { return w.ConfirmPaid(ctx, u, id) },
		"ConfirmReceived": func(u enduser.User, id int64) error { return w.ConfirmReceived(ctx, u, id) },
		"Cancel":          func(u enduser.User, id int64) error { return w.Cancel(ctx, u, id) },
		"CallOperator":    func(u enduser.User, id int64) error { return w.CallOperator(ctx, u, id) },
		"Rate":            func(u enduser.User, id int64) error { return w.Rate(ctx, u, id, 9) },
		"Say":             func(u enduser.User, id int64) error { _, err := w.Say(ctx, u, id, "", idempotency.Key{}); return err },
		"Messages":        func(u enduser.User, id int64) error { _, _, err := w.Messages(ctx, u, id, 0, 0); return err },
	}
	for name, call := range calls {
		if err := call(stranger, id); fault.Code(err) != "FORBIDDEN" {
			t.Errorf("%s by a stranger: %v", name, err)
		}
		if err := call(stranger, 4711); fault.Code(err) != "ORDER_NOT_FOUND" {
			t.Errorf("%s of no order: %v", name, err)
		}
	}
	wantCode(t, w.ConfirmPaid(ctx, seller, id), "FORBIDDEN")
	wantCode(t, w.ConfirmReceived(ctx, buyer, id), "FORBIDDEN")
	wantCode(t, w.UpdateDetails(ctx, buyer, id, map[string]string{"a": "b"}), "FORBIDDEN")
	if mine, err := w.MyOrders(ctx, stranger.ID, "", 0, 0); err != nil || len(mine) != 0 {
		t.Errorf("a stranger's orders: %v, %v", mine, err)
	}
	for _, text := range []string{"", "  ", strings.Repeat("ж", 4001)} {
		_, err := w.Say(ctx, seller, id, text, idempotency.Key{})
		wantCode(t, err, "INVALID_MESSAGE")
	}
	for _, u := range []enduser.User{seller, buyer} {
		_, err := w.Say(ctx, u, id, "hello from "+u.Name, idempotency.Key{})
		noErr(t, err)
	}
	messages, status, err := w.Messages(ctx, buyer, id, 0, 0)
	if err != nil || status != exchange.Pending || len(messages) != 2 || messages[0].UserID != seller.ID {
		t.Errorf("messages %v, %s, %v", messages, status, err)
	}
	// What is open can be finished by who is blocked.
	noErr(t, w.users.Block(ctx, seller.ID))
	noErr(t, w.Cancel(ctx, w.reload(seller), id))
}
