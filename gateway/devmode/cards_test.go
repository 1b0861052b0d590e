package devmode_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"disburse/gateway/devmode"
	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/httpprovider"
	"disburse/ledger/money"
)

// cardProvider reaches the simulator by what dev mode prints.
func cardProvider(t *testing.T, env map[string]string) *httpprovider.Provider {
	t.Helper()
	p, err := httpprovider.New(httpprovider.Options{URL: env["DISBURSE_CARD_PROVIDER_URL"], Key: env["DISBURSE_CARD_PROVIDER_KEY"]})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheCardProviderSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, devmode.Options{Dir: dir})
	env := first.Instance.Env
	if first.Instance.CardProviderURL != env["DISBURSE_CARD_PROVIDER_URL"] {
		t.Errorf("the control address is %q, the provider's %q", first.Instance.CardProviderURL, env["DISBURSE_CARD_PROVIDER_URL"])
	}
	account, err := cardProvider(t, env).Create(t.Context(), virtualcard.CreateOrder{
		Key: "create", NotAfter: time.Now().Add(time.Minute), BIN: "555555", Name: "Kept", Initial: money.New(10_000, "USD"),
	})
	if err != nil {
		t.Fatal(err)
	}
	behave(t, env["DISBURSE_CARD_PROVIDER_URL"], `{"operation":"topup","outcome":"no_answer","times":1,"delay_ms":0}`)
	stopsInTime(t, first, account.CardID)

	// The same key and, because it is free, the same port.
	second := start(t, devmode.Options{Dir: dir})
	got, err := cardProvider(t, env).Card(t.Context(), account.CardID)
	if err != nil || got != account {
		t.Errorf("after a restart the card is %+v, %v; want %+v", got, err, account)
	}
	stop(t, second)

	fresh := start(t, devmode.Options{Dir: dir, Fresh: true})
	if _, err := cardProvider(t, fresh.Instance.Env).Card(t.Context(), account.CardID); err == nil {
		t.Error("a fresh start kept a card")
	}
}

// stopsInTime stops dev mode while the simulator holds an answer back.
func stopsInTime(t *testing.T, dev *devmode.Dev, cardID string) {
	t.Helper()
	ended := make(chan error, 1)
	p := cardProvider(t, dev.Instance.Env)
	go func() {
		_, err := p.TopUp(t.Context(), virtualcard.Move{Key: "held", NotAfter: time.Now().Add(time.Minute), CardID: cardID, Amount: money.New(1, "USD")})
		ended <- err
	}()
	began := time.Now()
	stop(t, dev)
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("the stop took %s", took)
	}
	if err := <-ended; err == nil {
		t.Error("an answer that never comes came")
	}
}

func behave(t *testing.T, url, body string) {
	t.Helper()
	response, err := http.Post(url+"/behaviour", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("POST /behaviour answers %s", response.Status)
	}
}

func TestTheCardProviderGivesWayToWhoHasItsPort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, devmode.Options{Dir: dir})
	stop(t, first)
	taken, err := net.Listen("tcp", strings.TrimPrefix(first.Instance.CardProviderURL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	second := start(t, devmode.Options{Dir: dir})
	if second.Instance.CardProviderURL == first.Instance.CardProviderURL {
		t.Error("two programs have one address")
	}
	if text := fmt.Sprintf("%v", second.Instance.Env); !strings.Contains(text, second.Instance.CardProviderURL) {
		t.Error("the environment names another address")
	}
}
