package payout_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"disburse/gateway/payout"
	"disburse/gateway/payout/sandbox"
	"disburse/ledger"
)

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

// TestAPersonResolvesWhatNobodyLooksUp follows a payout whose process died while
// it was sent, and whose executor was taken out before anybody asked for its end.
func TestAPersonResolvesWhatNobodyLooksUp(t *testing.T) {
	t.Parallel()
	began, release := make(chan struct{}), make(chan struct{})
	f := newFake(ledger.Live)
	f.execute = func(context.Context, payout.Instruction) (payout.Result, error) {
		close(began)
		<-release
		return payout.Result{Outcome: payout.Paid}, nil
	}
	w := newWorld(t, f)
	p := w.create(w.live, request("order"))
	var group sync.WaitGroup
	group.Go(func() { _, _ = w.Dispatch(context.Background(), 10) })
	<-began
	w.deps.Executors = nil
	left := must(payout.New(w.deps))
	ctx := w.as("op_a")
	w.clock.advance(payout.Lease - time.Second)
	if n, err := left.Dispatch(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("worked on %d, %v", n, err)
	}
	_, _, err := left.Claim(ctx, payout.ClaimFilter{ID: p.ID})
	wantCode(t, err, "execution_unresolved")
	w.clock.advance(time.Second)
	if _, found, err := left.Claim(ctx, payout.ClaimFilter{}); found || err != nil {
		t.Errorf("claimed from the queue: %v", err)
	}
	if _, found, err := left.Claim(ctx, payout.ClaimFilter{ID: p.ID}); !found || err != nil {
		t.Fatalf("claimed %v, %v", found, err)
	}
	if _, err := left.Reject(ctx, p.ID, "the provider has no trace of it"); err != nil {
		t.Fatal(err)
	}
	w.wantEnd(p.ID, payout.RejectedGate)
	close(release)
	group.Wait()
	w.wantEnd(p.ID, payout.RejectedGate)
	if kind, _ := w.read(p.ID).Payout.Exception(w.clock.Now()); kind != "late_paid" {
		t.Errorf("exception %q", kind)
	}
}

// TestAPendingPayoutIsHeldAsLongAsItIsLookedUp takes out an executor that wanted
// to be asked in two days: what it was paying is free soon after the next look is
// due, which is sooner than that.
func TestAPendingPayoutIsHeldAsLongAsItIsLookedUp(t *testing.T) {
	t.Parallel()
	f := newFake(ledger.Live)
	f.execute = answers(payout.Result{Outcome: payout.Pending, LookAfter: 48 * time.Hour}, nil)
	w := newWorld(t, f)
	p := w.create(w.live, request("order"))
	w.dispatch()
	w.deps.Executors = nil
	left := must(payout.New(w.deps))
	ctx := w.as("op_a")
	w.clock.advance(payout.Lease)
	_, _, err := left.Claim(ctx, payout.ClaimFilter{ID: p.ID})
	wantCode(t, err, "claimed_by_other")
	w.clock.advance(5 * time.Minute)
	if _, found, err := left.Claim(ctx, payout.ClaimFilter{ID: p.ID}); !found || err != nil {
		t.Errorf("claimed %v, %v", found, err)
	}
}

// TestALateRefusalIsAnException has a person report as paid what the executor
// then says it refused: the end stands, and people look at it.
func TestALateRefusalIsAnException(t *testing.T) {
	t.Parallel()
	began, release := make(chan struct{}), make(chan struct{})
	f := newFake(ledger.Live)
	f.execute = func(context.Context, payout.Instruction) (payout.Result, error) {
		close(began)
		<-release
		return payout.Result{Outcome: payout.Refused, Reason: "no"}, nil
	}
	f.lookup = finds(payout.Result{Outcome: payout.Unknown}, nil)
	w := newWorld(t, f)
	p := w.create(w.live, request("order"))
	var group sync.WaitGroup
	group.Go(func() { _, _ = w.Dispatch(context.Background(), 10) })
	<-began
	w.clock.advance(time.Minute)
	if n, err := must(payout.New(w.deps)).Dispatch(t.Context(), 10); n != 1 || err != nil {
		t.Fatalf("worked on %d, %v", n, err)
	}
	ctx := w.as("op_a")
	w.claim(ctx, p.ID)
	if _, err := w.Complete(ctx, p.ID, payout.Completion{}); err != nil {
		t.Fatal(err)
	}
	close(release)
	group.Wait()
	w.wantEnd(p.ID, payout.Successful)
	if kind, _ := w.read(p.ID).Payout.Exception(w.clock.Now()); kind != "late_refused" {
		t.Errorf("exception %q", kind)
	}
}
