package callbacks

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func listed(items []Item) []string {
	var ids []string
	for _, i := range items {
		ids = append(ids, i.ID)
	}
	return ids
}

// mixed is six callbacks: two delivered, two dead, two pending.
func mixed(t *testing.T) (*bench, []string) {
	t.Helper()
	b := newBench(t)
	var events []Event
	for i := range 6 {
		ev := b.event("https://m.example/?secret=x")
		ev.MerchantID = []string{"mer_1", "mer_2"}[i%2]
		events = append(events, ev)
	}
	ids := b.stageEvents(events...)
	for i, ended := range []struct{ state, reason string }{{"delivered", ""}, {"delivered", ""}, {"dead", "gone"}, {"dead", "exhausted"}} {
		_, err := b.db.Exec(t.Context(), `update callback_deliveries set state = $2, dead_reason = $3, finished_at = $4, attempts = 3, failures = 2, last_status = 410 where event_id = $1`,
			ids[i], ended.state, ended.reason, b.now())
		if err != nil {
			t.Fatal(err)
		}
	}
	return b, ids
}

func TestJournalList(t *testing.T) {
	b, ids := mixed(t)
	for name, c := range map[string]struct {
		filter Filter
		want   []string
	}{
		"All":         {Filter{}, []string{ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]}},
		"ByState":     {Filter{State: Dead}, []string{ids[3], ids[2]}},
		"Pending":     {Filter{State: Pending}, []string{ids[5], ids[4]}},
		"ByMerchant":  {Filter{MerchantID: "mer_2"}, []string{ids[5], ids[3], ids[1]}},
		"ByOrder":     {Filter{OrderID: "order-2"}, []string{ids[1]}},
		"BySubject":   {Filter{Subject: "po_6"}, []string{ids[5]}},
		"ByBoth":      {Filter{State: Dead, MerchantID: "mer_1"}, []string{ids[2]}},
		"NothingLike": {Filter{State: Dead, OrderID: "order-1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := b.journal().List(t.Context(), c.filter, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, listed(page.Items)); diff != "" || page.Next != "" {
				t.Errorf("next %q, ids (-want +got):\n%s", page.Next, diff)
			}
		})
	}
	t.Run("PageByPage", func(t *testing.T) {
		var got []string
		cursor := ""
		for range 3 {
			page, err := b.journal().List(t.Context(), Filter{}, cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			got, cursor = append(got, listed(page.Items)...), page.Next
		}
		if diff := cmp.Diff([]string{ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]}, got); diff != "" || cursor != "" {
			t.Errorf("cursor %q, ids (-want +got):\n%s", cursor, diff)
		}
	})
	t.Run("Item", func(t *testing.T) {
		got := b.get(ids[2])
		at := b.now()
		want := Detail{Item: Item{
			ID: ids[2], MerchantID: "mer_1", Subject: "po_3", OrderID: "order-3", Kind: "payout.successful", URL: "https://m.example/?secret=x",
			State: Dead, Class: First, Attempts: 3, LastStatus: 410, DeadReason: ReasonGone, CreatedAt: at, FinishedAt: &at,
		}}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }), cmp.Comparer(func(a, b []Attempt) bool { return len(a) == len(b) })); diff != "" {
			t.Errorf("detail (-want +got):\n%s", diff)
		}
	})
	t.Run("ErrNotFound", func(t *testing.T) {
		if _, err := b.journal().Get(t.Context(), "evt_none"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
	t.Run("Stats", func(t *testing.T) {
		b.clock.advance(time.Minute)
		got, err := b.journal().Stats(t.Context())
		if want := (Stats{Pending: 2, Due: 2, OldestDueAge: time.Minute, Dead: 2}); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	})
}

func TestResend(t *testing.T) {
	t.Parallel()
	t.Run("OfEachStateGoesOutAgain", func(t *testing.T) {
		b := newBench(t)
		gone := true
		rc := newReceiver(b, func(w http.ResponseWriter, _ *http.Request, n int) {
			if gone {
				w.WriteHeader(http.StatusGone)
			}
		})
		b.start()
		id := b.stage(rc.URL, 1)[0]
		b.reach(Dead, id)
		gone = false
		b.clock.advance(100 * time.Hour)
		for n := 2; n <= 3; n++ { // of the dead one, then of the delivered one
			if err := b.journal().Resend(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			d := b.attempted(id, n)
			if d.State != Delivered || d.Attempts != n || d.Class != First || rc.times(id) != n {
				t.Errorf("after resend %d: %+v, received %d", n, d.Item, rc.times(id))
			}
		}
		gone = true
		if err := b.journal().Resend(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if d := b.attempted(id, 4); d.State != Dead || d.DeadReason != ReasonGone || d.FinishedAt == nil {
			t.Errorf("a resend that was refused: %+v", d.Item)
		}
	})
	t.Run("BeginsTheScheduleAnew", func(t *testing.T) {
		b := newBench(t)
		rc := newReceiver(b, status(500))
		s := b.start()
		id := b.stage(rc.URL, 1)[0]
		b.attempted(id, 1)
		b.clock.advance(12 * time.Second)
		s.Wake()
		b.attempted(id, 2)
		b.clock.advance(80 * time.Hour)
		if err := b.journal().Resend(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		d := b.attempted(id, 3)
		if wait := d.NextAttemptAt.Sub(b.now()); d.State != Pending || wait > 13*time.Second {
			t.Errorf("next after %v: %+v", wait, d.Item)
		}
	})
	t.Run("OfARunningAttemptDoesNotDoubleIt", func(t *testing.T) {
		b := newBench(t)
		s := b.sender()
		id := b.stage("https://m.example/", 1)[0]
		jobs := b.claimed(s, testEndpoint)
		if err := b.journal().Resend(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if taken := b.taken(s, testEndpoint, 8); len(jobs) != 1 || len(taken) != 0 {
			t.Errorf("claimed %v, then took %v", jobs, taken)
		}
	})
	// What the schedule of before says of the attempt that was running is void.
	for name, c := range map[string]struct {
		outcome result
		want    State
	}{
		"OutlivesARunningFailure": {result{Outcome: Refused, Status: 500}, Pending},
		"OutlivesA410":            {result{Outcome: Refused, Status: 410}, Pending},
		"OutlivesAnExhausted":     {result{Outcome: TimedOut}, Pending},
		"IsServedByASuccess":      {result{Outcome: Accepted, Status: 200}, Delivered},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			s := b.sender()
			ev := b.event("https://m.example/")
			ev.At = b.now().Add(-scheduleEnds)
			id := b.stageEvents(ev)[0]
			j := b.claimed(s, testEndpoint)[0]
			if err := b.journal().Resend(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			s.flush([]report{{job: j, result: c.outcome, verdict: decide(c.outcome, j.Failures, j.ScheduledAt, b.now(), 0), Started: b.now(), Ended: b.now()}})
			d := b.get(id)
			if d.State != c.want || len(d.Log) != 1 || d.Class != First {
				t.Errorf("item %+v, log %+v; want it %s", d.Item, d.Log, c.want)
			}
			if c.want != Pending {
				return
			}
			again := b.claimed(s, testEndpoint)
			if len(again) != 1 || again[0].Failures != 0 || !again[0].ScheduledAt.Equal(b.now()) || again[0].Number != 2 {
				t.Errorf("claimed %+v after it, want the first attempt of the new schedule, at once", again)
			}
		})
	}
	t.Run("FallsWithItsTransaction", func(t *testing.T) {
		b, ids := mixed(t)
		tx, err := b.db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := (Journal{DB: tx, Now: b.now}).Resend(t.Context(), ids[0]); err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := b.get(ids[0]); d.State != Delivered {
			t.Errorf("after the rollback: %+v", d.Item)
		}
	})
	t.Run("ErrNotFound", func(t *testing.T) {
		b := newBench(t)
		if err := b.journal().Resend(t.Context(), "evt_none"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestResendMany(t *testing.T) {
	b, ids := mixed(t)
	j := b.journal()
	if _, err := j.ResendMany(t.Context(), Filter{MerchantID: "mer_1"}, 10); !errors.Is(err, ErrNoState) {
		t.Errorf("without a state: %v, want ErrNoState", err)
	}
	for _, c := range []struct {
		filter Filter
		limit  int
		want   Resent
	}{
		{Filter{State: Dead}, 1, Resent{2, 1}},
		{Filter{State: Dead}, 10, Resent{1, 1}},
		{Filter{State: Dead}, 10, Resent{0, 0}},
		{Filter{State: Delivered, MerchantID: "mer_2"}, 10, Resent{1, 1}},
	} {
		got, err := j.ResendMany(t.Context(), c.filter, c.limit)
		if err != nil || got != c.want {
			t.Errorf("ResendMany(%+v, %d) = %+v, %v; want %+v", c.filter, c.limit, got, err, c.want)
		}
	}
	if d := b.get(ids[2]); d.State != Pending || d.Class != Bulk {
		t.Errorf("a dead one: %+v", d.Item)
	}
	if d := b.get(ids[0]); d.State != Delivered {
		t.Errorf("another merchant's: %+v", d.Item)
	}
}

func TestProspect(t *testing.T) {
	b, _ := mixed(t)
	j := b.journal()
	if _, err := j.Prospect(t.Context(), Filter{}); !errors.Is(err, ErrNoState) {
		t.Errorf("without a state: %v, want ErrNoState", err)
	}
	before, err := j.Prospect(t.Context(), Filter{State: Dead})
	if err != nil || before.Matched != 2 || before.Oldest.IsZero() {
		t.Fatalf("%+v, %v", before, err)
	}
	if _, err := j.ResendMany(t.Context(), Filter{State: Dead}, 1); err != nil {
		t.Fatal(err)
	}
	after, err := j.Prospect(t.Context(), Filter{State: Dead})
	if err != nil || after.Matched != 1 || after.UnderWay != before.UnderWay+1 {
		t.Errorf("%+v after %+v, %v", after, before, err)
	}
	if none, err := j.Prospect(t.Context(), Filter{State: Dead, MerchantID: "mer_9"}); err != nil || none != (Prospect{}) {
		t.Errorf("of nobody: %+v, %v", none, err)
	}
}

// TestResendManyAtOnce is pressed by many at the same time: each dead letter is
// sent again by one of them.
func TestResendManyAtOnce(t *testing.T) {
	b := newBench(t)
	const letters, people = 60, 8
	b.stage("http://127.0.0.1:1/", letters)
	if _, err := b.db.Exec(t.Context(), `update callback_deliveries set state = 'dead', dead_reason = 'gone', finished_at = now()`); err != nil {
		t.Fatal(err)
	}
	results := make(chan Resent, people)
	for range people {
		go func() {
			done, err := b.journal().ResendMany(context.Background(), Filter{State: Dead}, letters)
			if err != nil {
				t.Error(err)
			}
			results <- done
		}()
	}
	sum := 0
	for range people {
		sum += (<-results).Resent
	}
	if sum != letters {
		t.Errorf("%d letters were sent again %d times", letters, sum)
	}
}
