package seed_test

import (
	"log/slog"
	"testing"

	"disburse/cmd/bench/seed"
	"disburse/gateway"
	"disburse/gateway/payout"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
)

func TestFill(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	app, err := gateway.New(gateway.Config{
		DatabaseURL: pgtest.URL(t, pool), EncryptionKeys: vault.Generate("k1").String(), PublicURL: "http://127.0.0.1",
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	// Twice: the second finds the house's accounts as the first left them.
	for _, name := range []string{"one", "two"} {
		if err := seed.Fill(t.Context(), app, seed.Options{Payouts: 2000, Callbacks: 700, Open: 50, Merchants: 5, Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	proof, err := app.VerifyLedger(t.Context())
	if err != nil || !proof.Clean {
		t.Errorf("the books: %v, %v", proof.Problems, err)
	}
	for sql, want := range map[string]int{
		`select count(*) from payouts`:                                4000,
		`select count(*) from payouts where status = 'expectation'`:   100,
		`select count(*) from callback_deliveries`:                    1400,
		`select count(*) from payouts where ended_at > now()`:         0,
		`select count(*) from payout_events where kind = 'claimed'`:   -1,
		`select count(distinct date(created_at)) / 31 from payouts`:   1,
		`select count(*) from callback_deliveries where state='dead'`: -1,
	} {
		var got int
		if err := pool.QueryRow(t.Context(), sql).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want && (want >= 0 || got == 0) {
			t.Errorf("%s: got %d, want %d", sql, got, want)
		}
	}
	page, err := app.Payouts.List(t.Context(), payout.Filter{Status: payout.Expectation, Limit: 1})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("the newest open payout: %v, %v", page.Items, err)
	}
	open, found, err := app.Payouts.Claim(t.Context(), payout.ClaimFilter{ID: page.Items[0].ID})
	if err != nil || !found || len(open.Requisite) != 16 || open.Requisite[12:] != page.Items[0].LastFour {
		t.Errorf("its requisite: found %v, %v, want a card number that ends in %s", found, err, page.Items[0].LastFour)
	}
}
