package export_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"disburse/gateway/export"
)

// TestAReaderThatTakesNothingIsCutOff sends files to readers that stop reading,
// and to one who reads on.
func TestAReaderThatTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many(80_000) // more than what a connection takes in by itself
	closed := make(chan struct{}, 3)
	server := &fasthttp.Server{
		Logger: quiet{}, WriteTimeout: time.Second, // of the first part, as in the gateway
		Handler: func(c *fasthttp.RequestCtx) {
			file, err := w.export.Open(w.operator(), export.Payouts, export.CSV, export.Filter{})
			if err != nil {
				c.Error(err.Error(), fasthttp.StatusTooManyRequests)
				return
			}
			if tcp, ok := c.Conn().(*net.TCPConn); ok {
				_ = tcp.SetWriteBuffer(64 << 10)
			}
			file.SendWithin(time.Second, time.Now, c.Conn())
			c.SetBodyStream(told{file, closed}, -1)
		},
	}
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	ask := func() net.Conn {
		conn := must(net.Dial("tcp", listener.Addr().String()))
		t.Cleanup(func() { _ = conn.Close() })
		must(io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
		return conn
	}
	answer := func(conn net.Conn) string { return string(must(io.ReadAll(conn))) }
	head := make([]byte, 12)
	for range 2 { // they take the first bytes, and no more
		must(io.ReadFull(ask(), head))
		if string(head) != "HTTP/1.1 200" {
			t.Fatalf("got %s", head)
		}
	}
	if got := answer(ask()); !strings.HasPrefix(got, "HTTP/1.1 429") {
		t.Fatalf("got %.100s", got)
	}
	for range 2 {
		select {
		case <-closed:
		case <-time.After(20 * time.Second):
			t.Fatal("a reader that takes nothing holds its place")
		}
	}
	if got := answer(ask()); !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.HasSuffix(got, "0\r\n\r\n") {
		t.Errorf("who reads on got %.100s", got)
	}
}

// told is a file whose end is told of.
type told struct {
	*export.File
	closed chan<- struct{}
}

func (f told) Close() error {
	err := f.File.Close()
	f.closed <- struct{}{}
	return err
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
