package callbacks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
)

func TestDelivers(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, nil)
	var mu sync.Mutex
	var heard []Announcement
	b.start(func(c *Config) {
		c.OnAttempt = func(a Announcement) { mu.Lock(); heard = append(heard, a); mu.Unlock() }
	})
	ids := b.stage(rc.URL+"/hook?x=1", 50)
	b.reach(Delivered, ids...)

	rc.mu.Lock()
	bodies := map[string]string{}
	for _, g := range rc.got {
		bodies[g.ID] = g.Body
	}
	rc.mu.Unlock()
	if len(bodies) != 50 || bodies[ids[6]] != `{"n":7}` {
		t.Errorf("received %d bodies, that of the seventh: %q", len(bodies), bodies[ids[6]])
	}
	d := b.get(ids[0])
	if d.State != Delivered || d.Attempts != 1 || d.LastStatus != 200 || d.FinishedAt == nil || d.NextAttemptAt != nil || d.OrderID != "order-1" {
		t.Errorf("item: %+v", d.Item)
	}
	if len(d.Log) != 1 || d.Log[0].Outcome != Accepted || d.Log[0].Status != 200 || !d.Log[0].StartedAt.Equal(epochTime) {
		t.Errorf("log: %+v", d.Log)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(heard) != 50 || heard[0].State != Delivered || heard[0].Class != First || heard[0].Duration <= 0 {
		t.Errorf("heard %d announcements, first %+v", len(heard), heard[0])
	}
}

// Each answer, and what becomes of the delivery.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behave  func(http.ResponseWriter, *http.Request, int)
		want    State
		outcome Outcome
		status  int
		error   string
		next    time.Duration // of Pending: at least, and at most half as much again
	}{
		"NoContent":      {status(204), Delivered, Accepted, 204, "", 0},
		"Accepted":       {status(202), Delivered, Accepted, 202, "", 0},
		"Redirect":       {status(302), Pending, Refused, 302, "", 8 * time.Second},
		"Permanent":      {status(308), Pending, Refused, 308, "", 8 * time.Second},
		"BadRequest":     {status(400), Pending, Refused, 400, "", 8 * time.Second},
		"Gone":           {status(410), Dead, Refused, 410, "", 0},
		"ServerError":    {status(500), Pending, Refused, 500, "", 8 * time.Second},
		"RetryAfter":     {retryIn("120"), Pending, Refused, 503, "", 2 * time.Minute},
		"RetryAfterDate": {retryIn(epochTime.Add(time.Hour).Format(http.TimeFormat)), Pending, Refused, 503, "", time.Hour},
		"Hanging":        {hang, Pending, TimedOut, 0, "timeout", 8 * time.Second},
		"Dropped":        {func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }, Pending, Unreachable, 0, "connection_closed", 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			elsewhere := newReceiver(b, nil)
			rc := newReceiver(b, func(w http.ResponseWriter, r *http.Request, n int) {
				w.Header().Set("Location", elsewhere.URL)
				c.behave(w, r, n)
			})
			b.start(func(c *Config) { c.AttemptTimeout = 400 * time.Millisecond })
			id := b.stage(rc.URL, 1)[0]
			d := b.attempted(id, 1)
			if d.State != c.want || d.Log[0].Outcome != c.outcome || d.LastStatus != c.status || d.Log[0].Status != c.status || d.Log[0].Error != c.error {
				t.Errorf("item %+v, attempt %+v", d.Item, d.Log[0])
			}
			if c.want == Pending {
				if wait := d.NextAttemptAt.Sub(epochTime); wait < c.next || wait > c.next+c.next/2+time.Second || d.Class != Retry {
					t.Errorf("next after %v, want about %v; class %s", wait, c.next, d.Class)
				}
			}
			if n := elsewhere.total(); n != 0 {
				t.Errorf("followed a redirect %d times", n)
			}
		})
	}
}

