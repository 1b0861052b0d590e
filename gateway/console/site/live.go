package site

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"disburse/gateway/fault"
)

// Bounds of what is live. A stream ends before the server's write timeout would
// cut it; the browser opens the next one at once.
const (
	pulse        = time.Second
	streamAtMost = 20 * time.Second
	streams      = 1000
	pulseTimeout = 3 * time.Second
)

// hub asks for the versions of all topics once a second while anybody follows,
// for all followers together.
type hub struct {
	ask func(ctx context.Context) (map[string]string, error)
	log *slog.Logger

	mu        sync.Mutex
	followers int
	versions  map[string]string
	changed   chan struct{} // closed when versions are new
	stop      context.CancelFunc
	closed    bool
	done      chan struct{}
}

func newHub(ask func(context.Context) (map[string]string, error), log *slog.Logger) *hub {
	return &hub{ask: ask, log: log, changed: make(chan struct{}), done: make(chan struct{})}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	close(h.done)
	if h.stop != nil {
		h.stop()
	}
}

// join counts a follower, and reports whether there is room for it.
func (h *hub) join() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.followers >= streams {
		return false
	}
	h.followers++
	if h.followers == 1 {
		ctx, stop := context.WithCancel(context.Background())
		h.stop = stop
		go h.run(ctx)
	}
	return true
}

func (h *hub) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.followers--; h.followers == 0 {
		h.stop()
		h.versions = nil // old by the time somebody follows again
	}
}

func (h *hub) run(ctx context.Context) {
	ticker := time.NewTicker(pulse)
	defer ticker.Stop()
	for {
		h.beat(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (h *hub) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pulseTimeout)
	defer cancel()
	versions, err := h.ask(ctx)
	if err != nil {
		if ctx.Err() == nil {
			h.log.Warn("live pages see nothing new", "cause", err.Error())
		}
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !maps.Equal(versions, h.versions) && ctx.Err() == nil {
		h.versions = versions
		close(h.changed)
		h.changed = make(chan struct{})
	}
}

func (h *hub) state() (map[string]string, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.versions, h.changed
}

var errNotLive = fault.New(fault.Unavailable, "unavailable", "too many pages are open").After(5 * time.Second)

// follow is a stream of server-sent events: the versions of all topics at first,
// and then each that changes.
func (v *Visit) follow() error {
	h := v.site.live
	if h.ask == nil || !h.join() {
		return errNotLive
	}
	header := &v.c.Response().Header
	header.SetContentType("text/event-stream")
	header.Set("X-Accel-Buffering", "no")
	v.c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer h.leave()
		h.stream(w)
	})
	return nil
}

func (h *hub) stream(w *bufio.Writer) {
	end := time.NewTimer(streamAtMost)
	defer end.Stop()
	sent := map[string]string{}
	_, _ = w.WriteString("retry: 300\n\n")
	for {
		versions, changed := h.state()
		for _, topic := range slices.Sorted(maps.Keys(versions)) {
			if version := versions[topic]; sent[topic] != version {
				fmt.Fprintf(w, "event: topic\ndata: %s %s\n\n", topic, oneLine(version))
				sent[topic] = version
			}
		}
		if w.Flush() != nil {
			return // the browser has gone
		}
		select {
		case <-changed:
		case <-end.C:
			return
		case <-h.done:
			return
		}
	}
}

func oneLine(text string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(text) }
