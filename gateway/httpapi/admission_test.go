package httpapi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"disburse/gateway/operator"
	"disburse/gateway/publicid"
)

const receiptsPath = "/api/operator/payouts/po_x/receipts"

// wire is a connection without a client library between.
type wire struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader
}

func (s *stack) dial(t testing.TB) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	must(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
	return &wire{Conn: conn, t: t, in: bufio.NewReader(conn)}
}

func (w *wire) write(text string) {
	w.t.Helper()
	_, err := io.WriteString(w, text)
	must(w.t, err)
}

// status reads one answer.
func (w *wire) status() int {
	w.t.Helper()
	res, err := http.ReadResponse(w.in, nil)
	must(w.t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	must(w.t, err)
	return res.StatusCode
}

// upload is the start of an upload; length is a header about its body.
func upload(token, length string) string {
	return "POST " + receiptsPath + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: multipart/form-data; boundary=b\r\n" + length + "\r\n\r\n"
}

// heap is how much is in use, without what is only waiting to be collected.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // a pool lets go of what it holds at the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestUploadsOfStrangersTakeNoMemory is not parallel: it measures the heap of
// the process.
func TestUploadsOfStrangersTakeNoMemory(t *testing.T) {
	s := newStack(t)
	before := heap()
	var strangers []*wire
	for i := range 60 {
		start := upload("", "Content-Length: 5000000")
		switch i % 3 {
		case 1:
			start = upload(publicid.Token("op"), "Content-Length: 5000000")
		case 2:
			start = upload(publicid.Token("op"), "Transfer-Encoding: chunked") + "400000\r\n"
		}
		w := s.dial(t)
		w.write(start + "--b\r\n")
		strangers = append(strangers, w)
	}
	peak, done := make(chan uint64), make(chan struct{})
	go func() {
		var most uint64
		for {
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(10 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	for i, w := range strangers {
		if got := w.status(); got != http.StatusUnauthorized {
			t.Errorf("stranger %d: got %d, want 401", i, got)
		}
	}
	close(done)
	if most := <-peak; most > before+32<<20 {
		t.Errorf("60 uploads of strangers took %d MiB", (most-before)>>20)
	}
}

// TestAnUploadsMemoryGoesWithIt is not parallel either.
func TestAnUploadsMemoryGoesWithIt(t *testing.T) {
	s := newStack(t)
	body := strings.Repeat("x", 5<<20)
	before := heap()
	var idle []*wire
	for range 20 {
		w := s.dial(t)
		w.write(upload(s.tokens[operator.RoleOperator], fmt.Sprint("Content-Length: ", len(body))) + body)
		if got := w.status(); got != http.StatusBadRequest {
			t.Errorf("got %d, want 400", got)
		}
		idle = append(idle, w)
	}
	if after := heap(); after > before+32<<20 {
		t.Errorf("%d idle connections keep %d MiB", len(idle), (after-before)>>20)
	}
}

func TestLargeUploadsNeedAnOperator(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	large, media := form(t, "file", append(pdf, make([]byte, 1<<20)...))
	tests := map[string]struct {
		authorization string
		status        int
		code          string
	}{
		"NoToken":       {"", http.StatusUnauthorized, "invalid_token"},
		"NoOperators":   {"Bearer sk_1", http.StatusUnauthorized, "invalid_token"},
		"Unknown":       {"Bearer " + publicid.Token("op"), http.StatusUnauthorized, "invalid_token"},
		"OtherScheme":   {"Basic " + s.tokens[operator.RoleOperator], http.StatusUnauthorized, "invalid_token"},
		"ViewersToken":  {"Bearer " + s.tokens[operator.RoleViewer], http.StatusForbidden, "forbidden"},
		"ReachesPayout": {"Bearer " + s.tokens[operator.RoleOperator], http.StatusNotFound, "not_found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := s.send(http.MethodPost, receiptsPath, large, header{"Authorization": tt.authorization, "Content-Type": media})
			s.wantError(a, tt.status, tt.code)
		})
	}
	t.Run("RefusalsHaveTheRoutesLabel", func(t *testing.T) {
		page := s.send(http.MethodGet, "/metrics", nil, nil).raw
		want := `disburse_http_requests_total{method="POST",route="/api/operator/payouts/:id/receipts",status="401"} 4`
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("want %s in\n%s", want, page)
		}
	})
}

func TestRefusedUploadsCountAsFailedAuthentications(t *testing.T) {
	t.Parallel()
	s := newStack(t, behindProxy)
	large := make([]byte, 100<<10)
	from := func(address string) answer {
		return s.send(http.MethodPost, receiptsPath, large, header{"X-Forwarded-For": address, "Authorization": "Bearer " + publicid.Token("op")})
	}
	s.atStartOfMinute()
	for range 60 {
		s.wantError(from("192.0.2.1"), http.StatusUnauthorized, "invalid_token")
	}
	s.wantError(from("192.0.2.1"), http.StatusTooManyRequests, "rate_limited")
	s.wantError(from("192.0.2.2"), http.StatusUnauthorized, "invalid_token")
}

func TestFewLargeUploadsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	token := s.tokens[operator.RoleOperator]
	large, media := form(t, "file", append(pdf, make([]byte, 1<<20)...))
	send := func(body []byte) answer {
		return s.send(http.MethodPost, receiptsPath, body, header{"Authorization": "Bearer " + token, "Content-Type": media})
	}
	var held []*wire
	hold := func() {
		w := s.dial(t)
		w.write(upload(token, fmt.Sprint("Expect: 100-continue\r\nContent-Length: ", len(large))))
		if line, err := w.in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("got %q %v", line, err)
		}
		_, err := w.in.ReadString('\n')
		must(t, err)
		held = append(held, w)
	}
	for range 4 {
		hold()
	}
	for range 2 {
		a := send(large)
		s.wantError(a, http.StatusServiceUnavailable, "unavailable")
		wantWait(t, a, 60)
	}
	t.Run("SmallOnesPass", func(t *testing.T) {
		a := s.send(http.MethodPost, receiptsPath, []byte("--b--"),
			header{"Authorization": "Bearer " + token, "Content-Type": "multipart/form-data; boundary=b"})
		s.wantError(a, http.StatusBadRequest, "invalid_request")
	})
	t.Run("OneThatEndsMakesRoom", func(t *testing.T) {
		_, err := held[0].Write(large)
		must(t, err)
		if got := held[0].status(); got != http.StatusBadRequest { // the boundary is another
			t.Errorf("got %d", got)
		}
		s.wantError(send(large), http.StatusNotFound, "not_found")
		hold()
		s.wantError(send(large), http.StatusServiceUnavailable, "unavailable")
	})
	t.Run("OneThatBreaksOffMakesRoom", func(t *testing.T) {
		held[1].Close()
		s.eventually(func() bool { return send(large).status == http.StatusNotFound })
	})
}
