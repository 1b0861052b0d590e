package httpapi_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestBodiesEndInOnePlace sends requests of which a proxy in front may think that
// they end elsewhere. What it took for a part of the body must never be the next
// request of the connection.
func TestBodiesEndInOnePlace(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const (
		next   = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
		chunks = "0\r\n\r\n"
	)
	for name, tt := range map[string]struct {
		headers string
		body    string
		ok      bool
	}{
		"OneLength":        {"Content-Length: 2\r\n", "{}", true},
		"Chunks":           {"Transfer-Encoding: chunked\r\n", chunks, true},
		"ChunksInCapitals": {"TRANSFER-ENCODING: Chunked\r\n", chunks, true},
		"Identity":         {"Transfer-Encoding: identity\r\nContent-Length: 2\r\n", "{}", true},
		"NamedInAValue":    {"X-Note: Content-Length: 9\r\nContent-Length: 2\r\n", "{}", true},
		"TwoLengths":       {"Content-Length: 38\r\nContent-Length: 2\r\n", "{}", false},
		"SameLengthTwice":  {"Content-Length: 2\r\ncontent-length: 2\r\n", "{}", false},
		"LengthAndChunks":  {"Content-Length: 38\r\nTransfer-Encoding: chunked\r\n", chunks, false},
		"ChunksAndLength":  {"transfer-encoding: chunked\r\nContent-Length: 38\r\n", chunks, false},
		"TwoCodings":       {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunks, false},
		"CodedChunks":      {"Transfer-Encoding: gzip, chunked\r\n", chunks, false},
		"UnknownCoding":    {"Transfer-Encoding: xchunked\r\n", chunks, false},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			must(t, err)
			defer conn.Close()
			must(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
			_, err = conn.Write([]byte("POST " + s.path("create_pay_out") + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
				tt.headers + "\r\n" + tt.body + next))
			must(t, err)
			answers := bufio.NewReader(conn)
			first, err := http.ReadResponse(answers, nil)
			must(t, err)
			text, err := io.ReadAll(first.Body)
			must(t, err)
			must(t, first.Body.Close())
			second, err := http.ReadResponse(answers, nil)
			if err == nil {
				second.Body.Close()
			}
			if refused := first.StatusCode == http.StatusBadRequest && bytes.Contains(text, []byte(`"malformed HTTP request"`)); refused == tt.ok {
				t.Errorf("answered %d %s", first.StatusCode, text)
			}
			if (err == nil) != tt.ok {
				t.Errorf("the next request of the connection: %v", err)
			}
		})
	}
}
