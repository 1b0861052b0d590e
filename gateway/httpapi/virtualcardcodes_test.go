package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"disburse/gateway/httpapi"
	"disburse/gateway/virtualcard/simulator"
)

// cardRefusal makes a call be refused with the message of its name.
type cardRefusal struct {
	status int
	refuse func(t *testing.T, s *stack) (holder, answer)
}

// cardRefusals is every message that a rule about virtual cards is told by.
var cardRefusals = map[string]cardRefusal{
	"Insufficient card balance. Available: 5.00, Requested: 10.00": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 5)
		return h, h.post(h.path("/withdraw"), `{"amount":10}`)
	}},
	"Please wait 15 minutes between withdrawals": {429, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 50)
		h.told(h.post(h.path("/withdraw"), `{"amount":10}`), 200, "Card withdrawal successful")
		return h, h.post(h.path("/withdraw"), `{"amount":10}`)
	}},
	"Card is not ready for withdrawals": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 50)
		h.told(h.call(http.MethodPatch, h.path("/freeze"), nil), 200, "Card frozen successfully")
		h.denied(h.post(h.path("/withdraw"), `{"amount":10}`), 400, "Card is not ready for withdrawals")
		h.told(h.call(http.MethodPatch, h.path("/close"), nil), 200, "Card closed successfully")
		return h, h.post(h.path("/withdraw"), `{"amount":10}`)
	}},
	"Card not found or access denied": {404, func(t *testing.T, s *stack) (holder, answer) {
		h, other := s.holder(t, 100, 50), s.holder(t, 0, 50)
		for _, id := range []string{"x", "0", "%00", "%ff", "%2e%2e", "00000000-0000-4000-8000-000000000000", other.card} {
			for verb, body := range map[string]any{"": nil, "/topup": `{"amount":5}`, "/withdraw": `{"amount":1}`, "/freeze": nil, "/unfreeze": nil, "/close": nil} {
				method := map[string]string{"": http.MethodGet, "/topup": http.MethodPost, "/withdraw": http.MethodPost}[verb]
				if method == "" {
					method = http.MethodPatch
				}
				h.denied(h.call(method, "/cards/"+id+verb, body), 404, "Card not found or access denied")
			}
		}
		h.denied(h.get("/cards/transactions?card_id=x"), 404, "Card not found or access denied")
		return h, h.get("/cards/transactions?card_id=" + other.card)
	}},
	"Card is already frozen": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 0)
		h.told(h.call(http.MethodPatch, h.path("/freeze"), nil), 200, "Card frozen successfully")
		return h, h.call(http.MethodPatch, h.path("/freeze"), nil)
	}},
	"Only frozen cards can be unfrozen": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 0)
		return h, h.call(http.MethodPatch, h.path("/unfreeze"), nil)
	}},
	"Card is already closed": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 0)
		h.told(h.call(http.MethodPatch, h.path("/close"), nil), 200, "Card closed successfully")
		return h, h.call(http.MethodPatch, h.path("/close"), nil)
	}},
	"Insufficient balance. Required: 101.00": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 100, 0)
		return h, h.post(h.path("/topup"), `{"amount":100}`)
	}},
	"Insufficient balance. Required: 5.00": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 4, 0)
		return h, h.post("/cards", fields{"bin_id": h.bin(false), "name": "x", "planId": 1})
	}},
	"Bin not found": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 10, 0)
		return h, h.post("/cards", fields{"bin_id": "424242", "name": "x", "planId": 1})
	}},
	"Card plan not found": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 10, 0)
		return h, h.post("/cards", fields{"bin_id": h.bin(false), "name": "x", "planId": 4})
	}},
	"Coupon not found": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 10, 0)
		return h, h.post("/cards", fields{"bin_id": h.bin(false), "name": "x", "planId": 1, "coupon_id": "SAVE"})
	}},
	"The card provider declined the operation": {400, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 50)
		s.provider(t, simulator.Withdraw, simulator.Decline)
		return h, h.post(h.path("/withdraw"), `{"amount":10}`)
	}},
	"Card provider is unavailable": {502, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 100, 50)
		s.provider(t, simulator.TopUp, simulator.Error)
		h.denied(h.post(h.path("/topup"), `{"amount":10}`), 502, "Card provider is unavailable")
		s.provider(t, simulator.Withdraw, simulator.Error)
		return h, h.post(h.path("/withdraw"), `{"amount":10}`)
	}},
	"the user is blocked": {403, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 100, 50)
		must(t, s.deps.EndUsers.Block(t.Context(), h.id))
		h.told(h.get(h.path("")), 200, "Card details retrieved successfully")
		return h, h.post(h.path("/withdraw"), `{"amount":10}`)
	}},
	"the Idempotency-Key was used with another request": {409, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 50)
		key := header{"Idempotency-Key": "k"}
		h.told(h.post(h.path("/withdraw"), `{"amount":10}`, key), 200, "Card withdrawal successful")
		return h, h.post(h.path("/withdraw"), `{"amount":11}`, key)
	}},
	"content type must be application/json": {415, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 50)
		h.denied(h.call(http.MethodPatch, h.path("/close"), `{}`, header{"Content-Type": "text/plain"}), 415, "content type must be application/json")
		return h, h.post(h.path("/withdraw"), `{"amount":10}`, header{"Content-Type": "text/plain"})
	}},
	"request body too large": {413, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 50)
		return h, h.post(h.path("/withdraw"), `{"amount":10}`+strings.Repeat(" ", 64<<10))
	}},
	"no such route": {404, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 0)
		for _, path := range []string{"/wallet", "/wallet/nothing", "/bins/1", "/card-plans/1/", "/cards/x/otps"} {
			h.denied(h.get(path), 404, "no such route")
		}
		h.refused(h.get("/wallets"), 404, "NOT_FOUND")
		h.refused(h.get("/card"), 404, "NOT_FOUND")
		return h, h.get(h.path("/nothing"))
	}},
	"method not allowed": {405, func(t *testing.T, s *stack) (holder, answer) {
		h := s.holder(t, 0, 0)
		return h, h.call(http.MethodDelete, h.path(""), nil)
	}},
}

