package httpapi

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// lastCall is how long a connection on which nothing has come yet may still
// bring its first byte once the listener is closed.
const lastCall = time.Second

// Serve serves app on l until app is shut down, which also closes l.
//
// Browsers and pools of clients open connections ahead of need. The server
// takes one for busy as soon as it is accepted, and an orderly stop would wait
// for its first request until ReadTimeout. Here such a connection is closed
// after one more second, and one whose first bytes come within it is served.
func Serve(app *fiber.App, l net.Listener) error {
	return app.Listener(&listener{Listener: l, silent: make(map[*connection]struct{})})
}

// listener knows on which connections nothing has come yet.
type listener struct {
	net.Listener
	mu     sync.Mutex
	silent map[*connection]struct{}
	ends   time.Time // of the last call, when the listener is closed
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, of: l}
	l.mu.Lock()
	l.silent[c] = struct{}{}
	ends := l.ends
	l.mu.Unlock()
	if !ends.IsZero() {
		c.hurry(ends)
	}
	return c, nil
}

func (l *listener) Close() error {
	l.mu.Lock()
	l.ends = time.Now().Add(lastCall)
	for c := range l.silent {
		c.hurry(l.ends)
	}
	l.mu.Unlock()
	return l.Listener.Close()
}

func (l *listener) forget(c *connection) {
	l.mu.Lock()
	delete(l.silent, c)
	l.mu.Unlock()
}

// connection is silent until its first byte has come.
type connection struct {
	net.Conn
	of    *listener
	heard atomic.Bool
	mu    sync.Mutex
	asked time.Time // the deadline that the server set
	ends  time.Time // of the last call
}

// Read hears the first bytes.
func (c *connection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.heard.Load() {
		c.of.forget(c)
		c.mu.Lock()
		c.heard.Store(true)
		if !c.ends.IsZero() {
			_ = c.Conn.SetReadDeadline(c.asked) // the next read tells of a broken connection
		}
		c.mu.Unlock()
	}
	return n, err
}

func (c *connection) SetReadDeadline(t time.Time) error {
	if c.heard.Load() {
		return c.Conn.SetReadDeadline(t)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = t
	if !c.ends.IsZero() && (t.IsZero() || t.After(c.ends)) {
		t = c.ends
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *connection) Close() error {
	c.of.forget(c)
	return c.Conn.Close()
}

// hurry ends the wait for a first byte; none has been read.
func (c *connection) hurry(ends time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends = ends
	if c.asked.IsZero() || c.asked.After(ends) {
		_ = c.Conn.SetReadDeadline(ends) // fails when it is closed already
	}
}
