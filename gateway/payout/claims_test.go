package payout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/racetest"
	"disburse/ledger"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.as("op_a"), w.as("op_b")
	p := w.create(w.live, request("order"))
	t.Run("CompletingNeedsTheClaim", func(t *testing.T) {
		_, err := w.Complete(a, p.ID, payout.Completion{})
		wantCode(t, err, "claim_required")
	})
	w.claim(a, p.ID)
	t.Run("AnothersClaim", func(t *testing.T) {
		_, _, err := w.Claim(b, payout.ClaimFilter{ID: p.ID})
		wantCode(t, err, "claimed_by_other")
		_, err = w.Complete(b, p.ID, payout.Completion{})
		wantCode(t, err, "claimed_by_other")
		_, err = w.Renew(b, p.ID)
		wantCode(t, err, "claimed_by_other")
		_, err = w.Release(b, p.ID)
		wantCode(t, err, "claimed_by_other")
		_, err = w.Requisite(b, p.ID)
		wantCode(t, err, "claimed_by_other")
	})
	t.Run("TheHolderSeesTheRequisite", func(t *testing.T) {
		if got, err := w.Requisite(a, p.ID); err != nil || got != "4276345439581234" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("RenewMovesTheLease", func(t *testing.T) {
		w.clock.advance(14 * time.Minute)
		got, err := w.Renew(a, p.ID)
		if err != nil || !got.LeaseExpiresAt.Equal(w.clock.Now().Add(payout.Lease)) {
			t.Errorf("%v, %v", got.LeaseExpiresAt, err)
		}
	})
	t.Run("ExpiredLease", func(t *testing.T) {
		w.clock.advance(payout.Lease)
		for name, call := range map[string]func() error{
			"Complete": func() error { _, err := w.Complete(a, p.ID, payout.Completion{}); return err },
			"Renew":    func() error { _, err := w.Renew(a, p.ID); return err },
			"Release":  func() error { _, err := w.Release(a, p.ID); return err },
		} {
			if err := call(); !errors.Is(err, payout.ErrLeaseExpired) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := w.claim(b, p.ID); got.Payout.ClaimedBy != "operator:op_b" {
			t.Error(got.Payout.ClaimedBy)
		}
	})
	t.Run("NotFound", func(t *testing.T) {
		_, _, err := w.Claim(a, payout.ClaimFilter{ID: "po_00000000000000000000000000"})
		wantCode(t, err, "not_found")
	})
	t.Run("Ended", func(t *testing.T) {
		if _, err := w.Reject(b, p.ID, ""); err != nil {
			t.Fatal(err)
		}
		_, _, err := w.Claim(a, payout.ClaimFilter{ID: p.ID})
		wantCode(t, err, "already_final")
	})
	t.Run("OutOfTime", func(t *testing.T) {
		late := w.create(w.live, request("late"))
		w.clock.advance(time.Hour)
		_, _, err := w.Claim(a, payout.ClaimFilter{ID: late.ID})
		wantCode(t, err, "expired")
		if _, found, err := w.Claim(a, payout.ClaimFilter{}); found || err != nil {
			t.Errorf("found %v, %v", found, err)
		}
	})
}

func TestClaimByFilterTakesTheOldest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := func(m merchant.Merchant, id, amount string, change func(*payout.CreateRequest)) payout.Payout {
		w.clock.advance(time.Second)
		req := request(id)
		req.FiatAmount = amount
		if change != nil {
			change(&req)
		}
		return w.create(m, req)
	}
	sbp := func(r *payout.CreateRequest) { r.PaymentMethod, r.NumberCard, r.PhoneNumber = "sbp", "", "79161234567" }
	iban := func(r *payout.CreateRequest) {
		r.PaymentMethod, r.NumberCard, r.IBANNumber, r.FiatCurrency = "iban", "", "DE89370400440532013000", "eur"
	}
	other := w.merchant("other", ledger.Live, "1000")
	s := created(w.live, "sbp", "200.00", sbp)
	e := created(w.live, "iban", "100.00", iban)
	sand := created(w.sandbox, "sandbox", "500.00", nil)
	c1 := created(w.live, "card1", "1000.00", nil)
	c2 := created(other, "card2", "3000.00", nil)
	for _, tc := range []struct {
		name   string
		filter payout.ClaimFilter
		want   string
	}{
		{"Oldest", payout.ClaimFilter{}, s.ID},
		{"Mode", payout.ClaimFilter{Mode: ledger.Sandbox}, sand.ID},
		{"Method", payout.ClaimFilter{Method: payout.Card, Mode: ledger.Live}, c1.ID},
		{"Currency", payout.ClaimFilter{Currency: "EUR"}, e.ID},
		{"Merchant", payout.ClaimFilter{MerchantID: other.ID}, c2.ID},
		{"Minimum", payout.ClaimFilter{Currency: "rub", MinAmount: "1000.01"}, c2.ID},
		{"Maximum", payout.ClaimFilter{Currency: "rub", Mode: ledger.Live, MinAmount: "200.01", MaxAmount: "1000.00"}, c1.ID},
		{"None", payout.ClaimFilter{Currency: "rub", MinAmount: "5000"}, ""},
		{"SandboxUnasked", payout.ClaimFilter{Currency: "rub", MinAmount: "500.00", MaxAmount: "500.00"}, ""},
		{"SandboxMerchantUnasked", payout.ClaimFilter{MerchantID: w.sandbox.ID}, ""},
		{"SandboxMerchant", payout.ClaimFilter{MerchantID: w.sandbox.ID, Mode: ledger.Sandbox}, sand.ID},
		{"SandboxByID", payout.ClaimFilter{ID: sand.ID}, sand.ID},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, found, err := w.Claim(w.as("op_a"), tc.filter)
			if err != nil || got.Payout.ID != tc.want || found != (tc.want != "") {
				t.Fatalf("%s, found %v, %v; want %s", got.Payout.OrderID, found, err, tc.want)
			}
			if found {
				if _, err := w.Release(w.as("op_a"), got.Payout.ID); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	_, _, err := w.Claim(w.as("op_a"), payout.ClaimFilter{MinAmount: "1", Method: "x", Mode: "y"})
	if f := wantFault(t, err, "invalid_request"); len(f.Fields) != 3 {
		t.Errorf("fields %v", f.Fields)
	}
}

func TestClaimersNeverShare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const payouts, operators = 60, 20
	for i := range payouts {
		w.create(w.live, request(orderID(i)))
	}
	taken := racetest.Run(operators, func(n int) []string {
		ctx := w.as(fmt.Sprintf("op_%d", n))
		var mine []string
		for {
			got, found, err := w.Claim(ctx, payout.ClaimFilter{})
			if err != nil {
				t.Error(err)
				return mine
			}
			if !found {
				return mine
			}
			mine = append(mine, got.Payout.ID)
		}
	})
	owners := make(map[string]int)
	for n, mine := range taken {
		for _, id := range mine {
			if before, twice := owners[id]; twice {
				t.Errorf("%s claimed by %d and %d", id, before, n)
			}
			owners[id] = n
		}
	}
	if len(owners) != payouts {
		t.Errorf("%d claimed, want %d", len(owners), payouts)
	}
}

// TestClaimsAgainstEnds races a change of the claim with an end that it rules
// out: never may both succeed, whichever comes first.
func TestClaimsAgainstEnds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		claimed bool // before the race
		change  func(*world, payout.Payout) error
		end     func(*world, payout.Payout) error
	}{
		{"ClaimAndCancel", false,
			func(w *world, p payout.Payout) error {
				_, _, err := w.Claim(w.as("op_a"), payout.ClaimFilter{ID: p.ID})
				return err
			},
			func(w *world, p payout.Payout) error {
				_, err := w.Cancel(w.t.Context(), w.live, p.OrderID)
				return err
			}},
		{"ReleaseAndComplete", true,
			func(w *world, p payout.Payout) error { _, err := w.Release(w.as("op_a"), p.ID); return err },
			func(w *world, p payout.Payout) error {
				_, err := w.Complete(w.as("op_a"), p.ID, payout.Completion{})
				return err
			}},
		{"ReleaseAndReject", true,
			func(w *world, p payout.Payout) error { _, err := w.Release(w.as("op_a"), p.ID); return err },
			func(w *world, p payout.Payout) error { _, err := w.Reject(w.as("op_a"), p.ID, ""); return err }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for i := range 60 {
				p := w.create(w.live, request(orderID(i)))
				if tc.claimed {
					w.claim(w.as("op_a"), p.ID)
				}
				racers := []func(*world, payout.Payout) error{tc.change, tc.end}
				errs := racetest.Run(2, func(n int) error { return racers[n](w, p) })
				if (errs[0] == nil) == (errs[1] == nil) {
					t.Fatalf("round %d: the claim's change said %v, the end said %v", i, errs[0], errs[1])
				}
				if ended := w.read(p.ID).Payout.Status.Final(); ended != (errs[1] == nil) {
					t.Fatalf("round %d: ended %v, but the end said %v", i, ended, errs[1])
				}
			}
		})
	}
}

func TestCompleteRefusesBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.create(w.live, request("order"))
	ctx := w.as("op_a")
	w.claim(ctx, p.ID)
	for name, c := range map[string]payout.Completion{
		"ScriptURL":   {ChequeURLs: []string{"javascript:alert(1)"}},
		"TooMany":     {ChequeURLs: make([]string, 21)},
		"NoteTooLong": {Note: strings.Repeat("x", 2001)},
		"NoteNUL":     {Note: "\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Complete(ctx, p.ID, c)
			wantCode(t, err, "invalid_request")
		})
	}
	if w.read(p.ID).Payout.Status != payout.Expectation {
		t.Error("it ended")
	}
}

// TestALockedPayoutIsNotWaitedForLong has another process stop while it holds
// a payout's row.
func TestALockedPayoutIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.create(w.live, request("order"))
	w.claim(w.as("op_a"), p.ID)
	unlock := w.lock(p.ID)
	ctx, cancel := context.WithTimeout(w.as("op_a"), 30*time.Second)
	defer cancel()
	_, _, err := w.Claim(ctx, payout.ClaimFilter{ID: p.ID})
	wantCode(t, err, "unavailable")
	_, err = w.Renew(ctx, p.ID)
	wantCode(t, err, "unavailable")
	_, err = w.AddReceipt(ctx, p.ID, []byte("%PDF-1.7"))
	wantCode(t, err, "unavailable")
	unlock()
	if _, err := w.Renew(ctx, p.ID); err != nil {
		t.Errorf("trying again: %v", err)
	}
}

// TestLockedPayoutsArePassedOver has others hold the oldest payouts: a claim
// takes the next one, and when none is left it says so instead of waiting.
func TestLockedPayoutsArePassedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const held = 70 // more than one look shows
	ids := make([]string, held)
	for i := range ids {
		req := request(orderID(i))
		req.FiatAmount = "100.00"
		ids[i] = w.create(w.live, req).ID
	}
	w.lock(ids...)
	claim := func() (payout.Claimed, bool, error) {
		ctx, cancel := context.WithTimeout(w.as("op_a"), 5*time.Second)
		defer cancel()
		return w.Claim(ctx, payout.ClaimFilter{})
	}
	if _, found, err := claim(); found || err != nil {
		t.Errorf("found %v, %v; all are held", found, err)
	}
	w.clock.advance(time.Second)
	free := w.create(w.live, request("free"))
	if got, found, err := claim(); !found || err != nil || got.Payout.ID != free.ID {
		t.Errorf("found %v %s, %v; want the one that is free", found, got.Payout.OrderID, err)
	}
}
