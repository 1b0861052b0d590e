package main

import (
	"strings"
	"testing"

	"disburse/gateway/audit"
	"disburse/ledger"
)

func TestMerchantPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("shop", ledger.Live)
	says(t, s.ok("merchant", "person", "list", "shop"), "Nobody signs in for shop yet")
	out := s.ok("merchant", "person", "add", "shop", "--email", "Ann@shop.example")
	says(t, out, "ann@shop.example", "password", "shown this once")
	made := s.object("merchant", "person", "add", "shop", "--email", "bob@shop.example")
	password, ctx := text(t, made, "password"), t.Context()
	if who, err := s.app.People.CheckPassword(ctx, "bob@shop.example", password); err != nil || who.ID != text(t, made, "id") {
		t.Errorf("the password printed: %+v, %v", who, err)
	}
	items := s.items("merchant", "person", "list", "shop")
	if len(items) != 2 || items[0]["email"] != "ann@shop.example" || items[1]["disabled"] != false || items[0]["password"] != nil {
		t.Errorf("got %v", items)
	}
	says(t, s.ok("merchant", "person", "disable", "shop", "--email", "bob@shop.example"), "Disabled bob@shop.example")
	if _, err := s.app.People.CheckPassword(ctx, "bob@shop.example", password); err == nil {
		t.Error("a disabled person is let in")
	}
	says(t, s.ok("merchant", "person", "list", "shop"), "disabled")
	says(t, s.ok("merchant", "person", "enable", "shop", "--email", "bob@shop.example"), "Enabled bob@shop.example")
	fresh := s.object("merchant", "person", "reset-password", "shop", "--email", "bob@shop.example")
	if _, err := s.app.People.CheckPassword(ctx, "bob@shop.example", text(t, fresh, "password")); err != nil || text(t, fresh, "password") == password {
		t.Errorf("the new password: %v", err)
	}
	says(t, s.ok("merchant", "person", "reset-factor", "shop", "--email", "bob@shop.example"), "new second factor")
	if n := s.trail("merchant.add-person"); n != 2 {
		t.Errorf("%d audit records, want 2", n)
	}

	s.merchant("other", ledger.Live)
	for _, do := range []string{"disable", "enable", "reset-password", "reset-factor"} {
		s.fails(1, "person not found", "merchant", "person", do, "other", "--email", "bob@shop.example")
	}
	s.fails(1, "exists already", "merchant", "person", "add", "other", "--email", "bob@shop.example")
	s.fails(1, "merchant not found", "merchant", "person", "add", "nobody", "--email", "x@shop.example")
	s.fails(1, "email", "merchant", "person", "add", "shop", "--email", "nobody")
	s.fails(2, "--email", "merchant", "person", "add", "shop")
}

func TestMerchantSandbox(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("shop", ledger.Live)
	s.merchant("other", ledger.Live)
	s.merchant("play", ledger.Sandbox)
	made := s.object("merchant", "sandbox", "shop")
	if made["name"] != "shop-sandbox" || made["mode"] != "sandbox" || !strings.HasPrefix(text(t, made, "sign_key"), "sk_") {
		t.Errorf("got %v", made)
	}
	s.wantBalances("shop-sandbox", "100000.0000", "0.0000")
	says(t, s.ok("merchant", "sandbox", "other", "--link", "play"), "play is the sandbox of other")
	s.fails(1, "has a sandbox already", "merchant", "sandbox", "shop")
	s.fails(1, "only a live merchant", "merchant", "sandbox", "play")
	records, err := audit.List(t.Context(), s.pool, audit.Filter{Action: "merchant.link-sandbox"})
	if err != nil || len(records.Items) != 2 {
		t.Errorf("%+v, %v", records.Items, err)
	}
}
