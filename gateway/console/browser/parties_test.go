package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"disburse/gateway/enduser"
	"disburse/gateway/merchant"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/signing"
)

// The parties that operators work for: they call the API as they do in earnest.

// ask calls an address and reads the JSON that is answered.
func ask(t *testing.T, method, url, header, value string, body any) map[string]any {
	t.Helper()
	encoded, err := json.Marshal(body)
	must(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(encoded))
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	if header != "" {
		request.Header.Set(header, value)
	}
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	must(t, err)
	var object map[string]any
	if err := json.Unmarshal(content, &object); err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s", method, url, answer.Status, content)
	}
	return object
}

// shop is a merchant with its keys.
type shop struct {
	s       stand
	name    string
	signKey string
}

// found makes a merchant with 100 000 USDT.
func (s stand) found(t *testing.T, mode ledger.Mode) shop {
	t.Helper()
	made, err := s.app.Merchants.Create(t.Context(), merchant.New{Name: unique("shop"), Mode: mode, FeeBPS: 100})
	must(t, err)
	_, err = s.app.Merchants.TopUp(t.Context(), made.Merchant.Name, money.New(100_000_000000, money.USDT), "start")
	must(t, err)
	return shop{s: s, name: made.Merchant.Name, signKey: made.Secrets.SignKey}
}

const (
	cardNumber = "4276345439581234"
	hook       = "/hook/shop"
)

// pay asks for a payout to a card, signed as merchants sign, and returns its id.
func (m shop) pay(t *testing.T, orderID, amount string) string {
	t.Helper()
	hookURL := m.s.demo.ReceiverURL + hook
	answer := ask(t, http.MethodPost, m.s.base+"/api/merchant/"+m.name+"/create_pay_out/", "", "", map[string]any{
		"order_id": orderID, "payment_method": "card", "fiat_amount": amount, "fiat_currency": "rub", "number_card": cardNumber,
		"full_name": "Petrov Petr", "bank_name": "Tinkoff", "customer": "customer-7", "success_callback_url": hookURL, "error_callback_url": hookURL,
		"sign": signing.PayoutSign(orderID, amount, cardNumber, "rub", m.signKey),
	})
	id, ok := answer["internal_transaction_id"].(string)
	if !ok {
		t.Fatalf("the payout is answered %v", answer)
	}
	return id
}

// delivery is a callback as the inspector tells it.
type delivery struct {
	Body     map[string]any `json:"body"`
	Standart bool           `json:"standart_sign_valid"`
	Webhook  bool           `json:"webhook_signature_valid"`
}

// received are the callbacks of an order that have arrived.
func (m shop) received(t *testing.T, orderID string) (all []delivery) {
	t.Helper()
	answer, err := http.Get(m.s.demo.ReceiverURL + "/received?order_id=" + orderID)
	must(t, err)
	defer answer.Body.Close()
	must(t, json.NewDecoder(answer.Body).Decode(&all))
	return all
}

// told waits for the callback of an order, which must be signed well, and
// returns its body.
func (m shop) told(t *testing.T, orderID string) map[string]any {
	t.Helper()
	deadline := time.Now().Add(patience)
	ticker := time.NewTicker(4 * glance)
	defer ticker.Stop()
	for range ticker.C {
		if all := m.received(t, orderID); len(all) > 0 {
			if !all[0].Standart || !all[0].Webhook {
				t.Errorf("the callback of %s is not signed well: %+v", orderID, all[0])
			}
			return all[0].Body
		}
		if time.Now().After(deadline) {
			t.Fatalf("there is no callback of %s", orderID)
		}
	}
	return nil
}

// person is an end user with an app.
type person struct {
	s     stand
	id    int64
	token string
}

// register makes an end user with 50 000 RUB.
func (s stand) register(t *testing.T) person {
	t.Helper()
	u, err := s.app.Users.Create(t.Context(), enduser.Spec{Name: unique("user"), Nickname: unique("Nick")})
	must(t, err)
	must(t, s.app.Users.Deposit(t.Context(), u.ID, money.New(5_000_000, enduser.RUB), "start"))
	token, _, err := s.app.Users.IssueToken(t.Context(), u.ID, time.Hour)
	must(t, err)
	return person{s: s, id: u.ID, token: token}
}

func (u person) post(t *testing.T, path string, body any) map[string]any {
	t.Helper()
	return ask(t, http.MethodPost, u.s.base+"/api/v1"+path, "Authorization", "Bearer "+u.token, body)
}

func (u person) get(t *testing.T, path string) map[string]any {
	t.Helper()
	return ask(t, http.MethodGet, u.s.base+"/api/v1"+path, "Authorization", "Bearer "+u.token, nil)
}

func number(t *testing.T, object map[string]any, name string) int64 {
	t.Helper()
	n, ok := object[name].(float64)
	if !ok {
		t.Fatalf("%s is %v", name, object[name])
	}
	return int64(n)
}

// order asks for a card order.
func (u person) order(t *testing.T, kind string, kopecks int64) int64 {
	t.Helper()
	return number(t, u.post(t, "/card/orders", map[string]any{
		"type": kind, "amount_kopecks": kopecks, "payment_details": map[string]string{"card_number": cardNumber},
	}), "id")
}

// quarrel makes a dispute: the buyer says he has paid and calls an operator.
func (s stand) quarrel(t *testing.T) (order int64, buyer, seller person) {
	t.Helper()
	buyer, seller = s.register(t), s.register(t)
	ad := number(t, seller.post(t, "/p2p/ads", map[string]any{
		"type": "sell", "fiat_currency": "RUB", "min_amount": 100, "max_amount": 1_000_000,
		"payment_methods": []string{"sbp"}, "payment_details": map[string]string{"phone": "79161234567"},
	}), "id")
	order = number(t, buyer.post(t, "/p2p/orders", map[string]any{"ad_id": ad, "usdt_amount": 250_000, "payment_method": "sbp"}), "id")
	path := fmt.Sprintf("/p2p/orders/%d", order)
	buyer.post(t, path+"/confirm-paid", map[string]any{})
	buyer.post(t, path+"/messages", map[string]any{"message": "I have paid, he does not confirm"})
	buyer.post(t, path+"/call-operator", map[string]any{})
	return order, buyer, seller
}
