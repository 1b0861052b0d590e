package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"disburse/gateway/httpapi"
	"disburse/gateway/operator"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	tests := map[string]struct {
		given  string
		echoed bool
	}{
		"Good": {"my.id_1-A", true}, "Longest": {strings.Repeat("x", 64), true}, "TooLong": {strings.Repeat("x", 65), false},
		"Space": {"a b", false}, "Newline": {"a%0a", false}, "Quote": {`a"b`, false}, "None": {"", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := s.send(http.MethodGet, s.path("status"), nil, header{"X-Request-Id": tt.given})
			got := a.header.Get("X-Request-Id")
			if (got == tt.given) != tt.echoed || got == "" || a.text("request_id") != got {
				t.Errorf("given %q: got header %q and body %s", tt.given, got, a.raw)
			}
			if !strings.Contains(s.log.String(), `"request_id":"`+got+`"`) {
				t.Errorf("no log line has %q", got)
			}
		})
	}
}

func TestBodySize(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	pad := func(size int) []byte {
		b := payoutBody(fmt.Sprint("order-", size), nil).sign(s.keys.SignKey)
		raw, err := json.Marshal(b)
		must(t, err)
		return append(raw, bytes.Repeat([]byte(" "), size-len(raw))...)
	}
	t.Run("AtTheLimit", func(t *testing.T) { s.wantOK(s.send(http.MethodPost, s.path("create_pay_out"), pad(64<<10), nil)) })
	for _, size := range []int{64<<10 + 1, 512 << 10, 1<<20 + 1, 6 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			a := s.send(http.MethodPost, s.path("create_pay_out"), pad(size), nil)
			s.wantError(a, http.StatusRequestEntityTooLarge, "too_large")
			if a.text("error") != "request body too large" || a.header.Get("X-Request-Id") == "" {
				t.Errorf("got %s %v", a.raw, a.header)
			}
		})
	}
	t.Run("Compressed", func(t *testing.T) {
		a := s.send(http.MethodPost, s.path("create_pay_out"), pad(1000), header{"Content-Encoding": "gzip"})
		s.wantError(a, http.StatusUnsupportedMediaType, "unsupported_media_type")
	})
}

func TestMediaType(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	tests := map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "application/json;charset=UTF-8": true, "Application/JSON": true,
		`application/json; charset="utf-8"`: true, "": false, "text/plain": false, "application/json; charset=latin1": false,
		"application/x-www-form-urlencoded": false, "application/jsonp": false, "application/problem+json": false, "application/json; charset": false,
	}
	for given, good := range tests {
		t.Run(strings.ReplaceAll(given, "/", "_"), func(t *testing.T) {
			raw, err := json.Marshal(payoutBody("order "+given, nil).with("order_id", fmt.Sprintf("order-%x", given)).sign(s.keys.SignKey))
			must(t, err)
			a := s.send(http.MethodPost, s.path("create_pay_out"), raw, header{"Content-Type": given})
			if good {
				s.wantOK(a)
			} else {
				s.wantError(a, http.StatusUnsupportedMediaType, "unsupported_media_type")
			}
		})
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	tests := []struct {
		method, path string
		status       int
		code         string
		merchant     bool
	}{
		{http.MethodGet, "/api/v1", 404, "NOT_FOUND", false},
		{http.MethodGet, "/api/v1/nothing", 404, "NOT_FOUND", false},
		{http.MethodGet, "/api/v1/card/orders/1/nothing/", 404, "NOT_FOUND", false},
		{http.MethodPut, "/api/v1/card/orders", 405, "METHOD_NOT_ALLOWED", false},
		{http.MethodGet, "/api/v10/users", 404, "not_found", false},
		{http.MethodGet, "/api/merchant/demo/nothing/", 404, "not_found", true},
		{http.MethodGet, "/api/merchant/demo/create_pay_out/", 405, "method_not_allowed", true},
		{http.MethodDelete, "/api/operator/payouts", 405, "method_not_allowed", false},
		{http.MethodGet, "/api/operator/nothing", 404, "not_found", false},
		{http.MethodGet, "/nothing", 404, "not_found", false},
		{"FOO", "/healthz", 405, "method_not_allowed", false},
		{"FOO", "/api/merchant/demo/status/", 405, "method_not_allowed", true},
	}
	for _, tt := range tests {
		t.Run(tt.method+strings.ReplaceAll(tt.path, "/", "_"), func(t *testing.T) {
			a := s.send(tt.method, tt.path, nil, nil)
			s.wantError(a, tt.status, tt.code)
			if _, isMerchant := a.body["ok"]; isMerchant != tt.merchant || a.header.Get("X-Request-Id") == "" {
				t.Errorf("envelope: got %s %v", a.raw, a.header)
			}
			if tt.status == 405 && a.header.Get("Allow") == "" {
				t.Error("no Allow header")
			}
		})
	}
}

func TestTrailingSlashMakesNoDifference(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, path := range []string{"/healthz", "/healthz/", strings.TrimSuffix(s.path("status"), "/"), s.path("status")} {
		if a := s.send(http.MethodGet, path, nil, header{"X-Api-Key": s.keys.APIKey}); a.status != http.StatusOK {
			t.Errorf("%s: got %d %s", path, a.status, a.raw)
		}
	}
}

