package httpapi_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/simulator"
	"disburse/ledger/money"
)

// holder is an end user with money in the USD wallet and a virtual card.
type holder struct {
	person
	card string
}

// holder makes one; amounts are in dollars.
func (s *stack) holder(t testing.TB, wallet, onCard int64) holder {
	t.Helper()
	p := s.person(t, 0)
	if wallet > 0 {
		must(t, s.deps.EndUsers.Deposit(t.Context(), p.id, money.New(wallet*100, virtualcard.USD), "first"))
	}
	c, err := s.deps.VirtualCards.Issue(t.Context(), p.id, money.New(onCard*100, virtualcard.USD))
	must(t, err)
	return holder{person: p, card: c.ID}
}

func (h holder) path(verb string) string { return "/cards/" + h.card + verb }

// provider tells the card provider how an operation goes the next time.
func (s *stack) provider(t testing.TB, op simulator.Operation, outcome simulator.Outcome) {
	t.Helper()
	must(t, s.issuer.Behave(simulator.Behaviour{Operation: op, Outcome: outcome, Times: 1}))
}

// later lets time go by for virtual cards and their provider.
func (s *stack) later(d time.Duration) { s.ahead.Add(int64(d)) }

var cardTimestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

// told wants a success with that message and gives its data.
func (p person) told(a answer, status int, message string) map[string]any {
	p.t.Helper()
	if a.status != status || a.text("message") != message || a.body["success"] != true || !cardTimestamp.MatchString(a.text("timestamp")) || len(a.body) != 4 {
		p.t.Fatalf("got %d %s, want %d %s", a.status, a.raw, status, message)
	}
	data, _ := a.body["data"].(map[string]any)
	return data
}

// denied wants a failure with that message and nothing else in it.
func (p person) denied(a answer, status int, message string) {
	p.t.Helper()
	if a.status != status || a.text("message") != message || a.body["success"] != false || !cardTimestamp.MatchString(a.text("timestamp")) || len(a.body) != 3 {
		p.t.Errorf("got %d %s, want %d %s", a.status, a.raw, status, message)
	}
}

// issues wants the failure of input that cannot be taken and compares what it
// says is wrong, as the text that was sent.
func (p person) issues(a answer, want string) {
	p.t.Helper()
	_, rest, _ := bytes.Cut(a.raw, []byte(`"message":"Invalid input data","error":`))
	got, _, _ := bytes.Cut(rest, []byte(`,"timestamp":"`))
	if a.status != http.StatusBadRequest || a.body["success"] != false || !cardTimestamp.MatchString(a.text("timestamp")) {
		p.t.Errorf("got %d %s", a.status, a.raw)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		p.t.Errorf("issues (-want +got):\n%s", diff)
	}
}

// amounts compares members that are amounts by their text.
func (a answer) amounts(t testing.TB, want map[string]string) {
	t.Helper()
	for name, amount := range want {
		if !strings.Contains(string(a.raw), fmt.Sprintf("%q:%s", name, amount)) {
			t.Errorf("want %s %s in %s", name, amount, a.raw)
		}
	}
}

