package payout_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/audit"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/racetest"
	"disburse/signing"
)

func TestCompleteSettlesAndTellsTheMerchant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.create(w.live, request("order"))
	claimed := w.claim(w.as("op_a"), p.ID)
	if claimed.Requisite != "4276345439581234" || claimed.Payout.ClaimedBy != "operator:op_a" {
		t.Errorf("claimed %q by %q", claimed.Requisite, claimed.Payout.ClaimedBy)
	}
	w.clock.advance(90 * time.Second)
	_, err := w.Complete(w.as("op_a"), p.ID, payout.Completion{
		ChequeURLs: []string{"https://bank.example.com/r?a=1&b=2"}, Note: "paid to 4276 3454 3958 1234",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.wantBalance(w.live, "984.4012", "0.0000")
	body := w.wantEnd(p.ID, payout.Successful)
	want := map[string]any{
		"order_id": "order", "standart_sign": signing.StandartSign("", "demo", "order", w.live.SignKeys[0]),
		"type": "pay_out", "status": "successful", "fiat_amount": "1500.00", "usdt_amount": "15.4443",
		"merchant_spent_usdt": "15.5988", "fiat_currency": "rub", "exchange_rate": "97.1234", "payment_method": "card",
		"created_at": "2026-03-04T05:06:07Z", "updated_at": "2026-03-04T05:07:37Z",
		"number_card": "4276345439581234", "phone_number": nil, "number_score": nil, "iban_number": nil,
		"full_name": "Petrov Petr Petrovich", "bank_name": "Tinkoff", "internal_transaction_id": p.ID,
		"cheque_urls": []any{"https://bank.example.com/r?a=1&b=2"},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	staged := w.staged(p.ID)[0]
	if staged.url != "https://shop.example.com/success?a=1&b=2" || bytes.Contains(staged.body, []byte(`\u0026`)) {
		t.Errorf("url %s, body %s", staged.url, staged.body)
	}
	d := w.read(p.ID)
	if d.Payout.Reason != "paid to ****1234" || len(d.Transfers) != 3 {
		t.Errorf("note %q, %d transfers", d.Payout.Reason, len(d.Transfers))
	}
	var actions []string
	trail, err := audit.List(t.Context(), w.db, audit.Filter{SubjectID: p.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range trail.Items {
		actions = append(actions, item.Action+" by "+item.Actor.ID)
		if strings.Contains(string(item.Before)+string(item.After), "3454") {
			t.Error("the audit trail holds the requisite")
		}
	}
	if diff := cmp.Diff([]string{"payout.complete by op_a", "payout.claimed by op_a"}, actions); diff != "" {
		t.Error(diff)
	}
	t.Run("AgainBySame", func(t *testing.T) {
		w.clock.advance(time.Hour)
		again, err := w.Complete(w.as("op_a"), p.ID, payout.Completion{})
		if err != nil || again.Status != payout.Successful {
			t.Errorf("%s, %v", again.Status, err)
		}
	})
	t.Run("AgainByAnother", func(t *testing.T) {
		_, err := w.Complete(w.as("op_b"), p.ID, payout.Completion{})
		wantCode(t, err, "already_final")
	})
	t.Run("RejectAfterwards", func(t *testing.T) {
		_, err := w.Reject(w.as("op_a"), p.ID, "no")
		if f := wantFault(t, err, "already_final"); f.Message != "payout is already successful" {
			t.Error(f.Message)
		}
	})
	t.Run("CancelAfterwards", func(t *testing.T) {
		_, err := w.Cancel(t.Context(), w.live, "order")
		wantCode(t, err, "already_final")
	})
	w.wantEnd(p.ID, payout.Successful)
}

func TestRejectGivesTheMoneyBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.create(w.live, request("order"))
	ctx := w.as("op_a")
	w.claim(ctx, p.ID)
	for range 2 {
		if got, err := w.Reject(ctx, p.ID, "bank closed"); err != nil || got.Status != payout.RejectedGate {
			t.Fatalf("%s, %v", got.Status, err)
		}
	}
	w.wantBalance(w.live, "1000.0000", "0.0000")
	body := w.wantEnd(p.ID, payout.RejectedGate)
	if _, has := body["cheque_urls"]; has {
		t.Error("cheque_urls without any")
	}
	if got := w.staged(p.ID)[0].url; got != "https://shop.example.com/error" {
		t.Error(got)
	}
}

func TestAbsentNamesAreEmptyInTheCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := request("order")
	req.FullName, req.BankName = "", ""
	p := w.create(w.live, req)
	if _, err := w.Cancel(t.Context(), w.live, "order"); err != nil {
		t.Fatal(err)
	}
	body := w.wantEnd(p.ID, payout.RejectedMerchant)
	if body["full_name"] != "" || body["bank_name"] != "" {
		t.Errorf("full_name %v, bank_name %v", body["full_name"], body["bank_name"])
	}
}

func TestEachMethodFillsItsOwnField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, change := range map[string]func(*payout.CreateRequest){
		"phone_number": func(r *payout.CreateRequest) { r.PaymentMethod, r.PhoneNumber = "sbp", "+79161234567" },
		"number_score": func(r *payout.CreateRequest) { r.PaymentMethod, r.NumberScore = "score", "40817810099910004312" },
		"iban_number": func(r *payout.CreateRequest) {
			r.PaymentMethod, r.IBANNumber, r.FiatCurrency, r.FiatAmount = "iban", "de89370400440532013000", "eur", "100.00"
		},
	} {
		req := request(field)
		req.NumberCard = ""
		change(&req)
		w.create(w.live, req)
		st, err := w.Status(t.Context(), w.live, field)
		if err != nil {
			t.Fatal(err)
		}
		facts := st.Facts()
		got := map[string]*string{"number_card": facts.NumberCard, "phone_number": facts.PhoneNumber,
			"number_score": facts.NumberScore, "iban_number": facts.IBANNumber}
		for name, value := range got {
			if (value != nil) != (name == field) {
				t.Errorf("%s: %s is %v", field, name, value)
			}
		}
		if *got[field] != payout.SignedRequisite(req) {
			t.Errorf("%s came back as %s", field, *got[field])
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Run("TwiceIsTheSame", func(t *testing.T) {
		p := w.create(w.live, request("a"))
		for range 2 {
			if got, err := w.Cancel(t.Context(), w.live, "a"); err != nil || got.Status != payout.RejectedMerchant {
				t.Fatalf("%s, %v", got.Status, err)
			}
		}
		w.wantEnd(p.ID, payout.RejectedMerchant)
	})
	t.Run("ByOurID", func(t *testing.T) {
		p := w.create(w.live, request("b"))
		if _, err := w.Cancel(t.Context(), w.live, p.ID); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("ClaimedIsInProgress", func(t *testing.T) {
		p := w.create(w.live, request("c"))
		w.claim(w.as("op_a"), p.ID)
		_, err := w.Cancel(t.Context(), w.live, "c")
		wantCode(t, err, "in_progress")
		if _, err := w.Release(w.as("op_a"), p.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Cancel(t.Context(), w.live, "c"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("NotFound", func(t *testing.T) {
		w.create(w.sandbox, request("theirs"))
		for _, id := range []string{"theirs", "", "nobody", "po_00000000000000000000000000", "a\x00", "\xff", strings.Repeat("x", 5000)} {
			_, err := w.Cancel(t.Context(), w.live, id)
			wantCode(t, err, "not_found")
		}
	})
}

func TestStatusFindsByOrderIDFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.create(w.live, request("first"))
	second := w.create(w.live, request(first.ID)) // an order_id that looks like our id
	for id, want := range map[string]string{"first": first.ID, first.ID: second.ID, second.ID: second.ID} {
		st, err := w.Status(t.Context(), w.live, id)
		if err != nil || st.Payout.ID != want {
			t.Errorf("%s finds %s, %v", id, st.Payout.ID, err)
		}
	}
	_, err := w.Status(t.Context(), w.sandbox, second.ID)
	wantCode(t, err, "not_found")
}

func TestMasking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.create(w.live, request("order"))
	m := w.set("demo", merchant.Change{MaskRequisites: new(true)})
	st, err := w.Status(t.Context(), m, "order")
	if err != nil || *st.Facts().NumberCard != "****1234" {
		t.Fatalf("%v, %v", st.Facts().NumberCard, err)
	}
	if _, err := w.Cancel(t.Context(), m, "order"); err != nil {
		t.Fatal(err)
	}
	if body := w.wantEnd(p.ID, payout.RejectedMerchant); body["number_card"] != "****1234" {
		t.Error(body["number_card"])
	}
}

func TestCallbackIsSignedWithTheNewestKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := signing.MerchantOrderKey
	w.set("demo", merchant.Change{StandartSign: &form})
	p := w.create(w.live, request("order"))
	if _, err := w.merchants.RotateKeys(t.Context(), "demo", []merchant.KeyKind{merchant.SignKey}, time.Hour); err != nil {
		t.Fatal(err)
	}
	m := w.reload("demo")
	if len(m.SignKeys) != 2 {
		t.Fatalf("%d sign keys", len(m.SignKeys))
	}
	if _, err := w.Cancel(t.Context(), m, "order"); err != nil {
		t.Fatal(err)
	}
	body := w.wantEnd(p.ID, payout.RejectedMerchant)
	if want := signing.StandartSign(form, "demo", "order", m.SignKeys[0]); body["standart_sign"] != want {
		t.Errorf("signed %v, want %s", body["standart_sign"], want)
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.create(w.live, request("idle"))
	leased := w.create(w.live, request("leased"))
	lapsed := w.create(w.live, request("lapsed"))
	short := request("short")
	short.Timeout = new(int64(1))
	quick := w.create(w.live, short)

	w.clock.advance(time.Minute)
	if n, err := w.Expire(t.Context(), 100); err != nil || n != 1 {
		t.Fatalf("ended %d, %v", n, err)
	}
	w.wantEnd(quick.ID, payout.RejectedTimeout)
	w.claim(w.as("op_b"), lapsed.ID)
	w.clock.advance(50 * time.Minute)
	w.claim(w.as("op_a"), leased.ID)
	w.clock.advance(9 * time.Minute)
	if n, err := w.Expire(t.Context(), 100); err != nil || n != 2 {
		t.Fatalf("ended %d, %v", n, err)
	}
	w.wantEnd(idle.ID, payout.RejectedTimeout)
	w.wantEnd(lapsed.ID, payout.RejectedTimeout)
	if _, err := w.Complete(w.as("op_a"), leased.ID, payout.Completion{}); err != nil {
		t.Errorf("a live lease holds beyond the timeout: %v", err)
	}
	w.wantBalance(w.live, "984.4012", "0.0000")
	_, err := w.Complete(w.as("op_b"), lapsed.ID, payout.Completion{})
	wantCode(t, err, "already_final")
}

func TestExpireSweepsInManyProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made []payout.Payout
	for i := range 40 {
		made = append(made, w.create(w.live, request(orderID(i))))
	}
	w.clock.advance(2 * time.Hour)
	racetest.Run(4, func(int) error {
		for {
			n, err := w.Expire(context.Background(), 7)
			if err != nil || n == 0 {
				return err
			}
		}
	})
	for {
		n, err := w.Expire(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	for _, p := range made {
		w.wantEnd(p.ID, payout.RejectedTimeout)
	}
	w.wantBalance(w.live, "1000.0000", "0.0000")
}

func TestAPoisonedPayoutDoesNotKeepOthersBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.create(w.live, request(orderID(i)))
		w.clock.advance(time.Second)
	}
	if _, err := w.db.Exec(t.Context(), `update payouts set requisite_box = '\x00' where order_id < 'order-3'`); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(time.Hour)
	if n, err := w.Expire(t.Context(), 2); err != nil || n != 2 {
		t.Errorf("ended %d, %v", n, err)
	}
}

// TestOneEndWins races every way to end against the others.
func TestOneEndWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as("op_a")
	wins := make(map[payout.Status]int)
	for i := range 100 {
		req := request(orderID(i))
		req.Timeout = new(int64(10))
		p := w.create(w.live, req)
		w.claim(ctx, p.ID)
		// The lease lapses and the time is over while they race; reading first a
		// few times gives each of them its chance to be the one who is early.
		w.clock.advance(payout.Lease - time.Microsecond)
		racers := []func() error{
			func() error { _, err := w.Complete(ctx, p.ID, payout.Completion{}); return err },
			func() error { _, err := w.Cancel(context.Background(), w.live, p.OrderID); return err },
			func() error { _, err := w.Expire(context.Background(), 10); return err },
		}
		errs := racetest.Run(3, func(n int) error {
			if n > 0 {
				for range (i + n) % 3 {
					w.read(p.ID)
				}
				w.clock.advance(time.Microsecond)
			}
			return racers[n]()
		})
		w.clock.advance(time.Hour)
		if _, err := w.Expire(context.Background(), 10); err != nil {
			t.Fatal(err)
		}
		d := w.read(p.ID)
		wins[d.Payout.Status]++
		w.wantEnd(p.ID, d.Payout.Status)
		if d.Payout.Status != payout.Successful && errs[0] == nil || d.Payout.Status != payout.RejectedMerchant && errs[1] == nil {
			t.Fatalf("ended %s, but complete said %v and cancel said %v", d.Payout.Status, errs[0], errs[1])
		}
		if ends := len(d.Transfers); d.Payout.Status == payout.Successful && ends != 3 || d.Payout.Status != payout.Successful && ends != 2 {
			t.Fatalf("%s with %d transfers", d.Payout.Status, ends)
		}
		w.clock.set(startOfTests().Add(time.Duration(i) * time.Second))
	}
	t.Logf("wins: %v", wins)
}
