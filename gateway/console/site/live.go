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
	streamsEach  = 50  // of one session; a page that was left is noticed at its stream's end alone
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
	sessions  map[string][]*follower // oldest first
	changed   chan struct{}          // closed when versions are new
	stop      context.CancelFunc
	closed    bool
	done      chan struct{}
}

// follower is one open page.
type follower struct {
	about, session string
	cut            chan struct{} // closed when newer pages of its session need the room
}

// followed is what somebody follows, and is forgotten when nobody does.
type followed struct {
	followers int
	versions  map[string]string
}

func newHub(ask Live, log *slog.Logger) *hub {
	return &hub{ask: ask, log: log, about: make(map[string]*followed), sessions: make(map[string][]*follower), changed: make(chan struct{}), done: make(chan struct{})}
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

// join counts a follower; nil says that there is no room for it. A session's
// newest page has the room of its oldest, which may be one that was left.
func (h *hub) join(about, session string) *follower {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.about[about]
	if h.closed || h.followers >= streams || (about != "" && f != nil && f.followers >= streamsAbout) {
		return nil
	}
	if f == nil {
		f = new(followed)
		h.about[about] = f
	}
	if open := h.sessions[session]; len(open) >= streamsEach {
		close(open[0].cut)
		h.sessions[session] = slices.Delete(open, 0, 1)
	}
	joined := &follower{about: about, session: session, cut: make(chan struct{})}
	h.sessions[session] = append(h.sessions[session], joined)
	f.followers++
	h.followers++
	if h.followers == 1 {
		ctx, stop := context.WithCancel(context.Background())
		h.stop = stop
		go h.run(ctx)
	}
	return joined
}

func (h *hub) leave(left *follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.about[left.about]
	if f.followers--; f.followers == 0 {
		delete(h.about, left.about) // old by the time somebody follows again
	}
	open := slices.DeleteFunc(h.sessions[left.session], func(one *follower) bool { return one == left })
	if h.sessions[left.session] = open; len(open) == 0 {
		delete(h.sessions, left.session)
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
	if h.ask == nil {
		return errNotLive
	}
	joined := h.join(about, session)
	if joined == nil {
		return errNotLive
	}
	header := &v.c.Response().Header
	header.SetContentType("text/event-stream")
	header.Set("X-Accel-Buffering", "no")
	v.c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer h.leave(joined)
		h.stream(w, joined)
	})
	return nil
}

func (h *hub) stream(w *bufio.Writer, f *follower) {
	end := time.NewTimer(streamAtMost)
	defer end.Stop()
	sent := map[string]string{}
	_, _ = w.WriteString("retry: 1000\n\n")
	for {
		versions, changed := h.state(f.about)
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
		case <-f.cut:
			return
		case <-h.done:
			return
		}
	}
}

func oneLine(text string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(text) }
