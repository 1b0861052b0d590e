package callbacks

import (
	"sync"
	"time"
)

// How many deliveries of one merchant's endpoint may be in hand at once.
const (
	windowStart = 8
	windowFloor = 2
	windowCap   = 256

	quick      = 500 * time.Millisecond
	sluggish   = 3 * time.Second
	forgetIdle = 15 * time.Minute
)

// window is the adaptive bound of one merchant's endpoint. It grows by one with each
// quick good answer (so it doubles per round trip) and shrinks by half with
// each sign of trouble. An endpoint that lets an attempt run into the time
// limit is Suspect until it answers quickly again: its first attempts are then
// sent by the workers of the retries, so that any number of hanging endpoints
// leaves the workers of the first attempts free. Before it is known to hang, or
// to be quick, the crowd of its server and merchant bounds it. One that was
// quick and begins to hang holds its workers for the time of one attempt.
type window struct {
	Size    int
	Suspect bool
	Proven  bool // has answered quickly, and not let an attempt run out since
	seen    time.Time
}

// untried reports whether nothing tells yet if attempts there hang.
func (w window) untried() bool { return !w.Proven && !w.Suspect }

func (w window) after(r result, took time.Duration) window {
	switch {
	case r.Outcome == NotAttempted:
	case r.Outcome == TimedOut:
		w.Size, w.Suspect, w.Proven = windowFloor, true, false
	case r.Outcome == Unreachable || r.Status >= 500 || r.Status == 429:
		w.Size = max(windowFloor, w.Size/2)
	case took > sluggish:
		w.Size = max(windowFloor, w.Size/2)
	case took <= quick && r.Outcome == Accepted:
		w.Size, w.Suspect, w.Proven = min(windowCap, w.Size+1), false, true
	}
	return w
}

// windows are the bounds as this process sees them. Every process sees its
// own share of the answers and comes to its own size; the count that is held
// against it comes from the database and is everybody's.
type windows struct {
	mu sync.Mutex
	of map[string]window
}

func newWindows() *windows { return &windows{of: map[string]window{}} }

func (ws *windows) get(endpoint string) window {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w, ok := ws.of[endpoint]; ok {
		return w
	}
	return window{Size: windowStart}
}

func (ws *windows) observe(endpoint string, r result, took time.Duration, now time.Time) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w, ok := ws.of[endpoint]
	if !ok {
		w = window{Size: windowStart}
	}
	w = w.after(r, took)
	w.seen = now
	ws.of[endpoint] = w
}

// forget drops what has not been heard of for long, so that the map does not
// grow with every endpoint that ever was.
func (ws *windows) forget(now time.Time) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for endpoint, w := range ws.of {
		if now.Sub(w.seen) > forgetIdle {
			delete(ws.of, endpoint)
		}
	}
}
