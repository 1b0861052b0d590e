package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"disburse/gateway/enduser"
	"disburse/gateway/operator"
	"disburse/ledger/money"
)

// person is an end user with a token.
type person struct {
	s     *stack
	t     testing.TB
	id    int64
	token string
}

// deposited is what every person has to begin with: 5000 RUB.
const deposited = 500_000

// person makes an end user who has deposited so much, in kopecks.
func (s *stack) person(t testing.TB, amount int64) person {
	t.Helper()
	u, err := s.deps.EndUsers.Create(t.Context(), enduser.Spec{Name: "Vera"})
	must(t, err)
	if amount > 0 {
		must(t, s.deps.EndUsers.Deposit(t.Context(), u.ID, money.New(amount, enduser.RUB), "first"))
	}
	token, _, err := s.deps.EndUsers.IssueToken(t.Context(), u.ID, time.Hour)
	must(t, err)
	return person{s: s, t: t, id: u.ID, token: token}
}

func (p person) call(method, path string, body any, more ...header) answer {
	p.t.Helper()
	h := header{"Authorization": "Bearer " + p.token}
	for _, m := range more {
		for name, value := range m {
			h[name] = value
		}
	}
	if raw, ok := body.(string); ok {
		return p.s.send(method, "/api/v1"+path, []byte(raw), h)
	}
	return p.s.call(method, "/api/v1"+path, body, h)
}

func (p person) get(path string) answer {
	p.t.Helper()
	return p.call(http.MethodGet, path, nil)
}

func (p person) post(path string, body any, more ...header) answer {
	p.t.Helper()
	return p.call(http.MethodPost, path, body, more...)
}

// made sends what must make something and gives its id.
func (p person) made(path string, body any, more ...header) int64 {
	p.t.Helper()
	a := p.ok(p.post(path, body, more...))
	id, ok := a.body["id"].(float64)
	if !ok || id < 1 || len(a.body) != 1 {
		p.t.Fatalf("%s: got %s, want an id alone", path, a.raw)
	}
	return int64(id)
}

func (p person) ok(a answer) answer {
	p.t.Helper()
	if a.status != http.StatusOK {
		p.t.Fatalf("got %d %s, want 200", a.status, a.raw)
	}
	return a
}

// succeeds sends a call whose answer tells success alone.
func (p person) succeeds(method, path string, body any) {
	p.t.Helper()
	if a := p.call(method, path, body); a.status != http.StatusOK || string(a.raw) != `{"success":true}` {
		p.t.Fatalf("%s %s: got %d %s", method, path, a.status, a.raw)
	}
}

// refused wants the published code, and names it for the reader.
func (p person) refused(a answer, status int, code string) {
	p.t.Helper()
	if a.status != status || a.text("error", "code") != code || a.text("error", "message") == "" {
		p.t.Errorf("got %d %s, want %d with code %s", a.status, a.raw, status, code)
	}
}

// invalid wants an INVALID_REQUEST that names the field.
func (p person) invalid(a answer, field string) {
	p.t.Helper()
	if a.status != http.StatusBadRequest || a.text("error", "code") != "INVALID_REQUEST" || a.text("error", "fields", field) == "" {
		p.t.Errorf("got %d %s, want INVALID_REQUEST naming %s", a.status, a.raw, field)
	}
}

// withdrawal is a good card withdrawal.
func withdrawal(amount any) fields {
	return fields{"type": "withdraw", "amount_kopecks": amount, "payment_details": fields{"card_number": "2200 0000-0000 0004"}}
}

func cardDeposit(amount any) fields { return fields{"type": "deposit", "amount_kopecks": amount} }

// ad is a good ad of a type; changes overwrite members.
func ad(kind string, changes fields) fields {
	b := fields{
		"type": kind, "fiat_currency": "RUB", "min_amount": 10_000, "max_amount": 200_000, "payment_methods": []string{"card", "sbp"},
		"payment_details": fields{"card_number": "2200000000000012"}, "instructions": "At any time",
	}
	for name, value := range changes {
		b[name] = value
	}
	return b
}

// takes is a good answer to an ad; changes overwrite members.
func takes(adID int64, amount any, changes fields) fields {
	b := fields{"ad_id": adID, "usdt_amount": amount, "payment_method": "card", "payment_details": fields{"card_number": card}}
	for name, value := range changes {
		if value == nil {
			delete(b, name)
			continue
		}
		b[name] = value
	}
	return b
}

// trade is a P2P order of 500 RUB between two fresh people, still pending.
type trade struct {
	buyer, seller person
	ad, order     int64
}

func (s *stack) trade(t testing.TB) trade {
	t.Helper()
	x := trade{buyer: s.person(t, deposited), seller: s.person(t, deposited)}
	x.ad = x.buyer.made("/p2p/ads", ad("buy", nil))
	x.order = x.seller.made("/p2p/orders", takes(x.ad, 50_000, nil))
	return x
}

func (x trade) path(verb string) string { return fmt.Sprintf("/p2p/orders/%d%s", x.order, verb) }

// paid, disputed and completed bring the order on.
func (x trade) paid() trade {
	x.buyer.t.Helper()
	x.buyer.succeeds(http.MethodPost, x.path("/confirm-paid"), nil)
	return x
}

func (x trade) disputed() trade {
	x.buyer.t.Helper()
	x.paid().buyer.succeeds(http.MethodPost, x.path("/call-operator"), nil)
	return x
}

func (x trade) completed() trade {
	x.buyer.t.Helper()
	x.paid().seller.succeeds(http.MethodPost, x.path("/confirm-received"), nil)
	return x
}

// desk calls the operator API and wants success.
func (s *stack) desk(t testing.TB, role operator.Role, method, path string, body any) answer {
	t.Helper()
	a := s.as(role, method, path, body)
	if a.status >= 300 {
		t.Fatalf("%s %s: got %d %s", method, path, a.status, a.raw)
	}
	return a
}
