package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"disburse/gateway/devmode/services"
)

// TestGatewayCommands runs what an installation runs, on a database that begins
// empty.
func TestGatewayCommands(t *testing.T) {
	t.Parallel()
	private, err := services.Start(t.Context(), services.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := private.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	keys := filepath.Join(t.TempDir(), "keys")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(keys, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old, _, status := invoke(t, "config", "new-key", "old")
	if status != 0 || !strings.HasPrefix(old, "old:") {
		t.Fatalf("new-key: %d %q", status, old)
	}
	write(old)
	store := []string{"--database-url", private.DatabaseURL, "--encryption-keys-file", keys}
	full := append(store, "--redis-url", private.RedisURL, "--public-url", "http://gateway.test")

	if _, onErr, status := invoke(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, full...)...); status != 1 || !strings.Contains(onErr, "disburse migrate up") {
		t.Errorf("serve without a schema: %d %q", status, onErr)
	}
	if out, _, status := invoke(t, append([]string{"config", "check"}, full...)...); status != 1 || !strings.Contains(out, "FAILED  migrations") {
		t.Errorf("config check without a schema: %d %q", status, out)
	}
	if _, onErr, status := invoke(t, "migrate", "up", "--database-url", private.DatabaseURL); status != 0 {
		t.Fatalf("migrate: %q", onErr)
	}

	t.Run("ServeAnswersUntilItIsStopped", func(t *testing.T) {
		t.Parallel()
		checkServing(t, append([]string{"serve", "--with-workers", "--listen", "127.0.0.1:0"}, full...), "API listens", "/readyz", "/metrics", "/docs")
	})
	t.Run("WorkAnswersProbesUntilItIsStopped", func(t *testing.T) {
		t.Parallel()
		checkServing(t, append([]string{"work", "--metrics-listen", "127.0.0.1:0"}, full...), "metrics are served", "/healthz", "/metrics")
	})
	t.Run("KeysRotate", func(t *testing.T) {
		t.Parallel()
		checkRotation(t, write, old, store, full)
	})
}

// checkServing runs a command, asks it, stops it, and expects success.
func checkServing(t *testing.T, args []string, announcement string, paths ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log lockedBuffer
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, args, io.Discard, &log) }()
	base := "http://" + announced(t, &log, announcement)
	for _, path := range paths {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("ended with %v; log:\n%s", err, &log)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("does not stop; log:\n%s", &log)
	}
	if !strings.Contains(log.String(), `"msg":"stopped"`) {
		t.Errorf("the log does not tell of the end:\n%s", &log)
	}
}

// announced waits for a log line and returns its address.
func announced(t *testing.T, log *lockedBuffer, message string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for line := range strings.Lines(log.String()) {
			var entry struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == message {
				return entry.Address
			}
		}
	}
	t.Fatalf("%q was not logged:\n%s", message, log)
	return ""
}

func checkRotation(t *testing.T, write func(string), old string, store, full []string) {
	t.Helper()
	succeed := func(args ...string) string {
		t.Helper()
		out, onErr, status := invoke(t, args...)
		if status != 0 {
			t.Fatalf("%v: %d %s%s", args[:2], status, out, onErr)
		}
		return out
	}
	succeed(append([]string{"merchant", "create", "one"}, store...)...)
	fresh := strings.TrimSpace(succeed("config", "new-key"))
	write(fresh)
	if out, _, status := invoke(t, append([]string{"config", "check"}, full...)...); status != 1 || !strings.Contains(out, "FAILED  encryption_keys") {
		t.Errorf("config check with a key that opens nothing: %d %q", status, out)
	}
	write(fresh + ",\n" + old)
	reencrypt := append([]string{"config", "reencrypt", "--json", "--batch", "1"}, store...)
	for _, want := range []int{2, 0} { // the sign key and the webhook secret, then nothing
		var done struct {
			MerchantKeys int `json:"merchant_keys"`
		}
		out := succeed(reencrypt...)
		if err := json.Unmarshal([]byte(out), &done); err != nil || done.MerchantKeys != want {
			t.Errorf("reencrypt: %s, want %d merchant keys", out, want)
		}
	}
	write(fresh)
	var report struct{ OK bool }
	out := succeed(append([]string{"config", "check", "--json"}, full...)...)
	if err := json.Unmarshal([]byte(out), &report); err != nil || !report.OK {
		t.Errorf("config check: %s", out)
	}
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	t.Run("AllAtOnce", func(t *testing.T) {
		t.Parallel()
		out, _, status := invoke(t, "config", "check", "--database-url", "nonsense://topsecret", "--redis-url", "http://topsecret",
			"--encryption-keys", "topsecret", "--public-url", "ftp://x", "--callback-allow", "everywhere", "--trusted-proxies", "me",
			"--database-conns", "1", "--request-timeout", "1h", "--shutdown-timeout", "1ms", "--listen", "here")
		for _, variable := range []string{
			"DATABASE_URL", "REDIS_URL", "ENCRYPTION_KEYS", "PUBLIC_URL", "CALLBACK_ALLOW", "TRUSTED_PROXIES",
			"DATABASE_CONNS", "REQUEST_TIMEOUT", "SHUTDOWN_TIMEOUT", "LISTEN",
		} {
			if strings.Count(out, "DISBURSE_"+variable) != 1 {
				t.Errorf("%s is not named once in:\n%s", variable, out)
			}
		}
		if status != 1 || strings.Contains(out, "topsecret") {
			t.Errorf("status %d:\n%s", status, out)
		}
	})
	t.Run("ErrServeListsThem", func(t *testing.T) {
		t.Parallel()
		_, onErr, status := invoke(t, "serve", "--database-url", "", "--redis-url", "", "--public-url", "", "--encryption-keys-file", "/no/such/file")
		if status != 1 || !strings.Contains(onErr, "4 faults") || strings.Count(onErr, "ncryption") != 1 {
			t.Errorf("status %d: %s", status, onErr)
		}
	})
	t.Run("ErrNewKeyName", func(t *testing.T) {
		t.Parallel()
		if _, onErr, status := invoke(t, "config", "new-key", "a b"); status != 2 || !strings.Contains(onErr, "name") {
			t.Errorf("status %d: %s", status, onErr)
		}
	})
}