func retryIn(header string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Retry-After", header)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func TestRetriesUntilAccepted(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n < 4 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	s := b.start()
	id := b.stage(rc.URL, 1)[0]
	for n, wait := range []time.Duration{0, 12 * time.Second, 36 * time.Second, 144 * time.Second} {
		b.clock.advance(wait)
		s.Wake()
		b.attempted(id, n+1)
	}
	d := b.get(id)
	if d.State != Delivered || d.Attempts != 4 || d.LastStatus != 200 {
		t.Errorf("item: %+v", d.Item)
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	for _, g := range rc.got {
		if g != rc.got[0] {
			t.Errorf("attempts differ: %+v and %+v", rc.got[0], g)
		}
	}
}

func TestExhausted(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, status(404))
	s := b.start()
	id := b.stage(rc.URL, 1)[0]
	for n := 1; ; n++ {
		d := b.attempted(id, n)
		if d.State == Dead {
			if took := d.FinishedAt.Sub(epochTime); d.DeadReason != ReasonExhausted || n < 12 || n > 13 || took < scheduleEnds || took > scheduleEnds+time.Minute {
				t.Errorf("dead after %d attempts and %v: %+v", n, took, d.Item)
			}
			return
		}
		b.clock.advance(d.NextAttemptAt.Sub(b.now()))
		s.Wake()
	}
}

