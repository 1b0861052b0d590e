package httpprovider_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/httpprovider"
	"disburse/ledger/money"
)

const bearer = "key-that-nobody-may-read"

var (
	now      = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	notAfter = now.Add(10 * time.Second)
)

func usd(cents int64) money.Money { return money.New(cents, "USD") }

// provider asks a server by a clock that stands still.
func provider(t *testing.T, url string, timeout time.Duration) *httpprovider.Provider {
	t.Helper()
	p, err := httpprovider.New(httpprovider.Options{URL: url, Key: bearer, Timeout: timeout, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// answering is a provider behind which a handler answers.
func answering(t *testing.T, h http.HandlerFunc) *httpprovider.Provider {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return provider(t, server.URL, 0)
}

func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func withdrawal(cents int64) virtualcard.Move {
	return virtualcard.Move{Key: "k-1", NotAfter: notAfter, CardID: "c_1", Amount: usd(cents)}
}

// doneBody is an answer to withdrawal(1000), with parts replaced.
func doneBody(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{"key":"k-1","state":"done","moved":"10.00","at":"2026-03-04T05:06:08Z","card":` + cardBody + `}`)
}

const cardBody = `{"id":"c_1","status":"active","balance":"5.00","currency":"USD","last_four":"1249","category":"wallet",
	"address":{"line1":"1 Street","city":"Town","state":"WY","country":"US","postal_code":"82801"},"later":"more"}`

var account = virtualcard.Account{
	CardID: "c_1", Status: virtualcard.AccountActive, Balance: usd(500), LastFour: "1249", Category: "wallet",
	Address: virtualcard.Address{Line1: "1 Street", City: "Town", State: "WY", Country: "US", PostalCode: "82801"},
}

var asText = cmp.Comparer(func(a, b money.Money) bool { return a == b })

// TestRequests holds what is sent to the letter.
func TestRequests(t *testing.T) {
	t.Parallel()
	change := virtualcard.Change{Key: "k-1", NotAfter: notAfter, CardID: "c_1"}
	const end = `"not_after":"2026-03-04T05:06:17Z"`
	for name, tc := range map[string]struct {
		call func(context.Context, *httpprovider.Provider)
		line string
		key  string
		body string
	}{
		"Create": {func(ctx context.Context, p *httpprovider.Provider) {
			_, _ = p.Create(ctx, virtualcard.CreateOrder{Key: "k-1", NotAfter: notAfter, BIN: "555555", Name: "Ä", Initial: usd(0)})
		}, "POST /v1/cards", "k-1", `{` + end + `,"bin":"555555","name":"Ä","amount":"0.00","currency":"USD"}`},
		"TopUp": {func(ctx context.Context, p *httpprovider.Provider) { _, _ = p.TopUp(ctx, withdrawal(123456)) },
			"POST /v1/cards/c_1/topup", "k-1", `{` + end + `,"amount":"1234.56","currency":"USD"}`},
		"Withdraw": {func(ctx context.Context, p *httpprovider.Provider) { _, _ = p.Withdraw(ctx, withdrawal(5)) },
			"POST /v1/cards/c_1/withdraw", "k-1", `{` + end + `,"amount":"0.05","currency":"USD"}`},
		"Freeze":   {func(ctx context.Context, p *httpprovider.Provider) { _, _ = p.Freeze(ctx, change) }, "POST /v1/cards/c_1/freeze", "k-1", `{` + end + `}`},
		"Unfreeze": {func(ctx context.Context, p *httpprovider.Provider) { _, _ = p.Unfreeze(ctx, change) }, "POST /v1/cards/c_1/unfreeze", "k-1", `{` + end + `}`},
		"Close":    {func(ctx context.Context, p *httpprovider.Provider) { _, _ = p.Close(ctx, change) }, "POST /v1/cards/c_1/close", "k-1", `{` + end + `}`},
		"Card":     {func(ctx context.Context, p *httpprovider.Provider) { _, _ = p.Card(ctx, "c_1") }, "GET /v1/cards/c_1", "", ""},
		"Lookup":   {func(ctx context.Context, p *httpprovider.Provider) { _, _ = p.Lookup(ctx, "k-1") }, "GET /v1/orders/k-1", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 2)
			tc.call(t.Context(), answering(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got <- fmt.Sprintf("%s %s\n%s\n%s\n%s", r.Method, r.URL, r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), body)
			}))
			want := fmt.Sprintf("%s\nBearer %s\n%s\n%s", tc.line, bearer, tc.key, tc.body)
			if diff := cmp.Diff(want, <-got); diff != "" {
				t.Errorf("the request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAnswerThatAgreesEndsTheOrder(t *testing.T) {
	t.Parallel()
	got, err := answering(t, always(200, doneBody())).Withdraw(t.Context(), withdrawal(1000))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(account, got, asText); diff != "" {
		t.Errorf("the card (-want +got):\n%s", diff)
	}
}

// TestWhatEndsNoOrder is the answers that come back from something that is not
// the provider, or is about something else, or contradicts what was asked.
func TestWhatEndsNoOrder(t *testing.T) {
	t.Parallel()
	const refusal = `{"key":"k-1","state":"declined","reason":"no"}`
	for name, tc := range map[string]struct {
		status int
		body   string
	}{
		"Empty": {200, ""}, "NoJSON": {200, "<html>ok</html>"}, "HalfJSON": {200, doneBody()[:60]}, "TwoJSON": {200, doneBody() + doneBody()},
		"NoState": {200, doneBody(`"done"`, `""`)}, "OtherState": {200, doneBody(`"done"`, `"settled"`)},
		"OtherKey": {200, doneBody("k-1", "k-2")}, "NoKey": {200, doneBody(`"k-1"`, `""`)},
		"OtherCard": {200, doneBody("c_1", "c_2")}, "NoCard": {200, `{"key":"k-1","state":"done","moved":"10.00"}`},
		"OtherAmount": {200, doneBody(`"10.00"`, `"10.01"`)}, "NoAmount": {200, doneBody(`"10.00"`, `""`)}, "AmountIsANumber": {200, doneBody(`"10.00"`, `10.00`)},
		"AmountInOtherMoney": {200, doneBody(`"USD"`, `"EUR"`)}, "NoMoneyKnown": {200, doneBody(`"USD"`, `"XXL"`)},
		"NegativeBalance": {200, doneBody(`"5.00"`, `"-5.00"`)}, "Exponent": {200, doneBody(`"5.00"`, `"5e2"`)},
		"LongNumberForLastFour": {200, doneBody(`"1249"`, `"4276345439581249"`)}, "OtherCategory": {200, doneBody(`"wallet"`, `"gold"`)},
		"OtherStatus": {200, doneBody(`"active"`, `"fine"`)}, "BadCardID": {200, doneBody("c_1", "c/1")},
		"Accepted":     {202, `{"key":"k-1","state":"pending"}`},
		"Pending":      {200, `{"key":"k-1","state":"pending"}`},
		"NotFound":     {200, `{"key":"k-1","state":"not_found","at":"2026-03-04T05:06:08Z"}`},
		"NotFound404":  {404, `{"key":"k-1","state":"not_found","at":"2026-03-04T05:06:08Z"}`},
		"DoneBy500":    {500, doneBody()},
		"DoneBy201":    {201, doneBody()},
		"RefusalBy200": {200, refusal}, "RefusalBy400": {400, refusal}, "RefusalBy500": {503, refusal},
		"RefusalOfAnother": {422, strings.ReplaceAll(refusal, "k-1", "k-2")}, "RefusalOfNone": {422, `{"state":"declined","reason":"no"}`},
		"Bare422": {422, ""}, "Bare400": {400, `{"error":"no"}`}, "Bare401": {401, `{"error":"no"}`}, "Bare404": {404, `{"error":"no_card"}`},
		"Bare409": {409, ""}, "ReuseOfAnother": {409, `{"error":"key_reused","key":"k-2"}`}, "Bare429": {429, ""}, "Bare503": {503, "busy"},
		"TooLong": {200, strings.Replace(doneBody(), `"later":"more"`, `"later":"`+strings.Repeat("x", 70<<10)+`"`, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := answering(t, always(tc.status, tc.body)).Withdraw(t.Context(), withdrawal(1000))
			var refusal *virtualcard.DeclinedError
			if !errors.Is(err, virtualcard.ErrUnknown) || errors.Is(err, virtualcard.ErrNotSent) || errors.As(err, &refusal) {
				t.Errorf("got %v; want ErrUnknown", err)
			}
			if got != (virtualcard.Account{}) {
				t.Errorf("an account comes with it: %+v", got)
			}
			if err != nil && (strings.Contains(err.Error(), bearer) || strings.Contains(err.Error(), "4276345439581249")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestAChangeMustBeTheOneAskedFor(t *testing.T) {
	t.Parallel()
	change := virtualcard.Change{Key: "k-1", NotAfter: notAfter, CardID: "c_1"}
	for name, tc := range map[string]struct {
		body string
		do   func(context.Context, *httpprovider.Provider) error
	}{
		"FreezeThatIsActive": {doneBody("10.00", "0.00"), func(ctx context.Context, p *httpprovider.Provider) error {
			_, err := p.Freeze(ctx, change)
			return err
		}},
		"UnfreezeThatMoves": {doneBody(), func(ctx context.Context, p *httpprovider.Provider) error {
			_, err := p.Unfreeze(ctx, change)
			return err
		}},
		"CloseThatKeepsMoney": {doneBody(`"active"`, `"closed"`), func(ctx context.Context, p *httpprovider.Provider) error {
			_, err := p.Close(ctx, change)
			return err
		}},
		"CreateWithOtherInitial": {doneBody(), func(ctx context.Context, p *httpprovider.Provider) error {
			_, err := p.Create(ctx, virtualcard.CreateOrder{Key: "k-1", NotAfter: notAfter, BIN: "555555", Initial: usd(999)})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := tc.do(t.Context(), answering(t, always(200, tc.body))); !errors.Is(err, virtualcard.ErrUnknown) {
				t.Errorf("got %v; want ErrUnknown", err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ reason, want string }{
		"Plain":       {"Insufficient funds. Available: 5.00, requested: 1000.00", "Insufficient funds. Available: 5.00, requested: 1000.00"},
		"Lines":       {` a\r\n\tb\u0000 `, "a b"},
		"Empty":       {"", "no reason given"},
		"Blank":       {` \n `, "no reason given"},
		"CardNumber":  {"card 4276 3454 3958 1249 is blocked", "card **** is blocked"},
		"Number":      {"card 4276345439581249", "card ****"},
		"Long":        {strings.Repeat("ы", 300), strings.Repeat("ы", 200)},
		"Unprintable": {`a\u202eb`, "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := answering(t, always(422, `{"key":"k-1","state":"declined","reason":"`+tc.reason+`"}`))
			_, err := p.Withdraw(t.Context(), withdrawal(1000))
			var refusal *virtualcard.DeclinedError
			if !errors.As(err, &refusal) || refusal.Reason != tc.want || errors.Is(err, virtualcard.ErrUnknown) {
				t.Errorf("got %v; want it declined for %q", err, tc.want)
			}
		})
	}
}

func TestAKeyOfAnotherOrder(t *testing.T) {
	t.Parallel()
	_, err := answering(t, always(409, `{"error":"key_reused","key":"k-1"}`)).Withdraw(t.Context(), withdrawal(1000))
	if !errors.Is(err, virtualcard.ErrKeyReused) {
		t.Errorf("got %v; want ErrKeyReused", err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	at := now.Add(time.Second)
	for name, tc := range map[string]struct {
		status int
		body   string
		want   virtualcard.Outcome
		err    error
	}{
		"Done":         {200, doneBody(), virtualcard.Outcome{State: "done", Account: account, Moved: usd(1000), At: at}, nil},
		"Declined":     {200, `{"key":"k-1","state":"declined","reason":"no","at":"2026-03-04T05:06:08Z"}`, virtualcard.Outcome{State: "declined", Reason: "no", At: at}, nil},
		"Pending":      {200, `{"key":"k-1","state":"pending","at":"2026-03-04T05:06:08Z"}`, virtualcard.Outcome{State: "pending", At: at}, nil},
		"NotFound":     {200, `{"key":"k-1","state":"not_found","at":"2026-03-04T05:06:08Z"}`, virtualcard.Outcome{State: "not_found", At: at}, nil},
		"ErrNoTime":    {200, `{"key":"k-1","state":"not_found"}`, virtualcard.Outcome{}, virtualcard.ErrUnknown},
		"ErrOther":     {200, doneBody("k-1", "k-2"), virtualcard.Outcome{}, virtualcard.ErrUnknown},
		"ErrMissing":   {404, `{"key":"k-1","state":"not_found","at":"2026-03-04T05:06:08Z"}`, virtualcard.Outcome{}, virtualcard.ErrUnknown},
		"ErrForbidden": {403, ``, virtualcard.Outcome{}, virtualcard.ErrUnknown},
		"ErrDown":      {503, `{}`, virtualcard.Outcome{}, virtualcard.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := answering(t, always(tc.status, tc.body)).Lookup(t.Context(), "k-1")
			if !errors.Is(err, tc.err) {
				t.Fatalf("got %v; want %v", err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got, asText); err == nil && diff != "" {
				t.Errorf("the outcome (-want +got):\n%s", diff)
			}
			if err != nil && got.Final(notAfter) {
				t.Error("a lookup that failed is final")
			}
		})
	}
}

func TestCard(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		err    error
	}{
		"OK": {200, cardBody, nil}, "ErrNoCard": {404, `{"error":"no_card"}`, virtualcard.ErrNoCard},
		"ErrOtherPage": {404, `not here`, virtualcard.ErrUnknown}, "ErrOtherCard": {200, strings.ReplaceAll(cardBody, "c_1", "c_2"), virtualcard.ErrUnknown},
		"ErrDown": {500, cardBody, virtualcard.ErrUnknown}, "ErrNoJSON": {200, "ok", virtualcard.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := answering(t, always(tc.status, tc.body)).Card(t.Context(), "c_1")
			if !errors.Is(err, tc.err) || (err == nil) != (got == account) {
				t.Errorf("got %+v, %v; want %v", got, err, tc.err)
			}
		})
	}
}

func TestWhatNeverLeft(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	changed := func(f func(*virtualcard.Move)) virtualcard.Move {
		o := withdrawal(1000)
		f(&o)
		return o
	}
	for name, tc := range map[string]struct {
		ctx   context.Context
		url   string
		order virtualcard.Move
	}{
		"Refused":     {t.Context(), "http://" + closed.Addr().String(), withdrawal(1000)},
		"NoSuchName":  {t.Context(), "https://cards.invalid", withdrawal(1000)},
		"NoTLS":       {t.Context(), strings.Replace(server.URL, "http:", "https:", 1), withdrawal(1000)},
		"EndedBefore": {ended, server.URL, withdrawal(1000)},
		"TooLate":     {t.Context(), server.URL, changed(func(o *virtualcard.Move) { o.NotAfter = now })},
		"NoEnd":       {t.Context(), server.URL, changed(func(o *virtualcard.Move) { o.NotAfter = time.Time{} })},
		"NoKey":       {t.Context(), server.URL, changed(func(o *virtualcard.Move) { o.Key = "" })},
		"BadKey":      {t.Context(), server.URL, changed(func(o *virtualcard.Move) { o.Key = "a\r\nb" })},
		"BadCard":     {t.Context(), server.URL, changed(func(o *virtualcard.Move) { o.CardID = "../c" })},
		"NoAmount":    {t.Context(), server.URL, changed(func(o *virtualcard.Move) { o.Amount = usd(0) })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := provider(t, tc.url, 0).Withdraw(tc.ctx, tc.order)
			if !errors.Is(err, virtualcard.ErrNotSent) || errors.Is(err, virtualcard.ErrUnknown) {
				t.Errorf("got %v; want ErrNotSent alone", err)
			}
		})
	}
	t.Cleanup(func() {
		if n := asked.Load(); n != 0 {
			t.Errorf("%d orders left", n)
		}
	})
}

// TestLostOnTheWay is what can happen once there is a connection.
func TestLostOnTheWay(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"Hangs": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() },
		"Cut":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"CutShort": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "999")
			_, _ = io.WriteString(w, doneBody())
		},
		"Drips": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		"Redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		// The connection is the caller's then, and no deadline is on it.
		"SwitchesProtocols": raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n", ""),
		"EndlessHeaders":    raw("HTTP/1.1 200 OK\r\n", "X-A: "+strings.Repeat("b", 1000)+"\r\n"),
		"EndlessInterims":   raw("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				h(w, r)
			}))
			t.Cleanup(server.Close)
			p := provider(t, server.URL, time.Second)
			for i := range 2 { // the second call finds no connection of the first
				if _, err := p.Withdraw(t.Context(), withdrawal(1000)); !errors.Is(err, virtualcard.ErrUnknown) || errors.Is(err, virtualcard.ErrNotSent) {
					t.Errorf("call %d: %v; want ErrUnknown alone", i, err)
				}
			}
			if n := asked.Load(); n != 2 {
				t.Errorf("two orders were sent %d times", n)
			}
		})
	}
}

// raw answers with a text, and with another over and over, until the sender
// closes the connection.
func raw(once, again string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		for _, err = io.WriteString(conn, once); err == nil && again != ""; {
			_, err = io.WriteString(conn, again)
		}
		_, _ = io.Copy(io.Discard, conn)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]httpprovider.Options{
		"NoURL": {Key: bearer}, "NoKey": {URL: "https://cards.example"}, "InClear": {URL: "http://cards.example", Key: bearer},
		"User": {URL: "https://a:b@cards.example", Key: bearer}, "File": {URL: "file:///etc", Key: bearer}, "Line": {URL: "https://cards.example", Key: bearer + "\n"},
	} {
		if _, err := httpprovider.New(o); err == nil || strings.Contains(err.Error(), bearer) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzAnswer holds that whatever comes back, only an answer that agrees ends an
// order.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{doneBody(), doneBody("10.00", "10.01"), `{"key":"k-1","state":"declined"}`, `[]`, `{"card":null}`, `null`} {
		f.Add(200, seed)
		f.Add(422, seed)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 || status == 204 || status == 304 {
			return
		}
		got, err := answering(t, always(status, body)).Withdraw(t.Context(), withdrawal(1000))
		var refusal *virtualcard.DeclinedError
		switch {
		case err == nil && (status != 200 || got.CardID != "c_1" || got.Balance.Currency() != "USD"):
			t.Errorf("done by %d: %+v", status, got)
		case errors.As(err, &refusal) && (status != 422 || refusal.Reason == ""):
			t.Errorf("declined by %d: %v", status, err)
		case errors.Is(err, virtualcard.ErrNotSent):
			t.Errorf("it was sent: %v", err)
		}
	})
}

// TestTLSIsVerified: a provider that cannot prove who it is learns nothing.
func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	if _, err := provider(t, server.URL, 0).Withdraw(t.Context(), withdrawal(1000)); !errors.Is(err, virtualcard.ErrNotSent) || asked.Load() != 0 {
		t.Errorf("got %v after %d requests; want ErrNotSent and none", err, asked.Load())
	}
}
