package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"disburse/gateway/operator"
)

func TestOperatorsKeepUsers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const admin = operator.RoleAdmin
	made := s.as(admin, http.MethodPost, "/users", fields{"name": "Vera", "nickname": "vera77"})
	if made.status != http.StatusCreated || made.text("nickname") != "vera77" || made.text("blocked") != "false" {
		t.Fatalf("create: got %d %s", made.status, made.raw)
	}
	path := "/users/" + made.text("id")
	given := s.as(admin, http.MethodPost, path+"/token", fields{"ttl": "1h"})
	if given.status != http.StatusCreated || !strings.HasPrefix(given.text("token"), "uc_") || len(given.text("token")) != 43 {
		t.Fatalf("token: got %d %s", given.status, given.raw)
	}
	p := person{s: s, t: t, token: given.text("token")}
	p.ok(p.get("/users/me/balance"))

	deposit := fields{"amount": 500_000, "ref": "bank-1"}
	for range 2 { // the second moves nothing
		a := s.wantOK(s.as(admin, http.MethodPost, path+"/deposit", deposit))
		if a.text("available") != "500000" || a.text("currency") != "RUB" {
			t.Errorf("deposit: got %s", a.raw)
		}
	}
	s.wantError(s.as(admin, http.MethodPost, path+"/deposit", fields{"amount": 1, "ref": "bank-1"}), http.StatusConflict, "reference_reused")
	dollars := s.wantOK(s.as(admin, http.MethodPost, path+"/deposit", fields{"amount": 10_000, "currency": "USD", "ref": "bank-2"}))
	if dollars.text("available") != "10000" || dollars.text("currency") != "USD" {
		t.Errorf("dollars: got %s", dollars.raw)
	}
	bonus := fields{"kind": "cashback", "amount": 7_000, "wagering": 9_000, "ref": "july"}
	if a := s.wantOK(s.as(admin, http.MethodPost, path+"/bonus", bonus)); a.text("cashback_bonus") != "true" || a.text("wagering", "required") != "9000" {
		t.Errorf("bonus: got %s", a.raw)
	}
	if a := s.wantOK(s.as(admin, http.MethodPut, path+"/wagering", fields{"wagering": 0})); a.text("wagering", "required") != "0" {
		t.Errorf("wagering: got %s", a.raw)
	}
	shown := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, path, nil))
	if shown.text("deposited_total") != "500000" || shown.text("balance", "available") != "500000" || shown.text("balance", "bonus_balance") != "7000" {
		t.Errorf("show: got %s", shown.raw)
	}

	if a := s.wantOK(s.as(admin, http.MethodPost, path+"/block", nil)); a.text("blocked") != "true" {
		t.Errorf("block: got %s", a.raw)
	}
	p.refused(p.post("/card/orders", cardDeposit(20_000)), http.StatusForbidden, "FORBIDDEN")
	s.wantOK(s.as(admin, http.MethodPost, path+"/unblock", nil))
	p.made("/card/orders", cardDeposit(20_000))
	s.wantOK(s.as(admin, http.MethodPost, path+"/revoke-tokens", nil))
	p.refused(p.get("/users/me/balance"), http.StatusUnauthorized, "UNAUTHORIZED")
	if strings.Contains(s.log.String(), p.token) {
		t.Error("the log holds a token")
	}
}