// bin is a kind of card that is paid with the first balance of a new one, or
// costs nothing.
func (p person) bin(paid bool) string {
	p.t.Helper()
	for _, b := range p.ok(p.get("/bins")).body["data"].([]any) {
		if bin := b.(map[string]any); (bin["initial_balance"] != 0.0) == paid {
			return bin["id"].(string)
		}
	}
	p.t.Fatal("there is no such BIN")
	return ""
}

func TestVirtualCardMessages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for message, refusal := range cardRefusals {
		t.Run(strings.ReplaceAll(message, "/", "_"), func(t *testing.T) {
			h, a := refusal.refuse(t, s)
			h.t = t
			h.denied(a, refusal.status, message)
			if a.header.Get("X-Request-Id") == "" || a.header.Get("X-RateLimit-Remaining") == "" {
				t.Errorf("headers: got %v", a.header)
			}
			if (a.header.Get("Retry-After") != "") != (refusal.status == http.StatusTooManyRequests) {
				t.Errorf("Retry-After: got %q", a.header.Get("Retry-After"))
			}
		})
	}
}

func TestVirtualCardsNeedAToken(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const want = `{"success":false,"message":"Unauthorized","error":"Invalid or missing API token"}`
	for _, call := range []string{
		"GET /cards", "POST /cards", "GET /cards/transactions?page=0", "GET /cards/x", "POST /cards/x/topup", "POST /cards/x/withdraw",
		"PATCH /cards/x/freeze", "PATCH /cards/x/unfreeze", "PATCH /cards/x/close", "GET /wallet/balance", "GET /bins", "GET /card-plans",
	} {
		method, path, _ := strings.Cut(call, " ")
		for _, token := range []string{"", "Bearer uc_" + strings.Repeat("0", 40)} {
			a := s.send(method, "/api/v1"+path, nil, header{"Authorization": token})
			if a.status != http.StatusUnauthorized || string(a.raw) != want || a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: got %d %s", call, a.status, a.raw)
			}
		}
	}
}

