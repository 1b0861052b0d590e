package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/audit"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/signing"
)

const (
	card  = "2200000000000004"
	score = "40817810099910004312"
	iban  = "DE89370400440532013000"
)

// byMethod is what a good body to each method changes in payoutBody.
var byMethod = map[string]fields{
	"card":  {"payment_method": "card", "phone_number": nil, "bank_name": nil, "number_card": card},
	"sbp":   {},
	"score": {"payment_method": "score", "phone_number": nil, "bank_name": nil, "number_score": score, "bik": "044525225"},
	"iban":  {"payment_method": "iban", "phone_number": nil, "bank_name": nil, "iban_number": iban, "fiat_currency": "eur", "fiat_amount": "100.00"},
}

func TestCreateAnswersThePublishedFields(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := s.wantOK(s.create(payoutBody("order-1", nil)))
	got := a.body
	for _, name := range []string{"internal_transaction_id", "created_at", "expires_at"} {
		if a.text(name) == "" {
			t.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	// 1500 / 97.1234 is 15.44427, and one percent of 15.4443 is 0.154443.
	want := map[string]any{
		"ok": true, "order_id": "order-1", "status": "expectation", "fiat_amount": "1500.00", "usdt_amount": "15.4443",
		"merchant_spent_usdt": "15.5988", "fiat_currency": "rub", "exchange_rate": "97.1234", "payment_method": "sbp",
		"reject_callback_url": publicURL + "/api/merchant/demo/rejected_pay_out/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestStatusAnswersThePublishedFields(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	requisites := map[string]string{"card": "number_card", "sbp": "phone_number", "score": "number_score", "iban": "iban_number"}
	for method, changes := range byMethod {
		t.Run(method, func(t *testing.T) {
			b := payoutBody("order-"+method, changes)
			if a := s.create(b); a.status != http.StatusOK {
				t.Fatalf("create: got %d %s", a.status, a.raw)
			}
			a := s.wantOK(s.status("order-" + method))
			for of, field := range requisites {
				var want any
				if of == method {
					want = b[field]
				}
				if got, there := a.body[field]; !there || got != want {
					t.Errorf("%s: got %v, want %v", field, got, want)
				}
			}
			if a.body["ok"] != true || a.text("type") != "pay_out" || a.text("full_name") != "" {
				t.Errorf("got %s", a.raw)
			}
			byID := s.wantOK(s.status(a.text("internal_transaction_id")))
			if diff := cmp.Diff(a.body, byID.body); diff != "" {
				t.Errorf("by order_id (-) and by id (+) differ:\n%s", diff)
			}
		})
	}
}

func TestStatusFindsTheOrderIDFirst(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.created("order-1").text("internal_transaction_id")
	s.created(first)
	if got := s.wantOK(s.status(first)).text("order_id"); got != first {
		t.Errorf("got the payout of order_id %q, want the one whose order_id is the other's id", got)
	}
}

func TestStatusTakesAnOrderIDThatNeedsEscapes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.created("a/b ü?")
	if got := s.wantOK(s.status("a%2Fb%20%C3%BC%3F")).text("order_id"); got != "a/b ü?" {
		t.Errorf("got %q", got)
	}
	for name, id := range map[string]string{"NUL": "a%00b", "NotUTF8": "%ff"} {
		t.Run(name, func(t *testing.T) { s.wantError(s.status(id), http.StatusNotFound, "not_found") })
	}
}

func TestMerchantStatusPrintsExactNumbers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.created("order-1")
	a := s.wantOK(s.send(http.MethodGet, s.path("status"), nil, header{"X-Api-Key": s.keys.APIKey}))
	for _, want := range []string{`"balance":1000,`, `"hold":15.5988,`, `"available":984.4012,`} {
		if !bytes.Contains(a.raw, []byte(want)) {
			t.Errorf("got %s, want %s in it", a.raw, want)
		}
	}
	var methods struct {
		Methods []struct {
			Currency string
			Statuses map[string]bool
		} `json:"payment_methods"`
	}
	must(t, json.Unmarshal(a.raw, &methods))
	for _, m := range methods.Methods {
		if m.Currency == "rub" && (!m.Statuses["pay_out_card"] || !m.Statuses["pay_out_sbp"] || m.Statuses["pay_out_iban"]) {
			t.Errorf("rub: got %v", m.Statuses)
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.created("order-1")
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says that it is a replay")
	}
	other := payoutBody("order-1", nil).sign(s.keys.SignKey)
	// Another order of members, other white space, null for absent, upper-case hex.
	raw := []byte(" {\n\"sign\": \"" + strings.ToUpper(other["sign"].(string)) + "\", \"number_card\": null, \"customer\": \"\",")
	delete(other, "sign")
	rest, err := json.Marshal(other)
	must(t, err)
	raw = append(raw, rest[1:]...)

	t.Run("WhileOpen", func(t *testing.T) { wantReplay(t, first, s.send(http.MethodPost, s.path("create_pay_out"), raw, nil)) })
	s.wantOK(s.cancel("order-1"))
	t.Run("AfterTheEnd", func(t *testing.T) { wantReplay(t, first, s.create(payoutBody("order-1", nil))) })
	s.set(merchant.Change{Methods: map[merchant.MethodKey]merchant.MethodChange{{Currency: "rub", Method: "sbp"}: {Enabled: new(false)}}})
	t.Run("AfterTheMethodWasDisabled", func(t *testing.T) { wantReplay(t, first, s.create(payoutBody("order-1", nil))) })

	for name, changes := range map[string]fields{
		"OtherAmount": {"fiat_amount": "1500.01"}, "OtherURL": {"success_callback_url": "https://merchant.example/other"},
		"OtherRequisite": {"phone_number": "79161234568"}, "OtherMethod": byMethod["card"], "OneMoreField": {"customer": "c"},
		"OtherCase": {"fiat_currency": "RUB"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.create(payoutBody("order-1", changes))
			if a.status == http.StatusOK {
				t.Errorf("got 200 %s for other values", a.raw)
			}
		})
	}
}

func wantReplay(t *testing.T, first, again answer) {
	t.Helper()
	if again.status != http.StatusOK || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("got %d, Idempotent-Replayed %q: %s", again.status, again.header.Get("Idempotent-Replayed"), again.raw)
	}
	if diff := cmp.Diff(first.body, again.body); diff != "" {
		t.Errorf("first (-) and repeated (+) answer differ:\n%s", diff)
	}
}

