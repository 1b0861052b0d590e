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
// cut it, and the browser opens the next one: that is when an ended session is
// found out.
const (
	pulse        = time.Second
	streamAtMost = 20 * time.Second
	streams      = 1000
	streamsAbout = 100 // of one thing, where not all follow the same
	streamsEach  = 50  // of one session: one that was left is noticed at its end alone
	pulseTimeout = 3 * time.Second
)

// Live tells the version of each topic, for everything that it is asked about.
type Live func(ctx context.Context, about []string) (map[string]map[string]string, error)

// ForAll is Live where everybody follows the same.
func ForAll(ask func(context.Context) (map[string]string, error)) Live {
	return func(ctx context.Context, _ []string) (map[string]map[string]string, error) {
		versions, err := ask(ctx)
		return map[string]map[string]string{"": versions}, err
	}
}

// hub asks for the versions of all topics once a second while anybody follows,
// for all followers together.
type hub struct {
	ask Live
	log *slog.Logger

	mu        sync.Mutex
	followers int
	about     map[string]*followed
	sessions  map[string]int // followers by session
	changed   chan struct{}  // closed when versions are new
	stop      context.CancelFunc
	closed    bool
	done      chan struct{}
}

// followed is what somebody follows, and is forgotten when nobody does.
type followed struct {
	followers int
	versions  map[string]string
}

func newHub(ask Live, log *slog.Logger) *hub {
	return &hub{ask: ask, log: log, about: make(map[string]*followed), sessions: make(map[string]int), changed: make(chan struct{}), done: make(chan struct{})}
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
func (h *hub) join(about, session string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.about[about]
	if h.closed || h.followers >= streams || h.sessions[session] >= streamsEach || (about != "" && f != nil && f.followers >= streamsAbout) {
		return false
	}
	if f == nil {
		f = new(followed)
		h.about[about] = f
	}
	f.followers++
	h.sessions[session]++
	h.followers++
	if h.followers == 1 {
		ctx, stop := context.WithCancel(context.Background())
		h.stop = stop
		go h.run(ctx)
	}
	return true
}

func (h *hub) leave(about, session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.about[about]
	if f.followers--; f.followers == 0 {
		delete(h.about, about) // old by the time somebody follows again
	}
	if h.sessions[session]--; h.sessions[session] == 0 {
		delete(h.sessions, session)
	}
	if h.followers--; h.followers == 0 {
		h.stop()
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

func (h *hub) asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.about))
}

func (h *hub) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pulseTimeout)
	defer cancel()
	versions, err := h.ask(ctx, h.asked())
	if err != nil {
		if ctx.Err() == nil {
			h.log.Warn("live pages see nothing new", "cause", err.Error())
		}
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	changed := false
	for about, f := range h.about {
		if now, told := versions[about]; told && !maps.Equal(now, f.versions) {
			f.versions, changed = now, true
		}
	}
	if changed {
		close(h.changed)
		h.changed = make(chan struct{})
	}
}

func (h *hub) state(about string) (map[string]string, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.about[about].versions, h.changed
}

var errNotLive = fault.New(fault.Unavailable, "unavailable", "too many pages are open").After(5 * time.Second)

// follow is a stream of server-sent events: the versions of all topics at first,
// and then each that changes.
func (v *Visit) follow() error {
	h, about, session := v.site.live, "", v.Session.ID
	if v.site.About != nil {
		about = v.site.About(v.Person)
	}
	if h.ask == nil || !h.join(about, session) {
		return errNotLive
	}
	header := &v.c.Response().Header
	header.SetContentType("text/event-stream")
	header.Set("X-Accel-Buffering", "no")
	v.c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer h.leave(about, session)
		h.stream(w, about)
	})
	return nil
}

func (h *hub) stream(w *bufio.Writer, about string) {
	end := time.NewTimer(streamAtMost)
	defer end.Stop()
	sent := map[string]string{}
	_, _ = w.WriteString("retry: 1000\n\n")
	for {
		versions, changed := h.state(about)
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
