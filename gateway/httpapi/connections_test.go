package httpapi_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"disburse/gateway/httpapi"
	"disburse/gateway/operator"
)

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(d *httpapi.Deps) { d.MaxConnections = 2 })
	served := func() (*wire, bool) {
		w := s.dial(t)
		w.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		return w, w.status() == http.StatusOK
	}
	first, good := served()
	if _, alsoGood := served(); !good || !alsoGood {
		t.Fatal("connections within the bound are not served")
	}
	if _, good := served(); good {
		t.Error("a third connection is served")
	}
	first.Close()
	s.eventually(func() bool { _, good := served(); return good })
}

// TestSlowRequestsEnd sends a byte now and then, which is never long enough
// without one to be an idle connection.
func TestSlowRequestsEnd(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(d *httpapi.Deps) { d.ReadTimeout = 300 * time.Millisecond })
	tests := map[string]string{
		"Header":             "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ",
		"HeaderOfALaterOne":  "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nX: ",
		"Body":               "POST " + s.path("create_pay_out") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
		"Chunks":             "POST " + s.path("create_pay_out") + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n",
		"UploadOfAStranger":  upload("", "Content-Length: 5000000"),
		"UploadOfAnOperator": upload(s.tokens[operator.RoleOperator], "Content-Length: 5000000"),
		"RefusedByItsLength": "POST " + s.path("create_pay_out") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n",
		"RequestLine":        "GET ",
	}
	for name, start := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := s.dial(t)
			w.write(start)
			ended := make(chan struct{}) // by an end or a reset
			go func() {
				defer close(ended)
				_, _ = io.Copy(io.Discard, w.in)
			}()
			drip := time.NewTicker(30 * time.Millisecond)
			defer drip.Stop()
			late := time.After(10 * time.Second)
			for {
				select {
				case <-ended:
					return
				case <-late:
					t.Fatal("still open after 10 s")
				case <-drip.C:
					_, _ = io.WriteString(w, "x") // fails once the server has closed
				}
			}
		})
	}
}
