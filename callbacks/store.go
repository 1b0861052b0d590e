package callbacks

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// relayLock lets one relay at a time, of all processes, count and take: else
// two would count the same in-flight deliveries and fill a window twice.
const relayLock = 0x63616c6c6261636b

// The delivery tables start empty and grow by thousands of rows a second,
// long before anybody has counted them, and a plan that was made for an empty
// table scans it. So each statement below that finds rows by key says so: for
// its transaction it allows look-ups by index alone, and it says "pending" as
// finished_at is null, which means the same (a CHECK holds it) but does not
// offer the planner the index over all pending rows.
//
// Losing the last instant of takes and claims in a crash of PostgreSQL costs a
// doubled attempt at worst, so those do not wait for the disk. Stages and
// records do.
const (
	byKeySQL = `select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('enable_material', 'off', true)`

	byKeyNoWaitSQL = `select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('enable_material', 'off', true),
	set_config('synchronous_commit', 'off', true)`

	lockSQL = `select pg_advisory_xact_lock($1)`
)

const stageSQL = `
with event as (
	insert into callback_events (id, merchant_id, subject, order_id, kind, url, body_key, body_box, created_at)
	select id, merchant_id, subject, order_id, kind, url, body_key, body_box, created_at
	from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::timestamptz[])
		as e (id, merchant_id, subject, order_id, kind, url, body_key, body_box, created_at)
)
insert into callback_deliveries (event_id, endpoint, scheduled_at, next_attempt_at)
select id, endpoint, at, at
from unnest($1::text[], $10::text[], $9::timestamptz[]) as d (id, endpoint, at)`

// One look-up per endpoint that has anything pending, through the index: the
// number of rows behind an endpoint does not matter.
const discoverSQL = `
with recursive pending (endpoint) as (
	(select endpoint from callback_deliveries where state = 'pending' order by endpoint limit 1)
	union all
	select (select d.endpoint from callback_deliveries d
		where d.state = 'pending' and d.endpoint > p.endpoint order by d.endpoint limit 1)
	from pending p where p.endpoint is not null
)
select p.endpoint from pending p cross join lateral (
	select 1 from callback_deliveries d
	where d.state = 'pending' and d.endpoint = p.endpoint and d.next_attempt_at <= $1 limit 1) as due
where p.endpoint is not null`

// Looks at the oldest due rows of each endpoint, no more than the largest
// window. Rows are taken from the old end, so those in hand are among them:
// counting them there is counting what is in flight, whoever took it.
//
// A probe rests on when its endpoint failed last. Where it has failed since, the
// probe is over, whoever made it: who asks has not heard of it yet.
const takeSQL = `
with want as (
	select endpoint, size from unnest($1::text[], $2::int[], $6::timestamptz[]) as w (endpoint, size, failed)
	where w.failed is null or not exists (select from callback_circuits c where c.endpoint = w.endpoint and c.last_failure > w.failed)
), head as (
	select w.endpoint, w.size, h.event_id, h.next_attempt_at, coalesce(h.lease_until > $3, false) as held
	from want w cross join lateral (
		select d.event_id, d.next_attempt_at, d.lease_until from callback_deliveries d
		where d.endpoint = w.endpoint and d.state = 'pending' and d.next_attempt_at <= $3
		order by d.next_attempt_at limit $5) h
), ranked as (
	select endpoint, size, event_id, held,
		count(*) over (partition by endpoint) as seen,
		count(*) filter (where held) over (partition by endpoint) as busy,
		row_number() over (partition by endpoint, held order by next_attempt_at) as rank
	from head
), free as (
	select d.event_id from ranked r join callback_deliveries d on d.event_id = r.event_id
	where not r.held and r.rank <= r.size - r.busy
		and d.finished_at is null and (d.lease_until is null or d.lease_until <= $3)
	for update of d skip locked
), taken as (
	update callback_deliveries d set lease_until = $4, takes = d.takes + 1
	from free where d.event_id = free.event_id
	returning d.event_id, d.endpoint, d.class, d.attempts, d.takes
)
select endpoint, event_id, class, attempts, takes, 0 as seen, 0 as busy from taken
union all
select endpoint, '', '', 0, 0, max(seen)::int, max(busy)::int from ranked group by endpoint`