// The body of an answer is read within bounds, and the status decides.
func TestAnswerBodies(t *testing.T) {
	t.Parallel()
	t.Run("HugeIsCut", func(t *testing.T) {
		b := newBench(t)
		var wrote atomic.Int64
		rc := newReceiver(b, func(w http.ResponseWriter, _ *http.Request, _ int) {
			for wrote.Load() < 64<<20 {
				n, err := w.Write(bytes.Repeat([]byte("x "), 16<<10))
				wrote.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
		b.start()
		id := b.stage(rc.URL, 1)[0]
		b.reach(Delivered, id)
		if n := len(b.get(id).Log[0].Response); n != excerptLimit {
			t.Errorf("kept %d bytes", n)
		}
		if n := wrote.Load(); n > 16<<20 {
			t.Errorf("took %d bytes of the answer", n)
		}
	})
	t.Run("DripFedIsAccepted", func(t *testing.T) {
		b := newBench(t)
		rc := newReceiver(b, func(w http.ResponseWriter, r *http.Request, _ int) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		})
		b.start(func(c *Config) { c.AttemptTimeout = 300 * time.Millisecond })
		id := b.stage(rc.URL, 1)[0]
		b.reach(Delivered, id)
		if took := b.get(id).Log[0].Duration; took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("DripFedHeadersTimeOut", func(t *testing.T) {
		b := newBench(t)
		url := dripHeaders(t)
		b.start(func(c *Config) { c.AttemptTimeout = 300 * time.Millisecond })
		d := b.attempted(b.stage(url, 1)[0], 1)
		if d.Log[0].Outcome != TimedOut || d.Log[0].Duration > 2*time.Second {
			t.Errorf("attempt %+v", d.Log[0])
		}
	})
	// The connection is the caller's then, and no deadline is on it.
	t.Run("SwitchedProtocolsAreNotReadFrom", func(t *testing.T) {
		b := newBench(t)
		url := rawServer(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn) // until the sender closes it
		})
		b.start(func(c *Config) { c.AttemptTimeout = 300 * time.Millisecond })
		d := b.attempted(b.stage(url, 1)[0], 1)
		if d.State != Pending || d.Log[0].Outcome != Refused || d.Log[0].Status != 101 || d.Log[0].Duration > 2*time.Second {
			t.Errorf("attempt %+v", d.Log[0])
		}
	})
	t.Run("SecretsAreMasked", func(t *testing.T) {
		b := newBench(t)
		rc := newReceiver(b, func(w http.ResponseWriter, _ *http.Request, _ int) {
			_, _ = io.WriteString(w, `{"pan":"4111111111111111","password":"hunter2"}`)
		})
		b.start()
		id := b.stage(rc.URL, 1)[0]
		b.reach(Delivered, id)
		if got, want := b.get(id).Log[0].Response, `{"pan":"[masked]1111","password":[masked]}`; got != want {
			t.Errorf("kept %q, want %q", got, want)
		}
	})
}

// dripHeaders is a server whose answer never gets past its headers.
func dripHeaders(t *testing.T) string {
	t.Helper()
	return rawServer(t, func(conn net.Conn) {
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			time.Sleep(20 * time.Millisecond)
			_, err = io.WriteString(conn, "X-A: b\r\n")
		}
	})
}

// rawServer is a server that answers the first request of each connection with
// whatever answer writes.
func rawServer(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := conn.Read(make([]byte, 4096)); err == nil {
					answer(conn)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestForbiddenAddressIsNotDialled(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, nil)
	b.start(func(c *Config) { c.Allow = AllowList{} })
	d := b.attempted(b.stage(rc.URL, 1)[0], 1)
	if d.State != Pending || d.Log[0].Outcome != Forbidden || d.Log[0].Error != "address_loopback" || rc.total() != 0 {
		t.Errorf("attempt %+v, received %d", d.Log[0], rc.total())
	}
}

func TestWhatCannotBeSentDoesNotCount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		error  string
		change func(*Config)
	}{
		"SecretsUnavailable": {"secrets_unavailable", func(c *Config) {
			c.Secrets = func(context.Context, string) ([]string, error) { return nil, errors.New("no directory") }
		}},
		"NoSecret": {"cannot_sign", func(c *Config) {
			c.Secrets = func(context.Context, string) ([]string, error) { return nil, nil }
		}},
		"BodyStaysSealed": {"body_sealed", func(*Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			rc := newReceiver(b, nil)
			s := b.start(c.change)
			ev := b.event(rc.URL)
			ev.BodyKey = "k1"
			if name != "BodyStaysSealed" {
				ev.BodyKey = ""
			}
			id := b.stageEvents(ev)[0]
			b.attempted(id, 1)
			b.clock.advance(notAttemptedMin + time.Second)
			s.Wake()
			d := b.attempted(id, 2)
			if d.State != Pending || d.Class != First || d.Log[0].Outcome != NotAttempted || d.Log[0].Error != c.error || rc.total() != 0 {
				t.Errorf("item %+v, attempt %+v", d.Item, d.Log[0])
			}
		})
	}
	t.Run("SealedBodyIsOpened", func(t *testing.T) {
		b := newBench(t)
		rc := newReceiver(b, nil)
		b.start(func(c *Config) {
			c.OpenBody = func(id, key string, box []byte) ([]byte, error) {
				return []byte(id + "/" + key + "/" + string(box)), nil
			}
		})
		ev := b.event(rc.URL)
		ev.BodyKey, ev.Body = "k1", []byte("box")
		b.reach(Delivered, b.stageEvents(ev)...)
		if got := rc.got[0].Body; got != ev.ID+"/k1/box" {
			t.Errorf("received %q", got)
		}
	})
}

