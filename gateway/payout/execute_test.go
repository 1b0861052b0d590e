package payout_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"disburse/gateway/payout"
	"disburse/gateway/payout/sandbox"
	"disburse/ledger"
)

// fake is an executor that answers as the test says and counts its calls.
type fake struct {
	name     string
	mode     ledger.Mode
	accepts  func(payout.Payout) bool
	execute  func(context.Context, payout.Instruction) (payout.Result, error)
	lookup   func(context.Context, payout.Sent) (payout.Result, error)
	mu       sync.Mutex
	executed map[string]int
	looked   map[string]int
}

var _ payout.Executor = (*fake)(nil)

func newFake(mode ledger.Mode) *fake {
	return &fake{name: "fake", mode: mode, executed: map[string]int{}, looked: map[string]int{},
		accepts: func(payout.Payout) bool { return true }}
}

func (f *fake) Name() string                 { return f.name }
func (f *fake) Mode() ledger.Mode            { return f.mode }
func (f *fake) Accepts(p payout.Payout) bool { return f.accepts(p) }
func (f *fake) calls(id string) (sent, looked int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.executed[id], f.looked[id]
}

func (f *fake) Execute(ctx context.Context, in payout.Instruction) (payout.Result, error) {
	f.mu.Lock()
	f.executed[in.Reference]++
	f.mu.Unlock()
	return f.execute(ctx, in)
}

func (f *fake) Lookup(ctx context.Context, sent payout.Sent) (payout.Result, error) {
	f.mu.Lock()
	f.looked[sent.Reference]++
	f.mu.Unlock()
	return f.lookup(ctx, sent)
}

func answers(r payout.Result, err error) func(context.Context, payout.Instruction) (payout.Result, error) {
	return func(context.Context, payout.Instruction) (payout.Result, error) { return r, err }
}

func finds(r payout.Result, err error) func(context.Context, payout.Sent) (payout.Result, error) {
	return func(context.Context, payout.Sent) (payout.Result, error) { return r, err }
}

func (w *world) dispatch() int {
	w.t.Helper()
	n, err := w.Dispatch(w.t.Context(), 100)
	if err != nil {
		w.t.Fatalf("Dispatch: %v", err)
	}
	return n
}

func TestSandboxDrivesEachState(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, sandbox.Executor{ReceiptBase: "https://pay.example.com/sandbox/receipts/",
		Now: func() time.Time { return w.clock.Now() }})
	made := make(map[string]payout.Payout)
	for _, last := range []string{"0001", "0002", "0003", "9999"} {
		req := request(last)
		req.NumberCard = "427634543958" + last
		made[last] = w.create(w.sandbox, req)
	}
	live := w.create(w.live, request("live"))
	w.dispatch()
	w.wantEnd(made["0001"].ID, payout.RejectedGate)
	body := w.wantEnd(made["9999"].ID, payout.Successful)
	if urls, _ := body["cheque_urls"].([]any); len(urls) != 1 {
		t.Errorf("cheque_urls %v", body["cheque_urls"])
	}
	w.clock.advance(9 * time.Second)
	w.dispatch()
	if got := w.read(made["0003"].ID).Payout; got.Status != payout.Expectation || got.Stage != payout.StagePending {
		t.Errorf("%s %s after 9 s", got.Status, got.Stage)
	}
	w.clock.advance(time.Second)
	w.dispatch()
	w.wantEnd(made["0003"].ID, payout.Successful)
	w.clock.advance(time.Hour)
	w.dispatch()
	if _, err := w.Expire(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	w.wantEnd(made["0002"].ID, payout.RejectedTimeout)
	w.wantEnd(live.ID, payout.RejectedTimeout)
	if got := w.read(live.ID).Payout.Executor; got != "" {
		t.Errorf("a live payout went to %q", got)
	}
	w.wantBalance(w.live, "1000.0000", "0.0000")
}