// TestLifeOfAVirtualCard goes through every call once.
func TestLifeOfAVirtualCard(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, 0)
	must(t, s.deps.EndUsers.Deposit(t.Context(), p.id, money.New(20_000, virtualcard.USD), "first"))
	a := p.get("/wallet/balance")
	p.told(a, 200, "Wallet balance retrieved successfully")
	a.amounts(t, map[string]string{"balance": "200.00"})

	a = p.get("/bins")
	p.told(a, 200, "Bins retrieved successfully")
	bin := a.body["data"].([]any)[0].(map[string]any)
	if got := slices.Sorted(maps.Keys(bin)); !slices.Equal(got, []string{"bin", "country", "currency", "id", "initial_balance", "network", "threeDS", "wallet"}) {
		t.Errorf("a bin has %v", got)
	}
	a = p.get("/card-plans")
	p.told(a, 200, "Card plans retrieved successfully")
	if plans := a.body["data"].([]any); len(plans) != 3 || !strings.Contains(string(a.raw), `"limit":1000.00,"creation_fee":5.00`) {
		t.Errorf("plans: %s", a.raw)
	}

	made := p.post("/cards", fields{"bin_id": bin["id"], "name": "Travel", "planId": 1, "unknown": true})
	card := p.told(made, http.StatusCreated, "Card created successfully")
	h := holder{person: p, card: card["id"].(string)}
	if card["status"] != "active" || (card["category"] != "Wallet" && card["category"] != "Online") || len(card["address"].(map[string]any)) != 6 {
		t.Errorf("created: %s", made.raw)
	}

	a = p.post(h.path("/topup"), `{"amount":100}`)
	p.told(a, 200, "Card topped up successfully")
	a.amounts(t, map[string]string{"total_charged": "101.00", "platform_fee_amount": "1.00", "new_card_balance": "100.00", "wallet_balance": "94.00"})
	a = p.post(h.path("/withdraw"), `{"amount":10.5}`)
	first := p.told(a, 200, "Card withdrawal successful")
	a.amounts(t, map[string]string{"amount_withdrawn": "10.50", "new_card_balance": "89.50", "wallet_balance": "104.50"})
	if first["card_id"] != h.card || first["invoice_id"].(float64) < 1 {
		t.Errorf("withdrawn: %s", a.raw)
	}

	standing := p.told(p.call(http.MethodPatch, h.path("/freeze"), nil), 200, "Card frozen successfully")
	if standing["status"] != "frozen" || standing["card_id"] != h.card {
		t.Errorf("frozen: %v", standing)
	}
	standing = p.told(p.call(http.MethodPatch, h.path("/unfreeze"), `{}`), 200, "Card unfrozen successfully")
	if standing["status"] != "active" {
		t.Errorf("unfrozen: %v", standing)
	}
	h.seenInLists(t)

	a = p.call(http.MethodPatch, h.path("/close"), nil)
	last := p.told(a, 200, "Card closed successfully")
	a.amounts(t, map[string]string{"balance_withdrawn": "89.50", "new_wallet_balance": "194.00"})
	if last["invoice_id"].(float64) <= first["invoice_id"].(float64) || last["transaction_id"] == first["transaction_id"] {
		t.Errorf("closed: %s", a.raw)
	}
	empty := s.holder(t, 0, 0)
	last = empty.told(empty.call(http.MethodPatch, empty.path("/close"), nil), 200, "Card closed successfully")
	if id, given := last["transaction_id"]; id != nil || !given || last["invoice_id"] != nil {
		t.Errorf("closed without a balance: %v", last)
	}
	for _, secret := range []string{p.token, h.card} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

// seenInLists looks at a card with 89.50 on it, after a top-up and a withdrawal.
func (h holder) seenInLists(t *testing.T) {
	t.Helper()
	a := h.get("/cards")
	list := h.told(a, 200, "User cards retrieved successfully")
	a.amounts(t, map[string]string{"total_balance": "89.50", "total_cards": "1", "balance": "89.50"})
	one := list["cards"].([]any)[0].(map[string]any)
	if number := one["card_number"].(string); !regexp.MustCompile(`^\*{12}\d{4}$`).MatchString(number) || one["card_plan"] != 1.0 {
		t.Errorf("listed: %v", one)
	}
	a = h.get(h.path("/"))
	detail := h.told(a, 200, "Card details retrieved successfully")
	a.amounts(t, map[string]string{"balance": "89.50", "deposit": "100.00", "3ds": "true"})
	if pan := detail["masked_PAN"].(string); !regexp.MustCompile(`^(\*{4} ){3}\d{4}$`).MatchString(pan) || detail["currency_short_name"] != "USD" {
		t.Errorf("detail: %s", a.raw)
	}

	a = h.get("/cards/transactions?card_id=" + h.card + "&limit=2&page=1")
	page := h.told(a, 200, "Card transactions retrieved successfully")
	pagination := map[string]any{"page": 1.0, "limit": 2.0, "total": 4.0, "totalPages": 2.0, "hasNext": true, "hasPrev": false}
	if diff := cmp.Diff(pagination, page["pagination"]); diff != "" {
		t.Errorf("pagination (-want +got):\n%s", diff)
	}
	newest := page["data"].([]any)[0].(map[string]any)
	if newest["type"] != "withdraw" || newest["status"] != "Approved" || newest["side"] != "Debit" || newest["amount"] != 10.5 || newest["merchant_name"] != nil {
		t.Errorf("newest: %v", newest)
	}
	second := h.told(h.get("/cards/transactions?limit=2&page=2"), 200, "Card transactions retrieved successfully")
	types := ""
	for _, row := range slices.Concat(page["data"].([]any), second["data"].([]any)) {
		types += row.(map[string]any)["type"].(string) + " "
	}
	for _, want := range []string{"withdraw ", "topup ", "topup_fee ", "creation_fee "} {
		if !strings.Contains(types, want) {
			t.Errorf("transactions are %s", types)
		}
	}
}
