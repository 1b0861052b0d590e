package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"disburse/gateway/virtualcard/simulator"
)

// amountIssues is what the issues of an amount are, by what was written.
func amountIssues(what, least string) map[string]string {
	const (
		inexact  = `{"code":"not_multiple_of","multipleOf":0.01,"message":"Number must be a multiple of 0.01","path":["amount"]}`
		exponent = `{"code":"invalid_type","expected":"number","received":"exponent","message":"Expected a number without an exponent","path":["amount"]}`
	)
	small := fmt.Sprintf(`{"code":"too_small","minimum":%s,"type":"number","inclusive":true,"exact":false,"message":"Minimum %s amount is %s.00","path":["amount"]}`, least, what, least)
	big := fmt.Sprintf(`{"code":"too_big","maximum":10000,"type":"number","inclusive":true,"exact":false,"message":"Maximum %s amount is 10000.00","path":["amount"]}`, what)
	wrong := func(received string) string {
		return fmt.Sprintf(`{"code":"invalid_type","expected":"number","received":%q,"message":"Expected number, received %s","path":["amount"]}`, received, received)
	}
	return map[string]string{
		"0.99": small, "10000.01": big, "1e1": exponent, "10.005": inexact,
		"1.005": map[string]string{"1": inexact, "5": small + "," + inexact}[least],
		"0":     small, "-1": small, "-0.001": small + "," + inexact, "0.994": small + "," + inexact, "10000.001": big + "," + inexact,
		"99999999999999999999": big, "1E1": exponent, "1e400": exponent, "10.000": inexact, "1.0e1": exponent,
		`"10"`: wrong("string"), "true": wrong("boolean"), "null": wrong("null"), "[10]": wrong("array"), `{"a":1}`: wrong("object"),
		`""`: wrong("string"),
	}
}

// TestPG70 refuses amounts that are too small, too big, too fine or not written
// as plain decimals, and says so field by field.
func TestPG70(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h := s.holder(t, 100, 50)
	for _, call := range []struct{ verb, what, least string }{{"/withdraw", "withdrawal", "1"}, {"/topup", "topup", "5"}} {
		for written, want := range amountIssues(call.what, call.least) {
			t.Run(call.what+" "+written, func(t *testing.T) {
				h := h
				h.t = t
				h.issues(h.post(h.path(call.verb), `{"amount":`+written+`}`), "["+want+"]")
			})
		}
	}
	h.get(h.path("")).amounts(t, map[string]string{"balance": "50.00"})
	h.get("/wallet/balance").amounts(t, map[string]string{"balance": "100.00"})
	if left := h.told(h.get("/cards/transactions?limit=100"), 200, "Card transactions retrieved successfully")["pagination"].(map[string]any)["total"]; left != 1.0 {
		t.Errorf("%v transactions, want the first balance alone", left)
	}
	for _, least := range []string{"1.00", "1", "1.0"} {
		h := s.holder(t, 0, 50)
		h.told(h.post(h.path("/withdraw"), `{"amount":`+least+`}`), 200, "Card withdrawal successful")
	}
}

