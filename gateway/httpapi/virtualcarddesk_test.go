package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"disburse/gateway/operator"
	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/simulator"
	"disburse/ledger/money"
)

func mustUSD(dollars int64) money.Money { return money.New(dollars*100, virtualcard.USD) }

// TestUnknownWithdrawal follows one of which the provider did not tell whether
// it was done: the caller learns that, the cooldown holds, people see it, and
// recovery credits it once.
func TestUnknownWithdrawal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		outcome simulator.Outcome
		wallet  string
		status  string
	}{
		"DoneButBroken": {simulator.Garbled, "10.00", "Approved"},
		"NeverDone":     {simulator.Error, "0.00", "Declined"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			h := s.holder(t, 0, 50)
			key := header{"Idempotency-Key": "k"}
			s.provider(t, simulator.Withdraw, tt.outcome)
			h.denied(h.post(h.path("/withdraw"), `{"amount":10}`, key), http.StatusBadGateway, "Card provider is unavailable")
			h.get("/wallet/balance").amounts(t, map[string]string{"balance": "0.00"})
			h.denied(h.post(h.path("/withdraw"), `{"amount":10}`), http.StatusTooManyRequests, "Please wait 15 minutes between withdrawals")
			newest := func() map[string]any {
				return h.told(h.get("/cards/transactions"), 200, "Card transactions retrieved successfully")["data"].([]any)[0].(map[string]any)
			}
			open := newest()
			if open["status"] != "Pending" || open["type"] != "withdraw" {
				t.Errorf("newest: %v", open)
			}

			s.later(13 * time.Second)
			h.denied(h.post(h.path("/withdraw"), `{"amount":10}`, key), http.StatusBadGateway, "Card provider is unavailable")
			items := s.exceptions(t, "")
			if len(items) != 1 || items[0]["kind"] != "virtual_card_withdraw" || items[0]["card_id"] != h.card || items[0]["id"] != open["id"] ||
				items[0]["state"] != "processing" || items[0]["age_seconds"].(float64) < 13 || items[0]["amount"] != "10.00" {
				t.Errorf("exceptions: %v", items)
			}

			for range 3 {
				s.later(time.Minute)
				_, err := s.deps.VirtualCards.Recover(t.Context(), 10)
				must(t, err)
			}
			h.get("/wallet/balance").amounts(t, map[string]string{"balance": tt.wallet})
			if got := newest(); got["status"] != tt.status || got["id"] != open["id"] {
				t.Errorf("newest: %v", got)
			}
			if items := s.exceptions(t, ""); len(items) != 0 {
				t.Errorf("exceptions: %v", items)
			}
			s.desk(t, operator.RoleViewer, http.MethodPost, "/ledger/verify", nil)
		})
	}
}

// exceptions reads the list page by page; query has the size of one.
func (s *stack) exceptions(t *testing.T, query string) []map[string]any {
	t.Helper()
	var items []map[string]any
	for cursor := ""; ; {
		a := s.desk(t, operator.RoleViewer, http.MethodGet, "/exceptions?cursor="+url.QueryEscape(cursor)+query, nil)
		for _, item := range a.body["items"].([]any) {
			items = append(items, item.(map[string]any))
		}
		if a.body["next_cursor"] == nil {
			return items
		}
		cursor = a.text("next_cursor")
	}
}

// TestExceptionsArePaged wants virtual cards before payouts, each once, however
// they fall on pages.
func TestExceptionsArePaged(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for range 3 {
		h := s.holder(t, 0, 50)
		s.provider(t, simulator.Withdraw, simulator.Error)
		h.denied(h.post(h.path("/withdraw"), `{"amount":10}`), http.StatusBadGateway, "Card provider is unavailable")
	}
	s.later(time.Minute)
	for limit := 1; limit <= 4; limit++ {
		seen := map[any]bool{}
		for _, item := range s.exceptions(t, fmt.Sprint("&limit=", limit)) {
			seen[item["id"]] = true
		}
		if len(seen) != 3 {
			t.Errorf("by %d: got %v", limit, seen)
		}
	}
	for _, cursor := range []string{"x", "c.?", "p.?", "c.0"} {
		s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/exceptions?cursor="+url.QueryEscape(cursor), nil), 400, "invalid_request")
	}
}

func TestVirtualCardsAtTheDesk(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h, other := s.holder(t, 0, 50), s.holder(t, 0, 5)
	list := func(query string) []any {
		return s.desk(t, operator.RoleViewer, http.MethodGet, "/virtual-cards"+query, nil).body["items"].([]any)
	}
	of := list(fmt.Sprint("?user=", h.id))
	if len(of) != 1 {
		t.Fatalf("got %v", of)
	}
	if c := of[0].(map[string]any); c["id"] != h.card || c["user_id"] != float64(h.id) || c["balance"] != "50.00" || c["status"] != "active" || c["cooldown_until"] != nil {
		t.Errorf("got %v", c)
	}
	h.told(h.post(h.path("/withdraw"), `{"amount":10}`), 200, "Card withdrawal successful")
	if c := list(fmt.Sprint("?user=", h.id))[0].(map[string]any); c["cooldown_until"] == nil || c["balance"] != "40.00" {
		t.Errorf("got %v", c)
	}
	a := s.desk(t, operator.RoleViewer, http.MethodGet, "/virtual-cards?limit=1", nil)
	next := list("?limit=1&cursor=" + a.text("next_cursor"))
	if newest := a.body["items"].([]any); newest[0].(map[string]any)["id"] != other.card || next[0].(map[string]any)["id"] != h.card {
		t.Errorf("got %v and %v", newest, next)
	}
	for _, query := range []string{"user=0", "user=x", "user=-1", "limit=201", "cursor=x"} {
		s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/virtual-cards?"+query, nil), 400, "invalid_request")
	}
}
