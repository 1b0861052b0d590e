package portal_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"disburse/gateway/fault"
	"disburse/gateway/payout"
	"disburse/signing"
)

var (
	shownBody = regexp.MustCompile(`(?s)-d '(\{.*?\})'</code>`)
	shownHead = regexp.MustCompile(`(webhook-[a-z]+): (\S+)`)
)

// exampleIn reads the request that a page shows.
func exampleIn(t *testing.T, page answer) payout.CreateRequest {
	t.Helper()
	page.has(t, http.StatusOK)
	found := shownBody.FindStringSubmatch(page.text)
	if found == nil {
		t.Fatalf("no request in %s", page.text)
	}
	var r payout.CreateRequest
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheExampleIsSignedAndMovesNoLiveMoney(t *testing.T) {
	t.Parallel()
	h := build(t)
	b := h.open(h.anna)
	page := b.get("/integration")
	r := exampleIn(t, page)
	if want := signing.PayoutSign(r.OrderID, r.FiatAmount, r.NumberCard, r.FiatCurrency, h.anna.keys.SignKey); r.Sign != want {
		t.Errorf("sign is %s, want %s", r.Sign, want)
	}
	page.has(t, http.StatusOK, signing.StandartSign(h.anna.merchant.StandartSign, "shop", r.OrderID, h.anna.keys.SignKey), publicURL+"/api/merchant/shop/create_pay_out/")
	page.lacks(t, h.anna.keys.SignKey, h.anna.keys.APIKey, h.anna.keys.WebhookSecret)

	var headers signing.Headers
	for _, line := range shownHead.FindAllStringSubmatch(html.UnescapeString(page.text), -1) {
		switch line[1] {
		case signing.HeaderID:
			headers.ID = line[2]
		case signing.HeaderTimestamp:
			headers.Timestamp = line[2]
		case signing.HeaderSignature:
			headers.Signature = line[2]
		}
	}
	if err := signing.Verify([]string{h.anna.keys.WebhookSecret}, headers, []byte(`{"order_id":"example-1"}`), time.Now(), signing.Tolerance); err != nil {
		t.Errorf("headers %+v: %v", headers, err)
	}

	m := must(h.deps.Directory.ByName(t.Context(), "shop"))
	_, _, err := h.deps.Payouts.Create(t.Context(), m, r)
	f := fault.From(err)
	if err == nil || f.Code != "invalid_request" || len(f.Fields) != 1 || f.Fields[0].Name != "fiat_amount" {
		t.Errorf("sending the live example: %v", err)
	}

	b.post("/sandbox/make", url.Values{}).has(t, http.StatusOK)
	page = b.get("/integration")
	r = exampleIn(t, page)
	m = must(h.deps.Directory.ByName(t.Context(), "shop-sandbox"))
	if want := signing.PayoutSign(r.OrderID, r.FiatAmount, r.NumberCard, r.FiatCurrency, m.SignKeys[0]); r.Sign != want || strings.Contains(page.text, m.SignKeys[0]) {
		t.Errorf("sign is %s, want %s", r.Sign, want)
	}
	if _, _, err := h.deps.Payouts.Create(t.Context(), m, r); err != nil {
		t.Errorf("sending the sandbox's example: %v", err)
	}
}

func TestTestCallback(t *testing.T) {
	t.Parallel()
	h := build(t)
	b := h.open(h.anna)
	b.post("/callbacks/test", url.Values{"url": {"ftp://shop.example.com"}}).has(t, http.StatusUnprocessableEntity, "is no address", `value="ftp://shop.example.com"`)
	a := b.post("/callbacks/test", url.Values{"url": {"https://shop.example.com"}, "merchant": {h.boris.merchant.ID}})
	if a.location != "/merchant/callbacks/evt_test" || len(h.tested) != 1 || h.tested[0] != h.anna.merchant.ID {
		t.Errorf("%d to %q, sent to %v", a.status, a.location, h.tested)
	}
}

func TestRussian(t *testing.T) {
	t.Parallel()
	h := build(t)
	p, c := h.ended(h.anna, "one")
	if _, err := h.db.Exec(t.Context(), `with tried as (update callback_deliveries set attempts = 1, last_error = 'connection_refused' where event_id = $1)
		insert into callback_attempts (event_id, number, started_at, duration_us, outcome, status, error, response)
		values ($1, 1, now(), 12000, 'unreachable', null, 'connection_refused', '')`, c.ID); err != nil {
		t.Fatal(err)
	}
	b := h.open(h.anna)
	b.do(http.MethodPost, "/look", url.Values{"lang": {"ru"}})
	b.get("/callbacks").has(t, http.StatusOK, "соединение отклонено")
	b.get("/callbacks/"+c.ID).has(t, http.StatusOK, "соединение отклонено", "12 мс")
	for _, path := range append(everyPage, "/payouts/"+p.ID, "/callbacks/"+c.ID) {
		page := b.get(path)
		page.has(t, http.StatusOK, `lang="ru"`)
		page.lacks(t, "Payouts", "Callbacks", "Statement", "Keys", "Overview", "Show<")
	}
}
