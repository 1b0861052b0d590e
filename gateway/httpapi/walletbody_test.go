package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"disburse/gateway/operator"
)

// notKopecks is what no amount may be written as.
var notKopecks = []string{
	"1e3", "1E3", "100.0", "1.0", "0.5", `"20000"`, `"20000.00"`, "-1", "-20000", "9223372036854775808", "true", "[20000]", `{"a":1}`,
}

func TestAmountsAreWholeKopecks(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p, maker := s.person(t, deposited), s.person(t, deposited)
	adID := maker.made("/p2p/ads", ad("buy", nil))
	calls := map[string]struct {
		method, path, field, body string
	}{
		"CardOrder":   {http.MethodPost, "/card/orders", "amount_kopecks", `{"type":"deposit","amount_kopecks":%s}`},
		"AdMin":       {http.MethodPost, "/p2p/ads", "min_amount", `{"type":"sell","fiat_currency":"RUB","max_amount":200000,"payment_methods":["card"],"min_amount":%s}`},
		"AdMax":       {http.MethodPost, "/p2p/ads", "max_amount", `{"type":"sell","fiat_currency":"RUB","min_amount":1,"payment_methods":["card"],"max_amount":%s}`},
		"AdChangeMin": {http.MethodPut, fmt.Sprint("/p2p/ads/", adID), "min_amount", `{"min_amount":%s}`},
		"AdChangeMax": {http.MethodPut, fmt.Sprint("/p2p/ads/", adID), "max_amount", `{"max_amount":%s}`},
		"P2POrder":    {http.MethodPost, "/p2p/orders", "usdt_amount", fmt.Sprintf(`{"ad_id":%d,"payment_method":"card","payment_details":{"card_number":"2200000000000004"},"usdt_amount":%%s}`, adID)},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			who := p
			if call.method == http.MethodPut {
				who = maker
			}
			who.t = t
			for _, literal := range notKopecks {
				who.invalid(who.call(call.method, call.path, fmt.Sprintf(call.body, literal)), call.field)
			}
			if call.method == http.MethodPost {
				for _, absent := range []string{"null", `0,"x":1`} { // none, and nothing
					a := who.call(call.method, call.path, fmt.Sprintf(call.body, absent))
					if call.path == "/card/orders" && absent != "null" {
						who.refused(a, http.StatusBadRequest, "AMOUNT_TOO_LOW")
						continue
					}
					who.invalid(a, call.field)
				}
			}
		})
	}
	p.made("/card/orders", `{"type":"deposit","amount_kopecks":20000,"colour":{"a":[1.5]}}`)
}

