package main

import (
	"context"
	"strings"
	"testing"

	"disburse/gateway/audit"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/ledger"
)

// approver makes an operator who may approve, and gives a context in which it
// acts. It does so in the system's name: an account that who asks has made
// would not count as another person.
func (s *site) approver(email string) context.Context {
	s.t.Helper()
	made, err := s.app.Operators.Create(s.t.Context(), operator.NewOperator{Email: email, Role: operator.RoleApprover})
	if err != nil {
		s.t.Fatal(err)
	}
	return audit.WithActor(s.t.Context(), audit.Actor{Kind: audit.Operator, ID: made.Operator.ID, Name: email})
}

func TestApprovalRules(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("approval", "list"), "one person is enough")
	says(t, s.ok("approval", "set", "rub", "100000.00"), "Payouts of 100000.00 RUB and above need two people")
	if items := s.items("approval", "list"); len(items) != 1 || items[0]["at_or_above"] != "100000.00" || !strings.HasPrefix(text(t, items[0], "set_by"), "cli:") {
		t.Errorf("got %v", items)
	}
	says(t, s.ok("approval", "set", "RUB", "off"), "One person is enough", "from now on")
	if items := s.items("approval", "list"); len(items) != 1 || items[0]["at_or_above"] != nil {
		t.Errorf("got %v", items)
	}
	s.fails(2, "CURRENCY must be", "approval", "set", "usdt", "1.00")
	s.fails(2, "AMOUNT must be", "approval", "set", "rub", "1e3")
	if n := s.trail("approval.set"); n != 2 {
		t.Errorf("%d audit records, want 2", n)
	}
}

// TestTheCommandLineCannotPayAlone completes a large payout at the command line
// and tries to get it through from there.
func TestTheCommandLineCannotPayAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	other := s.approver("boris@example.com")
	s.merchant("acme", ledger.Live)
	s.ok("approval", "set", "rub", "1500.00")
	p := s.payout("acme", "order-1")
	for range 2 {
		says(t, s.ok("payout", "complete", p.ID, "--note", "paid"), "waits for a second person")
	}
	if items := s.items("approval", "waiting"); len(items) != 1 || items[0]["subject"] != p.ID {
		t.Errorf("got %v", items)
	}
	says(t, s.ok("approval", "waiting"), "apr_", "acme", "1500.00 RUB")
	s.fails(1, "waits for a second person", "payout", "reject", p.ID, "--reason", "x")
	s.fails(1, "waits for a second person", "payout", "reject", p.ID, "--reason", "x", "--force")
	s.ok("payout", "complete", p.ID, "--force")
	s.ok("approval", "set", "rub", "off")
	s.ok("payout", "complete", p.ID)
	if got := s.status(p.ID); got != payout.Expectation {
		t.Errorf("one person came to %s", got)
	}
	// An account that the same person makes now is the same person.
	s.ok("operator", "create", "--email", "own@example.com", "--role", "admin")
	all, err := s.app.Operators.List(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all.Items {
		if o.Email == "own@example.com" {
			own := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: o.ID, Name: o.Email})
			if _, err := s.app.Payouts.Approve(own, p.ID, payout.Judgement{}); err == nil || !strings.Contains(err.Error(), "third person") {
				t.Errorf("an account made for it approves: %v", err)
			}
		}
	}
	if _, err := s.app.Payouts.Approve(other, p.ID, payout.Judgement{}); err != nil {
		t.Fatal(err)
	}
	if got := s.status(p.ID); got != payout.Successful {
		t.Errorf("two people came to %s", got)
	}
}

func TestMerchantAdjust(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("acme", ledger.Live)
	before, _, err := s.app.Merchants.Balances(t.Context(), s.directory("acme"))
	if err != nil {
		t.Fatal(err)
	}
	s.fails(1, "nobody else could approve", "merchant", "adjust", "acme", "10", "--reason", "counted twice")
	other := s.approver("boris@example.com")
	says(t, s.ok("merchant", "adjust", "acme", "10", "--take", "--reason", "counted twice", "--dry-run"), "Would ask", "-10.0000 USDT", "Nothing was done")
	if items := s.items("approval", "waiting"); len(items) != 0 {
		t.Errorf("got %v", items)
	}
	made := s.object("merchant", "adjust", "acme", "10", "--take", "--reason", "counted twice", "--ref", "case-7")
	says(t, s.ok("merchant", "adjust", "acme", "10", "--take", "--reason", "counted twice", "--ref", "case-7"), "was there before", "waiting")
	s.fails(1, "another amount", "merchant", "adjust", "acme", "--reason", "counted twice", "--ref", "case-7", "10")
	s.fails(2, "AMOUNT must be", "merchant", "adjust", "acme", "x", "--reason", "y")
	if _, err := s.app.Approvals.Approve(other, text(t, made, "approval"), ""); err != nil {
		t.Fatal(err)
	}
	after, _, err := s.app.Merchants.Balances(t.Context(), s.directory("acme"))
	if err != nil || before.Minor()-after.Minor() != 10_000_000 {
		t.Errorf("%s, then %s, %v", before, after, err)
	}
}

func TestRotateKeysByTwo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("acme", ledger.Live)
	says(t, s.ok("merchant", "rotate-keys", "acme", "--dry-run"), "Would make new keys", "Nothing was done")
	other := s.approver("boris@example.com")
	says(t, s.ok("merchant", "rotate-keys", "acme", "--dry-run"), "Would ask for new keys", "Nothing was done")
	asked := s.object("merchant", "rotate-keys", "acme", "--only", "sign")
	if asked["sign_key"] != nil {
		t.Error("keys before anybody agreed")
	}
	says(t, s.ok("merchant", "rotate-keys", "acme", "--only", "sign"), "a second person is needed", "run the same command again")
	id := text(t, asked["approval"].(map[string]any), "id")
	if _, err := s.app.Approvals.Approve(other, id, ""); err != nil {
		t.Fatal(err)
	}
	made := s.object("merchant", "rotate-keys", "acme", "--only", "sign")
	if text(t, made, "sign_key") == "" || made["api_key"] != nil {
		t.Errorf("got %v", made)
	}
}
