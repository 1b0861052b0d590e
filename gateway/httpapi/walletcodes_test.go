package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"disburse/gateway/enduser"
	"disburse/gateway/operator"
)

// codeCase makes a call be refused with the code of its name.
type codeCase struct {
	status int
	refuse func(t *testing.T, s *stack) (person, answer)
}

// cardCodes is every code of the published table of card withdrawals, and what
// else a card order can be refused with.
var cardCodes = map[string]codeCase{
	"MIN_DEPOSIT_REQUIRED": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, 99_999)
		must(t, s.deps.EndUsers.GrantBonus(t.Context(), p.id, enduser.Signup, 1000, 0, "welcome"))
		return p, p.post("/card/orders", withdrawal(50_000))
	}},
	"WAGERING_REQUIREMENT_NOT_MET": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		must(t, s.deps.EndUsers.GrantBonus(t.Context(), p.id, enduser.Cashback, 1000, 5000, "july"))
		return p, p.post("/card/orders", withdrawal(deposited+1))
	}},
	"ACTIVE_ORDER_EXISTS": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		p.made("/card/orders", cardDeposit(20_000)) // of another type, and in no way
		p.made("/card/orders", withdrawal(20_000))
		return p, p.post("/card/orders", withdrawal(20_000))
	}},
	"AMOUNT_TOO_LOW": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		return p, p.post("/card/orders", withdrawal(9_999))
	}},
	"AMOUNT_TOO_HIGH": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		return p, p.post("/card/orders", withdrawal(5_000_001))
	}},
	"MISSING_PAYMENT_DETAILS": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		return p, p.post("/card/orders", fields{"type": "withdraw", "amount_kopecks": 20_000, "payment_details": fields{"bank_name": "Example Bank"}})
	}},
	"CARD_DISABLED": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		s.desk(t, operator.RoleAdmin, http.MethodPut, "/card/settings", fields{"enabled": false})
		t.Cleanup(func() { s.desk(t, operator.RoleAdmin, http.MethodPut, "/card/settings", fields{"enabled": true}) })
		return p, p.post("/card/orders", withdrawal(20_000))
	}},
	"INSUFFICIENT_BALANCE": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		return p, p.post("/card/orders", withdrawal(deposited+1))
	}},
	"ORDER_NOT_FOUND": {404, func(t *testing.T, s *stack) (person, answer) {
		p, other := s.person(t, deposited), s.person(t, deposited)
		id := other.made("/card/orders", withdrawal(20_000))
		for _, missing := range []string{"0", "-1", "007", "x", "9223372036854775808", "999999"} {
			p.refused(p.get("/card/orders/"+missing), http.StatusNotFound, "ORDER_NOT_FOUND")
		}
		for _, verb := range []string{"/cancel", "/confirm-paid"} {
			p.refused(p.post(fmt.Sprintf("/card/orders/%d%s", id, verb), nil), http.StatusNotFound, "ORDER_NOT_FOUND")
		}
		p.refused(p.post(fmt.Sprintf("/card/orders/%d/messages", id), fields{"message": "x"}), http.StatusNotFound, "ORDER_NOT_FOUND")
		p.refused(p.get(fmt.Sprintf("/card/orders/%d/messages", id)), http.StatusNotFound, "ORDER_NOT_FOUND")
		return p, p.get(fmt.Sprint("/card/orders/", id))
	}},
	"INVALID_STATE": {409, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		id := p.made("/card/orders", withdrawal(20_000))
		p.refused(p.post(fmt.Sprintf("/card/orders/%d/confirm-paid", id), nil), http.StatusConflict, "INVALID_STATE")
		p.succeeds(http.MethodPost, fmt.Sprintf("/card/orders/%d/cancel", id), nil)
		return p, p.post(fmt.Sprintf("/card/orders/%d/cancel", id), nil)
	}},
	"FORBIDDEN": {403, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		must(t, s.deps.EndUsers.Block(t.Context(), p.id))
		p.ok(p.get("/users/me/balance"))
		return p, p.post("/card/orders", withdrawal(20_000))
	}},
	"IDEMPOTENCY_KEY_REUSED": {409, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		p.made("/card/orders", withdrawal(20_000), header{"Idempotency-Key": "k"})
		return p, p.post("/card/orders", withdrawal(20_001), header{"Idempotency-Key": "k"})
	}},
	"INVALID_REQUEST": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		return p, p.post("/card/orders", fields{"type": "gift", "amount_kopecks": 20_000})
	}},
	"UNAUTHORIZED": {401, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		must(t, s.deps.EndUsers.RevokeTokens(t.Context(), p.id))
		return p, p.post("/card/orders", withdrawal(20_000))
	}},
	"TOO_LARGE": {413, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		return p, p.post("/card/orders", fields{"type": strings.Repeat("x", 64<<10)})
	}},
	"UNSUPPORTED_MEDIA_TYPE": {415, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		return p, p.post("/card/orders", withdrawal(20_000), header{"Content-Type": "text/plain"})
	}},
	"METHOD_NOT_ALLOWED": {405, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, 0)
		return p, p.call(http.MethodDelete, "/card/orders", nil)
	}},
}

