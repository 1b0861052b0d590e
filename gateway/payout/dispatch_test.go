package payout_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"disburse/gateway/payout"
	"disburse/gateway/racetest"
	"disburse/ledger"
)

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
	racetest.Run(6, func(n int) error {
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