func TestRealExecutorsNeverGetSandboxPayouts(t *testing.T) {
	t.Parallel()
	f := newFake(ledger.Live)
	f.execute = answers(payout.Result{Outcome: payout.Paid}, nil)
	w := newWorld(t, f)
	s, l := w.create(w.sandbox, request("s")), w.create(w.live, request("l"))
	w.dispatch()
	if sent, _ := f.calls(s.ID); sent != 0 {
		t.Error("a sandbox payout was sent")
	}
	w.wantEnd(l.ID, payout.Successful)
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		result payout.Result
		err    error
		status payout.Status
		stage  payout.Stage
	}{
		{"Paid", payout.Result{Outcome: payout.Paid, Receipts: []string{"https://r.example/1", "not an address"}}, nil, payout.Successful, payout.StageSent},
		{"Refused", payout.Result{Outcome: payout.Refused, Reason: "card 4276345439581234 is blocked"}, nil, payout.RejectedGate, payout.StageSent},
		{"Pending", payout.Result{Outcome: payout.Pending}, nil, payout.Expectation, payout.StagePending},
		{"Unknown", payout.Result{Outcome: payout.Unknown}, nil, payout.Expectation, payout.StageUnknown},
		{"Error", payout.Result{Outcome: payout.Paid}, errors.New("timeout for 4276345439581234"), payout.Expectation, payout.StageUnknown},
		{"NoOutcome", payout.Result{}, nil, payout.Expectation, payout.StageUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(ledger.Live)
			f.execute = answers(tc.result, tc.err)
			w := newWorld(t, f)
			p := w.create(w.live, request("order"))
			w.dispatch()
			d := w.read(p.ID)
			if d.Payout.Status != tc.status || d.Payout.Stage != tc.stage {
				t.Errorf("%s %s, want %s %s", d.Payout.Status, d.Payout.Stage, tc.status, tc.stage)
			}
			for _, e := range d.Timeline {
				if strings.Contains(e.Note, "3454") {
					t.Errorf("the note holds the requisite: %q", e.Note)
				}
			}
			if tc.name == "Paid" && len(d.Payout.Cheques) != 1 {
				t.Errorf("cheques %v", d.Payout.Cheques)
			}
		})
	}
	t.Run("Panic", func(t *testing.T) {
		t.Parallel()
		f := newFake(ledger.Live)
		f.execute = func(context.Context, payout.Instruction) (payout.Result, error) { panic("no") }
		w := newWorld(t, f)
		p := w.create(w.live, request("order"))
		w.dispatch()
		if got := w.read(p.ID).Payout.Stage; got != payout.StageUnknown {
			t.Error(got)
		}
	})
}

// TestUnknownIsNeverSentAgain follows a payout whose end is unknown: no second
// send, no timeout, no cancel, no claim out of the queue, only looks.
func TestUnknownIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	f := newFake(ledger.Live)
	f.execute = answers(payout.Result{}, errors.New("connection reset"))
	f.lookup = finds(payout.Result{Outcome: payout.Unknown}, nil)
	w := newWorld(t, f)
	p := w.create(w.live, request("order"))
	w.dispatch()
	for range 20 {
		w.clock.advance(10 * time.Minute)
		w.dispatch()
		if n, err := w.Expire(t.Context(), 10); err != nil || n != 0 {
			t.Fatalf("timed out %d, %v", n, err)
		}
		if _, err := w.Cancel(t.Context(), w.live, "order"); !errors.Is(err, payout.ErrInProgress) {
			t.Fatalf("cancel: %v", err)
		}
		if _, found, err := w.Claim(w.as("op_a"), payout.ClaimFilter{}); found || err != nil {
			t.Fatalf("claimed from the queue: %v", err)
		}
	}
	sent, looked := f.calls(p.ID)
	if sent != 1 || looked != 20 {
		t.Errorf("sent %d times, looked up %d times", sent, looked)
	}
	page, err := w.List(t.Context(), payout.Filter{Exceptions: true})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%d exceptions, %v", len(page.Items), err)
	}
	if kind, since := page.Items[0].Exception(w.clock.Now()); kind != "unknown" || !since.Equal(startOfTests().Truncate(time.Microsecond)) {
		t.Errorf("exception %s since %v", kind, since)
	}
	f.lookup = finds(payout.Result{Outcome: payout.Paid}, nil)
	w.clock.advance(10 * time.Minute)
	w.dispatch()
	w.wantEnd(p.ID, payout.Successful)
	if page, err := w.List(t.Context(), payout.Filter{Exceptions: true}); err != nil || len(page.Items) != 0 {
		t.Errorf("%d exceptions left, %v", len(page.Items), err)
	}
}