func TestConcurrentRepeatsMakeOnePayout(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const callers = 16
	raw, err := json.Marshal(payoutBody("order-1", nil).sign(s.keys.SignKey))
	must(t, err)
	answers := make([]answer, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { answers[i] = s.send(http.MethodPost, s.path("create_pay_out"), raw, nil) })
	}
	wg.Wait()
	fresh := 0
	for _, a := range answers {
		if a.status != http.StatusOK || a.text("internal_transaction_id") != answers[0].text("internal_transaction_id") {
			t.Errorf("got %d %s", a.status, a.raw)
		}
		if a.header.Get("Idempotent-Replayed") == "" {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%d answers are first ones, want 1", fresh)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	id := s.created("order-1").text("internal_transaction_id")
	want := map[string]any{"ok": true, "order_id": "order-1", "internal_transaction_id": id, "status": "rejected_merchant"}
	for _, name := range []string{"OK", "AgainTheSame"} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, s.wantOK(s.cancel("order-1")).body); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := s.status("order-1").text("status"); got != "rejected_merchant" {
		t.Errorf("status: got %s", got)
	}
}

// TestAnswers has every row of the published table of answers that one call can
// bring about; limits, sizes and media types have tests of their own.
func TestAnswers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "opr_1"})
	claim := func(orderID string) string {
		id := s.created(orderID).text("internal_transaction_id")
		_, _, err := s.deps.Payouts.Claim(ctx, payout.ClaimFilter{ID: id})
		must(t, err)
		return id
	}
	s.staleRate("chf")
	s.set(merchant.Change{Methods: map[merchant.MethodKey]merchant.MethodChange{{Currency: "chf", Method: "sbp"}: {Enabled: new(true)}}})
	tests := []struct {
		name   string
		do     func() answer
		status int
		code   string
		text   string
	}{
		{"InvalidRequest", func() answer { return s.create(payoutBody("o1", fields{"fiat_amount": "0.00"})) }, 400, "invalid_request", "invalid request: fiat_amount: must be above zero"},
		{"InvalidSignature", func() answer {
			return s.call(http.MethodPost, s.path("create_pay_out"), payoutBody("o2", nil).sign("x"), nil)
		}, 401, "invalid_signature", "invalid signature"},
		{"InvalidAPIKey", func() answer { return s.send(http.MethodGet, s.path("status"), nil, nil) }, 401, "invalid_api_key", "invalid api key"},
		{"LowBalance", func() answer { return s.create(payoutBody("o3", fields{"fiat_amount": "999999.00"})) }, 402, "low_balance", "low balance"},
		{"MethodDisabled", func() answer { return s.create(payoutBody("o4", byMethod["iban"]).with("fiat_currency", "rub")) }, 403, "method_disabled", "this payment method is disabled for your merchant"},
		{"NotFound", func() answer { return s.status("nothing") }, 404, "not_found", "payout not found"},
		{"CancelNotFound", func() answer { return s.cancel("nothing") }, 404, "not_found", "payout not found"},
		{"OrderIDReused", func() answer { s.created("o5"); return s.create(payoutBody("o5", fields{"customer": "c"})) }, 409, "order_id_reused", "order_id already used with different parameters"},
		{"InProgress", func() answer { claim("o6"); return s.cancel("o6") }, 409, "in_progress", "payout is being executed and can no longer be cancelled"},
		{"AlreadyFinal", func() answer {
			_, err := s.deps.Payouts.Complete(ctx, claim("o7"), payout.Completion{})
			must(t, err)
			return s.cancel("o7")
		}, 409, "already_final", "payout is already successful"},
		{"RateUnavailable", func() answer { return s.create(payoutBody("o8", fields{"fiat_currency": "chf"})) }, 503, "rate_unavailable", "rate unavailable"},
		{"NoOrderID", func() answer { return s.cancel("") }, 400, "invalid_request", "invalid request: order_id: is required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.do()
			s.wantError(a, tt.status, tt.code)
			if tt.text != "" && a.text("error") != tt.text {
				t.Errorf("error: got %q, want %q", a.text("error"), tt.text)
			}
			if a.body["ok"] != false || a.text("request_id") != a.header.Get("X-Request-Id") {
				t.Errorf("envelope: got %s", a.raw)
			}
		})
	}
}

