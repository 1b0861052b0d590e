package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"disburse/gateway/audit"
	"disburse/gateway/httpapi"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/ratelimit"
	"disburse/signing"
)

func TestCreateIsRefusedWithoutAGoodSign(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, other := s.newMerchant("other", "")
	s.newMerchant("gone", "100.0000")
	_, err := s.deps.Merchants.Disable(t.Context(), "gone")
	must(t, err)
	good := func() fields { return payoutBody("order-1", nil).sign(s.keys.SignKey) }
	sign := good()["sign"].(string)
	tests := map[string]struct {
		merchant string
		body     fields
	}{
		"WrongKey":          {"demo", payoutBody("order-1", nil).sign("x")},
		"OtherMerchantsKey": {"demo", payoutBody("order-1", nil).sign(other.SignKey)},
		"NoSign":            {"demo", payoutBody("order-1", nil)},
		"ShortSign":         {"demo", payoutBody("order-1", fields{"sign": sign[:63]})},
		"LongSign":          {"demo", payoutBody("order-1", fields{"sign": sign + "0"})},
		"ChangedAmount":     {"demo", good().with("fiat_amount", "9999.00")},
		"ChangedRequisite":  {"demo", good().with("phone_number", "79161234568")},
		"ChangedCurrency":   {"demo", good().with("fiat_currency", "RUB")},
		"ChangedOrder":      {"demo", good().with("order_id", "order-2")},
		"UnknownMerchant":   {"nobody", good()},
		"DisabledMerchant":  {"gone", good()},
		"MerchantByID":      {"mer_01k3v8q4zmc2h6t9x5r7w0yabd", good()},
		"OddMerchant":       {"%00%ff", good()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			// From an address of its own, so that the failures do not add up.
			a := s.call(http.MethodPost, "/api/merchant/"+tt.merchant+"/create_pay_out/", tt.body, nil)
			s.wantError(a, http.StatusUnauthorized, "invalid_signature")
			if a.text("error") != "invalid signature" || len(a.body) != 4 {
				t.Errorf("got %s", a.raw)
			}
		})
	}
	if a := s.status("order-1"); a.status != http.StatusNotFound {
		t.Errorf("a refused create left %s", a.raw)
	}
	t.Run("UpperCaseHexIsGood", func(t *testing.T) {
		s.wantOK(s.send(http.MethodPost, s.path("create_pay_out"), upperSign(t, good()), nil))
	})
}

func upperSign(t *testing.T, b fields) []byte {
	t.Helper()
	raw, err := json.Marshal(b.with("sign", strings.ToUpper(b["sign"].(string))))
	must(t, err)
	return raw
}

func TestSignIsCheckedBeforeTheFieldsAndAfterTheJSON(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	badFields := payoutBody("order-1", fields{"fiat_amount": "x", "timeout": 0}).sign("wrong")
	s.wantError(s.call(http.MethodPost, s.path("create_pay_out"), badFields, nil), http.StatusUnauthorized, "invalid_signature")
	badTypes := payoutBody("order-1", fields{"timeout": "30"}).sign("wrong")
	s.wantError(s.call(http.MethodPost, s.path("create_pay_out"), badTypes, nil), http.StatusBadRequest, "invalid_request")
	s.wantError(s.send(http.MethodPost, s.path("create_pay_out"), []byte("{"), header{"Content-Type": "text/plain"}),
		http.StatusUnsupportedMediaType, "unsupported_media_type")
	s.wantError(s.send(http.MethodPost, s.path("create_pay_out"), make([]byte, 64<<10+1), header{"Content-Type": "text/plain"}),
		http.StatusRequestEntityTooLarge, "too_large")
}

func TestSignCoversTheFieldTheMethodNames(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	unknown := payoutBody("order-1", fields{"payment_method": "cash"})
	unknown["sign"] = signing.PayoutSign("order-1", "1500.00", "", "rub", s.keys.SignKey)
	a := s.call(http.MethodPost, s.path("create_pay_out"), unknown, nil)
	s.wantError(a, http.StatusBadRequest, "invalid_request")
	switched := payoutBody("order-1", fields{"number_card": card}).sign(s.keys.SignKey).with("payment_method", "card")
	s.wantError(s.call(http.MethodPost, s.path("create_pay_out"), switched, nil), http.StatusUnauthorized, "invalid_signature")
}

