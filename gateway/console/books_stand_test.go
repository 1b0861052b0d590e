package console_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"disburse/callbacks"
	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/gateway/signin"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
	"disburse/ratelimit/redistest"
)

// bookStand is a gateway whose pages of the books are looked at, without
// workers, so that everything stands still.
type bookStand struct {
	t     *testing.T
	app   *gateway.App
	redis *redis.Client
	base  string
	count int
}

func standOfBooks(t *testing.T) *bookStand {
	t.Helper()
	return standOn(t, redistest.URL(t))
}

func standOn(t *testing.T, redisURL string) *bookStand {
	t.Helper()
	s := &bookStand{t: t, redis: redistest.New(t)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.base = "http://" + listener.Addr().String()
	s.app, err = gateway.New(gateway.Config{
		DatabaseURL: pgtest.URL(t, pgtest.New(t)), RedisURL: redisURL, EncryptionKeys: vault.Generate("k1").String(),
		PublicURL: s.base, Listener: listener, DatabaseConns: 8, FactorOptional: true,
	}, slog.New(slog.DiscardHandler))
	s.must(err)
	t.Cleanup(func() {
		if err := s.app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s.must(s.app.Start(t.Context(), gateway.API))
	return s
}

func (s *bookStand) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// exec changes what no service would.
func (s *bookStand) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.app.DB.Exec(s.t.Context(), sql, args...)
	s.must(err)
}

// merchant makes a merchant with an amount of USDT.
func (s *bookStand) merchant(name, amount string) merchant.Merchant {
	s.t.Helper()
	made, err := s.app.Merchants.Create(s.t.Context(), merchant.New{Name: name})
	s.must(err)
	s.topUp(name, amount)
	return made.Merchant
}

func (s *bookStand) topUp(name, amount string) {
	s.t.Helper()
	m, err := money.Parse(amount, money.USDT)
	s.must(err)
	s.count++
	_, err = s.app.Merchants.TopUp(s.t.Context(), name, m, fmt.Sprintf("ref-%d", s.count))
	s.must(err)
}

// account finds an account of the books.
func (s *bookStand) account(owner, purpose string) ledger.AccountRow {
	s.t.Helper()
	rows, err := s.app.Ledger.Accounts(s.t.Context(), ledger.AccountFilter{Owner: owner, Purpose: purpose}, 0, 1)
	s.must(err)
	if len(rows) != 1 {
		s.t.Fatalf("%s has no account %s", owner, purpose)
	}
	return rows[0]
}

// stage makes a callback that waits to be sent.
func (s *bookStand) stage(id, merchantID, orderID, body string) {
	s.t.Helper()
	row := callbacks.Stage(callbacks.Event{
		ID: id, MerchantID: merchantID, Subject: "po_" + orderID, OrderID: orderID, Kind: "payout.successful",
		URL: "https://shop.example/done", Body: []byte(body), At: time.Now(),
	})
	columns := make([]any, len(row.Row))
	for at, value := range row.Row {
		column := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(value)), 0, 1)
		columns[at] = reflect.Append(column, reflect.ValueOf(value)).Interface()
	}
	s.exec(row.SQL, columns...)
}

// kill makes a callback a dead letter.
func (s *bookStand) kill(id string) {
	s.t.Helper()
	s.exec(`update callback_deliveries set state = 'dead', dead_reason = 'gone', finished_at = now() where event_id = $1`, id)
}

func (s *bookStand) stateOf(id string) callbacks.State {
	s.t.Helper()
	found, err := s.app.Callbacks.Get(s.t.Context(), id)
	s.must(err)
	return found.State
}

// payout makes a payout of 1500.00 roubles.
func (s *bookStand) payout(m merchant.Merchant, orderID string) payout.Payout {
	s.t.Helper()
	current, err := s.app.Directory.ByID(s.t.Context(), m.ID)
	s.must(err)
	made, _, err := s.app.Payouts.Create(s.t.Context(), current, payout.CreateRequest{
		OrderID: orderID, PaymentMethod: "card", FiatAmount: "1500.00", FiatCurrency: "rub", NumberCard: "5536914080004004",
		BankName: "Example Bank", FullName: "Ivanov Ivan",
		SuccessCallbackURL: "https://shop.example/done", ErrorCallbackURL: "https://shop.example/done",
	})
	s.must(err)
	return made.Payout
}

// clerk is an operator who is signed in.
type clerk struct {
	s     *bookStand
	email string
	token signin.Token
	http  http.Client
}

func (s *bookStand) clerk(role operator.Role) *clerk {
	s.t.Helper()
	s.count++
	email := fmt.Sprintf("%s%d@desk.example", role, s.count)
	made, err := s.app.Operators.Create(s.t.Context(), operator.NewOperator{Email: email, Role: role})
	s.must(err)
	token, _, err := s.app.Sessions.Enter(s.t.Context(), signin.Operators, email, signin.Visitor{Address: "127.0.0.1", Agent: "test"},
		func(context.Context) (string, error) { return made.Operator.ID, nil })
	s.must(err)
	return &clerk{s: s, email: email, token: token, http: http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// paper is a page as it came.
type paper struct {
	status int
	where  string // it sends the browser
	text   string
}

func (c *clerk) ask(method, path string, form url.Values, headers ...string) paper {
	c.s.t.Helper()
	r, err := http.NewRequestWithContext(c.s.t.Context(), method, c.s.base+"/console"+path, strings.NewReader(form.Encode()))
	c.s.must(err)
	r.AddCookie(&http.Cookie{Name: "disburse_console", Value: string(c.token)})
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.http.Do(r)
	c.s.must(err)
	body, err := io.ReadAll(answer.Body)
	c.s.must(errors.Join(err, answer.Body.Close()))
	return paper{answer.StatusCode, strings.TrimPrefix(answer.Header.Get("Location"), "/console"), string(body)}
}

func (c *clerk) get(path string, headers ...string) paper {
	c.s.t.Helper()
	return c.ask(http.MethodGet, path, nil, headers...)
}

// read is get of a page that must be shown.
func (c *clerk) read(path string, headers ...string) string {
	c.s.t.Helper()
	p := c.get(path, headers...)
	if p.status != http.StatusOK {
		c.s.t.Fatalf("GET %s answers %d: %s", path, p.status, p.text)
	}
	return p.text
}

func (c *clerk) post(path string, pairs ...string) paper {
	c.s.t.Helper()
	form := url.Values{"csrf": {c.token.CSRF()}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return c.ask(http.MethodPost, path, form)
}

// holds wants texts on a page, in this order.
func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("the page lacks %q, or it stands elsewhere", part)
			continue
		}
		rest = after
	}
}

// lacks wants a page without texts.
func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("the page shows %q", part)
		}
	}
}