func (b fields) with(name string, value any) fields {
	b[name] = value
	return b
}

func TestCapacityIs503WithRetryAfter(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := s.as(operator.RoleAdmin, http.MethodPut, "/capacity", fields{"currency": "rub", "method": "sbp", "max_open": 1})
	s.wantOK(a)
	s.created("order-1")
	a = s.create(payoutBody("order-2", nil))
	s.wantError(a, http.StatusServiceUnavailable, "overloading_requisite")
	if a.text("error") != "overloading requisite" || a.header.Get("Retry-After") == "" {
		t.Errorf("got %s, Retry-After %q", a.raw, a.header.Get("Retry-After"))
	}
	s.wantOK(s.cancel("order-1"))
	s.wantOK(s.create(payoutBody("order-2", nil)))
}

// That the platform is full or has no rate is for its operators to mend, but
// nothing in the gateway has failed.
func TestExpectedRefusalsAreLoggedAsWarnings(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.staleRate("chf")
	s.set(merchant.Change{Methods: map[merchant.MethodKey]merchant.MethodChange{{Currency: "chf", Method: "sbp"}: {Enabled: new(true)}}})
	s.wantOK(s.as(operator.RoleAdmin, http.MethodPut, "/capacity", fields{"currency": "rub", "method": "sbp", "max_open": 0}))
	s.wantError(s.create(payoutBody("order-1", nil)), http.StatusServiceUnavailable, "overloading_requisite")
	s.wantError(s.create(payoutBody("order-2", fields{"fiat_currency": "chf"})), http.StatusServiceUnavailable, "rate_unavailable")
	log := s.log.String()
	if strings.Count(log, `"level":"WARN"`) != 2 || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("want two warnings:\n%s", log)
	}
}

