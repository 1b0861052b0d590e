package simulator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/simulator"
)

func serve(t *testing.T, s *simulator.Simulator) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server
}

// ask makes one request and gives status and body, empty when the connection is
// cut.
func ask(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, strings.TrimSpace(string(content))
}

func TestTheControlAddress(t *testing.T) {
	t.Parallel()
	server := serve(t, open(t, simulator.Options{Key: "secret"}))
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"OKSet", "POST", "/behaviour", `{"operation":"withdraw","outcome":"done_no_answer","times":2,"delay_ms":5}`, 200,
			`{"operation":"withdraw","outcome":"done_no_answer","times":2,"delay_ms":5}`},
		{"OKSetAnother", "POST", "/behaviour", `{"operation":"lookup","outcome":"late"}`, 200, `{"operation":"lookup","outcome":"late","times":1,"delay_ms":0}`},
		{"OKListed", "GET", "/behaviour", ``, 200,
			`[{"operation":"lookup","outcome":"late","times":1,"delay_ms":0},{"operation":"withdraw","outcome":"done_no_answer","times":2,"delay_ms":5}]`},
		{"OKClear", "POST", "/behaviour", `{"operation":"withdraw","outcome":"approve","times":0}`, 200, `{"operation":"withdraw","outcome":"approve","times":0,"delay_ms":0}`},
		{"OKClearBare", "POST", "/behaviour", `{"operation":"lookup","times":0}`, 200, `{"operation":"lookup","outcome":"","times":0,"delay_ms":0}`},
		{"OKNoneLeft", "GET", "/", ``, 200, `{"cards":[],"orders":[],"behaviours":[]}`},
		{"ErrOperation", "POST", "/behaviour", `{"operation":"spend","outcome":"approve","times":1}`, 400, `operation must be create, topup`},
		{"ErrUnknownField", "POST", "/behaviour", `{"operation":"topup","outcome":"approve","time":1}`, 400, `unknown field`},
		{"ErrNoJSON", "POST", "/behaviour", `topup`, 400, `the body must be like`},
		{"ErrTwo", "POST", "/behaviour", `{"operation":"topup","outcome":"approve"}{}`, 400, `one JSON object`},
		{"ErrTooLarge", "POST", "/behaviour", strings.Repeat(" ", 17<<10), 413, `too large`},
		{"ErrNoKey", "GET", "/v1/cards/x", ``, 401, `the key is missing or wrong`},
	} {
		t.Run(tc.name, func(t *testing.T) { // in order: the steps build on each other
			status, body := ask(t, tc.method, server.URL+tc.path, tc.body)
			if status != tc.status || (status == 200 && body != tc.want) || !strings.Contains(body, tc.want) {
				t.Errorf("got %d %s; want %d %s", status, body, tc.status, tc.want)
			}
		})
	}
}

