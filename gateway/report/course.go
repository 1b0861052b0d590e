package report

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/payout"
	"disburse/ledger"
)

// Span is how far back a course goes, and in which steps.
type Span struct {
	Name string
	Step time.Duration
	Back int // steps, the present one included
}

// Spans that can be asked for; the first is the usual one.
var Spans = []Span{{"24h", time.Hour, 24}, {"7d", 6 * time.Hour, 28}, {"30d", 24 * time.Hour, 30}}

// SpanNamed finds a span; the first for a name that there is not.
func SpanNamed(name string) Span {
	for _, s := range Spans {
		if s.Name == name {
			return s
		}
	}
	return Spans[0]
}

// first is when the oldest step of the span begins.
func (s Span) first(now time.Time) time.Time {
	return now.UTC().Truncate(s.Step).Add(-time.Duration(s.Back-1) * s.Step)
}

// Step is what ended within one step of a span.
type Step struct {
	From      time.Time
	Ended     map[payout.Status]int64
	ToPay     time.Duration // median of what was paid
	ToPayMost time.Duration // of 9 in 10
}

// All is how many payouts ended in the step.
func (s Step) All() int64 {
	n := int64(0)
	for _, count := range s.Ended {
		n += count
	}
	return n
}

// Course is payouts over time.
type Course struct {
	Span  Span
	Steps []Step // oldest first, none missing
}

// Ended counts what ended in the whole span, by how.
func (c Course) Ended() map[payout.Status]int64 {
	sum := make(map[payout.Status]int64)
	for _, s := range c.Steps {
		for status, n := range s.Ended {
			sum[status] += n
		}
	}
	return sum
}

// courses keeps the steps that are over: what ended in them does not change any
// more, so a chart of a month is read once, and then an hour of it at a time.
type courses struct {
	mu    sync.Mutex
	past  map[pastStep]Step
	fresh map[pastStep]time.Time // when the present step was read
}

type pastStep struct {
	mode ledger.Mode
	step time.Duration
	from int64
}

// settled is how long after its end a step is final: by then, what took its time
// before has been committed.
const settled = time.Minute

// Course reads payouts of a mode over time.
func (r *Reader) Course(ctx context.Context, mode ledger.Mode, span Span) (Course, error) {
	r.courses.mu.Lock()
	defer r.courses.mu.Unlock()
	now := r.d.Now().UTC()
	last, first := now.Truncate(span.Step), span.first(now)
	from := first
	for from.Before(last) && r.courses.has(pastStep{mode, span.Step, from.Unix()}, now) {
		from = from.Add(span.Step)
	}
	if !r.courses.has(pastStep{mode, span.Step, last.Unix()}, now) {
		read, err := r.steps(ctx, mode, span.Step, from, last)
		if err != nil {
			return Course{}, fmt.Errorf("report: course: %w", err)
		}
		r.courses.keep(mode, span, from, last, read, now)
	}
	c := Course{Span: span}
	for at := first; !at.After(last); at = at.Add(span.Step) {
		c.Steps = append(c.Steps, r.courses.past[pastStep{mode, span.Step, at.Unix()}])
	}
	r.courses.forget(first.Add(-Spans[len(Spans)-1].Step * time.Duration(Spans[len(Spans)-1].Back)))
	return c, nil
}

// has reports a step that need not be read: it is over, or was read just now.
func (c *courses) has(key pastStep, now time.Time) bool {
	read, known := c.fresh[key]
	over := time.Unix(key.from, 0).Add(key.step + settled)
	return known && (!read.Before(over) || now.Sub(read) < keepWork)
}

// keep takes in what was read of the steps between two of them.
//
//nolint:revive // a row of the key, and what was read
func (c *courses) keep(mode ledger.Mode, span Span, from, last time.Time, read map[int64]Step, now time.Time) {
	if c.past == nil {
		c.past, c.fresh = make(map[pastStep]Step), make(map[pastStep]time.Time)
	}
	for at := from; !at.After(last); at = at.Add(span.Step) {
		key := pastStep{mode, span.Step, at.Unix()}
		step := read[key.from]
		step.From = at
		c.past[key], c.fresh[key] = step, now
	}
}

func (c *courses) forget(before time.Time) {
	for key := range c.past {
		if key.from < before.Unix() {
			delete(c.past, key)
			delete(c.fresh, key)
		}
	}
}

// Warm reads the money and the courses of live payouts before anybody asks, the
// newest day first and a day at a time, so that who asks meanwhile does not wait
// long.
func (r *Reader) Warm(ctx context.Context) error {
	const day = 24 * time.Hour
	if _, err := r.Funds(ctx); err != nil {
		return err
	}
	for _, span := range Spans {
		last := r.d.Now().UTC().Truncate(span.Step)
		first := last.Add(-time.Duration(span.Back-1) * span.Step)
		for until := last; !until.Before(first); until = until.Add(-max(day, span.Step)) {
			from := until.Add(-max(day, span.Step)).Add(span.Step)
			if from.Before(first) {
				from = first
			}
			if err := r.warm(ctx, span, from, until); err != nil {
				return fmt.Errorf("report: warm: %w", err)
			}
		}
	}
	return nil
}

func (r *Reader) warm(ctx context.Context, span Span, from, until time.Time) error {
	r.courses.mu.Lock()
	defer r.courses.mu.Unlock()
	now := r.d.Now().UTC()
	if r.courses.has(pastStep{ledger.Live, span.Step, from.Unix()}, now) {
		return nil
	}
	read, err := r.steps(ctx, ledger.Live, span.Step, from, until)
	if err == nil {
		r.courses.keep(ledger.Live, span, from, until, read, now)
	}
	return err
}

// steps reads the steps from one to another, both included.
func (r *Reader) steps(ctx context.Context, mode ledger.Mode, step time.Duration, from, last time.Time) (map[int64]Step, error) {
	rows, err := r.d.DB.Query(ctx, selectCourse, string(mode), from, step.Seconds(), last)
	if err != nil {
		return nil, err
	}
	read := make(map[int64]Step)
	var at int64
	var n [4]int64
	var toPay, most float64 // seconds, to draw
	_, err = pgx.ForEachRow(rows, []any{&at, &n[0], &n[1], &n[2], &n[3], &toPay, &most}, func() error {
		read[at] = Step{
			Ended: map[payout.Status]int64{
				payout.Successful: n[0], payout.RejectedTimeout: n[1], payout.RejectedMerchant: n[2], payout.RejectedGate: n[3],
			},
			ToPay: seconds(toPay), ToPayMost: seconds(most),
		}
		return nil
	})
	return read, err
}
