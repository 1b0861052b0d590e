package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

// model is the ledger as one would write it on a napkin: balances in a map,
// references in another, one posting after the other.
type model struct {
	available, held map[string]int64
	posted          map[string]string // reference to content
}

func (m *model) post(kind, reference, merchant string, amount int64) string {
	content := fmt.Sprint(kind, merchant, amount)
	if before, ok := m.posted[reference]; ok {
		if before == content {
			return "replayed"
		}
		return "reused"
	}
	switch kind {
	case ledger.FlowMerchantTopUp:
		m.available[merchant] += amount
	case ledger.FlowPayoutHold:
		if m.available[merchant] < amount {
			return "funds"
		}
		m.available[merchant] -= amount
		m.held[merchant] += amount
	default: // release and settle both end a hold
		if m.held[merchant] < amount {
			return "funds"
		}
		m.held[merchant] -= amount
		if kind == ledger.FlowPayoutRelease {
			m.available[merchant] += amount
		}
	}
	m.posted[reference] = content
	return "ok"
}

func post(l *ledger.Ledger, kind, reference, merchant string, amount int64) string {
	amounts := []money.Money{money.New(amount, money.USDT), money.New(0, money.USDT)} // settlements are free
	receipt, err := l.Post(context.Background(), flows[kind].entry(reference, []string{merchant}, amounts))
	switch {
	case err == nil && receipt.Replayed:
		return "replayed"
	case err == nil:
		return "ok"
	case errors.Is(err, ledger.ErrReferenceReused):
		return "reused"
	case errors.Is(err, ledger.ErrInsufficientFunds):
		return "funds"
	}
	return err.Error()
}

// Random postings, one after the other, end as in the model, each of them.
func TestPostAgreesWithModel(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t, pgtest.New(t))
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &model{map[string]int64{}, map[string]int64{}, map[string]string{}}
		name := func(s string) string { return fmt.Sprintf("%d-%s", run, s) }
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			kind := rapid.SampledFrom([]string{ledger.FlowMerchantTopUp, ledger.FlowPayoutHold, ledger.FlowPayoutHold, ledger.FlowPayoutRelease, ledger.FlowPayoutSettle}).Draw(rt, "kind")
			reference := name(fmt.Sprint(rapid.IntRange(0, 12).Draw(rt, "reference")))
			merchant := name(rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "merchant"))
			amount := rapid.Int64Range(1, 9).Draw(rt, "amount")
			want, got := m.post(kind, reference, merchant, amount), post(l, kind, reference, merchant, amount)
			if got != want {
				rt.Fatalf("%s %s %s %d: got %s, want %s", kind, reference, merchant, amount, got, want)
			}
		}
		compare(rt, l, m)
	})
}

// The same at once from many goroutines: the order is the database's, so only
// what holds in every order is compared - the sums.
func TestConcurrentPostsKeepTheSums(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t, pgtest.New(t))
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		merchant := fmt.Sprint("m", run)
		if got := post(l, ledger.FlowMerchantTopUp, merchant+"t", merchant, 20); got != "ok" {
			rt.Fatal(got)
		}
		amounts := rapid.SliceOfN(rapid.Int64Range(1, 8), 1, 20).Draw(rt, "holds")
		var mu sync.Mutex
		var held int64
		var callers sync.WaitGroup
		for i, amount := range amounts {
			for range 2 { // every hold twice at once: one of them is the replay
				callers.Go(func() {
					if post(l, ledger.FlowPayoutHold, fmt.Sprint(merchant, "h", i), merchant, amount) == "ok" {
						mu.Lock()
						held += amount
						mu.Unlock()
					}
				})
			}
		}
		callers.Wait()
		m := &model{available: map[string]int64{merchant: 20 - held}, held: map[string]int64{merchant: held}}
		compare(rt, l, m)
	})
}

func compare(rt *rapid.T, l *ledger.Ledger, m *model) {
	for merchant, want := range m.available {
		got, err := l.Balance(context.Background(), ledger.MerchantAvailable(ledger.Live, merchant))
		if err != nil || got.Minor() != want {
			rt.Fatalf("%s has %d available, want %d (%v)", merchant, got.Minor(), want, err)
		}
	}
	for merchant, want := range m.held {
		got, err := l.Balance(context.Background(), ledger.MerchantHeld(ledger.Live, merchant))
		if err != nil || got.Minor() != want {
			rt.Fatalf("%s has %d held, want %d (%v)", merchant, got.Minor(), want, err)
		}
	}
}
