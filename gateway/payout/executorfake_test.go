package payout_test

import (
	"context"
	"sync"

	"disburse/gateway/payout"
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

func (f *fake) Name() string { return f.name }

func (f *fake) Mode() ledger.Mode { return f.mode }

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
