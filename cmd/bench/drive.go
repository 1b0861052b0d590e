package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// call is one unit of load: client numbers the caller, n its calls.
type call func(ctx context.Context, client, n int) error

// measure is what a load came to, over all its rounds.
type measure struct {
	Name       string  `json:"name"`
	Clients    int     `json:"clients"`
	PerCall    int     `json:"items_per_call"`
	Seconds    float64 `json:"seconds"`
	PerSecond  float64 `json:"per_second"` // items
	P50        float64 `json:"p50_ms"`
	P95        float64 `json:"p95_ms"`
	P99        float64 `json:"p99_ms"`
	Errors     int     `json:"errors"`
	FirstError string  `json:"first_error,omitempty"`
	Reference  bool    `json:"reference"` // a yardstick, not the product
	Rounds     int     `json:"rounds,omitempty"`
	Counted    int     `json:"rounds_counted,omitempty"` // the quietest
	Stolen     float64 `json:"stolen,omitempty"`         // share of the processors that the host took in those
	Note       string  `json:"note,omitempty"`

	latencies []time.Duration // that count
	failed    int             // of the calls that count
	turns     []turn
	offset    int // of call numbers, so that rounds do not repeat them
}

// warmUp is run before each round and not measured. Connections and caches
// outlive a round, so a moment is enough.
const warmUp = 300 * time.Millisecond

// round drives the load for the given time, closed loop: each client calls
// again when it has its answer.
func (m *measure) round(ctx context.Context, length time.Duration, do call) error {
	m.loop(ctx, warmUp, do, false)
	m.loop(ctx, length, do, true)
	return ctx.Err()
}

func (m *measure) loop(ctx context.Context, length time.Duration, do call, keep bool) {
	type tally struct {
		latencies []time.Duration
		calls     int
		errors    []error
	}
	tallies := make([]tally, m.Clients)
	start, before := time.Now(), now()
	until := start.Add(length)
	var clients sync.WaitGroup
	for c := range m.Clients {
		clients.Go(func() {
			t := &tallies[c]
			for ctx.Err() == nil {
				began := time.Now()
				if began.After(until) {
					return
				}
				err := do(ctx, c, m.offset+t.calls)
				t.calls++
				if err != nil && ctx.Err() == nil {
					t.errors = append(t.errors, err)
				}
				t.latencies = append(t.latencies, time.Since(began))
			}
		})
	}
	clients.Wait()
	all := turn{seconds: time.Since(start).Seconds(), stolen: before.stolenSince()}
	most := 0
	for _, t := range tallies {
		most = max(most, t.calls)
		all.latencies = append(all.latencies, t.latencies...)
		all.errors = append(all.errors, t.errors...)
	}
	m.offset += most
	if keep {
		m.keep(all)
	}
}

func (m *measure) keep(t turn) {
	m.turns = append(m.turns, t)
	m.fail(t.errors...)
}

// offer drives an open loop: calls begin at the given rate whether or not the
// ones before have been answered, and latency counts from when a call was due.
func (m *measure) offer(ctx context.Context, rate float64, length time.Duration, do call) error {
	type answer struct {
		took time.Duration
		err  error
	}
	total := int(rate * length.Seconds())
	answers := make(chan answer, total)
	start, before := time.Now(), now()
	var calls sync.WaitGroup
	for n := range total {
		due := start.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		if ctx.Err() != nil {
			break
		}
		calls.Go(func() {
			err := do(ctx, n%m.Clients, m.offset+n)
			answers <- answer{time.Since(due), err}
		})
	}
	calls.Wait()
	close(answers)
	all := turn{seconds: time.Since(start).Seconds(), stolen: before.stolenSince()}
	m.offset += total
	for a := range answers {
		all.latencies = append(all.latencies, a.took)
		if a.err != nil {
			all.errors = append(all.errors, a.err)
		}
	}
	m.keep(all)
	return ctx.Err()
}

func (m *measure) fail(errs ...error) {
	m.Errors += len(errs)
	m.failed += len(errs)
	if err := errors.Join(errs...); err != nil && m.FirstError == "" {
		m.FirstError = errs[0].Error()
	}
}

// finish works out the figures, of a measure that was taken in turns from the
// quietest of these. Errors count wherever they were.
func (m *measure) finish() {
	if m.Rounds = len(m.turns); m.Rounds > 0 {
		m.choose(quietest(m.turns))
	}
	slices.Sort(m.latencies)
	at := func(share float64) float64 {
		if len(m.latencies) == 0 {
			return 0
		}
		i := min(int(share*float64(len(m.latencies))), len(m.latencies)-1)
		return float64(m.latencies[i].Microseconds()) / 1000
	}
	m.P50, m.P95, m.P99 = at(0.50), at(0.95), at(0.99)
	if m.Seconds > 0 {
		m.PerSecond = float64((len(m.latencies)-m.failed)*m.PerCall) / m.Seconds
	}
}

func (m *measure) choose(turns []turn) {
	m.Counted, m.failed = len(turns), 0
	for _, t := range turns {
		m.latencies = append(m.latencies, t.latencies...)
		m.failed += len(t.errors)
		m.Seconds += t.seconds
		m.Stolen += t.stolen / float64(len(turns))
	}
}

// contender is a load with its measure.
type contender struct {
	*measure
	do call
}

// alternate runs all contenders in turn, round after round, so that a machine
// whose speed drifts treats them alike.
func (b *bench) alternate(ctx context.Context, contenders ...contender) error {
	for range b.options.Rounds {
		for _, c := range contenders {
			b.settle(ctx)
			var err error
			if b.options.Rate > 0 && !c.Reference {
				err = c.offer(ctx, b.options.Rate, b.options.round(), c.do)
			} else {
				err = c.round(ctx, b.options.round(), c.do)
			}
			if err != nil {
				return err
			}
		}
	}
	for _, c := range contenders {
		c.finish()
		b.measures = append(b.measures, c.measure)
	}
	return nil
}

// settle writes out what the round before left dirty, so that nobody pays for
// another's pages in the middle of a round. Where the database does not allow
// it, the round begins as it is.
func (b *bench) settle(ctx context.Context) { _, _ = b.db.Exec(ctx, "checkpoint") }

func (b *bench) load(name string, do call) contender {
	return contender{&measure{Name: name, Clients: b.options.Clients, PerCall: 1}, do}
}

func (b *bench) reference(name string, clients, perCall int, note string, do call) contender {
	return contender{&measure{Name: name, Clients: clients, PerCall: perCall, Reference: true, Note: note}, do}
}