func TestAPersonResolvesAnUnknownEnd(t *testing.T) {
	t.Parallel()
	f := newFake(ledger.Live)
	f.execute = answers(payout.Result{Outcome: payout.Unknown}, nil)
	f.lookup = finds(payout.Result{Outcome: payout.Unknown}, nil)
	w := newWorld(t, f)
	p := w.create(w.live, request("order"))
	w.dispatch()
	ctx := w.as("op_a")
	w.claim(ctx, p.ID)
	w.clock.advance(10 * time.Minute)
	w.dispatch()
	if _, looked := f.calls(p.ID); looked != 0 {
		t.Error("looked up while a person holds it")
	}
	if _, err := w.Reject(ctx, p.ID, "the provider has no trace of it"); err != nil {
		t.Fatal(err)
	}
	w.wantEnd(p.ID, payout.RejectedGate)
}

// TestCrashes kills the process, as far as the database can tell, before and
// after the call: a Dispatch whose executor blocks stands for a dead process.
func TestCrashes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		find payout.Result
		want payout.Status
	}{
		{"BeforeTheCall", payout.Result{Outcome: payout.Refused, Reason: "never seen"}, payout.RejectedGate},
		{"AfterTheCall", payout.Result{Outcome: payout.Paid}, payout.Successful},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			began, release := make(chan struct{}), make(chan struct{})
			f := newFake(ledger.Live)
			f.execute = func(context.Context, payout.Instruction) (payout.Result, error) {
				close(began)
				<-release
				return payout.Result{Outcome: payout.Paid}, nil
			}
			f.lookup = finds(tc.find, nil)
			w := newWorld(t, f)
			p := w.create(w.live, request("order"))
			var group sync.WaitGroup
			group.Go(func() { _, _ = w.Dispatch(context.Background(), 10) })
			<-began
			second := must(payout.New(w.deps))
			w.clock.advance(59 * time.Second)
			if n, err := second.Dispatch(t.Context(), 10); err != nil || n != 0 {
				t.Fatalf("worked on %d, %v", n, err)
			}
			w.clock.advance(time.Second)
			if n, err := second.Dispatch(t.Context(), 10); err != nil || n != 1 {
				t.Fatalf("worked on %d, %v", n, err)
			}
			w.wantEnd(p.ID, tc.want)
			if sent, looked := f.calls(p.ID); sent != 1 || looked != 1 {
				t.Errorf("sent %d times, looked up %d times", sent, looked)
			}
			// The first process was only slow, and answers after all.
			close(release)
			group.Wait()
			w.wantEnd(p.ID, tc.want)
			page, err := w.List(t.Context(), payout.Filter{Exceptions: true})
			late := tc.want == payout.RejectedGate
			if err != nil || (len(page.Items) == 1) != late {
				t.Fatalf("%d exceptions, %v", len(page.Items), err)
			}
			if late {
				if kind, _ := page.Items[0].Exception(w.clock.Now()); kind != "late_paid" {
					t.Error(kind)
				}
			}
		})
	}
}

