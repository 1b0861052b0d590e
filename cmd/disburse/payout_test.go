package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/audit"
	"disburse/gateway/payout"
	"disburse/ledger"
)

const requisite = "4276345439581234" // of every payout here

// operatorContext is one in which somebody else acts.
func operatorContext(t *testing.T) context.Context {
	return audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "opr_1", Name: "ann"})
}

func (s *site) status(id string) payout.Status {
	s.t.Helper()
	d, err := s.app.Payouts.Detail(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return d.Payout.Status
}

func TestPayoutList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("payout", "list"), "No payout matches")
	s.merchant("acme", ledger.Live)
	s.merchant("other", ledger.Live)
	first, second := s.payout("acme", "order-1"), s.payout("acme", "order-2")
	third := s.payout("other", "order-3")
	out := s.ok("payout", "list")
	says(t, out, first.ID, "order-1", "acme", "1500.00 RUB", "expectation", "****1234")
	if strings.Contains(out, requisite) {
		t.Error("the list prints a requisite")
	}
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.DateOnly)
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"All", nil, []string{third.ID, second.ID, first.ID}},
		{"OfAMerchant", []string{"--merchant", "acme"}, []string{second.ID, first.ID}},
		{"OfAMerchantById", []string{"--merchant", third.MerchantID}, []string{third.ID}},
		{"ByStatus", []string{"--status", "successful"}, nil},
		{"ByOrder", []string{"--search", "order-2"}, []string{second.ID}},
		{"ByDigits", []string{"--search", "1234", "--limit", "1"}, []string{third.ID}},
		{"ByMethodAndCurrency", []string{"--method", "card", "--currency", "RUB", "--mode", "live", "--merchant", "other"}, []string{third.ID}},
		{"FromTomorrow", []string{"--from", tomorrow}, nil},
		{"ToTomorrow", []string{"--to", tomorrow, "--merchant", "other"}, []string{third.ID}},
		{"Exceptions", []string{"--exceptions"}, nil},
		{"ClaimedBy", []string{"--claimed-by", "operator:opr_1"}, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, item := range s.items(append([]string{"payout", "list"}, tt.args...)...) {
			got = append(got, text(t, item, "id"))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	page := s.object("payout", "list", "--limit", "2")
	if rest := s.items("payout", "list", "--cursor", text(t, page, "next_cursor")); len(rest) != 1 || rest[0]["id"] != first.ID {
		t.Errorf("the second page is %v", rest)
	}
	s.fails(1, "merchant not found", "payout", "list", "--merchant", "nobody")
	s.fails(1, "status: is not a status", "payout", "list", "--status", "paid")
	s.fails(2, "expected a time such as", "payout", "list", "--from", "yesterday")
}

func TestPayoutShow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("acme", ledger.Live)
	p := s.payout("acme", "order-1")
	out := s.ok("payout", "show", p.ID)
	says(t, out, "order-1", "acme (live)", "1500.00 RUB by card to ****1234", "97.1234", "15.5988 USDT: 15.4443 and a fee of 0.1545",
		"created", "payout_hold", "Petrov")
	if strings.Contains(out, requisite) {
		t.Error("it prints the requisite")
	}
	if found := s.object("payout", "show", "order-1", "--merchant", "acme"); found["id"] != p.ID {
		t.Errorf("by order_id: got %v", found["id"])
	}
	if _, err := s.app.Payouts.Cancel(t.Context(), s.directory("acme"), "order-1"); err != nil {
		t.Fatal(err)
	}
	ended := s.object("payout", "show", p.ID)
	if ended["status"] != "rejected_merchant" || len(ended["callbacks"].([]any)) != 1 || len(ended["transfers"].([]any)) != 2 {
		t.Errorf("got %v", ended)
	}
	says(t, s.ok("payout", "show", p.ID), "by merchant:", "payout_release", "CALLBACK", "pending")
	s.fails(1, "payout not found", "payout", "show", "po_00000000000000000000000000")
	s.fails(1, "payout not found", "payout", "show", "nothing")
	s.fails(1, "merchant not found", "payout", "show", "order-1", "--merchant", "nobody")
}