// TestFieldRules has every row of the published table of fields.
func TestFieldRules(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	long := strings.Repeat("x", 8001)
	tests := map[string]struct {
		changes fields
		field   string // "" for a good body
	}{
		"OrderIDEmpty": {fields{"order_id": ""}, "order_id"}, "OrderIDMissing": {fields{"order_id": nil}, "order_id"},
		"OrderID256": {fields{"order_id": long[:256]}, "order_id"}, "OrderID255": {fields{"order_id": long[:255]}, ""},
		"OrderIDColon": {fields{"order_id": "a:b"}, "order_id"}, "OrderIDControl": {fields{"order_id": "a\nb"}, "order_id"},
		"OrderIDNUL": {fields{"order_id": "a\x00b"}, "order_id"}, "OrderIDLetters": {fields{"order_id": "заказ-1"}, ""},
		"MethodUnknown": {fields{"payment_method": "cash"}, "payment_method"}, "MethodCase": {fields{"payment_method": "SBP"}, "payment_method"},
		"AmountOneDecimal": {fields{"fiat_amount": "1500.0"}, "fiat_amount"}, "AmountWhole": {fields{"fiat_amount": "1500"}, "fiat_amount"},
		"AmountThreeDecimals": {fields{"fiat_amount": "1500.000"}, "fiat_amount"}, "AmountLeadingZero": {fields{"fiat_amount": "01500.00"}, "fiat_amount"},
		"AmountPlus": {fields{"fiat_amount": "+1500.00"}, "fiat_amount"}, "AmountSpace": {fields{"fiat_amount": " 1500.00"}, "fiat_amount"},
		"AmountComma": {fields{"fiat_amount": "1,500.00"}, "fiat_amount"}, "AmountExponent": {fields{"fiat_amount": "1e3"}, "fiat_amount"},
		"AmountNewline": {fields{"fiat_amount": "1500.00\n"}, "fiat_amount"}, "AmountNegative": {fields{"fiat_amount": "-1.00"}, "fiat_amount"},
		"AmountZero": {fields{"fiat_amount": "0.00"}, "fiat_amount"}, "AmountNaN": {fields{"fiat_amount": "NaN"}, "fiat_amount"},
		"AmountHex": {fields{"fiat_amount": "0x10.00"}, "fiat_amount"}, "AmountFullWidth": {fields{"fiat_amount": "１５００.00"}, "fiat_amount"},
		"AmountThirteenDigits": {fields{"fiat_amount": "1234567890123.00"}, "fiat_amount"}, "AmountBelowMinimum": {fields{"fiat_amount": "99.99"}, "fiat_amount"},
		"AmountAtMinimum": {fields{"fiat_amount": "100.00"}, ""}, "AmountAboveMaximum": {fields{"fiat_amount": "1000000.01"}, "fiat_amount"},
		"AmountNumber":    {fields{"fiat_amount": 1500.00}, "fiat_amount"},
		"CurrencyUnknown": {fields{"fiat_currency": "xxx"}, "fiat_currency"}, "CurrencyWithoutRate": {fields{"fiat_currency": "usd"}, "fiat_currency"},
		"CurrencyUpper": {fields{"fiat_currency": "RUB"}, ""}, "CurrencyUSDT": {fields{"fiat_currency": "usdt"}, "fiat_currency"},
		"RequisiteMissing": {fields{"phone_number": nil}, "phone_number"}, "RequisiteOfAnother": {fields{"number_card": card}, "number_card"},
		"RequisiteOfAnotherEmpty": {fields{"number_card": ""}, ""},
		"Card15":                  {byMethod["card"].and("number_card", card[:15]), "number_card"}, "CardSpaces": {byMethod["card"].and("number_card", "2200 0000 0000 0004"), "number_card"},
		"CardFailsLuhn": {byMethod["card"].and("number_card", "4276345439581234"), ""},
		"Phone10":       {fields{"phone_number": "7916123456"}, "phone_number"}, "Phone14": {fields{"phone_number": "79161234567890"}, "phone_number"},
		"PhonePlus": {fields{"phone_number": "+79161234567"}, ""}, "PhoneLetters": {fields{"phone_number": "7916123456a"}, "phone_number"},
		"Score19": {byMethod["score"].and("number_score", score[:19]), "number_score"}, "ScoreLetters": {byMethod["score"].and("number_score", score[:19]+"a"), "number_score"},
		"IBANCheckDigits": {byMethod["iban"].and("iban_number", "DE88370400440532013000"), "iban_number"}, "IBANLength": {byMethod["iban"].and("iban_number", iban[:21]), "iban_number"},
		"BankNameMissing": {fields{"bank_name": nil}, "bank_name"}, "BankName73": {fields{"bank_name": long[:73]}, "bank_name"}, "BankName72": {fields{"bank_name": long[:72]}, ""},
		"BIK8": {fields{"bik": "04452522"}, "bik"}, "BIKLetters": {fields{"bik": "04452522a"}, "bik"}, "BIK9": {fields{"bik": "044525225"}, ""},
		"FullName129": {fields{"full_name": long[:129]}, "full_name"}, "FullName128": {fields{"full_name": strings.Repeat("я", 128)}, ""},
		"Customer129": {fields{"customer": long[:129]}, "customer"}, "Description8001": {fields{"order_description": long}, "order_description"},
		"Description8000": {fields{"order_description": strings.Repeat("я", 8000)}, ""},
		"URLMissing":      {fields{"success_callback_url": nil}, "success_callback_url"}, "ErrorURLMissing": {fields{"error_callback_url": nil}, "error_callback_url"},
		"URLRelative": {fields{"success_callback_url": "/done"}, "success_callback_url"}, "URLFile": {fields{"success_callback_url": "file:///etc/passwd"}, "success_callback_url"},
		"URL513": {fields{"error_callback_url": "https://merchant.example/" + long[:488]}, "error_callback_url"}, "URLUserInfo": {fields{"error_callback_url": "https://a:b@merchant.example/"}, "error_callback_url"},
		"URLFragment": {fields{"success_callback_url": "https://merchant.example/#x"}, "success_callback_url"}, "URLLoopback": {fields{"success_callback_url": "http://127.0.0.1/"}, "success_callback_url"},
		"URLPrivate": {fields{"success_callback_url": "http://10.0.0.1/"}, "success_callback_url"}, "URLLinkLocal": {fields{"success_callback_url": "http://169.254.169.254/"}, "success_callback_url"},
		"URLLoopback6": {fields{"success_callback_url": "http://[::1]/"}, "success_callback_url"},
		"Timeout0":     {fields{"timeout": 0}, "timeout"}, "Timeout10081": {fields{"timeout": 10081}, "timeout"}, "TimeoutNegative": {fields{"timeout": -1}, "timeout"},
		"TimeoutText": {fields{"timeout": "30"}, "timeout"}, "TimeoutFraction": {fields{"timeout": json.RawMessage("30.0")}, "timeout"},
		"TimeoutExponent": {fields{"timeout": json.RawMessage("3e1")}, "timeout"}, "TimeoutHuge": {fields{"timeout": json.RawMessage("99999999999999999999")}, "timeout"},
		"Timeout10080": {fields{"timeout": 10080}, ""}, "TimeoutNull": {fields{"timeout": json.RawMessage("null")}, ""},
		"UnknownField": {fields{"colour": "green"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := payoutBody("order-"+name, tt.changes)
			a := s.create(b)
			if tt.field == "" {
				s.wantOK(a)
				return
			}
			s.wantError(a, http.StatusBadRequest, "invalid_request")
			if a.text("fields", tt.field) == "" {
				t.Errorf("fields: got %s, want %s named", a.raw, tt.field)
			}
		})
	}
}