func TestOperatorsMistakesAboutUsers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, deposited)
	path := fmt.Sprint("/users/", p.id)
	for name, tt := range map[string]struct {
		method, path string
		body         fields
		field        string
	}{
		"NoName":         {http.MethodPost, "/users", fields{}, "name"},
		"ShortToken":     {http.MethodPost, path + "/token", fields{"ttl": "1s"}, "ttl"},
		"OddToken":       {http.MethodPost, path + "/token", fields{"ttl": "soon"}, "ttl"},
		"NoAmount":       {http.MethodPost, path + "/deposit", fields{"ref": "x"}, "amount"},
		"NoRef":          {http.MethodPost, path + "/deposit", fields{"amount": 1}, "ref"},
		"AmountByText":   {http.MethodPost, path + "/deposit", fields{"amount": "1", "ref": "x"}, "amount"},
		"OddCurrency":    {http.MethodPost, path + "/deposit", fields{"amount": 1, "ref": "x", "currency": "XXQ"}, "currency"},
		"OddBonus":       {http.MethodPost, path + "/bonus", fields{"kind": "gift", "amount": 1, "ref": "x"}, "kind"},
		"NoWagering":     {http.MethodPut, path + "/wagering", fields{}, "wagering"},
		"NegativeAmount": {http.MethodPut, path + "/wagering", fields{"wagering": -1}, "wagering"},
		"OddCursor":      {http.MethodGet, "/users?cursor=!", nil, "cursor"},
		"OddStatus":      {http.MethodGet, "/card/orders?status=paid", nil, "status"},
		"OddUser":        {http.MethodGet, "/card/orders?user_id=x", nil, "user_id"},
		"OddDisputes":    {http.MethodGet, "/p2p/disputes?cursor=!", nil, "cursor"},
		"OddTerms":       {http.MethodPut, "/card/settings", fields{"withdraw_min": 5, "withdraw_max": 4}, "withdraw_max"},
		"ResolveToNone":  {http.MethodPost, "/p2p/disputes/9/resolve", fields{"to": "both"}, "to"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.call(tt.method, "/api/operator"+tt.path, orNothing(tt.body), header{"Authorization": "Bearer " + s.tokens[operator.RoleAdmin]})
			s.wantError(a, http.StatusBadRequest, "invalid_request")
			if a.text("error", "fields", tt.field) == "" {
				t.Errorf("got %s, want %s named", a.raw, tt.field)
			}
		})
	}
	t.Run("NoSuchUser", func(t *testing.T) {
		for _, id := range []string{"999999", "0", "x", "007"} {
			s.wantError(s.as(operator.RoleAdmin, http.MethodGet, "/users/"+id, nil), http.StatusNotFound, "not_found")
			s.wantError(s.as(operator.RoleAdmin, http.MethodPost, "/users/"+id+"/block", nil), http.StatusNotFound, "not_found")
		}
	})
}

// orNothing keeps an absent body absent.
func orNothing(b fields) any {
	if b == nil {
		return nil
	}
	return b
}

func TestUsersComeInPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for range 3 {
		s.person(t, 0)
	}
	seen := 0
	for path := "/users?limit=2"; ; {
		a := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, path, nil))
		seen += len(a.body["items"].([]any))
		if a.text("next_cursor") == "" {
			break
		}
		path = "/users?limit=2&cursor=" + a.text("next_cursor")
	}
	if seen != 3 {
		t.Errorf("got %d users", seen)
	}
}

