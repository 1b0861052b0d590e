package devmode_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"disburse/gateway/devmode"
	"disburse/gateway/devmode/services"
	"disburse/gateway/enduser"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
)

func start(t *testing.T, o devmode.Options) *devmode.Dev {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	dev, err := devmode.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, dev) })
	return dev
}

// stop may be called twice.
func stop(t *testing.T, dev *devmode.Dev) {
	t.Helper()
	if err := dev.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first := start(t, devmode.Options{Dir: dir})
	checkDemo(t, first)
	if _, err := devmode.Start(t.Context(), devmode.Options{Dir: dir, Listen: "127.0.0.1:0", Fresh: true}); !errors.Is(err, services.ErrInUse) {
		t.Errorf("a second start on the same data: got %v, want ErrInUse", err)
	}
	checkRecovery(t, first)
	damage(t, first)
	stop(t, first)
	if err := os.Remove(devmode.CredentialsFile(dir)); err != nil {
		t.Fatal(err)
	}

	// Secrets that nobody knows any more, disabled parties, a rate too old.
	second := start(t, devmode.Options{Dir: dir, Now: func() time.Time { return time.Now().Add(48 * time.Hour) }})
	checkDemo(t, second)
	if first.Instance.Operator.Token == second.Instance.Operator.Token || first.Instance.Users[2].Token == second.Instance.Users[2].Token {
		t.Error("the token came back from nowhere")
	}
	for i, u := range second.Instance.Users {
		if u.ID != first.Instance.Users[i].ID {
			t.Errorf("user %s was made once more", u.Name)
		}
	}
	stop(t, second)

	fresh := start(t, devmode.Options{Dir: dir, Fresh: true})
	checkDemo(t, fresh)
	if second.Instance.Operator.Token == fresh.Instance.Operator.Token || second.Instance.Env["DISBURSE_ENCRYPTION_KEYS"] == fresh.Instance.Env["DISBURSE_ENCRYPTION_KEYS"] {
		t.Error("a fresh start kept old secrets")
	}
	if _, err := os.Stat(filepath.Join(dir, "mine")); err != nil {
		t.Errorf("a fresh start removed a file that is not its own: %v", err)
	}
}