func TestPayoutComplete(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("acme", ledger.Live)
	t.Run("DryRunMovesNothing", func(t *testing.T) {
		p := s.payout("acme", "dry")
		says(t, s.ok("payout", "complete", p.ID, "--dry-run"), "would be paid", "1500.00 RUB by card to ****1234", "15.5988 USDT", "Nothing was done")
		if done := s.object("payout", "reject", p.ID, "--reason", "x", "--dry-run"); done["status"] != "expectation" || done["dry_run"] != true {
			t.Errorf("got %v", done)
		}
		d, err := s.app.Payouts.Detail(t.Context(), p.ID)
		if err != nil || d.Payout.Status != payout.Expectation || d.Payout.ClaimedBy != "" || len(d.Timeline) != 1 {
			t.Errorf("got %+v, %v", d, err)
		}
		s.wantBalances("acme", "984.4012", "15.5988")
		s.ok("payout", "reject", p.ID, "--reason", "enough")
	})
	t.Run("ClaimsAndEnds", func(t *testing.T) {
		p := s.payout("acme", "paid")
		out := s.ok("payout", "complete", p.ID, "--note", "bank 4711", "--cheque-url", "https://bank.example/r?a=1,2")
		says(t, out, p.ID+" is successful", "settled", "acme (live)", "15.5988 USDT: 15.4443 and a fee of 0.1545")
		s.wantBalances("acme", "984.4012", "0.0000")
		d, err := s.app.Payouts.Detail(t.Context(), p.ID)
		if err != nil || d.Payout.EndedBy != "cli:"+person().ID || d.Payout.Reason != "bank 4711" {
			t.Errorf("got %+v, %v", d.Payout, err)
		}
		if diff := cmp.Diff([]string{"https://bank.example/r?a=1,2"}, d.Payout.Cheques); diff != "" {
			t.Error(diff)
		}
		says(t, s.ok("payout", "complete", p.ID), "successful already", "Nothing was done")
		s.fails(1, "it is successful since", "payout", "reject", p.ID, "--reason", "x")
		s.fails(1, "it is successful since", "payout", "reject", p.ID, "--reason", "x", "--dry-run")
		if n := s.trail("payout.complete"); n != 1 {
			t.Errorf("%d audit records, want 1", n)
		}
	})
	t.Run("Rejects", func(t *testing.T) {
		p := s.payout("acme", "rejected")
		done := s.object("payout", "reject", p.ID, "--reason", "no such account")
		if done["status"] != "rejected_gate" || done["reason"] != "no such account" || done["requisite"] != "****1234" || done["dry_run"] != false {
			t.Errorf("got %v", done)
		}
		s.wantBalances("acme", "984.4012", "0.0000")
		s.fails(2, "--reason", "payout", "reject", p.ID)
	})
	t.Run("ErrClaimedByOther", func(t *testing.T) {
		p := s.payout("acme", "claimed")
		if _, _, err := s.app.Payouts.Claim(operatorContext(t), payout.ClaimFilter{ID: p.ID}); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"complete", p.ID}, {"complete", p.ID, "--force"}, {"complete", p.ID, "--dry-run"}, {"reject", p.ID, "--reason", "x"}} {
			s.fails(1, "operator:opr_1 holds it until ", append([]string{"payout"}, args...)...)
		}
		if got := s.status(p.ID); got != payout.Expectation {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("AFailureGivesTheClaimBack", func(t *testing.T) {
		p := s.payout("acme", "failed")
		s.fails(1, "cheque_urls", "payout", "complete", p.ID, "--cheque-url", "not a url")
		d, err := s.app.Payouts.Detail(t.Context(), p.ID)
		if err != nil || d.Payout.ClaimedBy != "" || d.Payout.Status != payout.Expectation {
			t.Errorf("got %+v, %v", d.Payout, err)
		}
	})
	t.Run("ReceiptsNeedTheAddress", func(t *testing.T) {
		p := s.payout("acme", "receipt")
		ctx := audit.WithActor(t.Context(), person())
		if _, _, err := s.app.Payouts.Claim(ctx, payout.ClaimFilter{ID: p.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.app.Payouts.AddReceipt(ctx, p.ID, []byte("%PDF-1.4\n%%EOF\n")); err != nil {
			t.Fatal(err)
		}
		s.fails(2, "set DISBURSE_PUBLIC_URL", "payout", "complete", p.ID)
		if shown := s.ok("payout", "show", p.ID); strings.Contains(shown, "invalid") {
			t.Errorf("a link to nowhere in %s", shown)
		}
		says(t, s.ok("payout", "show", p.ID, "--public-url", sitePublicURL), sitePublicURL+"/receipts/")
		says(t, s.ok("payout", "complete", p.ID, "--public-url", sitePublicURL), "is successful")
	})
	s.fails(1, "payout not found", "payout", "complete", "po_1")
}

func TestPayoutInTheHandsOfAnExecutor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("box", ledger.Sandbox)
	m := s.directory("box")
	created, _, err := s.app.Payouts.Create(t.Context(), m, payout.CreateRequest{
		OrderID: "slow", PaymentMethod: "card", FiatAmount: "1500.00", FiatCurrency: "rub", NumberCard: "4276345439580003",
		SuccessCallbackURL: "https://shop.example.com/s", ErrorCallbackURL: "https://shop.example.com/e",
	})
	if err != nil {
		t.Fatal(err)
	}
	id := created.Payout.ID
	if _, err := s.app.Payouts.Dispatch(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	d, err := s.app.Payouts.Detail(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if d.Payout.Stage == payout.StageWaiting {
		t.Fatalf("the executor did not take it: %+v", d.Payout)
	}
	s.fails(1, "executor:sandbox holds it until ", "payout", "reject", id, "--reason", "x", "--force")
	// The executor is lost: its lease runs out, and what it did is not known.
	if _, err := s.pool.Exec(t.Context(), "update payouts set lease_until = now() - interval '1 second' where id = $1", id); err != nil {
		t.Fatal(err)
	}
	s.fails(1, "repeat with --force", "payout", "reject", id, "--reason", "x")
	s.fails(1, "handed to the executor sandbox", "payout", "complete", id, "--dry-run")
	says(t, s.ok("payout", "reject", id, "--reason", "asked the bank", "--force"), "rejected_gate")
}
