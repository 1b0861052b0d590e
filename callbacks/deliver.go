package callbacks

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"disburse/signing"
)

// TaskType is the asynq type of a wake-up.
const TaskType = "callbacks:deliver"

// ref names an attempt to make.
type ref struct {
	ID     string
	Number int
}

// payload lists attempts, one a line: "<event id>:<number>".
func payload(refs []ref) []byte {
	var b []byte
	for i, r := range refs {
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(b, r.ID...)
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(r.Number), 10)
	}
	return b
}

// parsePayload passes over what it cannot read: a task is a hint, and the row
// it hinted at comes up again by itself.
func parsePayload(b []byte) []ref {
	var refs []ref
	for line := range bytes.Lines(b) {
		id, number, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), ":")
		n, err := strconv.ParseInt(number, 10, 32)
		if ok && err == nil && id != "" && n > 0 {
			refs = append(refs, ref{ID: id, Number: int(n)})
		}
	}
	return refs
}

// ProcessTask makes the attempts that a task names, unless somebody else has
// them. It always returns nil: what came of them is in the database, and asynq
// has nothing to add to it.
func (s *Sender) ProcessTask(ctx context.Context, task *asynq.Task) error {
	refs := parsePayload(task.Payload())
	if len(refs) == 1 {
		s.deliver(ctx, refs[0])
		return nil
	}
	var all sync.WaitGroup
	for _, r := range refs {
		all.Go(func() { s.deliver(ctx, r) })
	}
	all.Wait()
	return nil
}

// claimant waits for the answer to its claim: a job, or nil.
type claimant struct {
	ref    ref
	answer chan *job
}

// deliver claims an attempt, makes it and hands the outcome to the recorder.
func (s *Sender) deliver(ctx context.Context, r ref) {
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.Error("callback attempt panicked", "event", r.ID, "panic", p)
		}
	}()
	c := claimant{ref: r, answer: make(chan *job, 1)}
	if !s.claims.add(ctx, c) {
		return
	}
	select {
	case j := <-c.answer:
		if j != nil {
			s.attempt(ctx, *j)
		}
	case <-ctx.Done():
		// The claim may still succeed. Its lease runs out by itself.
	}
}

// attempt makes the attempt and hands the outcome to the recorder.
func (s *Sender) attempt(ctx context.Context, j job) {
	started := s.cfg.Now()
	clock := time.Now() // the monotonic clock measures; Now dates
	got := s.send(ctx, j, started)
	took := time.Since(clock)
	ended := started.Add(took)
	if got.result.Outcome != Accepted && s.soft.Err() != nil && ctx.Err() != nil {
		// We broke it off ourselves.
		got = answer{result: result{Outcome: NotAttempted}, Error: "stopping"}
	}
	v := decide(got.result, j.Failures, j.ScheduledAt, ended, 2*rand.Float64()-1)
	if got.Error == "stopping" {
		v.Next = j.Due
	}
	rep := report{job: j, result: got.result, verdict: v, Error: got.Error, Excerpt: got.Excerpt, Started: started, Took: took, Ended: ended}
	s.windows.observe(j.Endpoint, got.result, took, ended)
	s.announce(rep)
	s.records.add(s.hard, rep)
}

// send readies the request and makes it. Whatever is missing for it on our
// side makes it an attempt that was not made.
func (s *Sender) send(ctx context.Context, j job, now time.Time) answer {
	unable := func(why string, err error) answer {
		s.cfg.Log.LogAttrs(ctx, slog.LevelError, "callback cannot be sent", slog.String("event", j.ID), slog.String("why", why), slog.Any("error", err))
		return answer{result: result{Outcome: NotAttempted}, Error: why}
	}
	if s.soft.Err() != nil {
		return answer{result: result{Outcome: NotAttempted}, Error: "stopping"}
	}
	secrets, err := s.cfg.Secrets(ctx, j.MerchantID)
	if err != nil {
		return unable("secrets_unavailable", err)
	}
	body := j.Body
	if j.BodyKey != "" {
		if body, err = s.cfg.OpenBody(j.ID, j.BodyKey, j.Body); err != nil {
			return unable("body_sealed", err)
		}
	}
	headers, err := signing.Sign(secrets, j.ID, now, body)
	if err != nil {
		return unable("cannot_sign", err)
	}
	return s.post(ctx, j, headers, body)
}

// announce tells the log and the observer. Neither gets the body or the URL:
// a query string may hold a secret.
func (s *Sender) announce(r report) {
	a := Announcement{
		Class: r.job.Class, Outcome: r.result.Outcome, State: r.verdict.State, Status: r.result.Status, Error: r.Error,
		Duration: r.Took, Lag: r.Ended.Sub(r.job.CreatedAt),
	}
	if s.cfg.OnAttempt != nil {
		s.cfg.OnAttempt(a)
	}
	level := slog.LevelInfo
	if a.Outcome != Accepted {
		level = slog.LevelWarn
	}
	if !s.cfg.Log.Enabled(context.Background(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("event", r.job.ID), slog.String("merchant", r.job.MerchantID), slog.String("order_id", r.job.OrderID),
		slog.String("kind", r.job.Kind), slog.String("endpoint", serverOf(r.job.Endpoint)), slog.String("class", string(a.Class)),
		slog.Int("attempt", r.job.Number), slog.String("outcome", string(a.Outcome)), slog.Int("status", a.Status),
		slog.String("error", a.Error), slog.String("state", string(a.State)),
		slog.Float64("duration_ms", milliseconds(a.Duration)), slog.Float64("lag_ms", milliseconds(a.Lag)),
	}
	if a.State == Pending {
		attrs = append(attrs, slog.Time("next_attempt_at", r.verdict.Next))
	}
	s.cfg.Log.LogAttrs(context.Background(), level, "callback attempt", attrs...)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// claim answers a group of claimants with one statement. Without the database
// nobody gets anything: the tasks are gone then, the rows are not.
func (s *Sender) claim(group []claimant) {
	// One order of locking for all processes.
	slices.SortFunc(group, func(a, b claimant) int {
		return cmp.Or(cmp.Compare(a.ref.ID, b.ref.ID), cmp.Compare(a.ref.Number, b.ref.Number))
	})
	ids, numbers := make([]string, 0, len(group)), make([]int32, 0, len(group))
	for i, c := range group {
		if i > 0 && c.ref == group[i-1].ref {
			continue
		}
		ids, numbers = append(ids, c.ref.ID), append(numbers, int32(c.ref.Number))
	}
	ctx, cancel := context.WithTimeout(s.hard, claimTimeout)
	jobs, err := s.store.claim(ctx, ids, numbers, s.cfg.Now().Add(s.cfg.Lease))
	cancel()
	if err != nil {
		s.cfg.Log.Error("callbacks not claimed", "count", len(ids), "error", err)
	}
	ours := make(map[ref]*job, len(jobs))
	for i := range jobs {
		ours[ref{ID: jobs[i].ID, Number: jobs[i].Number}] = &jobs[i]
	}
	for _, c := range group {
		c.answer <- ours[c.ref]
		delete(ours, c.ref) // of two tasks for one attempt, one makes it
	}
}
