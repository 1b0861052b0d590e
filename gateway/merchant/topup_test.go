package merchant_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/ledger"
	"disburse/ledger/money"
)

func TestTopUp(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	p.create(t, "other")
	preview, err := p.PreviewTopUp(t.Context(), "demo", usdt(t, "10.5"), "a")
	if err != nil || preview.Available.Fixed(4) != "10.5000" {
		t.Fatalf("preview = %+v, %v", preview, err)
	}
	for _, tt := range []struct {
		name, merchant, amount, ref string
		available                   string
		replayed                    bool
		err                         error
	}{
		{"OK", "demo", "10.5", "a", "10.5000", false, nil},
		{"OKReplayed", "demo", "10.5", "a", "10.5000", true, nil},
		{"ErrBeyondTheRange", "demo", "9223372036854", "c", "", false, fault.Invalid()},
		{"ErrOtherAmount", "demo", "10.6", "a", "", false, merchant.ErrReferenceReused},
		{"OKOtherReference", "demo", "0.0001", "b", "10.5001", false, nil},
		{"OKSameReferenceOfAnother", "other", "1", "a", "1.0000", false, nil},
		{"ErrNotFound", "nobody", "1", "a", "", false, merchant.ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) { // one book: in this order
			got, err := p.TopUp(t.Context(), tt.merchant, usdt(t, tt.amount), tt.ref)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error = %v, want %v", err, tt.err)
			}
			if err == nil && (got.Available.Fixed(4) != tt.available || got.Replayed != tt.replayed) {
				t.Errorf("got %s, replayed %v", got.Available, got.Replayed)
			}
		})
	}
	// Two merchants were made, and three top-ups moved money.
	if n := len(p.trail(t)); n != 5 {
		t.Errorf("%d audit rows, want 5", n)
	}
}

func TestTopUpKeepsSandboxApart(t *testing.T) {
	t.Parallel()
	p := setup(t)
	if _, err := p.Create(t.Context(), merchant.New{Name: "demo", Mode: ledger.Sandbox}); err != nil {
		t.Fatal(err)
	}
	got, err := p.TopUp(t.Context(), "demo", usdt(t, "5"), "a")
	if err != nil {
		t.Fatal(err)
	}
	live := got.Merchant
	live.Mode = ledger.Live
	if available, _, err := p.Balances(t.Context(), live); err != nil || !available.IsZero() {
		t.Errorf("live balance = %v, %v", available, err)
	}
	if d, err := p.Show(t.Context(), "demo"); err != nil || d.Available.Fixed(4) != "5.0000" {
		t.Errorf("Show = %+v, %v", d, err)
	}
}

func TestTopUpRefuses(t *testing.T) {
	t.Parallel()
	p := setup2(t)
	one := usdt(t, "1")
	for _, tt := range []struct {
		name   string
		amount money.Money
		ref    string
		fields []string
	}{
		{"ErrZero", money.New(0, money.USDT), "a", []string{"amount"}},
		{"ErrNegative", money.New(-1_000_000, money.USDT), "a", []string{"amount"}},
		{"ErrFiveDecimals", money.New(1_000_010, money.USDT), "a", []string{"amount"}},
		{"ErrRoubles", money.New(100, "RUB"), "a", []string{"amount"}},
		{"ErrNoReference", one, "", []string{"ref"}},
		{"ErrBlankReference", one, " \u00a0", []string{"ref"}},
		{"ErrLongReference", one, strings.Repeat("x", 129), []string{"ref"}},
		{"ErrControlCharacter", one, "a\x00", []string{"ref"}},
		{"ErrNotUTF8", one, "\xff", []string{"ref"}},
		{"ErrLostCharacter", one, "a\ufffd", []string{"ref"}},
		{"ErrC1ControlCharacter", one, "a\u0085", []string{"ref"}},
		{"ErrBoth", money.New(0, money.USDT), "", []string{"amount", "ref"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := p.TopUp(t.Context(), "demo", tt.amount, tt.ref)
			checkFault(t, err, "invalid_request", tt.fields)
			_, err = p.PreviewTopUp(t.Context(), "demo", tt.amount, tt.ref)
			checkFault(t, err, "invalid_request", tt.fields)
		})
	}
}

// TestConcurrentTopUpsOfOneReference come from two processes at once.
func TestConcurrentTopUpsOfOneReference(t *testing.T) {
	t.Parallel()
	here := setup2(t)
	there := start(t, here.pool, here.since, here.keys...)
	var moved, replayed atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		p := []*process{here, there}[i%2]
		all.Go(func() {
			got, err := p.TopUp(context.Background(), "demo", money.New(7_000_000, money.USDT), "invoice 12")
			switch {
			case err != nil:
				t.Error(err)
			case got.Replayed:
				replayed.Add(1)
			default:
				moved.Add(1)
			}
		})
	}
	all.Wait()
	d, err := here.Show(t.Context(), "demo")
	if err != nil || d.Available.Fixed(4) != "7.0000" || moved.Load() != 1 || replayed.Load() != 19 {
		t.Errorf("available %v, %d moved, %d replayed, %v", d.Available, moved.Load(), replayed.Load(), err)
	}
	if n := len(here.trail(t)); n != 2 {
		t.Errorf("%d audit rows, want 2", n)
	}
}

// refusing is a ledger that fails in a given way.
type refusing struct {
	merchant.Books
	err error
}

func (r refusing) Post(context.Context, ledger.Entry, ...ledger.Rider) (ledger.Receipt, error) {
	return ledger.Receipt{}, r.err
}

func TestTopUpWhenTheLedgerFails(t *testing.T) {
	t.Parallel()
	p := setup2(t)
	v, err := vaultOf(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		err  error
		kind fault.Kind
	}{
		{ledger.ErrBusy, fault.Unavailable},
		{ledger.ErrUnavailable, fault.Unavailable},
		{ledger.ErrOverflow, fault.InvalidInput},
		{ledger.ErrInvalid, fault.Internal},
	} {
		s, err := merchant.NewService(merchant.Deps{DB: p.pool, Ledger: refusing{err: tt.err}, Vault: v, Watcher: p.watcher, Now: p.clock})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.TopUp(t.Context(), "demo", usdt(t, "1"), "a")
		if f := fault.From(err); f.Kind != tt.kind {
			t.Errorf("%v gives %s: %v", tt.err, f.Kind, err)
		}
	}
}
