package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway"
	"disburse/gateway/operator"
	"disburse/ledger"
	"disburse/ratelimit/redistest"
)

// seenWithin is how soon a running gateway must know of a change.
const seenWithin = 5 * time.Second

// serve starts another process's gateway on the site, as far as a test can.
func (s *site) serve() (base string) {
	s.t.Helper()
	cfg := s.cfg
	cfg.RedisURL, cfg.Listen = redistest.URL(s.t), "127.0.0.1:0"
	app, err := gateway.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := app.Close(s.t.Context()); err != nil {
			s.t.Errorf("close: %v", err)
		}
	})
	if err := app.Start(s.t.Context(), gateway.API); err != nil {
		s.t.Fatal(err)
	}
	return "http://" + app.Address()
}

// get asks with one header and returns the status and the body.
func get(t *testing.T, url, header, value string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(header, value)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// pace is slow enough that looking does not count as guessing keys: ten
// failures shut a caller out.
const pace = 700 * time.Millisecond

// becomes polls until holds, which must be soon.
func becomes(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(seenWithin)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("the running gateway did not see within %s: %s", seenWithin, what)
		}
		time.Sleep(pace)
	}
}

func TestARunningGatewaySeesEveryChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	base := s.serve()
	// The gateway has looked by now, and found nobody.
	if status, _ := get(t, base+"/api/merchant/somebody/status", "X-Api-Key", "none"); status != http.StatusUnauthorized {
		t.Fatalf("status %d for a merchant that is not there", status)
	}
	made := s.object("merchant", "create", "acme")
	key := text(t, made, "api_key")
	answers := func(want int, key string) func() bool {
		return func() bool {
			status, _ := get(t, base+"/api/merchant/acme/status", "X-Api-Key", key)
			return status == want
		}
	}
	becomes(t, "a new merchant", answers(http.StatusOK, key))
	s.ok("merchant", "set", "acme", "--limit", "status=1/h:1")
	becomes(t, "a limit", answers(http.StatusTooManyRequests, key))
	s.ok("merchant", "set", "acme", "--limit", "off")
	becomes(t, "no limit", answers(http.StatusOK, key))
	s.ok("merchant", "topup", "acme", "12.5", "--ref", "one")
	_, body := get(t, base+"/api/merchant/acme/status", "X-Api-Key", key)
	says(t, string(body), "12.5")
	rotated := s.object("merchant", "rotate-keys", "acme", "--only", "api", "--grace", "0s")
	becomes(t, "that the old key ended", answers(http.StatusUnauthorized, key))
	becomes(t, "a new key", answers(http.StatusOK, text(t, rotated, "api_key")))
	s.ok("merchant", "disable", "acme")
	becomes(t, "a disabled merchant", answers(http.StatusUnauthorized, text(t, rotated, "api_key")))
	s.ok("merchant", "enable", "acme")
	becomes(t, "an enabled merchant", answers(http.StatusOK, text(t, rotated, "api_key")))

	token := text(t, s.object("operator", "create", "--email", "ann@desk.example", "--role", "approver"), "token")
	desk := func(want int) func() bool {
		return func() bool {
			status, _ := get(t, base+"/api/operator/rates", "Authorization", "Bearer "+token)
			return status == want
		}
	}
	becomes(t, "a new operator", desk(http.StatusOK))
	s.ok("rate", "set", "rub", "97.1234")
	becomes(t, "a rate", func() bool {
		_, body := get(t, base+"/api/operator/rates", "Authorization", "Bearer "+token)
		var page struct{ Items []struct{ Rate string } }
		return json.Unmarshal(body, &page) == nil && len(page.Items) == 1 && page.Items[0].Rate == "97.1234"
	})
	s.ok("operator", "disable", "ann@desk.example")
	becomes(t, "a disabled operator", desk(http.StatusUnauthorized))
}

// TestJSONIsThatOfTheAPI holds the two views of one thing together.
func TestJSONIsThatOfTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("acme", ledger.Live)
	p := s.payout("acme", "order-1")
	s.ok("payout", "complete", p.ID, "--note", "paid")
	s.ok("capacity", "set", "rub/sbp", "--max-open", "5")
	made, err := s.app.Operators.Create(t.Context(), operator.NewOperator{Email: "ann@desk.example", Role: operator.RoleAdmin})
	if err != nil {
		t.Fatal(err)
	}
	base := s.serve()
	callback := text(t, s.items("callback", "list")[0], "id")
	account := s.items("ledger", "accounts")[0]["id"].(float64)
	tests := []struct {
		path string
		args []string
	}{
		{"/merchants", []string{"merchant", "list"}},
		{"/merchants/acme", []string{"merchant", "show", "acme"}},
		{"/payouts", []string{"payout", "list"}},
		{"/payouts/" + p.ID, []string{"payout", "show", p.ID}},
		{"/callbacks", []string{"callback", "list"}},
		{"/callbacks/" + callback, []string{"callback", "show", callback}},
		{"/ledger/accounts", []string{"ledger", "accounts"}},
		{"/ledger/accounts/" + jsonText(account) + "/statement", []string{"ledger", "statement", jsonText(account)}},
		{"/capacity", []string{"capacity", "list"}},
	}
	for _, tt := range tests {
		status, body := get(t, base+"/api/operator"+tt.path, "Authorization", "Bearer "+string(made.Token))
		var want map[string]any
		if err := json.Unmarshal(body, &want); err != nil || status != http.StatusOK {
			t.Fatalf("%s: status %d, %v: %s", tt.path, status, err, body)
		}
		if diff := cmp.Diff(want, s.object(tt.args...)); diff != "" {
			t.Errorf("%v against %s (-API +command line):\n%s", tt.args, tt.path, diff)
		}
	}
}

func jsonText(v any) string {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}