// TestCooldown wants the rest of the quarter of an hour in Retry-After, rounded
// up, and the next attempt taken after it.
func TestCooldown(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h := s.holder(t, 0, 50)
	s.provider(t, simulator.Withdraw, simulator.Decline) // an attempt is one that reaches the provider
	h.denied(h.post(h.path("/withdraw"), `{"amount":10}`), 400, "The card provider declined the operation")
	s.later(10 * time.Minute)
	a := h.post(h.path("/withdraw"), `{"amount":10}`)
	h.denied(a, http.StatusTooManyRequests, "Please wait 15 minutes between withdrawals")
	var left int
	if _, err := fmt.Sscan(a.header.Get("Retry-After"), &left); err != nil || left < 280 || left > 300 {
		t.Errorf("Retry-After: got %q", a.header.Get("Retry-After"))
	}
	s.later(time.Duration(left) * time.Second)
	h.told(h.post(h.path("/withdraw"), `{"amount":10}`), 200, "Card withdrawal successful")
}

// TestOrderOfChecks lets everything be wrong and puts it right step by step.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h, other := s.holder(t, 0, 5), s.holder(t, 0, 5)
	withdraw := func(card, body string) answer { return h.post("/cards/"+card+"/withdraw", body) }
	h.told(h.post(h.path("/withdraw"), `{"amount":1}`), 200, "Card withdrawal successful") // the cooldown runs
	h.told(h.call(http.MethodPatch, h.path("/freeze"), nil), 200, "Card frozen successfully")

	a := s.send(http.MethodPost, "/api/v1/cards/"+other.card+"/withdraw", []byte(`{"amount":0}`), nil)
	if a.status != http.StatusUnauthorized {
		t.Errorf("without a token: got %d %s", a.status, a.raw)
	}
	if a := withdraw(other.card, `{"amount":0}`); a.status != 400 || a.text("message") != "Invalid input data" {
		t.Errorf("invalid: got %d %s", a.status, a.raw)
	}
	h.denied(withdraw(other.card, `{"amount":10}`), 404, "Card not found or access denied")
	h.denied(withdraw(h.card, `{"amount":10}`), 400, "Card is not ready for withdrawals")
	h.told(h.call(http.MethodPatch, h.path("/unfreeze"), nil), 200, "Card unfrozen successfully")
	h.denied(withdraw(h.card, `{"amount":10}`), 429, "Please wait 15 minutes between withdrawals")
	s.later(15 * time.Minute)
	h.denied(withdraw(h.card, `{"amount":10}`), 400, "Insufficient card balance. Available: 4.00, Requested: 10.00")
	h.told(withdraw(h.card, `{"amount":4}`), 200, "Card withdrawal successful")
}

// TestVirtualCardsShareTheLimitOfTheToken wants the refusal in their own form.
func TestVirtualCardsShareTheLimitOfTheToken(t *testing.T) {
	t.Parallel()
	s, _ := standing(t)
	p := s.person(t, 0)
	p.ok(p.get("/users/me/balance"))
	for left := 3; left >= 0; left-- {
		if a := p.ok(p.get("/wallet/balance")); a.header.Get("X-RateLimit-Remaining") != fmt.Sprint(left) {
			t.Errorf("remaining: got %v", a.header)
		}
	}
	a := p.get("/bins")
	p.denied(a, http.StatusTooManyRequests, "too many requests")
	if a.header.Get("Retry-After") != "1" || a.header.Get("X-RateLimit-Limit") != "5" || a.header.Get("X-RateLimit-Reset") == "" {
		t.Errorf("headers: got %v", a.header)
	}
}

// TestVirtualCardsWaitForTheirProvider gives calls next to no time, and those
// that ask the provider all that it takes.
func TestVirtualCardsWaitForTheirProvider(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(d *httpapi.Deps) { d.Timeout = time.Nanosecond })
	h := s.holder(t, 100, 50)
	h.denied(h.get("/cards"), http.StatusServiceUnavailable, "the request ran out of time; repeat it")
	h.told(h.post(h.path("/topup"), `{"amount":10}`), 200, "Card topped up successfully")
	h.told(h.post(h.path("/withdraw"), `{"amount":10}`), 200, "Card withdrawal successful")
	for verb, message := range map[string]string{
		"/freeze": "Card frozen successfully", "/unfreeze": "Card unfrozen successfully", "/close": "Card closed successfully",
	} {
		h := s.holder(t, 0, 0)
		if verb == "/unfreeze" {
			h.told(h.call(http.MethodPatch, h.path("/freeze"), nil), 200, "Card frozen successfully")
		}
		h.told(h.call(http.MethodPatch, h.path(verb), nil), 200, message)
	}
}