const releaseSQL = `
update callback_deliveries d set lease_until = null
from unnest($1::text[], $2::int[], $3::int[]) as r (id, attempts, takes)
where d.event_id = r.id and d.finished_at is null and d.attempts = r.attempts and d.takes = r.takes`

// The number of the attempt is the guard: of all that hold a task for it, one
// finds the count one below.
const claimSQL = `
with mine as (
	update callback_deliveries d set attempts = d.attempts + 1, takes = 0, lease_until = $3
	from unnest($1::text[], $2::int[]) as w (id, number)
	where d.event_id = w.id and d.finished_at is null and d.attempts = w.number - 1
	returning d.event_id, d.endpoint, d.class, d.attempts, d.failures, d.scheduled_at, d.next_attempt_at
)
select m.event_id, m.endpoint, m.class, m.attempts, m.failures, m.scheduled_at, m.next_attempt_at,
	e.merchant_id, e.order_id, e.kind, e.url, e.body_key, e.body_box, e.created_at
from mine m join callback_events e on e.id = m.event_id`

// A success counts whenever it comes, a failure only while its attempt is the
// latest, a worker that was thought dead may report late, and only in the
// schedule it was made in: a resend has begun another since.
const recordSQL = `
update callback_deliveries d set
	state = r.state, class = r.class, failures = r.failures, takes = 0, lease_until = null,
	next_attempt_at = case when r.state = 'pending' then r.next_at else d.next_attempt_at end,
	last_status = nullif(r.status, 0), last_error = r.error, finished_at = r.finished_at, dead_reason = r.reason
from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::int[], $8::text[], $9::timestamptz[], $10::text[], $11::timestamptz[])
	as r (id, number, state, class, failures, next_at, status, error, finished_at, reason, scheduled_at)
where d.event_id = r.id and d.finished_at is null
	and (r.state = 'delivered' or (d.attempts = r.number and d.scheduled_at = r.scheduled_at))`

// What was resent during an attempt that failed is due at once.
const freeSQL = `
update callback_deliveries d set lease_until = null
from unnest($1::text[], $2::int[], $3::timestamptz[]) as r (id, number, scheduled_at)
where d.event_id = r.id and d.finished_at is null and d.attempts = r.number and d.takes = 0 and d.scheduled_at <> r.scheduled_at`

const logSQL = `
insert into callback_attempts (event_id, number, started_at, duration_us, outcome, status, error, response)
select id, number, started_at, duration_us, outcome, nullif(status, 0), error, response
from unnest($1::text[], $2::int[], $3::timestamptz[], $4::bigint[], $5::text[], $6::int[], $7::text[], $8::text[])
	as a (id, number, started_at, duration_us, outcome, status, error, response)
on conflict (event_id, number) do nothing`

// What Resealer does. Which bodies are sealed with an old key is
// asked once in a while, so no index is kept for it: pages follow the primary
// key. The old key's name guards a row that somebody else has sealed anew.
const (
	selectSealedSQL = `
select id, body_key, body_box from callback_events
where id > $1 and body_key <> $2 and body_key <> '' order by id limit $3`

	resealSQL = `
update callback_events e set body_key = $4, body_box = r.box
from unnest($1::text[], $2::text[], $3::bytea[]) as r (id, was, box)
where e.id = r.id and e.body_key = r.was`

	countSealedSQL = `select count(*) from callback_events where body_key <> $1 and body_key <> ''`
)

const failingSQL = `
insert into callback_circuits as c (endpoint, failures, failing_since, last_failure)
select endpoint, failures, first_at, last_at
from unnest($1::text[], $2::int[], $3::timestamptz[], $4::timestamptz[]) as f (endpoint, failures, first_at, last_at)
on conflict (endpoint) do update set
	failures = case when excluded.last_failure - c.last_failure > $5 then excluded.failures else c.failures + excluded.failures end,
	failing_since = case when excluded.last_failure - c.last_failure > $5 then excluded.failing_since else least(c.failing_since, excluded.failing_since) end,
	last_failure = greatest(c.last_failure, excluded.last_failure)
returning endpoint, failures, failing_since, last_failure`