func TestDispatchersNeverShare(t *testing.T) {
	t.Parallel()
	f := newFake(ledger.Live)
	f.execute = answers(payout.Result{Outcome: payout.Paid}, nil)
	w := newWorld(t, f)
	var made []payout.Payout
	for i := range 40 {
		made = append(made, w.create(w.live, request(orderID(i))))
	}
	services := []*payout.Service{w.Service, must(payout.New(w.deps)), must(payout.New(w.deps))}
	parallel(6, func(n int) error {
		for range 5 {
			if _, err := services[n%3].Dispatch(context.Background(), 9); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	w.dispatch()
	for _, p := range made {
		w.wantEnd(p.ID, payout.Successful)
		if sent, _ := f.calls(p.ID); sent != 1 {
			t.Errorf("%s sent %d times", p.ID, sent)
		}
	}
}

// TestDeclinedDoNotBlock has more payouts than one dispatch takes that nobody
// accepts, in front of one that is accepted.
func TestDeclinedDoNotBlock(t *testing.T) {
	t.Parallel()
	f := newFake(ledger.Live)
	f.accepts = func(p payout.Payout) bool { return p.OrderID == "wanted" }
	f.execute = answers(payout.Result{Outcome: payout.Paid}, nil)
	w := newWorld(t, f)
	for i := range 25 {
		w.create(w.live, request(orderID(i)))
	}
	w.clock.advance(time.Second)
	p := w.create(w.live, request("wanted"))
	if n, err := w.Dispatch(t.Context(), 5); err != nil || n != 1 {
		t.Fatalf("worked on %d, %v", n, err)
	}
	w.wantEnd(p.ID, payout.Successful)
	w.clock.advance(40 * time.Second)
	w.dispatch() // passes over the declined from now on
	f.accepts = func(payout.Payout) bool { return true }
	if n := w.dispatch(); n != 0 {
		t.Errorf("%d were offered again at once", n)
	}
	w.clock.advance(time.Minute)
	if n := w.dispatch(); n != 25 {
		t.Errorf("%d were offered again after a minute, want 25", n)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*payout.Deps){
		"DB": func(d *payout.Deps) { d.DB = nil }, "Ledger": func(d *payout.Deps) { d.Ledger = nil },
		"Vault": func(d *payout.Deps) { d.Vault = nil }, "Rates": func(d *payout.Deps) { d.Rates = nil },
		"PublicURL":     func(d *payout.Deps) { d.PublicURL = "https://pay.example.com/" },
		"executor name": func(d *payout.Deps) { d.Executors = []payout.Executor{newFake("live"), newFake("live")} },
	} {
		d := w.deps
		change(&d)
		if _, err := payout.New(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// stage is two processes on one database, the second of which looks after what
// the first one sent. It checks that nothing is ever executed that was declared
// unknown or has ended.
type stage struct {
	*world
	fake   *fake
	second *payout.Service
	frozen *frozen
}

// frozen stops a process at the next look at its clock once it is armed, which
// is between marking a payout as sent and calling the executor.
type frozen struct {
	now     func() time.Time
	armed   atomic.Bool
	stopped chan struct{}
	release chan struct{}
}

func (f *frozen) Now() time.Time {
	if f.armed.CompareAndSwap(true, false) {
		close(f.stopped)
		<-f.release
	}
	return f.now()
}

func newStage(t *testing.T) *stage {
	s := &stage{fake: newFake(ledger.Live)}
	s.world = newWorld(t, s.fake)
	s.second = s.Service
	s.frozen = &frozen{now: s.clock.Now, stopped: make(chan struct{}), release: make(chan struct{})}
	s.deps.Now = s.frozen.Now
	s.Service = must(payout.New(s.deps))
	s.fake.execute = func(_ context.Context, in payout.Instruction) (payout.Result, error) {
		if _, looked := s.fake.calls(in.Reference); looked > 0 {
			t.Errorf("%s was executed after its end was asked for", in.Reference)
		}
		if p := s.read(in.Reference).Payout; p.Stage != payout.StageSent || p.Status != payout.Expectation {
			t.Errorf("%s was executed as %s %s", in.Reference, p.Status, p.Stage)
		}
		return payout.Result{Outcome: payout.Paid}, nil
	}
	return s
}

func TestASlowProcessExecutesNothingLate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		find   payout.Result
		behind time.Duration // how long the process hangs
		person bool          // takes the payout over meanwhile and gives the money back
		want   payout.Status
		stage  payout.Stage
		sent   int
	}{
		{"InTime", payout.Result{}, 30 * time.Second, false, payout.Successful, payout.StageSent, 1},
		{"TooLate", payout.Result{}, 31 * time.Second, false, payout.Expectation, payout.StageWaiting, 0},
		{"DeclaredUnknown", payout.Result{Outcome: payout.Unknown}, time.Minute, false, payout.Expectation, payout.StageUnknown, 0},
		{"Refunded", payout.Result{Outcome: payout.Refused}, time.Minute, false, payout.RejectedGate, payout.StageUnknown, 0},
		{"RefundedByAPerson", payout.Result{Outcome: payout.Unknown}, time.Minute, true, payout.RejectedGate, payout.StageUnknown, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.fake.lookup = finds(tc.find, nil)
			p := s.create(s.live, request("order"))
			s.fake.accepts = func(payout.Payout) bool { s.frozen.armed.Store(true); return true }
			var first sync.WaitGroup
			first.Go(func() { _, _ = s.Dispatch(context.Background(), 10) })
			<-s.frozen.stopped
			s.fake.accepts = func(payout.Payout) bool { return true }
			s.clock.advance(tc.behind)
			if _, err := s.second.Dispatch(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			if tc.person {
				if _, _, err := s.second.Claim(s.as("op_a"), payout.ClaimFilter{ID: p.ID}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.second.Reject(s.as("op_a"), p.ID, ""); err != nil {
					t.Fatal(err)
				}
			}
			close(s.frozen.release)
			first.Wait()
			d := s.read(p.ID)
			if d.Payout.Status != tc.want || d.Payout.Stage != tc.stage {
				t.Errorf("%s %s, want %s %s", d.Payout.Status, d.Payout.Stage, tc.want, tc.stage)
			}
			if sent, _ := s.fake.calls(p.ID); sent != tc.sent {
				t.Errorf("executed %d times, want %d", sent, tc.sent)
			}
			if tc.stage == payout.StageWaiting {
				s.dispatch()
				s.wantEnd(p.ID, payout.Successful)
			}
		})
	}
}

// TestNothingQueuesForACall has more payouts than calls at a time, each of
// which takes longer than it may: those that are not being called have not been
// marked either, so that nobody asks for their end.
func TestNothingQueuesForACall(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.fake.lookup = finds(payout.Result{Outcome: payout.Refused}, nil)
	const many, width = 80, 64
	var closed atomic.Bool
	s.fake.accepts = func(payout.Payout) bool { return !closed.Load() }
	check := s.fake.execute
	began, proceed := make(chan string, many), make(chan struct{})
	s.fake.execute = func(ctx context.Context, in payout.Instruction) (payout.Result, error) {
		result, err := check(ctx, in)
		began <- in.Reference
		<-proceed
		return result, err
	}
	made := make([]payout.Payout, many)
	for i := range made {
		req := request(orderID(i))
		req.FiatAmount = "100.00"
		made[i] = s.create(s.live, req)
	}
	var first sync.WaitGroup
	first.Go(func() {
		if n, err := s.Dispatch(context.Background(), many); n != many || err != nil {
			t.Errorf("worked on %d, %v", n, err)
		}
	})
	slow := make(map[string]bool)
	for range width {
		slow[<-began] = true
	}
	closed.Store(true)
	s.clock.advance(time.Minute)
	if n, err := s.second.Dispatch(t.Context(), many); n != width || err != nil {
		t.Errorf("asked for the end of %d, %v; want %d", n, err, width)
	}
	closed.Store(false)
	close(proceed)
	first.Wait()
	for _, p := range made {
		want := payout.Successful
		if slow[p.ID] {
			want = payout.RejectedGate
		}
		s.wantEnd(p.ID, want)
		if sent, _ := s.fake.calls(p.ID); sent != 1 {
			t.Errorf("%s executed %d times", p.OrderID, sent)
		}
	}
}