// TestRawRequests sends what no client library would.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	long := strings.Repeat("x", 20<<10)
	tests := map[string]struct {
		request string
		status  int
	}{
		"NotHTTP":     {"hello\r\n\r\n", 400},
		"HugeHeader":  {"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + long + "\r\n\r\n", 431},
		"HugeBody":    {"POST " + s.path("create_pay_out") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413},
		"HugeReceipt": {"POST /api/operator/payouts/x/receipts HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n", 413},
		"BadLength":   {"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			must(t, err)
			defer conn.Close()
			_, err = conn.Write([]byte(tt.request))
			must(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			must(t, err)
			defer res.Body.Close()
			if res.StatusCode != tt.status || res.Header.Get("X-Request-Id") == "" {
				t.Errorf("got %d %v, want %d", res.StatusCode, res.Header, tt.status)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var failing []httpapi.Check
	s := newStack(t, func(d *httpapi.Deps) {
		d.Checks = []httpapi.Check{
			{Name: "good", Probe: func(context.Context) error { return nil }},
			{Name: "bad", Probe: func(context.Context) error { return errors.New("password=secret123") }},
			{Name: "stuck", Probe: func(ctx context.Context) error { <-context.Background().Done(); return nil }},
		}
		failing = d.Checks[1:]
	})
	s.wantOK(s.send(http.MethodGet, "/healthz", nil, nil))
	a := s.send(http.MethodGet, "/readyz", nil, nil)
	if a.status != http.StatusServiceUnavailable || bytes.Contains(a.raw, []byte("secret123")) {
		t.Errorf("got %d %s", a.status, a.raw)
	}
	want := `"checks":[{"name":"good","ok":true},{"name":"bad","ok":false,"reason":"failed"},{"name":"stuck","ok":false,"reason":"timed out"}]`
	if !bytes.Contains(a.raw, []byte(want)) {
		t.Errorf("got %s, want %s", a.raw, want)
	}
	if !strings.Contains(s.log.String(), "secret123") || len(failing) != 2 {
		t.Error("the cause of the failed check is not in the log")
	}
}

func TestReadyWhenEveryCheckHolds(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(d *httpapi.Deps) {
		d.Checks = []httpapi.Check{{Name: "good", Probe: func(context.Context) error { return nil }}}
	})
	if got := s.wantOK(s.send(http.MethodGet, "/readyz", nil, nil)).text("status"); got != "ok" {
		t.Errorf("got %q", got)
	}
}

func TestMetricsAreLabelledByRouteTemplate(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.created("order-7777")
	s.status("order-7777")
	s.send(http.MethodGet, "/made/up/path", nil, nil)
	got := string(s.send(http.MethodGet, "/metrics", nil, nil).raw)
	for _, want := range []string{
		`disburse_http_requests_total{method="GET",route="/api/merchant/:merchant/status_pay_out/:pay_out_id",status="200"} 1`,
		`disburse_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		`disburse_http_request_duration_seconds_count{method="POST",route="/api/merchant/:merchant/create_pay_out",status="200"} 1`,
		`disburse_http_requests_in_flight 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %s in\n%s", want, got)
		}
	}
	for _, secret := range []string{"order-7777", "/made/up"} {
		if strings.Contains(got, secret) {
			t.Errorf("a label holds %s", secret)
		}
	}
}

// TestOneLogLinePerRequest wants the same fields on every line, and nothing on
// any that should not leave the process.
func TestOneLogLinePerRequest(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	b := payoutBody("order-1", byMethod["card"]).sign(s.keys.SignKey)
	s.wantOK(s.call(http.MethodPost, s.path("create_pay_out"), b, header{"Authorization": "Bearer hunter2", "X-Request-Id": "first"}))
	s.wantOK(s.status("order-1"))
	s.create(payoutBody("order-2", fields{"phone_number": "not-a-phone-5550001"}))
	s.send(http.MethodGet, "/nothing/"+card, nil, nil)
	s.as(operator.RoleViewer, http.MethodGet, "/payouts", nil)
	s.call(http.MethodGet, "/api/operator/payouts", nil, header{"Authorization": "Bearer op_wrong"})

	want := []string{"bytes_in", "bytes_out", "cause", "code", "duration_ms", "level", "limiter", "merchant", "method", "msg", "operator", "provider", "request_id", "route", "status", "time", "user"}
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	if len(lines) != 6 {
		t.Errorf("got %d lines for 6 requests:\n%s", len(lines), s.log)
	}
	for _, line := range lines {
		var entry map[string]any
		must(t, json.Unmarshal([]byte(line), &entry))
		var names []string
		for name := range entry {
			names = append(names, name)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("fields: got %v, want %v", names, want)
		}
	}
	if !strings.Contains(lines[0], `"request_id":"first"`) || !strings.Contains(lines[0], `"merchant":"demo"`) {
		t.Errorf("first line: %s", lines[0])
	}
	secrets := []string{
		card, s.keys.SignKey, s.keys.APIKey, s.keys.WebhookSecret, b["sign"].(string), "hunter2", "op_wrong", "5550001",
		s.tokens[operator.RoleViewer], "merchant.example", "order-1", "/nothing",
	}
	for _, secret := range secrets {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestReferencePageLoadsFromHereAlone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	page := s.send(http.MethodGet, "/docs", nil, nil)
	policy := page.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy: got %q, want %q in it", policy, want)
		}
	}
	if strings.Contains(policy, "http") || strings.Contains(policy, "unsafe-eval") || bytes.Contains(page.raw, []byte("://")) {
		t.Errorf("the page names another origin:\n%s\n%s", policy, page.raw)
	}
	for path, media := range map[string]string{
		"/docs/page.js": "text/javascript", "/docs/page.css": "text/css", "/docs/scalar.js": "text/javascript", "/docs/scalar.LICENSE": "text/plain",
		"/openapi.yaml": "application/yaml", "/openapi.json": "application/json",
	} {
		a := s.send(http.MethodGet, path, nil, nil)
		if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), media) || len(a.raw) == 0 {
			t.Errorf("%s: got %d %s", path, a.status, a.header.Get("Content-Type"))
		}
	}
}