// p2pCodes is every code of the published table of P2P withdrawals, and what
// else a P2P call can be refused with.
var p2pCodes = map[string]codeCase{
	"AD_NOT_ACTIVE": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, deposited), s.person(t, deposited)
		id := maker.made("/p2p/ads", ad("buy", nil))
		maker.succeeds(http.MethodPut, fmt.Sprint("/p2p/ads/", id), fields{"is_active": false})
		return p, p.post("/p2p/orders", takes(id, 50_000, nil))
	}},
	"OWN_AD": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, deposited)
		return p, p.post("/p2p/orders", takes(p.made("/p2p/ads", ad("buy", nil)), 50_000, nil))
	}},
	"MIN_DEPOSIT_REQUIRED": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, 0), s.person(t, 99_999)
		return p, p.post("/p2p/orders", takes(maker.made("/p2p/ads", ad("buy", nil)), 50_000, nil))
	}},
	"WAGERING_REQUIREMENT_NOT_MET": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, 0), s.person(t, 150_000)
		must(t, s.deps.EndUsers.GrantBonus(t.Context(), p.id, enduser.Cashback, 1000, 5000, "july"))
		return p, p.post("/p2p/orders", takes(maker.made("/p2p/ads", ad("buy", nil)), 150_001, nil))
	}},
	"SELLER_INSUFFICIENT_BALANCE": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, 0), s.person(t, 150_000)
		return p, p.post("/p2p/orders", takes(maker.made("/p2p/ads", ad("buy", nil)), 150_001, nil))
	}},
	"AMOUNT_TOO_LOW": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, 0), s.person(t, deposited)
		return p, p.post("/p2p/orders", takes(maker.made("/p2p/ads", ad("buy", nil)), 9_999, nil))
	}},
	"AMOUNT_TOO_HIGH": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, 0), s.person(t, deposited)
		return p, p.post("/p2p/orders", takes(maker.made("/p2p/ads", ad("buy", nil)), 200_001, nil))
	}},
	"AMOUNT_EXCEEDS_AVAILABLE": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, first, p := s.person(t, 0), s.person(t, deposited), s.person(t, deposited)
		id := maker.made("/p2p/ads", ad("buy", nil))
		first.made("/p2p/orders", takes(id, 150_000, nil))
		return p, p.post("/p2p/orders", takes(id, 50_001, nil))
	}},
	"AMOUNT_TOO_SMALL": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, 0), s.person(t, deposited)
		id := maker.made("/p2p/ads", ad("buy", fields{"fiat_currency": "USD", "exchange_rate": 1, "min_amount": 1}))
		return p, p.post("/p2p/orders", takes(id, 49, nil))
	}},
	"INVALID_PAYMENT_METHOD": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, 0), s.person(t, deposited)
		return p, p.post("/p2p/orders", takes(maker.made("/p2p/ads", ad("buy", nil)), 50_000, fields{"payment_method": "cash"}))
	}},
	"ACTIVE_WITHDRAW_ORDER_EXISTS": {400, func(t *testing.T, s *stack) (person, answer) {
		x, maker := s.trade(t), s.person(t, 0)
		return x.seller, x.seller.post("/p2p/orders", takes(maker.made("/p2p/ads", ad("buy", nil)), 50_000, nil))
	}},
	"ACTIVE_DEPOSIT_ORDER_EXISTS": {400, func(t *testing.T, s *stack) (person, answer) {
		maker, p := s.person(t, deposited), s.person(t, 0)
		id := maker.made("/p2p/ads", ad("sell", nil))
		p.made("/p2p/orders", takes(id, 50_000, fields{"payment_details": nil}))
		return p, p.post("/p2p/orders", takes(id, 50_000, fields{"payment_details": nil}))
	}},
	"DUPLICATE_AD_TYPE": {400, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, 0)
		p.made("/p2p/ads", ad("buy", nil))
		p.made("/p2p/ads", ad("sell", nil))
		return p, p.post("/p2p/ads", ad("buy", nil))
	}},
	"HAS_OPEN_ORDERS": {409, func(t *testing.T, s *stack) (person, answer) {
		x := s.trade(t)
		return x.buyer, x.buyer.call(http.MethodDelete, fmt.Sprint("/p2p/ads/", x.ad), nil)
	}},
	"INVALID_RATING": {400, func(t *testing.T, s *stack) (person, answer) {
		x := s.trade(t).completed()
		for _, bad := range []string{"0", "6", "-1", "4.5", "4.0", "4e0", `"4"`, "null", "true", "[4]", `{"a":1}`, "9223372036854775808"} {
			x.buyer.refused(x.buyer.post(x.path("/rate"), `{"rating":`+bad+`}`), http.StatusBadRequest, "INVALID_RATING")
		}
		return x.buyer, x.buyer.post(x.path("/rate"), fields{})
	}},
	"ORDER_NOT_COMPLETED": {400, func(t *testing.T, s *stack) (person, answer) {
		x := s.trade(t).paid()
		return x.buyer, x.buyer.post(x.path("/rate"), fields{"rating": 5})
	}},
	"ALREADY_RATED": {400, func(t *testing.T, s *stack) (person, answer) {
		x := s.trade(t).completed()
		x.seller.succeeds(http.MethodPost, x.path("/rate"), fields{"rating": 1})
		x.buyer.succeeds(http.MethodPost, x.path("/rate"), fields{"rating": 5})
		return x.buyer, x.buyer.post(x.path("/rate"), fields{"rating": 5})
	}},
	"INVALID_MESSAGE": {400, func(t *testing.T, s *stack) (person, answer) {
		x := s.trade(t)
		for _, bad := range []fields{{}, {"message": ""}, {"message": " \n "}, {"message": strings.Repeat("ы", 4001)}} {
			x.buyer.refused(x.buyer.post(x.path("/messages"), bad), http.StatusBadRequest, "INVALID_MESSAGE")
		}
		x.buyer.made(x.path("/messages"), fields{"message": strings.Repeat("ы", 4000)})
		return x.buyer, x.buyer.post(x.path("/messages"), fields{"message": nil})
	}},
	"FORBIDDEN": {403, func(t *testing.T, s *stack) (person, answer) {
		x, other := s.trade(t), s.person(t, deposited)
		for _, verb := range []string{"/confirm-paid", "/confirm-received", "/cancel", "/call-operator"} {
			other.refused(other.post(x.path(verb), nil), http.StatusForbidden, "FORBIDDEN")
		}
		other.refused(other.post(x.path("/rate"), fields{"rating": 5}), http.StatusForbidden, "FORBIDDEN")
		other.refused(other.post(x.path("/messages"), fields{"message": "x"}), http.StatusForbidden, "FORBIDDEN")
		other.refused(other.get(x.path("/messages")), http.StatusForbidden, "FORBIDDEN")
		other.refused(other.call(http.MethodPut, fmt.Sprint("/p2p/ads/", x.ad), fields{"is_active": false}), http.StatusForbidden, "FORBIDDEN")
		other.refused(other.call(http.MethodDelete, fmt.Sprint("/p2p/ads/", x.ad), nil), http.StatusForbidden, "FORBIDDEN")
		x.seller.refused(x.seller.post(x.path("/confirm-paid"), nil), http.StatusForbidden, "FORBIDDEN")
		x.buyer.refused(x.buyer.call(http.MethodPatch, x.path(""), fields{"payment_details": fields{"card_number": card}}), http.StatusForbidden, "FORBIDDEN")
		return other, other.get(x.path(""))
	}},
	"NOT_FOUND": {404, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, 0)
		p.refused(p.get("/p2p/ads/x"), http.StatusNotFound, "NOT_FOUND")
		p.refused(p.get("/p2p/nothing"), http.StatusNotFound, "NOT_FOUND")
		return p, p.get("/p2p/ads/999999")
	}},
	"ORDER_NOT_FOUND": {404, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, 0)
		return p, p.get("/p2p/orders/999999")
	}},
	"INVALID_STATE": {409, func(t *testing.T, s *stack) (person, answer) {
		x := s.trade(t)
		x.buyer.refused(x.buyer.post(x.path("/call-operator"), nil), http.StatusConflict, "INVALID_STATE")
		x.paid()
		x.buyer.refused(x.buyer.post(x.path("/confirm-paid"), nil), http.StatusConflict, "INVALID_STATE")
		return x.seller, x.seller.post(x.path("/cancel"), nil)
	}},
	"IDEMPOTENCY_KEY_REUSED": {409, func(t *testing.T, s *stack) (person, answer) {
		p := s.person(t, 0)
		p.made("/p2p/ads", ad("buy", nil), header{"Idempotency-Key": "k"})
		return p, p.post("/p2p/ads", ad("buy", fields{"instructions": "other"}), header{"Idempotency-Key": "k"})
	}},
}

