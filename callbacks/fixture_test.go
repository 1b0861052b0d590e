package callbacks

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"disburse/migrations/pgtest"
	"disburse/ratelimit/redistest"
	"disburse/signing"
)

const (
	testSecret = "whsec_ZGVtby13ZWJob29rLXNlY3JldC0zMi1ieXRlcy1vaw=="
	oldSecret  = "whsec_b2xkZXItd2ViaG9vay1zZWNyZXQtMzItYnl0ZXMtb2s="
)

var epochTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a time that moves when it is told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bench is a database, a Redis and a clock of one test.
type bench struct {
	t     *testing.T
	db    *pgxpool.Pool
	redis *redis.Client
	clock *clock
	now   func() time.Time
	count int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	b := &bench{t: t, db: pgtest.New(t), redis: redistest.New(t), clock: &clock{at: epochTime}}
	b.now = b.clock.now
	return b
}

func (b *bench) journal() Journal { return Journal{DB: b.db, Now: b.now} }

// sender makes a sender without starting it.
func (b *bench) sender(change ...func(*Config)) *Sender {
	b.t.Helper()
	allow, err := ParseAllow("loopback")
	if err != nil {
		b.t.Fatal(err)
	}
	cfg := Config{
		DB: b.db, Redis: b.redis, Allow: allow, Now: b.now,
		Secrets: func(context.Context, string) ([]string, error) { return []string{testSecret, oldSecret}, nil },
		Log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := NewSender(cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// start makes a sender that runs until the test ends.
func (b *bench) start(change ...func(*Config)) *Sender {
	b.t.Helper()
	s := b.sender(change...)
	if err := s.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil && b.t.Failed() {
			b.t.Logf("stop: %v", err)
		}
	})
	return s
}

// event makes the next event of this test, staged now.
func (b *bench) event(url string) Event {
	b.count++
	return Event{
		ID: fmt.Sprintf("evt_%026d", b.count), MerchantID: "mer_1", Subject: fmt.Sprintf("po_%d", b.count),
		OrderID: fmt.Sprintf("order-%d", b.count), Kind: "payout.successful", URL: url,
		Body: fmt.Appendf(nil, `{"n":%d}`, b.count), At: b.now(),
	}
}

// stage stages n events to url in one transaction and returns their ids.
func (b *bench) stage(url string, n int) []string {
	b.t.Helper()
	events := make([]Event, n)
	for i := range events {
		events[i] = b.event(url)
	}
	return b.stageEvents(events...)
}

func (b *bench) stageEvents(events ...Event) []string {
	b.t.Helper()
	ids := make([]string, len(events))
	for i, ev := range events {
		ids[i] = ev.ID
	}
	sql, args := grouped(events)
	tag, err := b.db.Exec(b.t.Context(), sql, args...)
	if err != nil {
		b.t.Fatal(err)
	}
	if tag.RowsAffected() != int64(len(events)) {
		b.t.Fatalf("staging %d events affected %d rows", len(events), tag.RowsAffected())
	}
	return ids
}

// grouped turns rows into one execution, as the writer of the money does.
func grouped(events []Event) (string, []any) {
	var sql string
	var columns []reflect.Value
	for _, ev := range events {
		row := Stage(ev)
		sql = row.SQL
		for i, v := range row.Row {
			if len(columns) <= i {
				columns = append(columns, reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(v)), 0, len(events)))
			}
			columns[i] = reflect.Append(columns[i], reflect.ValueOf(v))
		}
	}
	args := make([]any, len(columns))
	for i, c := range columns {
		args[i] = c.Interface()
	}
	return sql, args
}

func (b *bench) get(id string) Detail {
	b.t.Helper()
	d, err := b.journal().Get(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// reach waits until every callback is in the state.
func (b *bench) reach(state State, ids ...string) {
	b.t.Helper()
	b.until(fmt.Sprintf("%d callbacks %s", len(ids), state), func() bool {
		var n int
		err := b.db.QueryRow(b.t.Context(), `select count(*) from callback_deliveries where state = $1 and event_id = any($2)`, string(state), ids).Scan(&n)
		if err != nil {
			b.t.Fatal(err)
		}
		return n == len(ids)
	})
}

// attempted waits until the log of a callback has n attempts.
func (b *bench) attempted(id string, n int) Detail {
	b.t.Helper()
	var d Detail
	b.until(fmt.Sprintf("%d attempts of %s", n, id), func() bool {
		d = b.get(id)
		return len(d.Log) >= n
	})
	return b.get(id) // the item was read before the log
}

// until polls; everything that is waited for takes well under a second on an
// idle machine.
func (b *bench) until(what string, done func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			b.t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// receiver is a merchant's server that remembers what it got.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	byID   map[string]int
	now    int
	most   int
	faults []string
}

type received struct {
	ID   string
	Body string
	Took time.Duration // since its event was staged, for real clocks
}

// newReceiver answers with behave, or 200 when that is nil; n counts the
// requests of the same webhook-id, from 1.
func newReceiver(b *bench, behave func(w http.ResponseWriter, r *http.Request, n int)) *receiver {
	b.t.Helper()
	rc := &receiver{byID: map[string]int{}}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := signing.ReadHeaders(r.Header.Get)
		rc.mu.Lock()
		for _, secret := range []string{testSecret, oldSecret} {
			if err := signing.Verify([]string{secret}, h, body, b.now(), signing.Tolerance); err != nil {
				rc.faults = append(rc.faults, h.ID+": "+err.Error())
			}
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.UserAgent() == "" || r.Header.Get("Idempotency-Key") != "" {
			rc.faults = append(rc.faults, fmt.Sprintf("%s %v", r.Method, r.Header))
		}
		rc.byID[h.ID]++
		n := rc.byID[h.ID]
		rc.got = append(rc.got, received{ID: h.ID, Body: string(body)})
		rc.now++
		rc.most = max(rc.most, rc.now)
		rc.mu.Unlock()
		defer func() { rc.mu.Lock(); rc.now--; rc.mu.Unlock() }()
		if behave != nil {
			behave(w, r, n)
		}
	}))
	b.t.Cleanup(func() {
		rc.CloseClientConnections()
		rc.Close()
		rc.mu.Lock()
		defer rc.mu.Unlock()
		for _, fault := range rc.faults {
			b.t.Errorf("received: %s", fault)
		}
	})
	return rc
}

// endpoint is mer_1's.
func (rc *receiver) endpoint() string { return endpointOf("mer_1", rc.URL) }

func (rc *receiver) atOnce() int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.now
}

func (rc *receiver) times(id string) int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.byID[id]
}

func (rc *receiver) total() int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return len(rc.got)
}

func (rc *receiver) mostAtOnce() int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.most
}

// status answers with code.
func status(code int) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(code) }
}

// hang answers when the client has gone.
func hang(_ http.ResponseWriter, r *http.Request, _ int) {
	select {
	case <-r.Context().Done():
	case <-time.After(30 * time.Second):
	}
}
