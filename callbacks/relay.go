package callbacks

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

const (
	sweepEvery = time.Second
	buryEvery  = 5 * time.Minute
	// Passes begin at least so far apart, but the first after a quiet time.
	passPace = 3 * time.Millisecond
	// A window is refilled when one part in so many is free.
	refillShare = 3
	// How many endpoints one take looks at.
	takeEndpoints = 64
	// How many enqueues run beside each other; the Redis client sends what
	// runs together in one go.
	enqueueWidth = 64
)

// relay carries due deliveries from the database to the queues.
type relay struct {
	s      *Sender
	client *asynq.Client
	redis  redis.UniversalClient
	signal chan struct{}

	mu       sync.Mutex
	look     map[string]bool      // endpoints that may have something to take
	everyone bool                 // look for endpoints in the database too
	behind   map[string]*shortage // endpoints with more due than their window lets out
	circuits map[string]circuit   // endpoints that fail, as of the last sweep
	untried  map[string]int       // deliveries in hand of untried endpoints, whoever took them

	lastBury  time.Time
	redisDown time.Duration // current pause after a failed enqueue, 0 when well
}

func newRelay(s *Sender, client *asynq.Client, rdb redis.UniversalClient) *relay {
	return &relay{
		s: s, client: client, redis: rdb, signal: make(chan struct{}, 1),
		look: map[string]bool{}, behind: map[string]*shortage{}, circuits: map[string]circuit{}, untried: map[string]int{},
	}
}

// run relays until ctx ends. The sweep is what the promise rests on: the
// notifications only make it quick.
func (r *relay) run(ctx context.Context) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			r.wake()
		case <-r.signal:
		}
		if !r.redisBack(ctx) || !sleep(ctx, passPace-time.Since(last)) {
			continue
		}
		last = time.Now()
		if err := r.pass(ctx); err != nil && ctx.Err() == nil {
			r.s.cfg.Log.Error("callback relay", "error", err)
			sleep(ctx, 100*time.Millisecond)
		}
	}
}

// wake makes the next pass look at every endpoint that has due deliveries.
func (r *relay) wake() {
	r.mu.Lock()
	r.everyone = true
	r.mu.Unlock()
	r.poke()
}

// at makes the next pass look at these endpoints.
func (r *relay) at(endpoints ...string) {
	r.mu.Lock()
	for _, endpoint := range endpoints {
		r.look[endpoint] = true
	}
	r.mu.Unlock()
	r.poke()
}

// shortage is an endpoint's count of places that became free while others
// wait for them.
type shortage struct{ free, enough int }

// recorded tells that these attempts are written down, so their deliveries are
// no longer in hand, and how that left the circuits. The places matter only
// where others wait for them, and then once a good part of the window is free:
// a take costs nearly the same for one row as for many.
func (r *relay) recorded(reports []report, recovered []string, failing []circuit) {
	r.mu.Lock()
	for _, endpoint := range recovered {
		delete(r.circuits, endpoint)
	}
	for _, c := range failing {
		r.circuits[c.Endpoint] = c
	}
	refill := false
	for _, rep := range reports {
		if n, ok := r.untried[rep.job.Endpoint]; ok && n > 0 {
			r.untried[rep.job.Endpoint] = n - 1
		}
		s := r.behind[rep.job.Endpoint]
		if s == nil {
			continue
		}
		if s.free++; s.free >= s.enough {
			s.free = 0
			r.look[rep.job.Endpoint] = true
			refill = true
		}
	}
	r.mu.Unlock()
	if refill {
		r.poke()
	}
}

func (r *relay) poke() {
	select {
	case r.signal <- struct{}{}:
	default:
	}
}

func (r *relay) failing(endpoint string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.circuits[endpoint]
	return ok
}

// pass takes what is due behind the endpoints in question and enqueues it.
func (r *relay) pass(ctx context.Context) error {
	r.mu.Lock()
	look, everyone := r.look, r.everyone
	r.look, r.everyone = map[string]bool{}, false
	r.mu.Unlock()
	if everyone {
		if err := r.sweep(ctx, look); err != nil {
			return err
		}
	}
	endpoints := make([]string, 0, takeEndpoints)
	for endpoint := range look {
		if endpoints = append(endpoints, endpoint); len(endpoints) == takeEndpoints {
			if err := r.carry(ctx, endpoints); err != nil {
				return err
			}
			endpoints = endpoints[:0]
		}
	}
	return r.carry(ctx, endpoints)
}