func TestWalletBodies(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	x := s.trade(t)
	p := s.person(t, deposited)
	for name, tt := range map[string]struct{ path, body, field string }{
		"Array":           {"/card/orders", `[]`, "body"},
		"Cut":             {"/card/orders", `{"type":"withdraw"`, "body"},
		"Trailing":        {"/card/orders", `{"type":"deposit","amount_kopecks":20000}{}`, "body"},
		"Twice":           {"/card/orders", `{"type":"deposit","type":"withdraw","amount_kopecks":20000}`, "type"},
		"TwiceInside":     {"/card/orders", `{"payment_details":{"card_number":"1","card_number":"2"}}`, "payment_details.card_number"},
		"WrongCase":       {"/card/orders", `{"Type":"deposit","amount_kopecks":20000}`, "type"},
		"NoAmount":        {"/card/orders", `{"type":"deposit"}`, "amount_kopecks"},
		"NumberForText":   {"/card/orders", `{"type":1,"amount_kopecks":20000}`, "type"},
		"NumberForCard":   {"/card/orders", `{"type":"withdraw","amount_kopecks":20000,"payment_details":{"card_number":2200000000000004}}`, "payment_details.card_number"},
		"TextForDetails":  {"/card/orders", `{"type":"withdraw","amount_kopecks":20000,"payment_details":"2200000000000004"}`, "payment_details"},
		"ShortCard":       {"/card/orders", `{"type":"withdraw","amount_kopecks":20000,"payment_details":{"card_number":"220000000000000"}}`, "payment_details.card_number"},
		"LongBank":        {"/card/orders", `{"type":"withdraw","amount_kopecks":20000,"payment_details":{"card_number":"2200000000000004","bank_name":"` + strings.Repeat("x", 129) + `"}}`, "payment_details.bank_name"},
		"NumberForSaying": {"/card/orders/1/messages", `{"message":1}`, "message"},
		"NoAd":            {"/p2p/orders", `{"usdt_amount":50000,"payment_method":"card"}`, "ad_id"},
		"AdByText":        {"/p2p/orders", fmt.Sprintf(`{"ad_id":"%d","usdt_amount":50000,"payment_method":"card"}`, x.ad), "ad_id"},
		"NoDetails":       {"/p2p/orders", fmt.Sprintf(`{"ad_id":%d,"usdt_amount":50000,"payment_method":"card"}`, x.ad), "payment_details"},
		"MethodsByText":   {"/p2p/ads", `{"type":"sell","payment_methods":"card"}`, "payment_methods"},
		"NoMethods":       {"/p2p/ads", `{"type":"sell","fiat_currency":"RUB","min_amount":1,"max_amount":2}`, "payment_methods"},
		"NoRate":          {"/p2p/ads", `{"type":"sell","fiat_currency":"USD","min_amount":1,"max_amount":2,"payment_methods":["card"]}`, "exchange_rate"},
		"WindowTooLong":   {"/p2p/ads", `{"type":"sell","fiat_currency":"RUB","min_amount":1,"max_amount":2,"payment_methods":["card"],"payment_window_minutes":1441}`, "payment_window_minutes"},
		"ArrayForNothing": {x.path("/cancel"), `[]`, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p
			p.t = t
			p.invalid(p.post(tt.path, tt.body), tt.field)
		})
	}
	t.Run("NothingMayBeSaidAsAnObject", func(t *testing.T) {
		x.buyer.refused(x.buyer.post(x.path("/cancel"), `{}`, header{"Content-Type": "text/plain"}), http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
		x.buyer.succeeds(http.MethodPost, x.path("/cancel"), `{}`)
	})
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	x := s.trade(t)
	p := s.person(t, deposited)
	order := p.made("/card/orders", cardDeposit(20_000))
	calls := map[string]struct {
		who        person
		path       string
		same       []string // two texts of one request
		other      string
		canBeAgain bool
	}{
		"CardOrder": {p, "/card/orders", []string{
			`{"type":"withdraw","amount_kopecks":30000,"payment_details":{"card_number":"2200000000000004"}}`,
			` {"payment_details":{"card_number":"2200000000000004","bank_name":null},"amount_kopecks":30000,"type":"withdraw","unknown":7}`,
		}, `{"type":"withdraw","amount_kopecks":30000,"payment_details":{"card_number":"2200000000010004"}}`, false},
		"CardMessage": {p, fmt.Sprintf("/card/orders/%d/messages", order), []string{`{"message":"hello"}`, `{ "message" : "\u0068ello"}`}, `{"message":"bye"}`, true},
		"Ad": {p, "/p2p/ads", []string{
			`{"type":"sell","fiat_currency":"RUB","min_amount":10000,"max_amount":20000,"payment_methods":["card"]}`,
			`{"max_amount":20000,"payment_methods":["card"],"type":"sell","fiat_currency":"RUB","min_amount":10000}`,
		}, `{"type":"sell","fiat_currency":"RUB","min_amount":10001,"max_amount":20000,"payment_methods":["card"]}`, false},
		"P2PMessage": {x.seller, x.path("/messages"), []string{`{"message":"hello"}`, `{"message":"hello"}`}, `{"message":"bye"}`, true},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			who, key := call.who, header{"Idempotency-Key": "key"}
			who.t = t
			first := who.made(call.path, call.same[0], key)
			for _, again := range call.same {
				if id := who.made(call.path, again, key); id != first {
					t.Errorf("repeated: got %d, want %d", id, first)
				}
			}
			who.refused(who.post(call.path, call.other, key), http.StatusConflict, "IDEMPOTENCY_KEY_REUSED")
			if call.canBeAgain {
				if id := who.made(call.path, call.same[0], header{"Idempotency-Key": "another"}); id == first {
					t.Error("another key made nothing new")
				}
			}
			who.made(call.path, call.same[0], key)
		})
	}
	t.Run("P2POrder", func(t *testing.T) {
		maker, taker := s.person(t, 0), s.person(t, deposited)
		adID := maker.made("/p2p/ads", ad("buy", nil))
		key := header{"Idempotency-Key": strings.Repeat("k", 255)}
		first := taker.made("/p2p/orders", takes(adID, 50_000, nil), key)
		if id := taker.made("/p2p/orders", takes(adID, 50_000, nil), key); id != first {
			t.Errorf("repeated: got %d, want %d", id, first)
		}
		taker.refused(taker.post("/p2p/orders", takes(adID, 50_001, nil), key), http.StatusConflict, "IDEMPOTENCY_KEY_REUSED")
	})
	t.Run("AnotherOrderIsAnotherRequest", func(t *testing.T) {
		second := s.person(t, deposited)
		one, two := second.made("/card/orders", cardDeposit(20_000)), second.made("/card/orders", withdrawal(20_000))
		key := header{"Idempotency-Key": "key"}
		second.made(fmt.Sprintf("/card/orders/%d/messages", one), fields{"message": "hello"}, key)
		a := second.post(fmt.Sprintf("/card/orders/%d/messages", two), fields{"message": "hello"}, key)
		second.refused(a, http.StatusConflict, "IDEMPOTENCY_KEY_REUSED")
	})
	t.Run("OneUsersKeyIsNotAnothers", func(t *testing.T) {
		a, b := s.person(t, deposited), s.person(t, deposited)
		key := header{"Idempotency-Key": "key"}
		if one, two := a.made("/card/orders", cardDeposit(20_000), key), b.made("/card/orders", cardDeposit(20_000), key); one == two {
			t.Error("one order for two users")
		}
	})
	t.Run("RefusalsLeaveItFree", func(t *testing.T) {
		p := s.person(t, deposited)
		key := header{"Idempotency-Key": "key"}
		p.refused(p.post("/card/orders", withdrawal(1), key), http.StatusBadRequest, "AMOUNT_TOO_LOW")
		p.made("/card/orders", withdrawal(20_000), key)
	})
	t.Run("Bounds", func(t *testing.T) {
		p := s.person(t, deposited)
		p.invalid(p.post("/card/orders", cardDeposit(20_000), header{"Idempotency-Key": strings.Repeat("k", 256)}), "Idempotency-Key")
		p.invalid(p.post("/card/orders", cardDeposit(20_000), header{"Idempotency-Key": "a\xff"}), "Idempotency-Key")
		p.made("/card/orders", cardDeposit(20_000), header{"Idempotency-Key": strings.Repeat("ы", 255)})
	})
}

