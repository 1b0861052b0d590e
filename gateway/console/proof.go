package console

import (
	"context"
	"sync"
	"time"

	"disburse/gateway/console/site"
	"disburse/ledger"
)

// proofTimeout ends a proof that somebody forgot.
const proofTimeout = time.Hour

// proof is the replay of the books that this process runs, or ran last: one at
// a time, because it reads everything.
type proof struct {
	mu        sync.Mutex
	running   bool
	by        string
	begun     time.Time
	ended     time.Time
	done, all int64
	report    ledger.Report
	failed    bool
}

// proofView is a proof as it is shown.
type proofView struct {
	Running, Ended, Failed bool
	By                     string
	Begun, EndedAt         time.Time
	Took                   string
	Done, All              int64
	Percent                int64
	Report                 ledger.Report
}

func (p *proof) view(now time.Time) proofView {
	p.mu.Lock()
	defer p.mu.Unlock()
	view := proofView{
		Running: p.running, Ended: !p.ended.IsZero() && !p.running, Failed: p.failed, By: p.by, Begun: p.begun, EndedAt: p.ended,
		Done: p.done, All: p.all, Report: p.report,
	}
	if p.all > 0 {
		view.Percent = p.done * 100 / p.all
	}
	end := p.ended
	if p.running {
		end = now
	}
	view.Took = end.Sub(p.begun).Round(time.Millisecond).String()
	return view
}

// begin reports whether nobody else's proof is running.
func (p *proof) begin(by string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		return false
	}
	p.running, p.by, p.begun = true, by, now
	p.done, p.all = 0, 0
	return true
}

func (p *proof) progress(done, all int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.all = done, all
}

func (p *proof) end(report ledger.Report, err error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running, p.ended, p.report, p.failed = false, now, report, err != nil
}

// prove replays the books until it is through or ctx ends.
func (k *desk) prove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, proofTimeout)
	defer cancel()
	report, err := k.ProveLedger(ctx, k.proof.progress)
	switch {
	case err != nil:
		k.Log.Error("the proof of the books did not end", "cause", err.Error())
	case !report.Clean:
		k.Log.Error("the books are not clean", "problems", report.Found)
	}
	k.proof.end(report, err, k.Now())
}

func (k *desk) proofPage(v *site.Visit) error { return v.Render("verify", k.proof.view(k.Now())) }

// proofNow is the part of the page that follows a proof while it runs.
func (k *desk) proofNow(v *site.Visit) error {
	if !v.Partial() {
		return v.Goto("/books/verify", "")
	}
	return v.Fragment("verify", "proof", k.proof.view(k.Now()))
}

func (k *desk) beginProof(v *site.Visit) error {
	note := ""
	if k.proof.begin(v.Person.Name, k.Now()) {
		k.Background(k.prove)
	} else {
		note = v.T("A proof is running already; this is it.")
	}
	return v.Goto("/books/verify", note)
}