// sweep adds to look all endpoints that have due deliveries, and does what
// needs doing now and then.
func (r *relay) sweep(ctx context.Context, look map[string]bool) error {
	now := r.s.cfg.Now()
	circuits, err := r.s.store.circuits(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.circuits = circuits
	r.mu.Unlock()
	found, err := r.s.store.discover(ctx, now)
	if err != nil {
		return err
	}
	for _, endpoint := range found {
		look[endpoint] = true
	}
	r.mu.Lock()
	maps.DeleteFunc(r.untried, func(endpoint string, _ int) bool { return !look[endpoint] }) // what is in hand is due
	r.mu.Unlock()
	r.s.windows.forget(now)
	if now.Sub(r.lastBury) < buryEvery {
		return nil
	}
	r.lastBury = now
	if open := r.open(); len(open) > 0 {
		buried, err := r.s.store.bury(ctx, open, now)
		if buried > 0 {
			r.s.cfg.Log.Warn("callbacks dead behind open circuits", "count", buried)
		}
		if err != nil {
			return err
		}
	}
	return r.s.store.forget(ctx, now)
}

// open lists the endpoints whose circuit is open.
func (r *relay) open() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var open []string
	for endpoint, c := range r.circuits {
		if c.open() {
			open = append(open, endpoint)
		}
	}
	return open
}

// carry takes due deliveries of endpoints and enqueues them.
func (r *relay) carry(ctx context.Context, endpoints []string) error {
	now := r.s.cfg.Now()
	var w wanted
	r.mu.Lock()
	for _, endpoint := range endpoints {
		c := r.circuits[endpoint]
		size := c.window(r.s.windows.get(endpoint).Size, now)
		switch {
		case size <= 0:
		case c.open():
			w.add(endpoint, size, &c.LastFailure)
		default:
			w.add(endpoint, size, nil)
		}
	}
	r.mu.Unlock()
	if len(w.endpoints) == 0 {
		return nil
	}
	taken, behind, err := r.s.store.take(ctx, w, now, now.Add(r.s.cfg.QueueLease))
	if err != nil {
		return err
	}
	r.remember(w, taken, behind)
	if failed, err := r.enqueue(ctx, taken); err != nil {
		r.redisDown = max(r.redisDown, 100*time.Millisecond)
		r.s.cfg.Log.Error("callbacks not enqueued", "count", len(failed), "error", err)
		return r.s.store.release(context.WithoutCancel(ctx), failed)
	}
	return nil
}

// remember keeps which endpoints have more due than was let out, so that each
// place that becomes free is filled at once, and what untried ones had in hand.
func (r *relay) remember(w wanted, taken []wake, behind []backlog) {
	more, busy := map[string]int{}, map[string]int{}
	for _, b := range behind {
		busy[b.Endpoint] = b.Busy
		more[b.Endpoint] = b.Seen - b.Busy
		if b.Seen >= windowCap {
			more[b.Endpoint] += windowCap // it may go on behind what was seen
		}
	}
	for _, t := range taken {
		more[t.Endpoint]--
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, name := range w.endpoints {
		if r.s.windows.get(name).untried() {
			r.untried[name] = busy[name]
		} else {
			delete(r.untried, name)
		}
		if more[name] > 0 {
			r.behind[name] = &shortage{enough: max(1, int(w.sizes[i])/refillShare)}
		} else {
			delete(r.behind, name)
		}
	}
}

// enqueue hands the taken deliveries to the queues and returns those that
// Redis did not take, with the first error.
func (r *relay) enqueue(ctx context.Context, taken []wake) ([]wake, error) {
	var (
		mu     sync.Mutex
		failed []wake
		first  error
		all    sync.WaitGroup
		slots  = make(chan struct{}, enqueueWidth)
	)
	for _, bundle := range r.bundles(taken) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := r.enqueueOne(ctx, bundle); err != nil {
				mu.Lock()
				failed, first = append(failed, bundle.wakes...), err
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return failed, first
}

func (r *relay) enqueueOne(ctx context.Context, b bundle) error {
	refs := make([]ref, len(b.wakes))
	for i, w := range b.wakes {
		refs[i] = ref{ID: w.ID, Number: w.Attempts + 1}
	}
	// The count of takes makes the id new when the wake-up before was lost:
	// what is left of a lost task in Redis may hold its id for ever.
	head := b.wakes[0]
	id := fmt.Sprintf("%s:%d.%d", head.ID, head.Attempts+1, head.Takes)
	ctx, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	_, err := r.client.EnqueueContext(ctx, asynq.NewTask(TaskType, payload(refs)),
		asynq.TaskID(id), asynq.Queue(b.queue), asynq.MaxRetry(taskRetries), asynq.Timeout(r.s.cfg.taskTimeout()))
	if err != nil && !isConflict(err) {
		return err
	}
	return nil
}

// redisBack reports whether Redis can be written to. While it cannot, nothing
// is taken, and Redis is asked ever more rarely, up to once in two seconds.
func (r *relay) redisBack(ctx context.Context) bool {
	if r.redisDown == 0 {
		return true
	}
	if !sleep(ctx, r.redisDown) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	if err := r.redis.Ping(ctx).Err(); err != nil {
		r.redisDown = min(2*r.redisDown, 2*time.Second)
		r.poke()
		return false
	}
	r.redisDown = 0
	r.wake()
	return true
}

// noticed reads a notification: names of endpoints, or nothing for "look
// everywhere".
func (r *relay) noticed(text string) {
	if endpoints := strings.Fields(text); len(endpoints) > 0 {
		r.at(endpoints...)
		return
	}
	r.wake()
}
