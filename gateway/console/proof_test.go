package console

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"disburse/ledger"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// slowly is a desk whose proofs report some progress and end when told so.
func slowly(end chan error) (*desk, *sync.WaitGroup, *atomic.Int64) {
	var running sync.WaitGroup
	var begun atomic.Int64
	k := &desk{Deps: Deps{
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon },
		Background: func(work func(context.Context)) { running.Go(func() { work(context.Background()) }) },
		ProveLedger: func(_ context.Context, progress func(done, all int64)) (ledger.Report, error) {
			begun.Add(1)
			progress(250, 1000)
			err := <-end
			return ledger.Report{Clean: true, Transfers: 1000}, err
		},
	}}
	return k, &running, &begun
}

func TestOneProofAtATime(t *testing.T) {
	t.Parallel()
	end := make(chan error)
	k, running, begun := slowly(end)
	var accepted atomic.Int64
	var askers sync.WaitGroup
	for range 50 {
		askers.Go(func() {
			if k.proof.begin("ann", noon) {
				accepted.Add(1)
				k.Background(k.prove)
			}
		})
	}
	askers.Wait()
	if accepted.Load() != 1 {
		t.Errorf("%d proofs began, want 1", accepted.Load())
	}
	close(end)
	running.Wait()
	if begun.Load() != 1 {
		t.Errorf("%d proofs ran, want 1", begun.Load())
	}
	if v := k.proof.view(noon); v.Running || !v.Ended || v.Failed || !v.Report.Clean || v.Percent != 25 || v.By != "ann" {
		t.Errorf("it ended as %+v", v)
	}
	if !k.proof.begin("boris", noon) {
		t.Error("no other proof can begin after it")
	}
}

func TestProofThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	end := make(chan error, 1)
	k, running, _ := slowly(end)
	end <- errors.New("password of the database")
	k.proof.begin("ann", noon)
	if v := k.proof.view(noon.Add(3 * time.Second)); !v.Running || v.Took != "3s" {
		t.Errorf("it runs as %+v", v)
	}
	k.Background(k.prove)
	running.Wait()
	if v := k.proof.view(noon); v.Running || !v.Failed {
		t.Errorf("it ended as %+v", v)
	}
}