func TestCardDesk(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, deposited)
	const desk, admin = operator.RoleOperator, operator.RoleAdmin
	paid := p.made("/card/orders", withdrawal(20_000))
	path := fmt.Sprint("/card/orders/", paid)
	s.wantError(s.as(desk, http.MethodPost, path+"/release", nil), http.StatusConflict, "claim_required")
	s.wantOK(s.as(desk, http.MethodPost, path+"/claim", nil))
	s.wantError(s.as(admin, http.MethodPost, path+"/complete", nil), http.StatusConflict, "claimed_by_other")
	p.refused(p.post(path+"/cancel", nil), http.StatusConflict, "INVALID_STATE")
	if a := s.wantOK(s.as(desk, http.MethodGet, "/card/orders?status=pending&type=withdraw&claimed_by=me", nil)); len(a.body["items"].([]any)) != 1 {
		t.Errorf("mine: got %s", a.raw)
	}
	s.wantOK(s.as(desk, http.MethodPost, path+"/release", nil))
	if a := s.wantOK(s.as(admin, http.MethodPost, path+"/complete", nil)); a.text("status") != "completed" || a.text("completed_at") == "" {
		t.Errorf("complete: got %s", a.raw)
	}
	s.wantError(s.as(desk, http.MethodPost, path+"/cancel", nil), http.StatusConflict, "invalid_state")
	s.wantError(s.as(desk, http.MethodPost, "/card/orders/999999/claim", nil), http.StatusNotFound, "order_not_found")

	arrived := p.made("/card/orders", cardDeposit(30_000))
	path = fmt.Sprint("/card/orders/", arrived)
	p.succeeds(http.MethodPost, path+"/confirm-paid", nil)
	p.refused(p.post(path+"/cancel", nil), http.StatusConflict, "INVALID_STATE")
	said := s.wantOK(s.as(desk, http.MethodPost, path+"/messages", fields{"message": "It has not arrived"}))
	p.made(path+"/messages", fields{"message": "It will"})
	for _, chat := range []answer{p.ok(p.get(path + "/messages")), s.wantOK(s.as(desk, http.MethodGet, path+"/messages", nil))} {
		messages := chat.body["messages"].([]any)
		first, second := messages[0].(map[string]any), messages[1].(map[string]any)
		if fmt.Sprint(first["id"]) != said.text("id") || first["sender_type"] != "operator" || second["user_id"] != float64(p.id) || chat.text("status") != "paid_by_user" {
			t.Errorf("chat: got %s", chat.raw)
		}
	}
	s.wantOK(s.as(desk, http.MethodPost, path+"/cancel", fields{"reason": "It never arrived"}))
	if a := p.ok(p.get(path)); a.text("status") != "cancelled" || a.text("cancel_reason") != "It never arrived" {
		t.Errorf("cancelled: got %s", a.raw)
	}

	terms := fields{"enabled": true, "deposit_min": 1_000, "withdraw_max": 10_000, "withdraw_min": 5_000, "card_number": "2200 0000 0000 0020", "bank_name": "Example Bank", "holder_name": "PLATFORM"}
	s.wantOK(s.as(admin, http.MethodPut, "/card/settings", terms))
	got := string(p.ok(p.get("/card/limits")).raw)
	want := `{"platform_card":{"bank_name":"Example Bank","card_number":"2200000000000020","holder_name":"PLATFORM"},` +
		`"min_amount_kopecks":1000,"max_amount_kopecks":5000000,"withdraw_min_amount_kopecks":5000,"withdraw_max_amount_kopecks":10000,"enabled":true}`
	if got != want {
		t.Errorf("limits: got %s, want %s", got, want)
	}
}

// TestP2PSale is a sale from the ad to the ratings, by the calls alone.
func TestP2PSale(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	x := s.trade(t)
	balance := func(p person, available, held string) {
		t.Helper()
		if a := p.ok(p.get("/users/me/balance")); a.text("available") != available || a.text("held") != held {
			t.Errorf("balance: got %s, want %s and %s held", a.raw, available, held)
		}
	}
	balance(x.seller, "450000", "50000")
	x.seller.succeeds(http.MethodPatch, x.path(""), fields{"payment_details": fields{"card_number": "2200 0000 0000 0020"}})
	x.seller.invalid(x.seller.call(http.MethodPatch, x.path(""), fields{}), "payment_details")
	seen := x.buyer.ok(x.buyer.get(x.path("")))
	if seen.text("payment_details", "card_number") != "2200000000000020" || seen.text("counterpart", "id") != fmt.Sprint(x.seller.id) || seen.text("frozen_balance") != "50000" {
		t.Errorf("the buyer sees %s", seen.raw)
	}
	x.buyer.made(x.path("/messages"), fields{"message": "Which bank?"})
	chat := x.seller.ok(x.seller.get(x.path("/messages")))
	if messages := chat.body["messages"].([]any); len(messages) != 1 || messages[0].(map[string]any)["user_id"] != float64(x.buyer.id) || chat.text("status") != "pending" {
		t.Errorf("chat: got %s", chat.raw)
	}
	x.completed()
	balance(x.seller, "450000", "0")
	balance(x.buyer, "550000", "0")
	x.seller.refused(x.seller.post(x.path("/confirm-received"), nil), http.StatusConflict, "INVALID_STATE")
	x.seller.succeeds(http.MethodPost, x.path("/rate"), fields{"rating": 4})
	shown := x.seller.ok(x.seller.get(fmt.Sprint("/p2p/ads/", x.ad)))
	if rating, isNumber := shown.body["user_avg_rating"].(float64); !isNumber || rating != 4 || shown.text("user", "completed_orders") != "1" {
		t.Errorf("rated: got %s", shown.raw)
	}
	x.buyer.succeeds(http.MethodPut, fmt.Sprint("/p2p/ads/", x.ad), fields{"max_amount": 300_000, "payment_methods": []string{"sbp"}})
	if a := x.buyer.ok(x.buyer.get(fmt.Sprint("/p2p/ads/", x.ad))); a.text("remaining_amount") != "250000" {
		t.Errorf("changed: got %s", a.raw)
	}
	x.buyer.succeeds(http.MethodDelete, fmt.Sprint("/p2p/ads/", x.ad), nil)
	x.seller.refused(x.seller.post("/p2p/orders", takes(x.ad, 50_000, nil)), http.StatusBadRequest, "AD_NOT_ACTIVE")
	report, err := s.deps.VerifyLedger(t.Context())
	if must(t, err); len(report.Problems) > 0 {
		t.Errorf("the books: %v", report.Problems)
	}
}

