package main

import (
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// receiver is a merchant's endpoint: it notes when each event first arrived,
// and answers 200.
type receiver struct {
	url    string
	server *fasthttp.Server

	mu      sync.Mutex
	arrived map[string]time.Time // by webhook-id
	repeats int
	target  int
	reached chan struct{} // closed when target events have arrived
}

func newReceiver() (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{url: "http://" + listener.Addr().String()}
	r.expect(0)
	r.server = &fasthttp.Server{Handler: r.receive, DisablePreParseMultipartForm: true}
	go r.server.Serve(listener) //nolint:errcheck // ends with close
	return r, nil
}

func (r *receiver) receive(c *fasthttp.RequestCtx) {
	now, id := time.Now(), string(c.Request.Header.Peek("webhook-id"))
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, before := r.arrived[id]; before {
		r.repeats++
		return
	}
	r.arrived[id] = now
	if len(r.arrived) == r.target {
		close(r.reached)
	}
}

// expect forgets what came and waits for n events.
func (r *receiver) expect(n int) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived, r.repeats, r.target, r.reached = make(map[string]time.Time, n), 0, n, make(chan struct{})
	return r.reached
}

func (r *receiver) arrivals() (times map[string]time.Time, repeats int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	times = make(map[string]time.Time, len(r.arrived))
	for id, at := range r.arrived {
		times[id] = at
	}
	return times, r.repeats
}

func (r *receiver) close() { _ = r.server.Shutdown() }
