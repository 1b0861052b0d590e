package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway"
	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/gameprovider"
	"disburse/gateway/idempotency"
	"disburse/gateway/payout"
	"disburse/gateway/signin"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/ratelimit/redistest"
	"disburse/signing"
)

// deliveredWithin is generous: on an idle machine a callback takes no second.
const deliveredWithin = 20 * time.Second

// gatewayWith builds a gateway on the site's data with other encryption keys.
// It may call back to this machine.
func (s *site) gatewayWith(keys string) *gateway.App {
	s.t.Helper()
	cfg := s.cfg
	cfg.EncryptionKeys, cfg.RedisURL, cfg.CallbackAllow = keys, redistest.URL(s.t), []string{"127.0.0.0/8"}
	app, err := gateway.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := app.Close(s.t.Context()); err != nil {
			s.t.Errorf("close: %v", err)
		}
	})
	return app
}

// cancelled makes payouts that end at once, and returns the bodies of the
// callbacks staged for that, by their webhook-ids.
func (s *site) cancelled(app *gateway.App, key vault.Key, target string, n int) map[string]string {
	s.t.Helper()
	for i := range n {
		order := fmt.Sprintf("order-%d", i)
		_, _, err := app.Payouts.Create(s.t.Context(), s.directory("acme"), payout.CreateRequest{
			OrderID: order, PaymentMethod: "card", FiatAmount: "1500.00", FiatCurrency: "rub", NumberCard: "4276345439581234",
			FullName: "Petrov Petr Petrovich", BankName: "Tinkoff", SuccessCallbackURL: target, ErrorCallbackURL: target,
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := app.Payouts.Cancel(s.t.Context(), s.directory("acme"), order); err != nil {
			s.t.Fatal(err)
		}
	}
	only, err := vault.New(key)
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := s.pool.Query(s.t.Context(), `select id, body_key, body_box from callback_events`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	bodies := map[string]string{}
	for rows.Next() {
		var id, name string
		var box []byte
		if err := rows.Scan(&id, &name, &box); err != nil {
			s.t.Fatal(err)
		}
		body, err := payout.BodyOpener(only)(id, name, box)
		if err != nil {
			s.t.Fatal(err)
		}
		bodies[id] = string(body)
	}
	if len(bodies) != n {
		s.t.Fatalf("%d callbacks, want %d", len(bodies), n)
	}
	return bodies
}

// sealedByUsers leaves a card withdrawal that is talked about, a P2P order, and
// a platform card. What it returns wants all of it to be readable.
func (s *site) sealedByUsers(app *gateway.App) (readable func(*gateway.App)) {
	t, ctx := s.t, s.t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var users []enduser.User
	for _, name := range []string{"anna", "boris"} {
		u, err := app.Users.Create(ctx, enduser.Spec{Name: name})
		must(err)
		must(app.Users.Deposit(ctx, u.ID, money.New(500_000, enduser.RUB), "first"))
		users = append(users, u)
	}
	platform, card, phone := "2200000000000053", "4276345439581234", map[string]string{"phone": "79161234567"}
	_, err := app.CardOrders.SetSettings(ctx, cardorder.Change{CardNumber: &platform})
	must(err)
	order, err := app.CardOrders.Create(ctx, users[0], cardorder.Request{
		Type: "withdraw", Amount: 10_000, Details: cardorder.Details{CardNumber: card},
	}, idempotency.Key{})
	must(err)
	for _, text := range []string{"one", "two", "three"} {
		_, err := app.CardOrders.Say(ctx, users[0], order, text, idempotency.Key{})
		must(err)
	}
	ad, err := app.Exchange.CreateAd(ctx, users[0], exchange.AdRequest{
		Type: "sell", FiatCurrency: "RUB", MinAmount: 100, MaxAmount: 100_000, PaymentMethods: []string{"sbp"}, PaymentDetails: phone,
	}, idempotency.Key{})
	must(err)
	trade, err := app.Exchange.CreateOrder(ctx, users[1], exchange.OrderRequest{AdID: ad, USDTAmount: 1000, PaymentMethod: "sbp"}, idempotency.Key{})
	must(err)
	return func(app *gateway.App) {
		t.Helper()
		terms, err := app.CardOrders.Limits(ctx)
		must(err)
		withdrawal, err := app.CardOrders.ByID(ctx, users[0].ID, order)
		must(err)
		said, _, err := app.CardOrders.Messages(ctx, users[0], order, 50, 0)
		must(err)
		bought, err := app.Exchange.OrderByID(ctx, users[1], trade)
		must(err)
		if terms.Card.CardNumber != platform || withdrawal.Details.CardNumber != card || len(said) != 3 || said[2].Text != "three" ||
			!maps.Equal(bought.PaymentDetails, phone) {
			t.Errorf("without the old key: %v, %v, %v, %v", terms.Card, withdrawal.Details, said, bought)
		}
	}
}

func TestReencrypt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.merchant("acme", ledger.Live)
	first, err := vault.Parse(s.cfg.EncryptionKeys)
	if err != nil {
		t.Fatal(err)
	}
	type call struct{ id, body string }
	calls := make(chan call, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- call{r.Header.Get("webhook-id"), string(body)}
	}))
	t.Cleanup(receiver.Close)
	want := s.cancelled(s.gatewayWith(s.cfg.EncryptionKeys), first[0], receiver.URL+"/ended", 3)

	wallet := s.sealedByUsers(s.gatewayWith(s.cfg.EncryptionKeys))
	_, pair, err := s.app.GameProviders.Create(t.Context(), gameprovider.Spec{Name: "games"})
	if err != nil {
		t.Fatal(err)
	}

	token, _, err := s.app.Sessions.Enter(t.Context(), signin.Operators, "a@example.test", signin.Visitor{}, func(context.Context) (string, error) { return "opr_1", nil })
	if err == nil {
		_, err = s.app.Sessions.Enrol(t.Context(), signin.Operators, token)
	}
	if err != nil {
		t.Fatal(err)
	}

	second := vault.Generate("k2").String()
	s.cfg.EncryptionKeys = second + "," + first[0].String()
	all := map[string]any{"key": "k2", "merchant_keys": 2.0, "provider_keys": 1.0, "second_factors": 1.0, "requisites": 3.0, "callbacks": 3.0,
		"cards": 2.0, "payment_details": 2.0, "messages": 3.0, "dry_run": true}
	for range 2 { // the first changes nothing
		if diff := cmp.Diff(all, s.object("config", "reencrypt", "--dry-run")); diff != "" {
			t.Errorf("dry run (-want +got):\n%s", diff)
		}
	}
	says(t, s.ok("config", "reencrypt", "--dry-run"), "2 merchant keys, 1 provider keys, 1 second factors, 3 payout requisites, 3 callbacks, 2 cards, 2 payment details, 3 messages", "Nothing was done")
	all["dry_run"] = false
	if diff := cmp.Diff(all, s.object("config", "reencrypt", "--batch", "2")); diff != "" {
		t.Errorf("first run (-want +got):\n%s", diff)
	}
	says(t, s.ok("config", "reencrypt"), "with key k2: 0 merchant keys, 0 provider keys, 0 second factors, 0 payout requisites, 0 callbacks")
	if n := s.trail("config.reencrypt"); n != 2 {
		t.Errorf("%d audit records, want one for each run that was not dry", n)
	}

	s.cfg.EncryptionKeys = second
	app := s.gatewayWith(second)
	wallet(app)
	games, err := app.GameDirectory.ByPublicKey(t.Context(), pair.PublicKey)
	if signature := signing.WalletSignature("POST", "/", nil, pair.PrivateKey); err != nil || !games.Verify("POST", "/", nil, signature, time.Now()) {
		t.Errorf("without the old key the provider's does not work: %v", err)
	}
	if err := app.Start(t.Context(), gateway.Workers); err != nil {
		t.Fatal(err)
	}
	arrive := func(what string) {
		t.Helper()
		got := map[string]string{}
		timeout := time.After(deliveredWithin)
		for len(got) < len(want) {
			select {
			case c := <-calls:
				got[c.id] = c.body
			case <-timeout:
				t.Fatalf("%s: %d of %d callbacks came without the old key", what, len(got), len(want))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-staged +delivered):\n%s", what, diff)
		}
	}
	arrive("pending")
	for id := range want {
		becomes(t, "that "+id+" was delivered", func() bool { return text(t, s.object("callback", "show", id), "state") == "delivered" })
		s.ok("callback", "resend", id)
	}
	arrive("sent again")
}
