package main

import (
	"strings"
	"testing"

	"disburse/gateway/enduser"
)

func TestUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	says(t, s.ok("user", "list"), "no users yet", "disburse user create")
	says(t, s.ok("user", "create", "--name", "Anna Petrova", "--nickname", "anna"), "1 Anna Petrova (anna)", "disburse user token 1")
	made := s.object("user", "create", "--name", "Boris")
	if made["id"] != 2.0 || made["nickname"] != "Boris" || made["blocked"] != false {
		t.Errorf("got %v", made)
	}
	says(t, s.ok("user", "list", "--limit", "1"), "Anna Petrova", "active", "There is more: add --cursor")
	if items := s.items("user", "list"); len(items) != 2 || items[1]["name"] != "Boris" {
		t.Errorf("got %v", items)
	}

	out := s.ok("user", "token", "1")
	says(t, out, "shown this once", "uc_")
	issued := s.object("user", "token", "2", "--ttl", "1h")
	u, err := s.app.Users.Authenticate(ctx, text(t, issued, "token"))
	if err != nil || u.Name != "Boris" {
		t.Errorf("the token printed: %v, %v", u, err)
	}
	says(t, s.ok("user", "revoke-tokens", "2"), "No token of 2 Boris works")
	if _, err := s.app.Users.Authenticate(ctx, text(t, issued, "token")); err == nil {
		t.Error("the token still works")
	}

	says(t, s.ok("user", "block", "2"), "Blocked 2 Boris")
	says(t, s.ok("user", "list"), "blocked")
	if got := s.object("user", "unblock", "2"); got["blocked"] != false {
		t.Errorf("got %v", got)
	}
	says(t, s.ok("user", "wagering", "2", "100000"), "asked of 2 Boris is 1000.00 RUB")
	says(t, s.ok("user", "show", "2"), "wagering", "0.00 RUB of 1000.00 RUB, 1000.00 RUB remain")

	s.fails(2, "--name", "user", "create")
	s.fails(1, "name: must be 1 to 128 characters", "user", "create", "--name", " ", "--nickname", "n")
	s.fails(1, enduser.ErrNotFound.Message, "user", "show", "9")
	s.fails(1, enduser.ErrNotFound.Message, "user", "block", "9")
	s.fails(2, "<user>", "user", "show", "anna")
	s.fails(2, "--ttl must be above zero", "user", "token", "1", "--ttl", "0s")
	s.fails(1, "ttl", "user", "token", "1", "--ttl", "20000h")
	s.fails(2, "--cursor", "user", "list", "--cursor", "!")
	for action, want := range map[string]int{
		"user.create": 2, "user.issue-token": 2, "user.revoke-tokens": 1, "user.block": 1, "user.unblock": 1, "user.set-wagering": 1,
	} {
		if n := s.trail(action); n != want {
			t.Errorf("%d audit records of %s, want %d", n, action, want)
		}
	}
}

func TestUserDeposit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ok("user", "create", "--name", "Anna")
	available := func(want string) {
		t.Helper()
		if m, err := s.app.Users.Available(t.Context(), 1, enduser.RUB); err != nil || m.String() != want {
			t.Errorf("available %s, %v; want %s", m, err, want)
		}
	}
	says(t, s.ok("user", "deposit", "1", "500000", "--ref", "transfer 17", "--dry-run"), "Would add 5000.00 RUB", "Nothing was done")
	available("0.00")
	says(t, s.ok("user", "deposit", "1", "500000", "--ref", "transfer 17"), "Added 5000.00 RUB to user 1, who now has 5000.00 RUB")
	says(t, s.ok("user", "deposit", "1", "500000", "--ref", "transfer 17"), "was there before, nothing moved", "5000.00 RUB")
	available("5000.00")
	done := s.object("user", "deposit", "1", "10000", "--currency", "usd", "--ref", "transfer 18")
	if done["available"] != 10000.0 || done["currency"] != "USD" || done["replayed"] != false || done["dry_run"] != false {
		t.Errorf("got %v", done)
	}
	shown := s.object("user", "show", "1")
	if balance, _ := shown["balance"].(map[string]any); shown["deposited_total"] != 500000.0 || balance["available"] != 500000.0 {
		t.Errorf("got %v", shown)
	}
	s.fails(1, "already used", "user", "deposit", "1", "500001", "--ref", "transfer 17")
	s.fails(1, "amount: must be above zero", "user", "deposit", "1", "0", "--ref", "x")
	s.fails(2, "--currency must be", "user", "deposit", "1", "1", "--currency", "XXX", "--ref", "x")
	s.fails(2, "--ref", "user", "deposit", "1", "1")
	s.fails(1, enduser.ErrNotFound.Message, "user", "deposit", "9", "1", "--ref", "x")
	if n := s.trail("user.deposit"); n != 2 {
		t.Errorf("%d audit records, want 2", n)
	}
}

func TestUserBonus(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ok("user", "create", "--name", "Anna")
	says(t, s.ok("user", "bonus", "1", "cashback", "1000", "--wagering", "100000", "--dry-run"), "Would give user 1 a cashback bonus of 10.00 RUB", "Nothing was done")
	says(t, s.ok("user", "bonus", "1", "cashback", "1000", "--wagering", "100000"), "cashback bonus of 10.00 RUB", "1000.00 RUB remain to be wagered")
	for range 2 {
		done := s.object("user", "bonus", "1", "signup", "500", "--ref", "welcome")
		if done["bonus_balance"] != 1500.0 || done["ref"] != "welcome" {
			t.Errorf("got %v", done)
		}
	}
	says(t, s.ok("user", "show", "1"), "sign-up, cashback", "15.00 RUB")
	s.fails(1, "amount: must be kopecks above zero", "user", "bonus", "1", "signup", "0")
	s.fails(2, "<kind>", "user", "bonus", "1", "loyalty", "5")
	s.fails(1, enduser.ErrNotFound.Message, "user", "bonus", "9", "signup", "5")
	if n := s.trail("user.grant-bonus"); n != 2 {
		t.Errorf("%d audit records, want 2", n)
	}
	if out := s.ok("user", "bonus", "--help"); !strings.Contains(out, "DISBURSE_USER_WAGERING") {
		t.Errorf("help names no variable: %s", out)
	}
}