// TestAnIdempotencyKeyIsGivenOnce: an empty one is not the same as none, and of
// two nobody knows which is meant.
func TestAnIdempotencyKeyIsGivenOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, deposited)
	for _, given := range [][]string{{""}, {"a", "b"}, {"a", "a"}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1/card/orders", strings.NewReader(`{"type":"deposit","amount_kopecks":20000}`))
		must(t, err)
		req.Header = http.Header{"Authorization": {"Bearer " + p.token}, "Content-Type": {"application/json"}, "Idempotency-Key": given}
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: got %d, want a refusal", given, res.StatusCode)
		}
	}
}

// TestTwinsMakeOneOrder sends one request many times at once.
func TestTwinsMakeOneOrder(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, deposited)
	key := header{"Idempotency-Key": "key"}
	ids := make([]answer, 12)
	var sent sync.WaitGroup
	for i := range ids {
		sent.Go(func() { ids[i] = p.post("/card/orders", withdrawal(20_000), key) })
	}
	sent.Wait()
	for _, a := range ids {
		if a.status != http.StatusOK || string(a.raw) != string(ids[0].raw) {
			t.Errorf("got %d %s and %s", a.status, a.raw, ids[0].raw)
		}
	}
	if got := p.ok(p.get("/users/me/balance")).text("held"); got != "20000" {
		t.Errorf("held: got %s", got)
	}
}

// TestCardsAreMasked looks for card numbers where only their last digits may be.
func TestCardsAreMasked(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, deposited)
	order := p.made("/card/orders", withdrawal(20_000))
	x := s.trade(t)
	said := p.made(fmt.Sprintf("/card/orders/%d/messages", order), fields{"message": "better to 2200 0000 0000 0020, please"})
	path := fmt.Sprint("/card/orders/", order)
	for _, masked := range []answer{
		p.ok(p.get("/card/orders/my")), s.desk(t, operator.RoleOperator, http.MethodGet, "/card/orders", nil),
		s.desk(t, operator.RoleOperator, http.MethodGet, path, nil), x.seller.ok(x.seller.get("/p2p/orders/my")),
		x.seller.ok(x.seller.get("/p2p/ads")), s.desk(t, operator.RoleAdmin, http.MethodGet, "/audit", nil),
	} {
		for _, number := range []string{card, "2200000000000012"} {
			if strings.Contains(string(masked.raw), number) {
				t.Errorf("in full: %s", masked.raw)
			}
		}
	}
	if got := p.ok(p.get(path)).text("payment_details", "card_number"); got != card {
		t.Errorf("its owner sees %s", got)
	}
	if got := s.desk(t, operator.RoleOperator, http.MethodPost, path+"/claim", nil).text("payment_details", "card_number"); got != card {
		t.Errorf("the claimer sees %s", got)
	}
	if got := s.desk(t, operator.RoleAdmin, http.MethodGet, path, nil).text("payment_details", "card_number"); got != "****0004" {
		t.Errorf("another operator sees %s", got)
	}
	if got := x.buyer.ok(x.buyer.get(x.path(""))).text("payment_details", "card_number"); got != card {
		t.Errorf("the buyer is to pay to %s", got)
	}
	if chat := p.ok(p.get(path + "/messages")); !strings.Contains(string(chat.raw), "2200 0000 0000 0020") || said == 0 {
		t.Errorf("the chat: %s", chat.raw)
	}
	for _, number := range []string{card, "2200 0000-0000 0004", "2200000000000012", "2200 0000 0000 0020"} {
		if strings.Contains(s.log.String(), number) {
			t.Errorf("the log holds %s", number)
		}
	}
}
