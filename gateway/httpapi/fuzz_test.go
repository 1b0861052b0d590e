package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"disburse/gateway/merchant"
	"disburse/ratelimit"
)

// FuzzCreate sends anything as the body of create_pay_out, signed where it can
// be, and wants an answer of the contract: never a 500, and 200 or the fields
// that are wrong for a body that is well signed.
func FuzzCreate(f *testing.F) {
	s := newStack(f)
	s.set(merchant.Change{Limits: map[merchant.LimitName]ratelimit.Limit{merchant.LimitCreate: {}}})
	for name, changes := range byMethod {
		raw, err := json.Marshal(payoutBody("order-"+name, changes))
		must(f, err)
		f.Add(raw)
	}
	for _, seed := range []string{
		``, `{}`, `[]`, `{"order_id":"a\u0000b"}`, `{"fiat_amount":1e400}`, "{\"order_id\":\"\xff\"}", `{"timeout":-9223372036854775808}`,
		`{"order_id":"x","payment_method":"iban","iban_number":"DE","fiat_currency":"kwd","fiat_amount":"999999999999.99"}`,
		`{"order_id":"x","payment_method":"card","fiat_currency":"ſek","success_callback_url":"http://[::ffff:7f00:1]:0/%zz"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b fields
		if json.Unmarshal(raw, &b) == nil && b != nil {
			if signed, err := json.Marshal(b.sign(s.keys.SignKey)); err == nil {
				raw = signed
			}
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+s.path("create_pay_out"), bytes.NewReader(raw))
		must(t, err)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		defer res.Body.Close()
		a := answer{status: res.StatusCode, header: res.Header}
		a.raw, err = io.ReadAll(res.Body)
		must(t, err)
		must(t, json.Unmarshal(a.raw, &a.body))
		if a.status >= http.StatusInternalServerError && a.text("code") != "rate_unavailable" {
			t.Errorf("%q: got %d %s", raw, a.status, a.raw)
		}
		if a.status == http.StatusOK != (a.body["ok"] == true) {
			t.Errorf("%q: got %d %s", raw, a.status, a.raw)
		}
	})
}