// checkDemo looks at everything an instance promises with its own eyes.
func checkDemo(t *testing.T, dev *devmode.Dev) {
	t.Helper()
	ctx, i := t.Context(), dev.Instance
	if len(i.Merchants) != 2 || i.Merchants[0].Name != "demo" || i.Merchants[0].Mode != "live" || i.Merchants[1].Name != "sandbox" || i.Merchants[1].Mode != "sandbox" {
		t.Fatalf("merchants: %+v", i.Merchants)
	}
	for _, m := range i.Merchants {
		got, err := dev.App.Directory.AuthenticateAPIKey(ctx, m.Name, m.APIKey)
		if err != nil {
			t.Fatalf("api key of %s: %v", m.Name, err)
		}
		if m.AvailableUSDT != "100000.0000" || got.FeeBPS != 100 || !got.FeeFixed.IsZero() || got.SignKeys[0] != m.SignKey || got.WebhookSecrets[0] != m.WebhookSecret {
			t.Errorf("merchant %s: %+v", m.Name, got)
		}
		if len(m.People) != 1 {
			t.Fatalf("people of %s: %+v", m.Name, m.People)
		}
		if who, err := dev.App.People.CheckPassword(ctx, m.People[0].Email, m.People[0].Password); err != nil || who.MerchantID != got.ID || who.HasSandbox() != (m.Mode == "live") {
			t.Errorf("person of %s: %+v, %v", m.Name, who, err)
		}
		for key, enabled := range map[string]bool{"rub/card": true, "rub/sbp": true, "rub/score": true, "rub/iban": false, "eur/iban": true} {
			method, err := merchant.ParseMethodKey(key)
			if err != nil {
				t.Fatal(err)
			}
			if s := got.Methods[method]; s.Enabled != enabled || (enabled && (s.Min.Fixed(2) != "100.00" || s.Max.Fixed(2) != "1000000.00")) {
				t.Errorf("merchant %s, %s: %+v", m.Name, key, s)
			}
		}
	}
	if len(i.Operators) != 1 || i.Operator.Role != "admin" || i.Operators[0].Role != "approver" {
		t.Fatalf("operators: %+v %+v", i.Operator, i.Operators)
	}
	for _, o := range append(i.Operators, i.Operator) {
		byToken, err := dev.App.Operators.Authenticate(ctx, o.Token)
		if err != nil || byToken.Email != o.Email || string(byToken.Role) != o.Role {
			t.Errorf("token of %s: %+v, %v", o.Email, byToken, err)
		}
		if _, err := dev.App.Operators.CheckPassword(ctx, o.Email, o.Password); err != nil {
			t.Errorf("password of %s: %v", o.Email, err)
		}
	}
	checkUsers(t, dev)
	for currency, want := range map[string]string{"rub": "97.1234", "eur": "0.9215"} {
		if rate, err := dev.App.Rates.Current(ctx, currency); err != nil || rate.String() != want || rate.MaxAge != fx.MaxMaxAge {
			t.Errorf("rate of %s: %v, %v", currency, rate, err)
		}
	}
	for _, file := range []string{"encryption-keys", "demo.json", "env"} {
		info, err := os.Stat(filepath.Join(i.DataDir, file))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
}

// checkUsers wants three users with the money they were given once, who meet
// every rule of withdrawals, and a card that deposits can be paid to.
func checkUsers(t *testing.T, dev *devmode.Dev) {
	t.Helper()
	ctx, users := t.Context(), dev.Instance.Users
	if len(users) != 3 {
		t.Fatalf("users: %+v", users)
	}
	for _, u := range users {
		got, err := dev.App.Users.Authenticate(ctx, u.Token)
		if err != nil || got.ID != u.ID || got.Name != u.Name || got.Blocked || got.Deposited != 500_000 || u.AvailableKopecks != 500_000 {
			t.Errorf("user %s: %+v, %v", u.Name, got, err)
		}
		for _, kind := range []enduser.Kind{enduser.Card, enduser.P2P} {
			if err := dev.App.Users.Refusal(ctx, u.ID, kind, u.AvailableKopecks); err != nil {
				t.Errorf("user %s may not withdraw by %s: %v", u.Name, kind, err)
			}
		}
	}
	terms, err := dev.App.CardOrders.Limits(ctx)
	if err != nil || !terms.Enabled || terms.Card.CardNumber == "" {
		t.Errorf("terms of card orders: %+v, %v", terms, err)
	}
}

// checkRecovery crashes both servers and waits until they are back.
func checkRecovery(t *testing.T, dev *devmode.Dev) {
	t.Helper()
	if err := dev.KillServers(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, err := dev.App.Merchants.Show(t.Context(), "demo")
		conn, redisErr := net.Dial("tcp", strings.TrimSuffix(afterAt(dev.Instance.RedisURL), "/0"))
		if err == nil && redisErr == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the servers are not back: %v, %v", err, redisErr)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func afterAt(url string) string {
	_, rest, _ := strings.Cut(url, "@")
	return rest
}

// damage leaves the demo as a careless user might.
func damage(t *testing.T, dev *devmode.Dev) {
	t.Helper()
	ctx := t.Context()
	if _, err := dev.App.Merchants.Disable(ctx, "demo"); err != nil {
		t.Fatal(err)
	}
	if _, err := dev.App.People.Disable(ctx, "demo", dev.Instance.Merchants[0].People[0].Email); err != nil {
		t.Fatal(err)
	}
	if _, err := dev.App.Operators.Disable(ctx, dev.Instance.Operators[0].Email); err != nil {
		t.Fatal(err)
	}
	if err := dev.App.Users.Block(ctx, dev.Instance.Users[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := dev.App.Users.RevokeTokens(ctx, dev.Instance.Users[1].ID); err != nil {
		t.Fatal(err)
	}
	_, err := dev.App.Rates.Set(ctx, fx.Change{Currency: "rub", Value: decimal.RequireFromString("50"), MaxAge: time.Hour, Confirm: true})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStartRefusals(t *testing.T) {
	t.Parallel()
	t.Run("ErrAddressTaken", func(t *testing.T) {
		t.Parallel()
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		_, err = devmode.Start(t.Context(), devmode.Options{Dir: t.TempDir(), Listen: taken.Addr().String()})
		if err == nil || !strings.Contains(err.Error(), "is taken by another program") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrDirectoryIsAFile", func(t *testing.T) {
		t.Parallel()
		if _, err := devmode.Start(t.Context(), devmode.Options{Dir: "/dev/null/x", Listen: "127.0.0.1:0"}); err == nil {
			t.Error("got no error")
		}
	})
}
