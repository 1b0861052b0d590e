package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"disburse/gateway/enduser"
	"disburse/gateway/virtualcard/simulator"
)

func TestVirtualCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const key = "key-to-the-card-provider"
	cards, err := simulator.Open(simulator.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	provider := httptest.NewServer(cards.Handler())
	defer provider.Close()
	create := func(args ...string) []string {
		return append([]string{"virtual-card", "create", "--card-provider-url", provider.URL, "--card-provider-key", key}, args...)
	}
	says(t, s.ok("virtual-card", "list"), "There are no virtual cards")
	says(t, s.ok("virtual-card", "exceptions"), "has answered everything")
	s.ok("user", "create", "--name", "Anna")

	says(t, s.ok(create("1", "--balance", "100.00", "--dry-run")...), "Would give 1 Anna a card with 100.00 USD", "Nothing was done")
	made := s.object(create("1", "--balance", "100.00")...)
	id := text(t, made, "id")
	if made["balance"] != "100.00" || made["status"] != "active" || made["user_id"] != 1.0 || made["dry_run"] != false {
		t.Errorf("got %v", made)
	}
	if number := text(t, made, "card_number"); len(number) != 16 || !strings.HasPrefix(number, "************") {
		t.Errorf("card number %q", number)
	}
	says(t, s.ok(create("1")...), "Gave user 1 the card", "with 0.00 USD")
	says(t, s.ok("virtual-card", "list", "--user", "1"), id, "active", "100.00 USD")
	if items := s.items("virtual-card", "list", "--limit", "1"); len(items) != 1 {
		t.Errorf("got %v", items)
	}
	if n := s.trail("virtual-card.create"); n != 2 {
		t.Errorf("%d audit records, want 2", n)
	}

	if err := cards.Behave(simulator.Behaviour{Operation: simulator.Create, Outcome: simulator.Error, Times: 1}); err != nil {
		t.Fatal(err)
	}
	s.fails(1, "Card provider is unavailable", create("1", "--balance", "5.00")...)
	if items := s.items("virtual-card", "exceptions"); len(items) != 1 || items[0]["kind"] != "issue" || items[0]["amount"] != "5.00" {
		t.Errorf("got %v", items)
	}
	open := text(t, s.items("virtual-card", "exceptions")[0], "id")
	resolve := func(args ...string) []string { return append([]string{"virtual-card", "resolve", open}, args...) }
	s.fails(2, "--as must be", resolve("--as", "lost", "--reason", "x")...)
	s.fails(2, "--moved must be", resolve("--as", "done", "--reason", "x", "--moved", "1.005")...)
	s.fails(1, "the card that was made", resolve("--as", "done", "--reason", "x")...)
	s.fails(1, "the card that was made", resolve("--as", "done", "--reason", "x", "--dry-run")...)
	s.fails(1, "--card-provider-key is needed", resolve("--as", "done", "--reason", "x", "--provider-card", "c-1")...)
	s.fails(1, "no such operation", "virtual-card", "resolve", id, "--as", "failed", "--reason", "x")
	says(t, s.ok(resolve("--as", "failed", "--reason", "told by phone", "--dry-run")...), "Would end "+open, "Nothing was done")
	if done := s.object(resolve("--as", "failed", "--reason", "told by phone")...); done["state"] != "declined" || done["as"] != "failed" || done["amount"] != "5.00" {
		t.Errorf("got %v", done)
	}
	if items := s.items("virtual-card", "exceptions"); len(items) != 0 {
		t.Errorf("got %v", items)
	}
	s.fails(1, "has ended", resolve("--as", "failed", "--reason", "again")...)
	if n := s.trail("virtual-card.resolve"); n != 1 {
		t.Errorf("%d audit records, want 1", n)
	}

	s.fails(2, "--balance must be dollars", create("1", "--balance", "1.005")...)
	s.fails(1, enduser.ErrNotFound.Message, create("9")...)
	s.fails(1, "--card-provider-key is needed", "virtual-card", "create", "1")
	s.fails(1, "--card-provider-url is needed", "virtual-card", "create", "1", "--card-provider-key", key)
	s.fails(2, "--limit must be", "virtual-card", "list", "--limit", "0")
	s.fails(1, "cursor", "virtual-card", "exceptions", "--cursor", "!")
}
