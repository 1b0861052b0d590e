package main

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"disburse/gateway"
	"disburse/gateway/audit"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

const sitePublicURL = "https://pay.example"

// site is a gateway's data, and the command lines that work on it.
type site struct {
	t    *testing.T
	pool *pgxpool.Pool
	cfg  gateway.Config
	app  *gateway.App // services in this process, as a running gateway has them
}

// newSite checks at its end that the books hold.
func newSite(t *testing.T) *site {
	t.Helper()
	s := openSite(t)
	t.Cleanup(func() {
		ledgertest.Verify(t, s.app.Ledger, gateway.Obligations()...)
	})
	return s
}

// openSite is a site whose books a test may damage.
func openSite(t *testing.T) *site {
	t.Helper()
	pool := pgtest.New(t)
	s := &site{t: t, pool: pool, cfg: gateway.Config{
		DatabaseURL: pgtest.URL(t, pool), EncryptionKeys: vault.Generate("k1").String(), PublicURL: sitePublicURL, DatabaseConns: 6,
	}}
	var err error
	if s.app, err = gateway.New(s.cfg, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.app.Close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// run runs a command line against the site. Whatever the command prints, it
// must not be how the site is reached.
func (s *site) run(args ...string) (stdout, stderr string, status int) {
	s.t.Helper()
	args = append(args, "--database-url", s.cfg.DatabaseURL, "--encryption-keys", s.cfg.EncryptionKeys)
	stdout, stderr, status = invoke(s.t, args...)
	_, key, _ := strings.Cut(s.cfg.EncryptionKeys, ":")
	secrets := []string{key}
	if parsed, err := url.Parse(s.cfg.DatabaseURL); err == nil {
		if password, set := parsed.User.Password(); set && password != "" {
			secrets = append(secrets, password)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(stdout+stderr, secret) {
			s.t.Errorf("%s prints a connection's secret: %s%s", args[0], stdout, stderr)
		}
	}
	return stdout, stderr, status
}

// ok runs a command line that must succeed, quietly on stderr.
func (s *site) ok(args ...string) string {
	s.t.Helper()
	stdout, stderr, status := s.run(args...)
	if status != 0 || stderr != "" {
		s.t.Fatalf("%v: status %d, stderr %q", args, status, stderr)
	}
	return stdout
}

// object runs a command line with --json and reads the object it prints.
func (s *site) object(args ...string) map[string]any {
	s.t.Helper()
	text := s.ok(append(args, "--json")...)
	if strings.Count(text, "\n") != 1 {
		s.t.Errorf("%v prints %d lines, want one of JSON", args, strings.Count(text, "\n"))
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		s.t.Fatalf("%v: %v in %s", args, err, text)
	}
	return object
}

// items is the list that a listing prints as JSON.
func (s *site) items(args ...string) []map[string]any {
	s.t.Helper()
	list, ok := s.object(args...)["items"].([]any)
	if !ok {
		s.t.Fatalf("%v: no items", args)
	}
	items := make([]map[string]any, len(list))
	for i, item := range list {
		items[i], _ = item.(map[string]any)
	}
	return items
}

// says checks that a text holds every word.
func says(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("got %q, want %q in it", text, word)
		}
	}
}

// fails checks a command line that must fail with a status and say why.
func (s *site) fails(status int, why string, args ...string) {
	s.t.Helper()
	stdout, stderr, got := s.run(args...)
	if got != status || stdout != "" {
		s.t.Errorf("%v: status %d, stdout %q; want %d and nothing", args, got, stdout, status)
	}
	says(s.t, stderr, why)
}

// merchant makes a merchant with a fee of one percent and 1000 USDT, and rates.
func (s *site) merchant(name string, mode ledger.Mode) merchant.Created {
	s.t.Helper()
	ctx := s.t.Context()
	made, err := s.app.Merchants.Create(ctx, merchant.New{Name: name, Mode: mode, FeeBPS: 100})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.app.Merchants.TopUp(ctx, name, money.New(1000_000000, money.USDT), "start"); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.app.Rates.Set(ctx, fx.Change{Currency: "rub", Value: decimal.RequireFromString("97.1234")}); err != nil {
		s.t.Fatal(err)
	}
	return made
}

// payout makes a payout of 1500.00 RUB, which holds 15.5988 USDT.
func (s *site) payout(name, orderID string) payout.Payout {
	s.t.Helper()
	created, _, err := s.app.Payouts.Create(s.t.Context(), s.directory(name), payout.CreateRequest{
		OrderID: orderID, PaymentMethod: "card", FiatAmount: "1500.00", FiatCurrency: "rub", NumberCard: "4276345439581234",
		FullName: "Petrov Petr Petrovich", BankName: "Tinkoff",
		SuccessCallbackURL: "https://shop.example.com/success?a=1&b=2", ErrorCallbackURL: "https://shop.example.com/error",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return created.Payout
}

func (s *site) directory(name string) merchant.Merchant {
	s.t.Helper()
	m, err := s.app.Directory.ByName(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// balances are what a merchant can spend and what is held.
func (s *site) balances(name string) (available, held string) {
	s.t.Helper()
	d, err := s.app.Merchants.Show(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return usdt(d.Available), usdt(d.Held)
}

func (s *site) wantBalances(name, available, held string) {
	s.t.Helper()
	if a, h := s.balances(name); a != available || h != held {
		s.t.Errorf("%s has %s available and %s held, want %s and %s", name, a, h, available, held)
	}
}

// trail counts the audit records of an action by the person at the command line.
func (s *site) trail(action string) int {
	s.t.Helper()
	page, err := audit.List(s.t.Context(), s.pool, audit.Filter{Action: action, Limit: 500})
	if err != nil {
		s.t.Fatal(err)
	}
	count := 0
	for _, item := range page.Items {
		if item.Actor == person() {
			count++
		}
	}
	return count
}

// text is a member of a JSON object that must be a text.
func text(t testing.TB, object map[string]any, name string) string {
	t.Helper()
	value, ok := object[name].(string)
	if !ok || value == "" {
		t.Errorf("%s is %v, want a text", name, object[name])
	}
	return value
}
