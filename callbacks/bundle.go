package callbacks

import (
	"maps"
	"strings"
)

// bundle is the deliveries that travel in one task.
type bundle struct {
	queue string
	wakes []wake
}

// bundles sorts deliveries into tasks of at most TaskSize; those in one task
// share queue and endpoint.
func (r *relay) bundles(taken []wake) []bundle {
	type key struct{ queue, endpoint string }
	var done []bundle
	open := map[key]*bundle{}
	var held crowd
	for _, w := range taken {
		known := r.s.windows.get(w.Endpoint)
		if known.untried() && held.of == nil {
			held = r.crowd()
		}
		k := key{queueOf(w, known, held), w.Endpoint}
		b := open[k]
		if b == nil {
			b = &bundle{queue: k.queue}
			open[k] = b
		}
		if b.wakes = append(b.wakes, w); len(b.wakes) == r.s.cfg.TaskSize {
			done = append(done, *b)
			delete(open, k)
		}
	}
	for b := range maps.Values(open) {
		done = append(done, *b)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range taken {
		if _, ok := r.untried[w.Endpoint]; ok {
			r.untried[w.Endpoint]++
		}
	}
	return done
}

// queueOf keeps what may hang away from the workers of the first attempts.
func queueOf(w wake, known window, held crowd) string {
	switch {
	case w.Class == Bulk:
		return QueueBulk
	case w.Class == Retry || known.Suspect || (known.untried() && !held.admit(w.Endpoint)):
		return QueueRetry
	default:
		return QueueFirst
	}
}

// crowd counts the deliveries in hand of untried endpoints, by server and by
// merchant. The window bounds one endpoint; this bounds what a server that
// many merchants name, or a merchant that names many servers, can hold of the
// workers of the first attempts before the first answer, or none, has come.
// What is above it is sent by the workers of the retries: nothing is held
// back, so nobody can keep another from being sent by filling a share.
type crowd struct {
	most int
	of   map[string]int
}

// crowdShare is the part of the workers of the first attempts, one in so many,
// that one server or one merchant may hold so.
const crowdShare = 4

func (r *relay) crowd() crowd {
	c := crowd{most: max(1, r.s.cfg.FirstWorkers/crowdShare), of: map[string]int{}}
	r.mu.Lock()
	defer r.mu.Unlock()
	for endpoint, n := range r.untried {
		c.add(endpoint, n)
	}
	return c
}

func (c crowd) add(endpoint string, n int) {
	merchant, server, _ := strings.Cut(endpoint, "|")
	c.of[merchant] += n
	c.of[server] += n
}

// admit counts one more, if there is room for it.
func (c crowd) admit(endpoint string) bool {
	merchant, server, _ := strings.Cut(endpoint, "|")
	if c.of[merchant] >= c.most || c.of[server] >= c.most {
		return false
	}
	c.add(endpoint, 1)
	return true
}
