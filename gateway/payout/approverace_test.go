package payout_test

import (
	"context"
	"testing"
	"time"

	"disburse/gateway/approval"
	"disburse/gateway/fault"
	"disburse/gateway/payout"
	"disburse/gateway/racetest"
	"disburse/ledger"
)

// TestDecisionsRace lets many decide at once: one end, one effect, one callback.
func TestDecisionsRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.00")
	anna, boris, clara := w.operator("anna", "admin"), w.operator("boris", "approver"), w.operator("clara", "approver")
	for round := range 8 {
		p := w.report(anna, w.create(w.live, request(orderID(round))).ID)
		results := racetest.Run(12, func(i int) error {
			var err error
			switch i % 6 {
			case 0, 1:
				_, err = w.Approve(boris, p.ID, payout.Judgement{})
			case 2:
				_, err = w.Approve(clara, p.ID, payout.Judgement{})
			case 3:
				_, err = w.Reject(clara, p.ID, "no")
			case 4:
				_, err = w.Approve(anna, p.ID, payout.Judgement{})
				if err == nil {
					t.Error("the completer approved")
				}
			case 5:
				_, err = w.Recall(anna, p.ID)
			}
			return err
		})
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			}
			if f := fault.From(err); f != nil && f.Kind == fault.Internal {
				t.Errorf("round %d: %v", round, err)
			}
		}
		if won == 0 {
			t.Errorf("round %d: nobody won", round)
		}
		now := w.read(p.ID)
		switch now.Payout.Status {
		case payout.Successful, payout.RejectedGate:
			if now.Payout.EndedBy == now.Payout.CompletedBy {
				t.Errorf("%s ended what it had reported", now.Payout.EndedBy)
			}
			w.wantEnd(p.ID, now.Payout.Status)
		default:
			if now.Payout.Stage != payout.StageWaiting || now.Payout.ClaimedBy != "operator:anna" {
				t.Errorf("round %d: %+v", round, now.Payout)
			}
			must(w.Reject(anna, p.ID, "enough"))
		}
		decided := map[approval.State]int{}
		for _, a := range w.read(p.ID).Approvals {
			decided[a.State]++
		}
		if len(decided) != 1 || decided[approval.Waiting] != 0 {
			t.Errorf("round %d: %v", round, decided)
		}
	}
}

func TestReportsRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.00")
	anna := w.operator("anna", "operator")
	p := w.create(w.live, request("order-1"))
	w.claim(anna, p.ID)
	for _, err := range racetest.Run(8, func(int) error { _, err := w.Complete(anna, p.ID, payout.Completion{}); return err }) {
		if err != nil {
			t.Error(err)
		}
	}
	w.wantAwaiting(p.ID)
	if n := len(w.read(p.ID).Approvals); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestAnExecutorEndsNothingThatWaits: a person took a payout over whose end was
// unknown, and reports it as paid; then the executor answers.
func TestAnExecutorEndsNothingThatWaits(t *testing.T) {
	t.Parallel()
	for _, outcome := range []payout.Outcome{payout.Paid, payout.Refused, payout.Unknown, payout.Pending} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			answer := make(chan struct{})
			asked := make(chan struct{})
			looks := 0
			x := newFake(ledger.Live)
			x.execute = func(context.Context, payout.Instruction) (payout.Result, error) {
				return payout.Result{Outcome: payout.Unknown}, nil
			}
			x.lookup = func(context.Context, payout.Sent) (payout.Result, error) {
				if looks++; looks == 1 {
					close(asked)
					<-answer
				}
				return payout.Result{Outcome: outcome}, nil
			}
			w := newWorld(t, x)
			p := w.create(w.live, request("order-1"))
			must(w.Dispatch(t.Context(), 10))
			w.rule("1500.00")
			anna, boris := w.operator("anna", "operator"), w.operator("boris", "approver")
			w.clock.advance(5 * time.Second)
			done := make(chan struct{})
			go func() { defer close(done); _, _ = w.Dispatch(context.Background(), 10) }()
			<-asked
			w.report(anna, p.ID)
			close(answer)
			<-done
			w.wantAwaiting(p.ID)
			w.clock.advance(time.Hour)
			if n, err := w.Dispatch(t.Context(), 10); n != 0 || err != nil {
				t.Errorf("asked about while it waits: %d, %v", n, err)
			}
			if outcome == payout.Paid {
				back, err := w.Recall(anna, p.ID)
				if err != nil || back.Stage != payout.StageUnknown {
					t.Fatalf("recalled: %+v, %v", back, err)
				}
				w.clock.advance(payout.Lease)
				must(w.Dispatch(t.Context(), 10))
				w.wantEnd(p.ID, payout.Successful) // what the executor says is a fact
				return
			}
			must(w.Approve(boris, p.ID, payout.Judgement{}))
			w.wantEnd(p.ID, payout.Successful)
		})
	}
}