func TestBothKeysVerifyDuringARotation(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	itself := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Merchant, ID: s.merchant})
	rotated, err := s.deps.Merchants.RotateKeys(itself, s.merchant, nil, time.Hour)
	must(t, err)
	for name, keys := range map[string]merchant.Secrets{"Old": s.keys, "New": rotated.Secrets} {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(payoutBody("order-"+name, nil).sign(keys.SignKey))
			must(t, err)
			h := v2(t, keys.WebhookSecret, time.Now(), raw)
			s.wantOK(s.send(http.MethodPost, s.path("create_pay_out"), raw, h))
			s.wantOK(s.send(http.MethodGet, s.path("status_pay_out/order-"+name), nil, header{"X-Api-Key": keys.APIKey}))
			s.wantOK(s.call(http.MethodPost, s.path("rejected_pay_out"), fields{
				"order_id": "order-" + name, "standart_sign": signing.StandartSign(signing.OrderKey, s.merchant, "order-"+name, keys.SignKey),
			}, nil))
		})
	}
	again, err := s.deps.Merchants.RotateKeys(itself, s.merchant, nil, 0)
	must(t, err)
	t.Run("EndedOldIsRefused", func(t *testing.T) {
		s.wantError(s.create(payoutBody("order-3", nil)), http.StatusUnauthorized, "invalid_signature")
	})
	s.keys = again.Secrets
	t.Run("NewestIsGood", func(t *testing.T) { s.created("order-3") })
}

// v2 signs a body the Standard Webhooks way.
func v2(t *testing.T, secret string, at time.Time, body []byte) header {
	t.Helper()
	h, err := signing.Sign([]string{secret}, "msg_1", at, body)
	must(t, err)
	return header{"webhook-id": h.ID, "webhook-timestamp": h.Timestamp, "webhook-signature": h.Signature}
}

func TestV2Signatures(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{false, true} {
		t.Run(map[bool]string{false: "Optional", true: "Required"}[required], func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.set(merchant.Change{RequireV2: &required})
			now := time.Now()
			raw, err := json.Marshal(payoutBody("order-1", nil).sign(s.keys.SignKey))
			must(t, err)
			good := func() header { return v2(t, s.keys.WebhookSecret, now, raw) }
			refused := map[string]header{
				"OtherBody":   v2(t, s.keys.WebhookSecret, now, append(raw, ' ')),
				"OtherSecret": v2(t, signing.NewSecret(), now, raw),
				"TooOld":      v2(t, s.keys.WebhookSecret, now.Add(-6*time.Minute), raw),
				"TooNew":      v2(t, s.keys.WebhookSecret, now.Add(6*time.Minute), raw),
				"NoID":        good().without("webhook-id"), "NoTimestamp": good().without("webhook-timestamp"),
				"NoSignature": good().without("webhook-signature"),
			}
			if required {
				refused["None"] = header{}
			}
			for name, h := range refused {
				t.Run(name, func(t *testing.T) {
					s.wantError(s.send(http.MethodPost, s.path("create_pay_out"), raw, h), http.StatusUnauthorized, "invalid_signature")
				})
			}
			t.Run("FourMinutesOldIsGood", func(t *testing.T) {
				s.wantOK(s.send(http.MethodPost, s.path("create_pay_out"), raw, v2(t, s.keys.WebhookSecret, now.Add(-4*time.Minute), raw)))
			})
			t.Run("OneOfTwoSignaturesIsEnough", func(t *testing.T) {
				h := good()
				h["webhook-signature"] = v2(t, signing.NewSecret(), now, raw)["webhook-signature"] + " " + h["webhook-signature"]
				s.wantOK(s.send(http.MethodPost, s.path("create_pay_out"), raw, h))
			})
			t.Run("ItDoesNotReplaceTheSign", func(t *testing.T) {
				unsigned, err := json.Marshal(payoutBody("order-2", nil))
				must(t, err)
				s.wantError(s.send(http.MethodPost, s.path("create_pay_out"), unsigned, v2(t, s.keys.WebhookSecret, now, unsigned)),
					http.StatusUnauthorized, "invalid_signature")
			})
			t.Run("ReadingNeedsNone", func(t *testing.T) { s.wantOK(s.status("order-1")) })
		})
	}
}

func (h header) without(name string) header {
	delete(h, name)
	return h
}

func TestWrongV2SignatureOnARead(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.created("order-1")
	h := v2(t, s.keys.WebhookSecret, time.Now(), nil)
	h["X-Api-Key"] = s.keys.APIKey
	s.wantOK(s.send(http.MethodGet, s.path("status_pay_out/order-1"), nil, h))
	h["webhook-id"] = "msg_2"
	s.wantError(s.send(http.MethodGet, s.path("status_pay_out/order-1"), nil, h), http.StatusUnauthorized, "invalid_signature")
}