func TestVirtualCardBodies(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h := s.holder(t, 100, 50)
	const (
		malformed = `[{"code":"custom","message":"Malformed JSON","path":[]}]`
		required  = `[{"code":"invalid_type","expected":"number","received":"undefined","message":"Required","path":["amount"]}]`
	)
	object := func(received string) string {
		return fmt.Sprintf(`[{"code":"invalid_type","expected":"object","received":%q,"message":"Expected object, received %s","path":[]}]`, received, received)
	}
	for body, want := range map[string]string{
		"": malformed, "{": malformed, `{"amount":10`: malformed, `{"amount":10}{}`: malformed, `{"amount":+1}`: malformed, `{"amount":01}`: malformed,
		`{"amount":NaN}`: malformed, `{"amount":0x1}`: malformed, `{"amount":1,00}`: malformed, `{"amount":１０}`: malformed, `{'amount':1}`: malformed,
		`{"amount":.5}`: malformed, `{"amount":5.}`: malformed, "{\"amount\":10,\"x\":\"\xff\"}": malformed,
		"[]": object("array"), "10": object("number"), `"x"`: object("string"), "null": object("null"), "true": object("boolean"),
		"{}": required, `{"colour":1}`: required,
		`{"amount":10,"amount":10}`:       `[{"code":"custom","message":"is given more than once","path":["amount"]}]`,
		`{"Amount":10}`:                   `[{"code":"custom","message":"Must be written as amount","path":["amount"]}]`,
		`{"amount":10,"x":{"a":1,"a":2}}`: `[{"code":"custom","message":"is given more than once","path":["x","a"]}]`,
	} {
		h.issues(h.post(h.path("/withdraw"), body), want)
		h.issues(h.post(h.path("/topup"), body), want)
	}
	h.issues(h.call(http.MethodPatch, h.path("/close"), `[]`), `[{"code":"custom","message":"must be a JSON object","path":[]}]`)
	h.issues(h.post(h.path("/withdraw"), `{"amount":10}`, header{"Idempotency-Key": strings.Repeat("k", 256)}),
		`[{"code":"custom","message":"must be given once, with 1 to 255 characters","path":["Idempotency-Key"]}]`)

	text := `"expected":"string","received":"number","message":"Expected string, received number"`
	h.issues(h.post("/cards", `{"bin_id":1,"name":"","planId":1.5,"coupon_id":7}`), `[{"code":"invalid_type",`+text+`,"path":["bin_id"]},`+
		`{"code":"too_small","minimum":1,"type":"string","inclusive":true,"exact":false,"message":"String must contain at least 1 character(s)","path":["name"]},`+
		`{"code":"invalid_type","expected":"integer","received":"float","message":"Expected integer, received float","path":["planId"]},`+
		`{"code":"invalid_type",`+text+`,"path":["coupon_id"]}]`)
	h.issues(h.post("/cards", fields{"bin_id": h.bin(false), "name": strings.Repeat("ы", 256), "planid": 1}),
		`[{"code":"custom","message":"Must be written as planId","path":["planId"]}]`)
	h.issues(h.post("/cards", fields{"bin_id": h.bin(false), "name": strings.Repeat("ы", 256), "planId": 1}),
		`[{"code":"too_big","maximum":255,"type":"string","inclusive":true,"exact":false,"message":"String must contain at most 255 character(s)","path":["name"]}]`)
	h.told(h.post("/cards", fields{"bin_id": h.bin(true), "name": strings.Repeat("ы", 255), "planId": 1, "coupon_id": nil}), 201, "Card created successfully")
}

func TestVirtualCardPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h := s.holder(t, 0, 0)
	bound := func(code, side, value, name string) string {
		than := map[string]string{"minimum": "greater", "maximum": "less"}[side]
		return fmt.Sprintf(`{"code":%q,%q:%s,"type":"number","inclusive":true,"exact":false,"message":"Number must be %s than or equal to %s","path":[%q]}`,
			code, side, value, than, value, name)
	}
	wrong := func(name string) string {
		return fmt.Sprintf(`{"code":"invalid_type","expected":"integer","received":"string","message":"Expected integer, received string","path":[%q]}`, name)
	}
	for query, want := range map[string]string{
		"page=0": bound("too_small", "minimum", "1", "page"), "page=-1": bound("too_small", "minimum", "1", "page"),
		"page=100001": bound("too_big", "maximum", "100000", "page"), "limit=0": bound("too_small", "minimum", "1", "limit"),
		"limit=101": bound("too_big", "maximum", "100", "limit"), "page=x": wrong("page"), "page=1.0": wrong("page"), "limit=1e1": wrong("limit"),
		"limit=%2B1": wrong("limit"), "page=99999999999999999999": wrong("page"), "page=0&limit=x": bound("too_small", "minimum", "1", "page") + "," + wrong("limit"),
		"card_id=%ff": `{"code":"custom","message":"must be text of at most 255 characters","path":["card_id"]}`,
	} {
		h.issues(h.get("/cards/transactions?"+query), "["+want+"]")
	}
	p := s.person(t, 0)
	empty := p.told(p.get("/cards/transactions"), 200, "Card transactions retrieved successfully")["pagination"].(map[string]any)
	if empty["page"] != 1.0 || empty["limit"] != 20.0 || empty["total"] != 0.0 || empty["hasNext"] != false || empty["hasPrev"] != false {
		t.Errorf("pagination: %v", empty)
	}
	p.told(p.get("/cards/transactions?page=100000&limit=100"), 200, "Card transactions retrieved successfully")
}