func TestEveryCodeOfCardOrders(t *testing.T) {
	t.Parallel()
	runCodes(t, cardCodes)
}

func TestEveryCodeOfP2P(t *testing.T) {
	t.Parallel()
	runCodes(t, p2pCodes)
}

func runCodes(t *testing.T, cases map[string]codeCase) {
	t.Helper()
	s := newStack(t)
	for code, tt := range cases {
		t.Run(code, func(t *testing.T) {
			p, a := tt.refuse(t, s)
			p.t = t
			p.refused(a, tt.status, code)
			if code == "INVALID_STATE" && !strings.Contains(a.text("error", "message"), "paid_by_buyer") &&
				!strings.Contains(a.text("error", "message"), "cancelled") {
				t.Errorf("the message does not name the state: %s", a.raw)
			}
		})
	}
}

// TestEveryCodeHasATest compares the documented codes with those above. The
// others come from what every API shares, and are tested with it.
func TestEveryCodeHasATest(t *testing.T) {
	t.Parallel()
	elsewhere := map[string]string{
		"RATE_LIMITED": "TestUserLimit", "REQUEST_TIMEOUT": "TestEveryKindOfFault",
		"INTERNAL_ERROR": "TestUnknownErrorsShowNothing", "UNAVAILABLE": "TestUnknownErrorsShowNothing",
	}
	doc, err := document()
	must(t, err)
	codes := doc.Components.Schemas["WalletError"].Value.Properties["error"].Value.Properties["code"].Value.Enum
	for _, code := range codes {
		name := code.(string)
		_, inCard := cardCodes[name]
		_, inP2P := p2pCodes[name]
		if !inCard && !inP2P && elsewhere[name] == "" {
			t.Errorf("%s is documented, and no test here is refused with it", name)
		}
	}
}
