package httpapi

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofiber/fiber/v2"
)

// TestStopDoesNotWaitForSilentConnections opens a connection as a browser does
// ahead of need, and stops.
func TestStopDoesNotWaitForSilentConnections(t *testing.T) {
	t.Parallel()
	app := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: time.Minute})
	opened := make(chan struct{}, 1)
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- Serve(app, announcing{raw, opened}) }()
	conn, err := net.Dial("tcp", raw.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	<-opened
	if err := app.ShutdownWithTimeout(30 * time.Second); err != nil {
		t.Errorf("the stop waited: %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

type announcing struct {
	net.Listener
	opened chan<- struct{}
}

func (a announcing) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err == nil {
		a.opened <- struct{}{}
	}
	return c, err
}

// pipes is a listener with connections at hand.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) { return <-p, nil }
func (p pipes) Close() error              { return nil }
func (p pipes) Addr() net.Addr            { return nil }

// TestLastCall reads from a connection, with a deadline of ten seconds as the
// server sets it, around the close of its listener.
func TestLastCall(t *testing.T) {
	t.Parallel()
	const asked = 10 * time.Second
	tests := map[string]struct {
		closed string        // the listener is closed Before it was accepted, before its Deadline was set, or After
		first  time.Duration // after the close, when the first byte comes; negative: before it
		again  time.Duration // after the close: a deadline that the server sets once it has the first byte
		until  time.Duration // after the close, when a read fails for its deadline
	}{
		"NothingComes":              {closed: "after", first: time.Hour, until: lastCall},
		"NothingComesSetLater":      {closed: "deadline", first: time.Hour, until: lastCall},
		"NothingComesAcceptedLater": {closed: "before", first: time.Hour, until: lastCall},
		"ABitLate":                  {closed: "after", first: lastCall / 2, until: asked},
		"ABitLateSetLater":          {closed: "deadline", first: lastCall / 2, until: asked},
		"ABitLateAndItsBody":        {closed: "after", first: lastCall / 2, again: 2 * asked, until: 2 * asked},
		"HeardBefore":               {closed: "after", first: -1, until: asked},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				here, there := net.Pipe()
				defer there.Close()
				waiting := make(pipes, 1)
				waiting <- here
				l := &listener{Listener: waiting, silent: make(map[*connection]struct{})}
				shut := func(when string) {
					if tt.closed == when {
						_ = l.Close()
					}
				}
				began := time.Now()
				shut("before")
				c, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				shut("deadline")
				if err := c.SetReadDeadline(began.Add(asked)); err != nil {
					t.Fatal(err)
				}
				var b [1]byte
				send := func() { _, _ = there.Write([]byte("G")) }
				if tt.first < 0 {
					go send()
					if _, err := io.ReadFull(c, b[:]); err != nil {
						t.Fatal(err)
					}
				} else {
					time.AfterFunc(tt.first, send)
				}
				shut("after")
				for err = nil; err == nil; {
					if _, err = c.Read(b[:]); err == nil && tt.again > 0 {
						err = c.SetReadDeadline(began.Add(tt.again))
					}
				}
				if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != tt.until {
					t.Errorf("ended after %v with %v, want the deadline after %v", time.Since(began), err, tt.until)
				}
				_ = c.Close()
				if len(l.silent) != 0 {
					t.Error("a closed connection is kept")
				}
			})
		})
	}
}