func TestDisputes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const judge, admin = operator.RoleApprover, operator.RoleAdmin
	for to, want := range map[string]string{"buyer": "completed", "seller": "cancelled"} {
		t.Run("To"+to, func(t *testing.T) {
			x := s.trade(t).disputed()
			path := fmt.Sprint("/p2p/disputes/", x.order)
			s.wantError(s.as(judge, http.MethodPost, path+"/resolve", fields{"to": to}), http.StatusConflict, "claim_required")
			if a := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, path, nil)); strings.Contains(string(a.raw), card) || a.text("operator_called") != "true" {
				t.Errorf("to a viewer: %s", a.raw)
			}
			s.wantOK(s.as(judge, http.MethodPost, path+"/claim", nil))
			s.wantError(s.as(admin, http.MethodPost, path+"/claim", nil), http.StatusConflict, "claimed_by_other")
			if a := s.wantOK(s.as(judge, http.MethodGet, path, nil)); a.text("payment_details", "card_number") != card {
				t.Errorf("to the claimer: %s", a.raw)
			}
			s.wantOK(s.as(judge, http.MethodPost, path+"/messages", fields{"message": "The receipt, please"}))
			s.wantError(s.as(judge, http.MethodPost, path+"/messages", fields{}), http.StatusBadRequest, "invalid_message")
			if a := s.wantOK(s.as(judge, http.MethodGet, path+"/messages", nil)); len(a.body["messages"].([]any)) != 1 {
				t.Errorf("chat: %s", a.raw)
			}
			s.wantOK(s.as(judge, http.MethodPost, path+"/release", nil))
			s.wantOK(s.as(admin, http.MethodPost, path+"/claim", nil))
			a := s.wantOK(s.as(admin, http.MethodPost, path+"/resolve", fields{"to": to, "note": "As the bank says"}))
			if a.text("status") != want || a.text("note") != "As the bank says" {
				t.Errorf("resolved: got %s", a.raw)
			}
			if got := x.buyer.ok(x.buyer.get(x.path(""))).text("status"); got != want {
				t.Errorf("the buyer sees %s", got)
			}
		})
	}
	t.Run("BothSidesCancel", func(t *testing.T) {
		x := s.trade(t).disputed()
		if a := s.wantOK(s.as(judge, http.MethodGet, "/p2p/disputes", nil)); len(a.body["items"].([]any)) != 1 {
			t.Errorf("open: got %s", a.raw)
		}
		x.buyer.succeeds(http.MethodPost, x.path("/cancel"), nil)
		if got := x.buyer.ok(x.buyer.get(x.path(""))).text("status"); got != "disputed" {
			t.Errorf("after one side: %s", got)
		}
		x.seller.succeeds(http.MethodPost, x.path("/cancel"), nil)
		if got := x.buyer.ok(x.buyer.get(x.path(""))).text("status"); got != "cancelled" {
			t.Errorf("after both: %s", got)
		}
		s.wantError(s.as(judge, http.MethodPost, fmt.Sprintf("/p2p/disputes/%d/claim", x.order), nil), http.StatusConflict, "invalid_state")
	})
	s.wantError(s.as(judge, http.MethodGet, "/p2p/disputes/999999", nil), http.StatusNotFound, "order_not_found")
}