const recoveredSQL = `delete from callback_circuits where endpoint = any($1::text[])`

const circuitsSQL = `select endpoint, failures, failing_since, last_failure from callback_circuits`

// A delivery behind an open circuit is not attempted, so no attempt can find
// that its schedule has ended. One that has not failed since its schedule
// began has not used it: it stays, and its turn to be the probe comes.
const burySQL = `
update callback_deliveries set state = 'dead', dead_reason = 'exhausted', finished_at = $2, lease_until = null, takes = 0
where state = 'pending' and endpoint = any($1::text[]) and scheduled_at < $3 and failures > 0
	and (lease_until is null or lease_until <= $2)`

// A run of failures that nothing waits behind ends with the time in which
// another failure would have gone on with it. Without this an address that was
// given up would be counted for ever once its last delivery had ended.
const forgetSQL = `
delete from callback_circuits c where c.last_failure < $1
	and not exists (select from callback_deliveries d where d.endpoint = c.endpoint and d.state = 'pending')`

// store is the SQL of sending.
type store struct{ db *pgxpool.Pool }

// wanted is what to take, an endpoint a row.
type wanted struct {
	endpoints []string
	sizes     []int32      // the most that may be in hand
	failed    []*time.Time // for a probe: when its endpoint failed last; else nil
}

func (w *wanted) add(endpoint string, size int, failed *time.Time) {
	w.endpoints, w.sizes, w.failed = append(w.endpoints, endpoint), append(w.sizes, int32(size)), append(w.failed, failed)
}

// wake is a delivery that was taken: look at it, make attempt number.
type wake struct {
	ID       string
	Endpoint string
	Class    Class
	Attempts int
	Takes    int
}

// backlog is what take saw behind an endpoint: of Seen due deliveries Busy
// were in hand before.
type backlog struct {
	Endpoint   string
	Seen, Busy int
}

// take leases due deliveries of the given endpoints, as many as fill each
// one's window.
func (s store) take(ctx context.Context, want wanted, now, lease time.Time) (taken []wake, behind []backlog, err error) {
	batch := &pgx.Batch{}
	batch.Queue(byKeyNoWaitSQL)
	batch.Queue(lockSQL, int64(relayLock))
	batch.Queue(takeSQL, want.endpoints, want.sizes, now, lease, windowCap, want.failed).Query(func(rows pgx.Rows) error {
		var w wake
		var b backlog
		_, err := pgx.ForEachRow(rows, []any{&w.Endpoint, &w.ID, &w.Class, &w.Attempts, &w.Takes, &b.Seen, &b.Busy}, func() error {
			if w.ID != "" {
				taken = append(taken, w)
				return nil
			}
			b.Endpoint = w.Endpoint
			behind = append(behind, b)
			return nil
		})
		return err
	})
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("taking due callbacks: %w", err)
	}
	return taken, behind, nil
}

// release gives back what could not be enqueued.
func (s store) release(ctx context.Context, wakes []wake) error {
	ids, attempts, takes := make([]string, len(wakes)), make([]int32, len(wakes)), make([]int32, len(wakes))
	for i, w := range wakes {
		ids[i], attempts[i], takes[i] = w.ID, int32(w.Attempts), int32(w.Takes)
	}
	batch := &pgx.Batch{}
	batch.Queue(byKeyNoWaitSQL)
	batch.Queue(releaseSQL, ids, attempts, takes)
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("releasing callbacks: %w", err)
	}
	return nil
}

// job is a claimed attempt: all that sending needs.
type job struct {
	ID          string
	Endpoint    string
	Class       Class
	Number      int
	Failures    int
	ScheduledAt time.Time
	Due         time.Time
	MerchantID  string
	OrderID     string
	Kind        string
	URL         string
	BodyKey     string
	Body        []byte
	CreatedAt   time.Time
}

