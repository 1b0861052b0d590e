package devmode_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/devmode"
	"disburse/gateway/merchant"
	"disburse/signing"
)

// sendersFunc is Senders by one function.
type sendersFunc func(ctx context.Context, webhookID string) ([]merchant.Merchant, error)

func (f sendersFunc) Of(ctx context.Context, webhookID string) ([]merchant.Merchant, error) {
	return f(ctx, webhookID)
}

var _ devmode.Senders = sendersFunc(nil)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// party is a merchant with two keys of each kind, the newest first.
func party(name string, form signing.Form) merchant.Merchant {
	return merchant.Merchant{
		Name: name, StandartSign: form,
		SignKeys:       []string{name + "-new", name + "-old"},
		WebhookSecrets: []string{signing.NewSecret(), signing.NewSecret()},
	}
}

func newInspector(t *testing.T, senders sendersFunc) http.Handler {
	t.Helper()
	return devmode.NewInspector(devmode.InspectorOptions{
		Merchants: senders, URL: "http://inspector.test", Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return now },
	}).Handler()
}

func known(all ...merchant.Merchant) sendersFunc {
	return func(context.Context, string) ([]merchant.Merchant, error) { return all, nil }
}

func request(t *testing.T, h http.Handler, method, target, body string, headers signing.Headers) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if headers.Present() {
		headers.Apply(r.Header.Set)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// received is one item of GET /received.
type received struct {
	Path           string            `json:"path"`
	Headers        map[string]string `json:"headers"`
	Body           json.RawMessage   `json:"body"`
	StandartSign   bool              `json:"standart_sign_valid"`
	Webhook        bool              `json:"webhook_signature_valid"`
	ReceivedAt     time.Time         `json:"received_at"`
	Merchant       string            `json:"merchant"`
	AnsweredStatus int               `json:"answered_status"`
}

func listed(t *testing.T, h http.Handler, query string) []received {
	t.Helper()
	w := request(t, h, http.MethodGet, "/received"+query, "", signing.Headers{})
	var list []received
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK || list == nil {
		t.Fatalf("got %d %s, %v", w.Code, w.Body, err)
	}
	return list
}

func signed(t *testing.T, secret, body string, at time.Time) signing.Headers {
	t.Helper()
	h, err := signing.Sign([]string{secret}, "evt_1", at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	demo, other := party("demo", signing.OrderKey), party("other", signing.MerchantOrderKey)
	body := func(sign string) string { return `{"order_id":"o-1","standart_sign":"` + sign + `"}` }
	sign := func(m merchant.Merchant, key int) string {
		return signing.StandartSign(m.StandartSign, m.Name, "o-1", m.SignKeys[key])
	}
	tests := []struct {
		name     string
		from     sendersFunc
		body     string
		secret   string
		at       time.Time
		standart bool
		webhook  bool
		merchant string
	}{
		{"BothValid", known(demo), body(sign(demo, 0)), demo.WebhookSecrets[0], now, true, true, "demo"},
		{"OlderKeysStillVerify", known(demo), body(sign(demo, 1)), demo.WebhookSecrets[1], now, true, true, "demo"},
		{"UpperCaseHexVerifies", known(demo), body(strings.ToUpper(sign(demo, 0))), "", now, true, false, "demo"},
		{"FormOfTheMerchant", known(other), body(sign(other, 0)), other.WebhookSecrets[0], now, true, true, "other"},
		{"AmongSeveralMerchants", known(demo, other), body(sign(other, 0)), other.WebhookSecrets[0], now, true, true, "other"},
		{"SignedWithAnothersKeys", known(demo), body(sign(other, 0)), other.WebhookSecrets[0], now, false, false, "demo"},
		{"NoSignatures", known(demo), body(""), "", now, false, false, "demo"},
		{"WrongSign", known(demo), body(strings.Repeat("0", 64)), demo.WebhookSecrets[0], now, false, true, "demo"},
		{"StaleWebhook", known(demo), body(sign(demo, 0)), demo.WebhookSecrets[0], now.Add(-signing.Tolerance - time.Second), true, false, "demo"},
		{"SignOfAnotherType", known(demo), `{"order_id":"o-1","standart_sign":5}`, "", now, false, false, "demo"},
		{"SenderCannotBeLookedUp", func(context.Context, string) ([]merchant.Merchant, error) { return nil, errors.New("database away") }, body(sign(demo, 0)), demo.WebhookSecrets[0], now, false, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newInspector(t, tt.from)
			var headers signing.Headers
			if tt.secret != "" {
				headers = signed(t, tt.secret, tt.body, tt.at)
			}
			if w := request(t, h, http.MethodPost, "/hook/a/b", tt.body, headers); w.Code != http.StatusOK {
				t.Fatalf("hook: got %d %s", w.Code, w.Body)
			}
			got := listed(t, h, "?order_id=o-1")
			if len(got) != 1 {
				t.Fatalf("got %d deliveries", len(got))
			}
			if got[0].StandartSign != tt.standart || got[0].Webhook != tt.webhook || got[0].Merchant != tt.merchant {
				t.Errorf("got %+v, want %v %v of %q", got[0], tt.standart, tt.webhook, tt.merchant)
			}
			if diff := cmp.Diff(tt.body, string(got[0].Body)); diff != "" {
				t.Errorf("body (-sent +listed):\n%s", diff)
			}
			if got[0].Path != "/hook/a/b" || !got[0].ReceivedAt.Equal(now) || (tt.secret != "" && got[0].Headers["webhook-id"] != "evt_1") {
				t.Errorf("got %+v", got[0])
			}
		})
	}
}

func TestReceived(t *testing.T) {
	t.Parallel()
	t.Run("KeepsTheLastThousand", func(t *testing.T) {
		t.Parallel()
		h := newInspector(t, known())
		for n := range 1005 {
			request(t, h, http.MethodPost, "/hook/x", fmt.Sprintf(`{"order_id":"o-%d"}`, n), signing.Headers{})
		}
		all := listed(t, h, "")
		if len(all) != 1000 || string(all[0].Body) != `{"order_id":"o-5"}` || string(all[999].Body) != `{"order_id":"o-1004"}` {
			t.Errorf("got %d from %s", len(all), all[0].Body)
		}
		if none := listed(t, h, "?order_id=o-4"); len(none) != 0 {
			t.Errorf("got %d of an order that was dropped", len(none))
		}
	})
	t.Run("TextIsAJSONString", func(t *testing.T) {
		t.Parallel()
		h := newInspector(t, known())
		request(t, h, http.MethodPost, "/hook/", "no <json>", signing.Headers{})
		if got := string(listed(t, h, "")[0].Body); got != `"no \u003cjson\u003e"` && got != `"no <json>"` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("ErrTooLarge", func(t *testing.T) {
		t.Parallel()
		h := newInspector(t, known())
		w := request(t, h, http.MethodPost, "/hook/x", strings.Repeat("x", 257<<10), signing.Headers{})
		if w.Code != http.StatusRequestEntityTooLarge || len(listed(t, h, "")) != 0 {
			t.Errorf("got %d", w.Code)
		}
	})
	t.Run("ErrMethod", func(t *testing.T) {
		t.Parallel()
		if w := request(t, newInspector(t, known()), http.MethodGet, "/hook/x", "", signing.Headers{}); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("got %d", w.Code)
		}
	})
}

func TestBehaviour(t *testing.T) {
	t.Parallel()
	post := func(t *testing.T, h http.Handler, path, body string) int {
		t.Helper()
		return request(t, h, http.MethodPost, path, body, signing.Headers{}).Code
	}
	t.Run("AnswersSoManyTimesThenWell", func(t *testing.T) {
		t.Parallel()
		h := newInspector(t, known())
		if code := post(t, h, "/behaviour", `{"path":"/hook/x","status":503,"times":2,"delay_ms":0}`); code != http.StatusOK {
			t.Fatalf("got %d", code)
		}
		got := []int{post(t, h, "/hook/y", "{}"), post(t, h, "/hook/x", "{}"), post(t, h, "/hook/x", "{}"), post(t, h, "/hook/x", "{}")}
		if diff := cmp.Diff([]int{200, 503, 503, 200}, got); diff != "" {
			t.Error(diff)
		}
		if answered := listed(t, h, "")[1].AnsweredStatus; answered != 503 {
			t.Errorf("listed %d", answered)
		}
	})
	t.Run("NoTimesClears", func(t *testing.T) {
		t.Parallel()
		h := newInspector(t, known())
		post(t, h, "/behaviour", `{"path":"/hook/x","status":500,"times":9}`)
		post(t, h, "/behaviour", `{"path":"/hook/x","times":0}`)
		if code := post(t, h, "/hook/x", "{}"); code != http.StatusOK {
			t.Errorf("got %d", code)
		}
	})
	t.Run("RedirectsToAHookOfItsOwn", func(t *testing.T) {
		t.Parallel()
		h := newInspector(t, known())
		post(t, h, "/behaviour", `{"path":"/hook/x","status":307,"times":1}`)
		w := request(t, h, http.MethodPost, "/hook/x", "{}", signing.Headers{})
		if w.Code != 307 || w.Header().Get("Location") != "http://inspector.test/hook/redirected" {
			t.Errorf("got %d to %q", w.Code, w.Header().Get("Location"))
		}
	})
	t.Run("DelayEndsWithTheInspector", func(t *testing.T) {
		t.Parallel()
		inspector := devmode.NewInspector(devmode.InspectorOptions{Merchants: known(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		inspector.Serve(listener)
		url := "http://" + listener.Addr().String()
		send(t, url+"/behaviour", `{"path":"/hook/x","status":200,"times":1,"delay_ms":600000}`)
		done := make(chan struct{})
		go func() {
			defer close(done)
			send(t, url+"/hook/x", "{}")
		}()
		for len(listed(t, inspector.Handler(), "")) == 0 {
			time.Sleep(time.Millisecond)
		}
		if err := inspector.Close(t.Context()); err != nil {
			t.Error(err)
		}
		<-done
	})
	for name, body := range map[string]string{
		"NoJSON": `path=/hook/x`, "NoPath": `{"times":1}`, "OtherPath": `{"path":"/received","times":1}`, "NoTimes": `{"path":"/hook/x"}`,
		"NegativeTimes": `{"path":"/hook/x","times":-1}`, "TooManyTimes": `{"path":"/hook/x","times":1000001}`,
		"BadStatus": `{"path":"/hook/x","times":1,"status":99}`, "TextStatus": `{"path":"/hook/x","times":1,"status":"500"}`,
		"NegativeDelay": `{"path":"/hook/x","times":1,"delay_ms":-1}`, "EndlessDelay": `{"path":"/hook/x","times":1,"delay_ms":600001}`,
		"UnknownField": `{"path":"/hook/x","times":1,"delay":5}`, "TwoObjects": `{"path":"/hook/x","times":1}{}`, "Empty": ``,
	} {
		t.Run("Err"+name, func(t *testing.T) {
			t.Parallel()
			w := request(t, newInspector(t, known()), http.MethodPost, "/behaviour", body, signing.Headers{})
			var answer struct{ Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusBadRequest || answer.Error == "" {
				t.Errorf("got %d %s, %v", w.Code, w.Body, err)
			}
		})
	}
}

// send posts for real and ignores what comes of it.
func send(t *testing.T, url, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	response, err := http.DefaultClient.Do(r)
	if err == nil {
		response.Body.Close()
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	const card, phone, iban = "4111111111111234", "79161234567", "DE89370400440532013000"
	h := newInspector(t, known(party("demo", signing.OrderKey)))
	request(t, h, http.MethodPost, "/hook/demo", `{"order_id":"<o&1>","status":"successful","number_card":"`+card+`"}`, signing.Headers{})
	request(t, h, http.MethodPost, "/hook/demo", `{"order_id":"o-2","phone_number" : "`+phone+`","iban_number":"`+iban+`"}`, signing.Headers{})
	request(t, h, http.MethodPost, "/hook/demo", `card 4111 1111 1111 1234`, signing.Headers{})
	for _, target := range []string{"/", "/rows"} {
		w := request(t, h, http.MethodGet, target, "", signing.Headers{})
		page := w.Body.String()
		for _, secret := range []string{card, phone, iban, "4111 1111", "<o&1>"} {
			if strings.Contains(page, secret) {
				t.Errorf("%s shows %s", target, secret)
			}
		}
		for _, want := range []string{"••••••1234", "••••••4567", "••••••3000", "&lt;o&amp;1&gt;", "no order_id", "3 callbacks"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s", target, want)
			}
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("policy %q", policy)
		}
	}
	if page := request(t, h, http.MethodGet, "/?order_id=o-2", "", signing.Headers{}).Body.String(); !strings.Contains(page, "1 callback,") || strings.Contains(page, "o&amp;1") {
		t.Errorf("the page of one order:\n%s", page)
	}
	for target, media := range map[string]string{"/page.css": "text/css", "/page.js": "text/javascript"} {
		w := request(t, h, http.MethodGet, target, "", signing.Headers{})
		content, err := io.ReadAll(w.Body)
		if err != nil || w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), media) || len(content) == 0 {
			t.Errorf("%s: got %d %s", target, w.Code, w.Header())
		}
	}
}