// TestOrdersOverHTTP holds the simulator to the wire, to the letter.
func TestOrdersOverHTTP(t *testing.T) {
	t.Parallel()
	c := &clock{now: start}
	s := open(t, simulator.Options{Key: "secret", Now: c.tell})
	card := issue(t, s, "card", 10_000)
	server := serve(t, s)
	const end = `"not_after":"2026-03-04T05:06:17Z"`
	about := fmt.Sprintf(`{"id":%q,"status":"active","balance":"90.00","currency":"USD","last_four":%q,"category":"online",`+
		`"address":{"line1":"1 Sample Street","city":"Sheridan","state":"WY","country":"US","postal_code":"82801"}}`, card.CardID, card.LastFour)
	done := `{"key":"k-1","state":"done","card":` + about + `,"moved":"10.00","at":"2026-03-04T05:06:07Z"}`
	for _, tc := range []struct {
		name, method, path, key, body string
		status                        int
		want                          string
	}{
		{"Done", "POST", "/v1/cards/" + card.CardID + "/withdraw", "k-1", `{` + end + `,"amount":"10.00","currency":"USD"}`, 200, done},
		{"Again", "POST", "/v1/cards/" + card.CardID + "/withdraw", "k-1", `{` + end + `,"amount":"10.00","currency":"USD"}`, 200, done},
		{"Reused", "POST", "/v1/cards/" + card.CardID + "/withdraw", "k-1", `{` + end + `,"amount":"10.01","currency":"USD"}`, 409, `{"error":"key_reused","key":"k-1"}`},
		{"LookedUp", "GET", "/v1/orders/k-1", "", ``, 200, done},
		{"Card", "GET", "/v1/cards/" + card.CardID, "", ``, 200, about},
		{"Declined", "POST", "/v1/cards/" + card.CardID + "/withdraw", "k-2", `{` + end + `,"amount":"90.01","currency":"USD"}`, 422,
			`{"key":"k-2","state":"declined","reason":"The card holds less than that","at":"2026-03-04T05:06:07Z"}`},
		{"NotFound", "GET", "/v1/orders/k-3", "", ``, 200, `{"key":"k-3","state":"not_found","at":"2026-03-04T05:06:07Z"}`},
		{"NoCard", "GET", "/v1/cards/nobody", "", ``, 404, `{"error":"no_card"}`},
		{"TooLate", "POST", "/v1/cards/" + card.CardID + "/freeze", "k-4", `{"not_after":"2026-03-04T05:06:06.999Z"}`, 422,
			`{"key":"k-4","state":"declined","reason":"The order came too late","at":"2026-03-04T05:06:07Z"}`},
		{"NoKey", "POST", "/v1/cards/" + card.CardID + "/freeze", "", `{` + end + `}`, 400, `{"error":"Idempotency-Key must be 1 to 64 of A-Z, a-z, 0-9, _ and -"}`},
		{"NumberForAmount", "POST", "/v1/cards/" + card.CardID + "/topup", "k-5", `{` + end + `,"amount":10.00,"currency":"USD"}`, 400, ``},
		{"FineAmount", "POST", "/v1/cards/" + card.CardID + "/topup", "k-5", `{` + end + `,"amount":"10.001","currency":"USD"}`, 400, ``},
		{"UnknownField", "POST", "/v1/cards/" + card.CardID + "/topup", "k-5", `{` + end + `,"amount":"10.00","currency":"USD","tip":"1"}`, 400, ``},
		{"TwoBodies", "POST", "/v1/cards/" + card.CardID + "/freeze", "k-5", `{` + end + `}{}`, 400, ``},
		{"Nowhere", "POST", "/v1/cards/" + card.CardID + "/spend", "k-5", `{` + end + `}`, 404, ``},
	} {
		t.Run(tc.name, func(t *testing.T) { // in order: the steps build on each other
			status, body := ask(t, tc.method, server.URL+tc.path, tc.body, "Authorization", "Bearer secret", "Idempotency-Key", tc.key)
			if status != tc.status {
				t.Errorf("status %d, want %d: %s", status, tc.status, body)
			}
			if diff := cmp.Diff(tc.want, body); tc.want != "" && diff != "" {
				t.Errorf("the answer (-want +got):\n%s", diff)
			}
		})
	}
	holds(t, s, card.CardID, 9_000)
}

// TestAnAnswerThatNeverComesEndsWithTheServer: a stop must not wait for it.
func TestAnAnswerThatNeverComesEndsWithTheServer(t *testing.T) {
	t.Parallel()
	s := open(t, simulator.Options{})
	ctx, quit := context.WithCancel(t.Context())
	server := httptest.NewUnstartedServer(s.Handler())
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	t.Cleanup(server.Close)
	behave(t, s, simulator.Behaviour{Operation: simulator.Lookup, Outcome: simulator.NoAnswer, Times: 1})
	time.AfterFunc(10*time.Millisecond, quit)
	if status, body := ask(t, "GET", server.URL+"/v1/orders/k", ""); status != 0 {
		t.Errorf("got %d %s; want no answer", status, body)
	}
}

// TestTwiceIsTwoAnswersOnOneConnection reads the connection itself.
func TestTwiceIsTwoAnswersOnOneConnection(t *testing.T) {
	t.Parallel()
	s := open(t, simulator.Options{})
	behave(t, s, simulator.Behaviour{Operation: simulator.Lookup, Outcome: simulator.Twice, Times: 1})
	conn, err := net.Dial("tcp", strings.TrimPrefix(serve(t, s).URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /v1/orders/k HTTP/1.1\r\nHost: here\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	for i := range 2 {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		var answer struct{ State virtualcard.OrderState }
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.State != virtualcard.OrderNotFound {
			t.Errorf("answer %d: %+v, %v", i, answer, err)
		}
		response.Body.Close()
	}
	if _, err := reader.ReadByte(); err == nil {
		t.Error("the connection goes on")
	}
}