// and is a copy of the changes with one more.
func (b fields) and(name string, value any) fields {
	out := fields{name: value}
	for n, v := range b {
		if n != name {
			out[n] = v
		}
	}
	return out
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := s.create(payoutBody("a:b", fields{"fiat_amount": "1", "bik": "1", "timeout": 0, "bank_name": nil, "success_callback_url": "x"}))
	for _, field := range []string{"order_id", "fiat_amount", "bik", "timeout", "bank_name", "success_callback_url"} {
		if a.text("fields", field) == "" {
			t.Errorf("got %s, want %s named", a.raw, field)
		}
	}
	if !strings.HasPrefix(a.text("error"), "invalid request: order_id: ") {
		t.Errorf("error: got %q, want it to name the first field", a.text("error"))
	}
}

func TestCurrencyIsStoredLower(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	if got := s.wantOK(s.create(payoutBody("order-1", fields{"fiat_currency": "RuB"}))).text("fiat_currency"); got != "rub" {
		t.Errorf("got %q", got)
	}
}

func TestMaskedMerchantGetsTheLastFour(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.set(merchant.Change{MaskRequisites: new(true)})
	s.wantOK(s.create(payoutBody("order-1", byMethod["card"])))
	if got := s.status("order-1").text("number_card"); strings.Contains(got, card[:12]) || !strings.HasSuffix(got, "0004") {
		t.Errorf("got %q", got)
	}
}

func TestRejectFollowsTheFormOfTheMerchant(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for i, form := range []signing.Form{signing.OrderKey, signing.MerchantOrderKey, signing.OrderMerchantKey} {
		t.Run(string(form), func(t *testing.T) {
			orderID := "order-" + string(rune('a'+i))
			s.created(orderID)
			s.set(merchant.Change{StandartSign: &form})
			for _, other := range []signing.Form{signing.OrderKey, signing.MerchantOrderKey, signing.OrderMerchantKey} {
				if other == form {
					continue
				}
				s.wantError(s.call(http.MethodPost, s.path("rejected_pay_out"), fields{
					"order_id": orderID, "standart_sign": signing.StandartSign(other, s.merchant, orderID, s.keys.SignKey),
				}, nil), http.StatusUnauthorized, "invalid_signature")
			}
			s.wantOK(s.call(http.MethodPost, s.path("rejected_pay_out"), fields{
				"order_id": orderID, "standart_sign": signing.StandartSign(form, s.merchant, orderID, s.keys.SignKey),
			}, nil))
		})
	}
}
