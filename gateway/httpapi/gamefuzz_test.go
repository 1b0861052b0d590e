package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzGame sends anything as the body of each call, well signed, and wants an
// answer of the contract: 200 with a balance, or a 400, and never a 500.
func FuzzGame(f *testing.F) {
	s := newStack(f)
	g := s.gamer(f, "")
	calls := []string{"balance", "withdraw", "deposit", "rollback"}
	f.Add(0, []byte(g.body(g.seat(), nil)))
	f.Add(1, []byte(g.body(g.betBody("w-1", "0.01"), nil)))
	f.Add(2, []byte(g.body(g.winBody("d-1", "w-1", "0.02"), nil)))
	f.Add(3, []byte(g.body(g.undoBody("rb-1", "w-2"), nil)))
	for i, seed := range []string{
		``, `{}`, `[]`, `{"playerId":"a\u0000b"}`, `{"amount":1e400}`, "{\"gameId\":\"\xff\"}", `{"amount":-9223372036854775808,"cashAmount":0}`,
		`{"currency":"ſek"}`, `{"transactionId":"\ud800"}`, `{"isGameRoundFinished":null,"jackpotAmount":{}}`,
	} {
		f.Add(i, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, call int, raw []byte) {
		path := "/wallet/" + calls[uint(call)%4]
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(string(raw)))
		must(t, err)
		req.Header.Set("Content-Type", "application/json")
		for name, value := range g.sign(path, string(raw)) {
			req.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		defer res.Body.Close()
		a := answer{status: res.StatusCode, header: res.Header}
		a.raw, err = io.ReadAll(res.Body)
		must(t, err)
		must(t, json.Unmarshal(a.raw, &a.body))
		switch {
		case a.status == http.StatusOK && a.text("currency") == "RUB" && len(a.body) == 2:
		case a.status == http.StatusBadRequest && strings.HasPrefix(a.text("code"), "ERROR_") && a.text("traceId") == a.header.Get("X-Request-Id"):
		case a.status == http.StatusRequestEntityTooLarge && len(raw) > 64<<10:
		default:
			t.Errorf("%s %q: got %d %s", path, raw, a.status, a.raw)
		}
	})
}