// claim begins attempts: ids[i] gets its attempt numbers[i] unless somebody
// else has it. The answer holds those that are ours, in any order.
func (s store) claim(ctx context.Context, ids []string, numbers []int32, lease time.Time) ([]job, error) {
	var jobs []job
	batch := &pgx.Batch{}
	batch.Queue(byKeyNoWaitSQL)
	batch.Queue(claimSQL, ids, numbers, lease).Query(func(rows pgx.Rows) (err error) {
		jobs, err = pgx.CollectRows(rows, pgx.RowToStructByPos[job])
		return err
	})
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("claiming callbacks: %w", err)
	}
	return jobs, nil
}

// discover lists the endpoints that have due deliveries.
func (s store) discover(ctx context.Context, now time.Time) ([]string, error) {
	var endpoints []string
	batch := &pgx.Batch{}
	batch.Queue(byKeySQL)
	batch.Queue(discoverSQL, now).Query(func(rows pgx.Rows) (err error) {
		endpoints, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("looking for due callbacks: %w", err)
	}
	return endpoints, nil
}

func (s store) circuits(ctx context.Context) (map[string]circuit, error) {
	rows, err := s.db.Query(ctx, circuitsSQL)
	if err != nil {
		return nil, fmt.Errorf("reading callback circuits: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[circuit])
	if err != nil {
		return nil, fmt.Errorf("reading callback circuits: %w", err)
	}
	of := make(map[string]circuit, len(list))
	for _, c := range list {
		of[c.Endpoint] = c
	}
	return of, nil
}

// bury ends the deliveries behind open circuits whose schedule is over.
func (s store) bury(ctx context.Context, endpoints []string, now time.Time) (int64, error) {
	tag, err := s.db.Exec(ctx, burySQL, endpoints, now, now.Add(-scheduleEnds))
	if err != nil {
		return 0, fmt.Errorf("ending callbacks behind open circuits: %w", err)
	}
	return tag.RowsAffected(), nil
}

// forget drops the circuits of endpoints that have nothing to send.
func (s store) forget(ctx context.Context, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(byKeyNoWaitSQL)
	batch.Queue(forgetSQL, now.Add(-circuitGap))
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("forgetting callback circuits: %w", err)
	}
	return nil
}

// record writes what became of attempts, in one transaction, and returns how
// the circuits of the endpoints that failed stand after it, and how many
// verdicts it wrote: those that came too late for their delivery are left out.
func (s store) record(ctx context.Context, set recordSet) (failing []circuit, written int, err error) {
	batch := &pgx.Batch{}
	batch.Queue(byKeySQL)
	batch.Queue(recordSQL, set.ids, set.numbers, set.states, set.classes, set.failures, set.next, set.statuses, set.errors, set.finished, set.reasons, set.scheduled).Exec(func(tag pgconn.CommandTag) error {
		written = int(tag.RowsAffected())
		return nil
	})
	batch.Queue(logSQL, set.ids, set.numbers, set.started, set.durations, set.outcomes, set.statuses, set.errors, set.responses)
	if len(set.failing.endpoints) > 0 {
		f := set.failing
		batch.Queue(failingSQL, f.endpoints, f.counts, f.first, f.last, circuitGap).Query(func(rows pgx.Rows) (err error) {
			failing, err = pgx.CollectRows(rows, pgx.RowToStructByPos[circuit])
			return err
		})
	}
	if len(set.recovered) > 0 {
		batch.Queue(recoveredSQL, set.recovered)
	}
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return nil, 0, fmt.Errorf("recording callback attempts: %w", err)
	}
	return failing, written, nil
}

// free ends the leases of those attempts of set during which their delivery
// was resent.
func (s store) free(ctx context.Context, set recordSet) error {
	batch := &pgx.Batch{}
	batch.Queue(byKeyNoWaitSQL)
	batch.Queue(freeSQL, set.ids, set.numbers, set.scheduled)
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("freeing resent callbacks: %w", err)
	}
	return nil
}

// DB is a pool, a connection or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}