func TestDuplicatedTasksDeliverOnce(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, func(http.ResponseWriter, *http.Request, int) { time.Sleep(20 * time.Millisecond) })
	ids := b.stage(rc.URL, 5)
	client := asynq.NewClientFromRedisClient(b.redis)
	for range 20 {
		refs := []ref{}
		for _, id := range ids {
			refs = append(refs, ref{id, 1})
		}
		for _, queue := range []string{QueueFirst, QueueRetry, QueueBulk} {
			if _, err := client.Enqueue(asynq.NewTask(TaskType, payload(refs)), asynq.Queue(queue)); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.start()
	b.start()
	b.reach(Delivered, ids...)
	inspector := asynq.NewInspectorFromRedisClient(b.redis)
	b.until("empty queues", func() bool {
		left := 0
		for _, queue := range []string{QueueFirst, QueueRetry, QueueBulk} {
			info, err := inspector.GetQueueInfo(queue)
			if err != nil {
				t.Fatal(err)
			}
			left += info.Pending + info.Active
		}
		return left == 0
	})
	for _, id := range ids {
		if n, d := rc.times(id), b.get(id); n != 1 || d.Attempts != 1 || len(d.Log) != 1 {
			t.Errorf("%s received %d times, %d attempts, %d logged", id, n, d.Attempts, len(d.Log))
		}
	}
}

func TestTwoProcessesShareTheWork(t *testing.T) {
	b := newBench(t)
	b.now = time.Now
	rc := newReceiver(b, nil)
	var each [2]atomic.Int64
	for i := range each {
		b.start(func(c *Config) { c.OnAttempt = func(Announcement) { each[i].Add(1) } })
	}
	var ids []string
	for range 30 {
		ids = append(ids, b.stage(rc.URL, 40)...)
	}
	b.reach(Delivered, ids...)
	if rc.total() != len(ids) || each[0].Load()+each[1].Load() != int64(len(ids)) || each[0].Load() == 0 || each[1].Load() == 0 {
		t.Errorf("received %d of %d; by process %d and %d", rc.total(), len(ids), each[0].Load(), each[1].Load())
	}
}

// One that hangs, beside one that does not.
func TestHangingEndpointDelaysNobody(t *testing.T) {
	b := newBench(t)
	b.now = time.Now
	hanging := newReceiver(b, hang)
	var mu sync.Mutex
	var lags []time.Duration
	b.start(func(c *Config) {
		c.FirstWorkers, c.AttemptTimeout = 24, 4*time.Second
		c.OnAttempt = func(a Announcement) {
			if a.Outcome == Accepted {
				mu.Lock()
				lags = append(lags, a.Lag)
				mu.Unlock()
			}
		}
	})
	healthy := newReceiver(b, nil)
	b.stage(hanging.URL, 300)
	b.until("the hanging endpoint to hold its window", func() bool { return hanging.mostAtOnce() == windowStart })
	var ids []string
	for range 100 {
		ids = append(ids, b.stage(healthy.URL, 1)...)
		b.stage(hanging.URL, 1)
		time.Sleep(10 * time.Millisecond)
	}
	b.reach(Delivered, ids...)
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(lags)
	// With the workers shared out evenly it would wait for a minute: 400
	// attempts of four seconds each on 24 workers.
	if p90 := lags[len(lags)*9/10]; p90 > 2*time.Second {
		t.Errorf("beside a hanging endpoint the healthy one waits %v (90 of 100), want it not to notice", p90)
	}
	if most := hanging.mostAtOnce(); most > windowStart {
		t.Errorf("%d at once on the hanging endpoint, want at most %d", most, windowStart)
	}
}

func TestAttemptLine(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, status(500))
	var mu sync.Mutex
	var out bytes.Buffer
	b.start(func(c *Config) {
		c.Log = slog.New(slog.NewJSONHandler(writerFunc(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return out.Write(p)
		}), nil))
	})
	ev := b.event(rc.URL + "/hook?token=query-secret")
	ev.Body = []byte(`{"pan":"body-secret"}`)
	b.attempted(b.stageEvents(ev)[0], 1)
	mu.Lock()
	defer mu.Unlock()
	var line map[string]any
	for text := range strings.Lines(out.String()) {
		if err := json.Unmarshal([]byte(text), &line); err != nil || line["msg"] == "callback attempt" {
			break
		}
	}
	var keys []string
	for key := range line {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	want := []string{"attempt", "class", "duration_ms", "endpoint", "error", "event", "kind", "lag_ms", "level", "merchant", "msg", "next_attempt_at", "order_id", "outcome", "state", "status", "time"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if line["endpoint"] != rc.URL || line["merchant"] != "mer_1" {
		t.Errorf("endpoint %v, merchant %v; want %s and mer_1", line["endpoint"], line["merchant"], rc.URL)
	}
	if strings.Contains(out.String(), "query-secret") || strings.Contains(out.String(), "body-secret") || strings.Contains(out.String(), testSecret) {
		t.Errorf("the log holds a secret: %s", out.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
