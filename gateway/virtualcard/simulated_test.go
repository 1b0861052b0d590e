package virtualcard_test

import (
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/httpprovider"
	"disburse/gateway/virtualcard/simulator"
)

// The same against a provider that is another process: it dies with the money
// moved and the answer not given, comes up again from what it wrote down, and
// the recovery finds what it did.
func TestProviderThatIsRestarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "cards.json")
	open := func() *simulator.Simulator {
		return must(simulator.Open(simulator.Options{Path: file, Now: w.now}))
	}
	cards := open()
	server := httptest.NewServer(cards.Handler())
	address := server.URL
	adapter := func() *virtualcard.Service {
		provider := must(httpprovider.New(httpprovider.Options{URL: address, Key: "key-to-the-card-provider", Now: w.now}))
		return must(virtualcard.NewService(virtualcard.Deps{
			DB: w.db, Ledger: w.books, Users: w.users, Provider: provider, Now: w.now, Log: slog.New(slog.DiscardHandler),
		}))
	}
	s := adapter()
	u := w.user(5000)
	c, err := s.Issue(t.Context(), u.ID, usd(10000))
	if err != nil {
		t.Fatal(err)
	}
	if err := cards.Behave(simulator.Behaviour{Operation: simulator.Withdraw, Outcome: simulator.Garbled, Times: 1}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Withdraw(t.Context(), u, c.ID, "30.00", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	server.Close()
	w.wantWallet(u, 5000)

	// Away: nothing is known, and a top-up is never sent.
	if n := must(s.Recover(t.Context(), 10)); n != 0 {
		t.Error("ended while nobody could be asked")
	}
	_, err = s.TopUp(t.Context(), u, c.ID, "10.00", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.wantWallet(u, 5000)
	if e := w.exceptions(); len(e) != 1 {
		t.Errorf("exceptions: %+v", e)
	}

	server = httptest.NewServer(open().Handler())
	defer server.Close()
	address = server.URL
	s = adapter()
	w.advance(time.Minute)
	if n := must(s.Recover(t.Context(), 10)); n != 1 {
		t.Errorf("%d ended, want 1", n)
	}
	w.wantWallet(u, 8000)
	w.wantCard(u, c.ID, virtualcard.StatusActive, 7000)
	got, err := s.Close(t.Context(), u, c.ID)
	if err != nil || got.BalanceWithdrawn != usd(7000) || got.NewWalletBalance != usd(15000) {
		t.Errorf("got %+v, %v", got, err)
	}
}
