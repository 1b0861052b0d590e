package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
	"disburse/ledger/money"
)

const endUserCard = "2200123456789012" // of every withdrawal here

// cardUser makes an end user with 5000 RUB.
func (s *site) cardUser() enduser.User {
	s.t.Helper()
	u, err := s.app.Users.Create(s.t.Context(), enduser.Spec{Name: "Ivan", Nickname: "ivan"})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.app.Users.Deposit(s.t.Context(), u.ID, money.New(500000, enduser.RUB), "start"); err != nil {
		s.t.Fatal(err)
	}
	return u
}

// cardOrder makes an order of 1500.00 RUB and returns its number.
func (s *site) cardOrder(u enduser.User, of cardorder.Type) string {
	s.t.Helper()
	req := cardorder.Request{Type: of, Amount: 150000}
	if of == cardorder.Withdraw {
		req.Details = cardorder.Details{CardNumber: endUserCard, BankName: "Sber", HolderName: "IVAN PETROV"}
	}
	id, err := s.app.CardOrders.Create(s.t.Context(), u, req, idempotency.Key{})
	if err != nil {
		s.t.Fatal(err)
	}
	return strconv.FormatInt(id, 10)
}

func (s *site) wantUserFunds(u enduser.User, available, held int64) {
	s.t.Helper()
	b, err := s.app.Users.Balance(s.t.Context(), u.ID)
	if err != nil || b.Available != available || b.Held != held {
		s.t.Errorf("available %d held %d, %v; want %d and %d", b.Available, b.Held, err, available, held)
	}
}

func TestCardOrderList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("card-order", "list"), "No card order matches")
	one, two := s.cardUser(), s.cardUser()
	first, second, third := s.cardOrder(one, cardorder.Withdraw), s.cardOrder(two, cardorder.Withdraw), s.cardOrder(one, cardorder.Deposit)
	s.ok("card-order", "claim", second)
	out := s.ok("card-order", "list")
	says(t, out, "withdraw", "deposit", "pending", "1500.00 RUB", "****9012", "cli:")
	if strings.Contains(out, endUserCard) {
		t.Error("the list prints a card")
	}
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"All", nil, []string{third, second, first}},
		{"Withdrawals", []string{"--type", "withdraw"}, []string{second, first}},
		{"OfAUser", []string{"--user", strconv.FormatInt(one.ID, 10)}, []string{third, first}},
		{"Claimed", []string{"--claimed-by", "cli:" + person().ID}, []string{second}},
		{"Open", []string{"--open"}, []string{third, second, first}},
		{"Completed", []string{"--status", "completed"}, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, item := range s.items(append([]string{"card-order", "list"}, tt.args...)...) {
			got = append(got, strconv.FormatFloat(item["id"].(float64), 'f', 0, 64))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	page := s.object("card-order", "list", "--limit", "2")
	if rest := s.items("card-order", "list", "--cursor", text(t, page, "next_cursor")); len(rest) != 1 {
		t.Errorf("the second page is %v", rest)
	}
	s.fails(1, "status: must be pending", "card-order", "list", "--status", "paid")
	s.fails(2, "--limit must be 1 to 500", "card-order", "list", "--limit", "0")
}

func TestCardOrderShow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.cardOrder(s.cardUser(), cardorder.Withdraw)
	says(t, s.ok("card-order", "show", id), "withdraw", "pending", "1500.00 RUB", "****9012", "Sber", "IVAN PETROV")
	t.Run("ErrNotFound", func(*testing.T) {
		s.fails(1, "order not found", "card-order", "show", "999")
		s.fails(2, "id", "card-order", "show", "x")
	})
	t.Run("TheChat", func(t *testing.T) {
		says(t, s.ok("card-order", "say", id, "The transfer is on its way."), "is in the chat of card order "+id)
		if posted := s.object("card-order", "say", id, "Done."); posted["id"] == nil {
			t.Errorf("got %v", posted)
		}
		says(t, s.ok("card-order", "show", id), "operator", `"The transfer is on its way."`, `"Done."`)
		if shown := s.object("card-order", "show", id); len(shown["messages"].([]any)) != 2 {
			t.Errorf("got %v", shown)
		}
		s.fails(1, "must have 1 to 4000 characters", "card-order", "say", id, " ")
		s.fails(1, "order not found", "card-order", "say", "999", "hello")
		if n := s.trail("card_order.say"); n != 2 {
			t.Errorf("%d audit records, want 2", n)
		}
	})
	t.Run("TheHolderSeesTheCard", func(t *testing.T) {
		if out := s.ok("card-order", "show", id); strings.Contains(out, endUserCard) {
			t.Error("it prints the card to anybody")
		}
		says(t, s.ok("card-order", "claim", id), endUserCard, "is yours until", "1500.00 RUB")
		says(t, s.ok("card-order", "show", id), endUserCard, "cli:")
		says(t, s.ok("card-order", "release", id), "is nobody's")
		s.fails(1, "you do not hold the claim", "card-order", "release", id)
		if out := s.ok("card-order", "show", id); strings.Contains(out, endUserCard) {
			t.Error("it prints the card after the release")
		}
		if n := s.trail("card_order.claim") + s.trail("card_order.release") + s.trail("card_order.card_shown"); n != 3 {
			t.Errorf("%d audit records, want 3", n)
		}
	})
	t.Run("ErrAnothersClaim", func(*testing.T) {
		number, _ := strconv.ParseInt(id, 10, 64)
		if _, err := s.app.CardOrders.Claim(operatorContext(t), number); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"claim", id}, {"complete", id}, {"complete", id, "--dry-run"}, {"cancel", id, "--reason", "x"}} {
			s.fails(1, "claimed by somebody else", append([]string{"card-order"}, args...)...)
		}
	})
}

func TestCardOrderEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.cardUser()
	t.Run("DryRunMovesNothing", func(t *testing.T) {
		id := s.cardOrder(u, cardorder.Withdraw)
		says(t, s.ok("card-order", "complete", id, "--dry-run"), "would be completed: the held money would be settled", "1500.00 RUB", "Nothing was done")
		says(t, s.ok("card-order", "cancel", id, "--reason", "x", "--dry-run"), "would be cancelled: the held money would be back")
		if shown := s.object("card-order", "show", id); shown["status"] != "pending" || shown["claimed_by"] != nil {
			t.Errorf("got %v", shown)
		}
		s.wantUserFunds(u, 350000, 150000)
		s.ok("card-order", "cancel", id, "--reason", "x")
	})
	t.Run("Complete", func(t *testing.T) {
		id := s.cardOrder(u, cardorder.Withdraw)
		out := s.ok("card-order", "complete", id)
		says(t, out, "is completed: the held money is settled", "****9012")
		if strings.Contains(out, endUserCard) {
			t.Error("it prints the card")
		}
		s.wantUserFunds(u, 350000, 0)
		says(t, s.ok("card-order", "complete", id), "is completed already. Nothing was done")
		s.fails(1, "the withdraw order is completed", "card-order", "cancel", id, "--reason", "x")
		s.fails(1, "the withdraw order is completed", "card-order", "claim", id)
		if n := s.trail("card_order.complete"); n != 1 {
			t.Errorf("%d audit records, want 1", n)
		}
	})
	t.Run("CompleteADeposit", func(t *testing.T) {
		id := s.cardOrder(u, cardorder.Deposit)
		done := s.object("card-order", "complete", id)
		if done["status"] != "completed" || done["dry_run"] != false || done["payment_details"] != nil {
			t.Errorf("got %v", done)
		}
		s.wantUserFunds(u, 500000, 0)
	})
	t.Run("Cancel", func(t *testing.T) {
		id := s.cardOrder(u, cardorder.Withdraw)
		says(t, s.ok("card-order", "cancel", id, "--reason", "The bank does not know this card."), "is cancelled: the held money is back")
		says(t, s.ok("card-order", "show", id), "The bank does not know this card.", "by cli:")
		s.wantUserFunds(u, 500000, 0)
		deposit := s.cardOrder(u, cardorder.Deposit)
		says(t, s.ok("card-order", "cancel", deposit, "--reason", "nothing came"), "no money is moved")
		s.fails(2, "--reason", "card-order", "cancel", deposit)
	})
}

func TestCardSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("card-settings", "show"), "enabled", "true", "deposit-min", "100.00 RUB", "withdraw-max", "50000.00 RUB")
	out := s.ok("card-settings", "set", "--withdraw-min", "20000", "--card-number", "2200 7000 1111 2222", "--bank-name", "T-Bank", "--holder-name", "PLATFORM LLC")
	says(t, out, "withdraw-min", "100.00 RUB -> 200.00 RUB", "- -> 2200700011112222", "T-Bank")
	if strings.Contains(out, "deposit-min") {
		t.Errorf("it prints what did not change: %s", out)
	}
	says(t, s.ok("card-settings", "set", "--withdraw-min", "20000"), "had these settings already")
	set := s.object("card-settings", "set", "--enabled=false")
	if set["enabled"] != false || set["withdraw_min_amount_kopecks"] != 20000.0 {
		t.Errorf("got %v", set)
	}
	if shown := s.object("card-settings", "show"); cmp.Diff(set, shown) != "" {
		t.Error(cmp.Diff(set, shown))
	}
	s.fails(2, "nothing to change", "card-settings", "set")
	s.fails(1, "invalid request\n  deposit_min: must be above zero\n  card_number: must be 16 to 19 digits",
		"card-settings", "set", "--deposit-min", "0", "--card-number", "2200700011")
	if n := s.trail("card_settings.set"); n != 3 {
		t.Errorf("%d audit records, want 3", n)
	}
}