func TestAPIKey(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, other := s.newMerchant("other", "")
	s.created("order-1")
	for name, key := range map[string]string{"Missing": "", "Wrong": "ak_wrong", "AnotherMerchants": other.APIKey, "TheSignKey": s.keys.SignKey} {
		t.Run(name, func(t *testing.T) {
			a := s.send(http.MethodGet, s.path("status_pay_out/order-1"), nil, header{"X-Api-Key": key})
			s.wantError(a, http.StatusUnauthorized, "invalid_api_key")
		})
	}
	t.Run("AnotherMerchantsPayoutIsNotFound", func(t *testing.T) {
		a := s.send(http.MethodGet, "/api/merchant/other/status_pay_out/order-1/", nil, header{"X-Api-Key": other.APIKey})
		s.wantError(a, http.StatusNotFound, "not_found")
	})
	t.Run("UnknownMerchantIsTheSame", func(t *testing.T) {
		a := s.send(http.MethodGet, "/api/merchant/nobody/status/", nil, header{"X-Api-Key": s.keys.APIKey})
		s.wantError(a, http.StatusUnauthorized, "invalid_api_key")
	})
}

// behindProxy trusts this machine to name the client.
func behindProxy(d *httpapi.Deps) {
	d.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

func TestFailedAuthenticationBlocksThePair(t *testing.T) {
	t.Parallel()
	s := newStack(t, behindProxy)
	s.newMerchant("other", "")
	from := func(address string) header { return header{"X-Forwarded-For": address, "X-Api-Key": "wrong"} }
	read := func(name, address string) answer {
		return s.send(http.MethodGet, "/api/merchant/"+name+"/status/", nil, from(address))
	}
	s.atStartOfMinute()
	for range 10 {
		s.wantError(read("demo", "192.0.2.1"), http.StatusUnauthorized, "invalid_api_key")
	}
	a := read("demo", "192.0.2.1")
	s.wantError(a, http.StatusTooManyRequests, "rate_limited")
	wantWait(t, a, 60)
	wantPolicy(t, a, `"authentication_merchant";q=10;w=60`)
	t.Run("AlsoWithAGoodKey", func(t *testing.T) {
		h := from("192.0.2.1")
		h["X-Api-Key"] = s.keys.APIKey
		s.wantError(s.send(http.MethodGet, s.path("status"), nil, h), http.StatusTooManyRequests, "rate_limited")
	})
	t.Run("AlsoSignedCalls", func(t *testing.T) {
		a := s.call(http.MethodPost, s.path("create_pay_out"), payoutBody("order-1", nil).sign(s.keys.SignKey), from("192.0.2.1"))
		s.wantError(a, http.StatusTooManyRequests, "rate_limited")
	})
	t.Run("AForgedHopChangesNothing", func(t *testing.T) {
		s.wantError(read("demo", "203.0.113.9, 192.0.2.1"), http.StatusTooManyRequests, "rate_limited")
	})
	t.Run("OthersAreUntouched", func(t *testing.T) {
		s.wantError(read("demo", "192.0.2.2"), http.StatusUnauthorized, "invalid_api_key")
		s.wantError(read("other", "192.0.2.1"), http.StatusUnauthorized, "invalid_api_key")
		h := from("192.0.2.2")
		h["X-Api-Key"] = s.keys.APIKey
		s.wantOK(s.send(http.MethodGet, s.path("status"), nil, h))
	})
}

func TestFailedAuthenticationBlocksTheAddress(t *testing.T) {
	t.Parallel()
	s := newStack(t, behindProxy)
	read := func(i int) answer {
		return s.send(http.MethodGet, "/api/merchant/made-up-"+strconv.Itoa(i)+"/status/", nil, header{"X-Forwarded-For": "192.0.2.1"})
	}
	s.atStartOfMinute()
	for i := range 60 {
		s.wantError(read(i), http.StatusUnauthorized, "invalid_api_key")
	}
	refused := read(60)
	wantWait(t, refused, 60)
	wantPolicy(t, refused, `"authentication_address";q=60;w=60`)
	s.wantError(read(61), http.StatusTooManyRequests, "rate_limited")
	a := s.call(http.MethodGet, "/api/operator/payouts", nil, header{
		"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer " + s.tokens[operator.RoleViewer],
	})
	s.wantError(a, http.StatusTooManyRequests, "rate_limited")
	wantPolicy(t, a, `"authentication_address";q=60;w=60`)
}

// atStartOfMinute waits when so little of the minute is left that the failures
// of a test could fall into two.
func (s *stack) atStartOfMinute() {
	s.eventually(func() bool { return time.Now().Second() < 45 })
}

// wantWait wants a Retry-After of 1 to most seconds.
func wantWait(t *testing.T, a answer, most int) {
	t.Helper()
	n, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || n < 1 || n > most {
		t.Errorf("Retry-After: got %q, want 1 to %d", a.header.Get("Retry-After"), most)
	}
}

// wantPolicy wants an answer that tells of one exhausted policy, whole again
// when the caller may come back.
func wantPolicy(t *testing.T, a answer, policy string) {
	t.Helper()
	name, _, _ := strings.Cut(policy, ";")
	limit := name + ";r=0;t=" + a.header.Get("Retry-After")
	if a.header.Get("RateLimit-Policy") != policy || a.header.Get("RateLimit") != limit {
		t.Errorf("got RateLimit %s, RateLimit-Policy %s; want %s, %s", a.header.Get("RateLimit"), a.header.Get("RateLimit-Policy"), limit, policy)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	slow := ratelimit.Limit{Rate: 1, Per: time.Minute, Burst: 2}
	s := newStack(t)
	s.set(merchant.Change{Limits: map[merchant.LimitName]ratelimit.Limit{
		merchant.LimitCreate: slow, merchant.LimitStatus: {Rate: 1, Per: time.Minute, Burst: 5}, merchant.LimitStatusPayout: slow, merchant.LimitReject: slow,
	}})
	calls := map[string]struct {
		do     func() answer
		policy string
	}{
		"Create": {func() answer { return s.create(payoutBody("order-1", nil)) }, `"create";q=2;w=120`},
		"Reject": {func() answer { return s.cancel("order-1") }, `"reject";q=2;w=120`},
		"StatusOfOnePayout": {
			func() answer { return s.status("order-1") }, `"status";q=5;w=300, "status_payout";q=2;w=120`,
		},
	}
	for _, name := range []string{"Create", "Reject", "StatusOfOnePayout"} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				a := s.wantOK(calls[name].do())
				if a.header.Get("RateLimit") == "" || a.header.Get("RateLimit-Policy") != calls[name].policy || a.header.Get("Retry-After") != "" {
					t.Errorf("below the limit: got %v", a.header)
				}
			}
			a := calls[name].do()
			s.wantError(a, http.StatusTooManyRequests, "rate_limited")
			if a.text("error") != "too many requests" || a.header.Get("RateLimit-Policy") != calls[name].policy ||
				!strings.Contains(a.header.Get("RateLimit"), ";r=0;") {
				t.Errorf("at the limit: got %s %v", a.raw, a.header)
			}
			wantWait(t, a, 60)
		})
	}
	t.Run("AnotherPayoutHasItsOwn", func(t *testing.T) { s.wantError(s.status("order-2"), http.StatusNotFound, "not_found") })
	t.Run("TheMerchantsTotalHolds", func(t *testing.T) {
		s.wantError(s.status("order-3"), http.StatusNotFound, "not_found")
		s.wantError(s.status("order-4"), http.StatusTooManyRequests, "rate_limited")
	})
	t.Run("WrongSignsUseNothingUp", func(t *testing.T) {
		_, keys := s.newMerchant("other", "100.0000")
		_, err := s.deps.Merchants.Set(t.Context(), "other", merchant.Change{Limits: map[merchant.LimitName]ratelimit.Limit{merchant.LimitCreate: slow}})
		must(t, err)
		for range 3 {
			s.call(http.MethodPost, "/api/merchant/other/create_pay_out/", payoutBody("order-1", nil).sign("x"), nil)
		}
		s.wantOK(s.call(http.MethodPost, "/api/merchant/other/create_pay_out/", payoutBody("order-1", nil).sign(keys.SignKey), nil))
	})
}

func TestLimitsThatAreOffSendNoHeaders(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.set(merchant.Change{Limits: map[merchant.LimitName]ratelimit.Limit{merchant.LimitCreate: {}}})
	a := s.created("order-1")
	if a.header.Get("RateLimit") != "" || a.header.Get("RateLimit-Policy") != "" {
		t.Errorf("got %v", a.header)
	}
}