// TestVirtualCardsKeepKeys repeats requests with their key.
func TestVirtualCardsKeepKeys(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h := s.holder(t, 1000, 50)
	plain := func(a answer) string {
		text, _, _ := strings.Cut(string(a.raw), `,"timestamp":`)
		return fmt.Sprint(a.status, text)
	}
	for path, body := range map[string]string{
		h.path("/withdraw"): `{"amount":10}`, h.path("/topup"): `{"amount":10}`,
		"/cards": fmt.Sprintf(`{"bin_id":%q,"name":"Travel","planId":1}`, h.bin(true)),
	} {
		key := header{"Idempotency-Key": "key"}
		twins := make([]answer, 6)
		var sent sync.WaitGroup
		for i := range twins {
			sent.Go(func() { twins[i] = h.post(path, body, key) })
		}
		sent.Wait()
		for _, a := range append(twins, h.post(path, " "+strings.Replace(body, "{", `{"unknown":7,`, 1), key)) {
			if a.status >= 300 || plain(a) != plain(twins[0]) {
				t.Errorf("%s: got %d %s and %s", path, a.status, a.raw, twins[0].raw)
			}
		}
	}
	other := s.holder(t, 0, 50)
	other.told(other.post(other.path("/withdraw"), `{"amount":10}`, header{"Idempotency-Key": "key"}), 200, "Card withdrawal successful")
	h.get("/wallet/balance").amounts(t, map[string]string{"balance": "989.90"}) // 1000 + 10 - 10.10 - 10

	second, err := s.deps.VirtualCards.Issue(t.Context(), h.id, mustUSD(50))
	must(t, err)
	h.denied(h.post("/cards/"+second.ID+"/withdraw", `{"amount":10}`, header{"Idempotency-Key": "key"}), 409, "the Idempotency-Key was used with another request")
	t.Run("RefusalsLeaveItFree", func(t *testing.T) {
		key := header{"Idempotency-Key": "declined"}
		s.provider(t, simulator.TopUp, simulator.Decline)
		h.denied(h.post(h.path("/topup"), `{"amount":20}`, key), 400, "The card provider declined the operation")
		h.told(h.post(h.path("/topup"), `{"amount":20}`, key), 200, "Card topped up successfully")
	})
}

// FuzzWithdrawal sends anything as the body of a withdrawal and wants an answer
// of the contract: never a 500.
func FuzzWithdrawal(f *testing.F) {
	s := newStack(f)
	h := s.holder(f, 0, 50)
	for _, seed := range []string{`{"amount":10}`, `{"amount":0.5}`, `{"amount":1e400}`, `{"amount":null}`, `{"amount":10,"amount":1}`, `[]`, ``, "{\"\xff\":1}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1"+h.path("/withdraw"), strings.NewReader(string(raw)))
		must(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+h.token)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		if res.StatusCode >= http.StatusInternalServerError || !strings.Contains(string(body), `"success":`) {
			t.Errorf("%q: got %d %s", raw, res.StatusCode, body)
		}
	})
}
