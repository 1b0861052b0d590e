package gateway_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"disburse/gateway"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
	"disburse/ratelimit/redistest"
)

// build makes a gateway on data of its own.
func build(t *testing.T, metricsListen string) *gateway.App {
	t.Helper()
	app, err := gateway.New(gateway.Config{
		DatabaseURL: pgtest.URL(t, pgtest.New(t)), RedisURL: redistest.URL(t), EncryptionKeys: vault.Generate("k1").String(),
		PublicURL: "https://pay.example", Listen: "127.0.0.1:0", MetricsListen: metricsListen, DatabaseConns: 4,
	}, slog.New(slog.DiscardHandler))
	must(t, err)
	return app
}

// start runs roles of a gateway until it is closed.
func start(t *testing.T, metricsListen string, roles ...gateway.Role) *gateway.App {
	t.Helper()
	app := build(t, metricsListen)
	must(t, app.Start(t.Context(), roles...))
	return app
}

// started runs them until the test ends.
func started(t *testing.T, metricsListen string, roles ...gateway.Role) *gateway.App {
	t.Helper()
	app := start(t, metricsListen, roles...)
	closed(t, app)
	return app
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(body)
}

func wantMetrics(t *testing.T, url string) {
	t.Helper()
	if status, body := fetch(t, url); status != http.StatusOK || !strings.Contains(body, "disburse_ledger_group_postings_count") {
		t.Errorf("%s: got %d and %d bytes", url, status, len(body))
	}
}

func TestMetricsAreWithTheAPIByDefault(t *testing.T) {
	t.Parallel()
	app := started(t, "", gateway.API)
	wantMetrics(t, "http://"+app.Address()+"/metrics")
	if got := app.MetricsAddress(); got != "" {
		t.Errorf("metrics listen at %s", got)
	}
}

func TestMetricsWithAListenerOfTheirOwn(t *testing.T) {
	t.Parallel()
	for name, role := range map[string]gateway.Role{"API": gateway.API, "Workers": gateway.Workers} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := started(t, "127.0.0.1:0", role)
			own := "http://" + app.MetricsAddress()
			wantMetrics(t, own+"/metrics")
			if status, body := fetch(t, own+"/healthz"); status != http.StatusOK || body != `{"status":"ok"}`+"\n" {
				t.Errorf("healthz: got %d %s", status, body)
			}
			if status, _ := fetch(t, own+"/docs"); status != http.StatusNotFound {
				t.Errorf("docs: got %d, want only metrics there", status)
			}
			if role != gateway.API {
				return
			}
			if status, _ := fetch(t, "http://"+app.Address()+"/metrics"); status != http.StatusNotFound {
				t.Errorf("metrics of the API: got %d, want 404", status)
			}
			if status, _ := fetch(t, "http://"+app.Address()+"/healthz"); status != http.StatusOK {
				t.Errorf("healthz of the API: got %d", status)
			}
		})
	}
}

func TestTheMetricsListenerEndsWithTheApp(t *testing.T) {
	t.Parallel()
	app := start(t, "127.0.0.1:0", gateway.Workers)
	must(t, app.Close(t.Context()))
	listener, err := net.Listen("tcp", app.MetricsAddress())
	if err != nil {
		t.Fatalf("the address is still taken: %v", err)
	}
	must(t, listener.Close())
}

func TestConfigNamesABadMetricsAddress(t *testing.T) {
	t.Parallel()
	err := gateway.Config{MetricsListen: "9090"}.Validate(gateway.Workers)
	if err == nil || !strings.Contains(err.Error(), "DISBURSE_METRICS_LISTEN: must be host:port") {
		t.Errorf("got %v", err)
	}
}
