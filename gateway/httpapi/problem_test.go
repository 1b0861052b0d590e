package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"disburse/gateway/fault"
)

// served is an application with one route that answers with handle, and what it
// logs.
func served(t *testing.T, e *envelope, handle func(*request) error) (*fiber.App, *bytes.Buffer) {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a := &api{Deps: Deps{Log: slog.New(slog.NewJSONHandler(&out, nil)), Now: time.Now, Timeout: time.Second}, metrics: m}
	app := newApp(a)
	app.Get("/thing/:id", a.serve(&route{method: http.MethodGet, path: "/thing/:id", envelope: e, handle: handle}))
	return app, &out
}

func answerOf(t *testing.T, app *fiber.App) (*http.Response, string) {
	t.Helper()
	res, err := app.Test(httptest.NewRequest(http.MethodGet, "/thing/7", nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

const secret = "hunter2-secret"

func TestEveryKindOfFault(t *testing.T) {
	t.Parallel()
	statuses := map[fault.Kind]int{
		fault.InvalidInput: 400, fault.Rule: 400, fault.Unauthenticated: 401, fault.InsufficientFunds: 402, fault.Forbidden: 403, fault.NotFound: 404,
		fault.Conflict: 409, fault.RateLimited: 429, fault.Unavailable: 503, fault.Upstream: 502, fault.Internal: 500,
		kindNoRoute: 404, kindMethod: 405, kindSlowRequest: 408, kindTooLarge: 413, kindMediaType: 415, kindHeaders: 431, kindMalformed: 400,
	}
	for _, kind := range fault.Kinds() {
		if statuses[kind] == 0 {
			t.Errorf("the kind %s has no row here", kind)
		}
	}
	for kind, status := range statuses {
		for _, e := range []*envelope{merchantEnvelope, operatorEnvelope, walletEnvelope} {
			t.Run(string(kind)+"/"+e.name, func(t *testing.T) {
				t.Parallel()
				err := fault.New(kind, "Some_Code", "some text").After(1500 * time.Millisecond).With(errors.New(secret))
				app, log := served(t, e, func(*request) error { return fmt.Errorf("while doing: %w", err) })
				res, body := answerOf(t, app)
				code, text := "some_code", "some text"
				if status == http.StatusInternalServerError {
					code, text = "internal", "internal error"
				}
				if e == walletEnvelope {
					code = map[string]string{"some_code": "SOME_CODE", "internal": "INTERNAL_ERROR"}[code]
				}
				id := res.Header.Get("X-Request-Id")
				want := fmt.Sprintf(`{"ok":false,"error":%q,"code":%q,"request_id":%q}`, text, code, id)
				switch e {
				case operatorEnvelope:
					want = fmt.Sprintf(`{"error":{"code":%q,"message":%q,"request_id":%q}}`, code, text, id)
				case walletEnvelope:
					want = fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, text)
				}
				if res.StatusCode != status || body != want {
					t.Errorf("got %d %s, want %d %s", res.StatusCode, body, status, want)
				}
				if got := res.Header.Get("Retry-After"); got != "2" {
					t.Errorf("Retry-After: got %q, want 2", got)
				}
				if !strings.Contains(log.String(), secret) {
					t.Errorf("the cause is not in the log: %s", log)
				}
			})
		}
	}
}

func TestUnknownErrorsShowNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handle func(*request) error
		status int
		code   string
	}{
		"Raw":           {func(*request) error { return errors.New(secret) }, 500, "internal"},
		"Wrapped":       {func(*request) error { return fmt.Errorf("doing %s: %w", secret, io.ErrUnexpectedEOF) }, 500, "internal"},
		"Panic":         {func(*request) error { panic(secret) }, 500, "internal"},
		"PanicError":    {func(*request) error { panic(errors.New(secret)) }, 500, "internal"},
		"InternalFault": {func(*request) error { return fault.New(fault.Internal, secret, secret).With(errors.New(secret)) }, 500, "internal"},
		"Deadline": {func(r *request) error {
			<-r.ctx.Done()
			return fmt.Errorf("%s: %w", secret, r.ctx.Err())
		}, 503, "unavailable"},
	}
	for name, tt := range tests {
		for _, e := range []*envelope{merchantEnvelope, operatorEnvelope, walletEnvelope} {
			t.Run(name+"/"+e.name, func(t *testing.T) {
				t.Parallel()
				app, log := served(t, e, tt.handle)
				res, body := answerOf(t, app)
				if res.StatusCode != tt.status || strings.Contains(body, secret) || !strings.Contains(body, `"`+codeIn(e, tt.code)+`"`) {
					t.Errorf("got %d %s", res.StatusCode, body)
				}
				if !strings.Contains(log.String(), secret) || strings.Contains(name, "Panic") && !strings.Contains(log.String(), "problem_test.go") {
					t.Errorf("the log does not tell the cause: %s", log)
				}
			})
		}
	}
}

func codeIn(e *envelope, code string) string {
	if code == "internal" {
		return e.internal
	}
	return e.code(code)
}

func TestFieldsAreOneObject(t *testing.T) {
	t.Parallel()
	app, _ := served(t, merchantEnvelope, func(*request) error {
		return fault.Invalid(fault.Field{Name: "a", Why: "first"}, fault.Field{Name: "b", Why: `"quoted"`}, fault.Field{Name: "a", Why: "second"})
	})
	_, body := answerOf(t, app)
	var got struct {
		Error  string
		Fields map[string]string
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Fields["a"] != "first" || got.Fields["b"] != `"quoted"` || strings.Count(body, `"a"`) != 1 || got.Error != "invalid request: a: first" {
		t.Errorf("got %s", body)
	}
}

func TestHandlerGetsADeadline(t *testing.T) {
	t.Parallel()
	app, _ := served(t, operatorEnvelope, func(r *request) error {
		if _, limited := r.ctx.Deadline(); !limited || r.param("id") != "7" {
			t.Error("no deadline, or not its parameter")
		}
		return r.noContent()
	})
	if res, _ := answerOf(t, app); res.StatusCode != http.StatusNoContent {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Deps{Now: time.Now})
	if err == nil || !strings.Contains(err.Error(), "Payouts") || strings.Contains(err.Error(), "Now") {
		t.Errorf("got %v", err)
	}
}

func TestAStuckCheckDoesNotHangReadiness(t *testing.T) {
	t.Parallel()
	stuck := Check{Name: "stuck", Probe: func(context.Context) error { select {} }}
	got := runChecks(t.Context(), slog.New(slog.DiscardHandler), []Check{stuck}, 20*time.Millisecond)
	if got[0].OK || got[0].Reason != "timed out" {
		t.Errorf("got %+v", got)
	}
}
