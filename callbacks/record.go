package callbacks

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// report is a finished attempt on its way into the database.
type report struct {
	job     job
	result  result
	verdict verdict
	Error   string // class of the failure, "" when there was an answer
	Excerpt string // masked start of the answer's body
	Started time.Time
	Took    time.Duration
	Ended   time.Time
}

// class is what the next attempt would be.
func (r report) class() Class {
	if r.verdict.State == Pending && r.result.Outcome != NotAttempted {
		return Retry
	}
	return r.job.Class
}

// recordSet is the columns of a group of reports.
type recordSet struct {
	ids       []string
	numbers   []int32
	states    []string
	classes   []string
	failures  []int32
	next      []time.Time
	statuses  []int32
	errors    []string
	finished  []*time.Time
	reasons   []string
	scheduled []time.Time
	started   []time.Time
	durations []int64
	outcomes  []string
	responses []string
	failing   struct {
		endpoints   []string
		counts      []int32
		first, last []time.Time
	}
	recovered []string
}

// newRecordSet lays reports out in columns, in the order of their ids: every
// group locks its rows in that order, so two never wait for each other in a
// circle. No id may be there twice.
func newRecordSet(reports []report, failing func(endpoint string) bool) recordSet {
	slices.SortFunc(reports, func(a, b report) int { return cmp.Compare(a.job.ID, b.job.ID) })
	var set recordSet
	for _, r := range reports {
		var finished *time.Time
		if r.verdict.State != Pending {
			finished = &r.Ended
		}
		set.ids = append(set.ids, r.job.ID)
		set.numbers = append(set.numbers, int32(r.job.Number))
		set.states = append(set.states, string(r.verdict.State))
		set.classes = append(set.classes, string(r.class()))
		set.failures = append(set.failures, int32(r.verdict.Failures))
		set.next = append(set.next, r.verdict.Next)
		set.statuses = append(set.statuses, int32(r.result.Status))
		set.errors = append(set.errors, r.Error)
		set.finished = append(set.finished, finished)
		set.reasons = append(set.reasons, r.verdict.Reason)
		set.scheduled = append(set.scheduled, r.job.ScheduledAt)
		set.started = append(set.started, r.Started)
		set.durations = append(set.durations, max(0, r.Took.Microseconds()))
		set.outcomes = append(set.outcomes, string(r.result.Outcome))
		set.responses = append(set.responses, r.Excerpt)
	}
	set.addCircuits(reports, failing)
	return set
}

func (set *recordSet) addCircuits(reports []report, failing func(endpoint string) bool) {
	runs := map[string]circuit{}
	good := map[string]bool{}
	for _, r := range reports {
		endpoint := r.job.Endpoint
		switch {
		case r.result.Outcome == Accepted:
			good[endpoint] = true
		case r.result.Outcome != NotAttempted && r.verdict.Reason != ReasonGone:
			c, ok := runs[endpoint]
			if !ok {
				c = circuit{Endpoint: endpoint, FailingSince: r.Ended, LastFailure: r.Ended}
			}
			c.Failures++
			if r.Ended.Before(c.FailingSince) {
				c.FailingSince = r.Ended
			}
			if r.Ended.After(c.LastFailure) {
				c.LastFailure = r.Ended
			}
			runs[endpoint] = c
		}
	}
	for endpoint := range good {
		delete(runs, endpoint)
		if failing(endpoint) {
			set.recovered = append(set.recovered, endpoint)
		}
	}
	slices.Sort(set.recovered)
	for _, c := range slices.SortedFunc(maps.Values(runs), func(a, b circuit) int { return cmp.Compare(a.Endpoint, b.Endpoint) }) {
		set.failing.endpoints = append(set.failing.endpoints, c.Endpoint)
		set.failing.counts = append(set.failing.counts, int32(c.Failures))
		set.failing.first = append(set.failing.first, c.FailingSince)
		set.failing.last = append(set.failing.last, c.LastFailure)
	}
}

// flush writes a group of reports and keeps at it while the database is away,
// until the sender gives up. What is not written then is attempted again once
// its lease has run out.
func (s *Sender) flush(reports []report) {
	for len(reports) > 0 {
		now, later := unique(reports)
		s.write(now)
		reports = later
	}
}

// unique splits off what would be the second attempt of a delivery in one
// statement.
func unique(reports []report) (now, later []report) {
	seen := make(map[string]bool, len(reports))
	for _, r := range reports {
		if seen[r.job.ID] {
			later = append(later, r)
			continue
		}
		seen[r.job.ID] = true
		now = append(now, r)
	}
	return now, later
}

func (s *Sender) write(reports []report) {
	set := newRecordSet(reports, s.relay.failing)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		failing, err := s.writeSet(set)
		if err == nil {
			s.relay.recorded(reports, set.recovered, failing)
			return
		}
		s.cfg.Log.Error("callback attempts not recorded", "count", len(reports), "error", err)
		if refused := new(pgconn.PgError); errors.As(err, &refused) && !transient(refused) {
			s.writeSingly(reports)
			return
		}
		if !sleep(s.hard, pause) {
			return
		}
	}
}

// writeSet writes a group once.
func (s *Sender) writeSet(set recordSet) ([]circuit, error) {
	ctx, cancel := context.WithTimeout(s.hard, recordTimeout)
	defer cancel()
	failing, written, err := s.store.record(ctx, set)
	if err != nil {
		return nil, err
	}
	if written < len(set.ids) {
		// Without it their leases run out by themselves.
		if err := s.store.free(ctx, set); err != nil {
			s.cfg.Log.Warn("resent callbacks wait for their lease", "error", err)
		}
	}
	return failing, nil
}

// writeSingly is for a group that the database refuses for what is in it: one
// bad report must not hold up the others.
func (s *Sender) writeSingly(reports []report) {
	for _, r := range reports {
		set := newRecordSet([]report{r}, s.relay.failing)
		failing, err := s.writeSet(set)
		if err != nil {
			s.cfg.Log.LogAttrs(context.Background(), slog.LevelError, "callback attempt not recorded",
				slog.String("event", r.job.ID), slog.Int("attempt", r.job.Number), slog.Any("error", err))
		}
		s.relay.recorded([]report{r}, set.recovered, failing)
	}
}

// transient reports whether the same statement may succeed later: everything
// but a fault in the data (class 22) or a broken constraint (class 23).
func transient(err *pgconn.PgError) bool {
	return len(err.Code) != 5 || (err.Code[:2] != "22" && err.Code[:2] != "23")
}

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
