package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/virtualcard"
)

// Topic is a list that pages follow.
type Topic string

// The topics. What they count: open payouts, open card orders, open disputes,
// what waits for a second person, exceptions, dead callbacks.
const (
	Payouts    Topic = "payouts"
	CardOrders Topic = "card-orders"
	Disputes   Topic = "disputes"
	Approvals  Topic = "approvals"
	Exceptions Topic = "exceptions"
	Callbacks  Topic = "callbacks"
)

// Topics lists every topic.
func Topics() []Topic {
	return []Topic{Payouts, CardOrders, Disputes, Approvals, Exceptions, Callbacks}
}

// CountsAtMost bounds what a topic counts: whoever has more open than that does
// not need the exact number every second.
const CountsAtMost = 10_000

// Pulse is the version of every topic, as "count/marker". It is made to be asked
// once a second, and one Reader should be asked by all.
//
// A marker is made of what is committed, and of how far sequences have run. A
// sequence runs ahead of the commit that it belongs to, so a version goes on
// changing for two more calls after its sequence has moved: by then what took
// the number is there to be read.
func (r *Reader) Pulse(ctx context.Context) (map[string]string, error) {
	now := r.d.Now()
	rows, err := r.d.DB.Query(ctx, selectPulse, now, CountsAtMost, now.Add(-answeredWithin), now.Add(-approval.Life))
	if err != nil {
		return nil, fmt.Errorf("report: pulse: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	versions := make(map[string]string, len(Topics()))
	var topic Topic
	var count, sequence int64
	var marker string
	_, err = pgx.ForEachRow(rows, []any{&topic, &count, &sequence, &marker}, func() error {
		h := r.beats[topic].then(sequence)
		r.beats[topic] = h
		versions[string(topic)] = fmt.Sprintf("%d/%s.%s", count, marker, h)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("report: pulse: %w", err)
	}
	return versions, nil
}

// answeredWithin is when a card operation must have been answered at the
// latest.
const answeredWithin = virtualcard.CallTimeout + 2*time.Second

// history is a sequence as it was at the last calls.
type history struct {
	known               bool
	newest, middle, old int64
}

func (h history) then(sequence int64) history {
	if !h.known {
		return history{true, sequence, sequence, sequence}
	}
	return history{true, sequence, h.newest, h.middle}
}

func (h history) String() string {
	return fmt.Sprintf("%d-%d-%d", h.newest, h.newest-h.middle, h.newest-h.old)
}
