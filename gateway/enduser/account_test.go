package enduser_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/ledger"
	"disburse/ledger/money"
)

func TestDeposit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	anna, boris := w.make(t, "anna", 0).ID, w.make(t, "boris", 0).ID
	for _, tt := range []struct {
		name      string
		id        int64
		amount    money.Money
		ref       string
		available string // in the amount's currency, after it
		deposited int64  // of anna
		replayed  bool
		err       error
	}{
		{"OK", anna, rub(500_000), "a", "5000.00", 500_000, false, nil},
		{"OKReplayed", anna, rub(500_000), "a", "5000.00", 500_000, true, nil},
		{"ErrOtherAmount", anna, rub(500_001), "a", "5000.00", 500_000, false, enduser.ErrReferenceReused},
		{"ErrOtherCurrency", anna, money.New(500_000, "USD"), "a", "0.00", 500_000, false, enduser.ErrReferenceReused},
		{"OKOtherReference", anna, rub(1), "b", "5000.01", 500_001, false, nil},
		{"OKDollarsCountNowhere", anna, money.New(10_000, "USD"), "c", "100.00", 500_001, false, nil},
		{"OKSameReferenceOfAnother", boris, rub(7), "a", "0.07", 500_001, false, nil},
		{"ErrBeyondTheRange", anna, rub(math.MaxInt64), "d", "5000.01", 500_001, false, fault.Invalid()},
		{"ErrNotFound", 999, rub(1), "a", "0.00", 500_001, false, enduser.ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) { // one book: in this order
			preview, err := w.PreviewDeposit(t.Context(), tt.id, tt.amount, tt.ref)
			if !errors.Is(err, tt.err) || preview.Replayed != tt.replayed || err == nil && preview.Available.String() != tt.available {
				t.Errorf("preview = %+v, %v", preview, err)
			}
			if err := w.Deposit(t.Context(), tt.id, tt.amount, tt.ref); !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Errorf("error = %v, want %v", err, tt.err)
			}
			available, err := w.Available(t.Context(), tt.id, tt.amount.Currency())
			if err != nil || available.String() != tt.available || w.user(t, anna).Deposited != tt.deposited {
				t.Errorf("available %s, deposited %d, %v", available, w.user(t, anna).Deposited, err)
			}
		})
	}
	if n := len(w.trail(t, "user.deposit")); n != 4 {
		t.Errorf("%d traces, want one of each that moved money", n)
	}
}

func TestDepositRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	for _, tt := range []struct {
		name   string
		amount money.Money
		ref    string
		fields []string
	}{
		{"ErrZero", rub(0), "a", []string{"amount"}},
		{"ErrNegative", rub(-1), "a", []string{"amount"}},
		{"ErrNoCurrency", money.New(1, ""), "a", []string{"currency"}},
		{"ErrUnknownCurrency", money.New(1, "XXX"), "a", []string{"currency"}},
		{"ErrNoReference", rub(1), "", []string{"ref"}},
		{"ErrBlankReference", rub(1), " \u00a0", []string{"ref"}},
		{"ErrLongReference", rub(1), strings.Repeat("x", 129), []string{"ref"}},
		{"ErrControlCharacter", rub(1), "a\x00", []string{"ref"}},
		{"ErrNotUTF8", rub(1), "\xff", []string{"ref"}},
		{"ErrLostCharacter", rub(1), "a\ufffd", []string{"ref"}},
		{"ErrAll", money.New(0, ""), "", []string{"amount", "currency", "ref"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkFields(t, w.Deposit(t.Context(), u.ID, tt.amount, tt.ref), tt.fields...)
			_, err := w.PreviewDeposit(t.Context(), u.ID, tt.amount, tt.ref)
			checkFields(t, err, tt.fields...)
		})
	}
}

func TestDepositsOfOneReferenceAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := w.Deposit(context.Background(), u.ID, rub(700), "invoice 12"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := w.user(t, u.ID).Deposited; got != 700 {
		t.Errorf("deposited %d", got)
	}
}

func TestBalanceAndTransactions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	u := w.make(t, "anna", 500_000)
	if err := w.GrantBonus(ctx, u.ID, enduser.Cashback, 3_000, 90_000, "b"); err != nil {
		t.Fatal(err)
	}
	w.exec(t, `update users set turnover = 20000 where id = $1`, u.ID)
	for i, amount := range []int64{100_000, 50_000, 25_000} {
		kind := []enduser.Kind{enduser.Card, enduser.P2P, enduser.Card}[i]
		if err := w.reserve(ctx, fmt.Sprint("o", i), u.ID, kind, amount); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.end(ctx, "o0", u.ID, 100_000, true); err != nil {
		t.Fatal(err)
	}
	if err := w.end(ctx, "o2", u.ID, 25_000, false); err != nil {
		t.Fatal(err)
	}
	b, err := w.Balance(ctx, u.ID)
	want := enduser.Balance{
		Available: 350_000, Held: 50_000, Balance: 400_000, Bonus: 3_000, DepositedTotal: 500_000, WithdrawnTotal: 100_000,
		WageringRequired: 90_000, Turnover: 20_000, WageringRemaining: 70_000,
	}
	if diff := cmp.Diff(want, b); err != nil || diff != "" {
		t.Errorf("%v, balance (-want +got):\n%s", err, diff)
	}
	w.exec(t, `update users set turnover = 100000 where id = $1`, u.ID)
	if b, err := w.Balance(ctx, u.ID); err != nil || b.WageringRemaining != 0 {
		t.Errorf("remaining = %d, %v", b.WageringRemaining, err)
	}
	if _, err := w.Balance(ctx, 999); !errors.Is(err, enduser.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}

	list, total, err := w.Transactions(ctx, u.ID, 20, 0)
	lines := []enduser.Transaction{
		{Type: ledger.FlowCardOrderReturn, Amount: 25_000, BalanceAfter: 350_000},
		{Type: ledger.FlowCardOrderHold, Amount: -25_000, BalanceAfter: 325_000},
		{Type: ledger.FlowEscrowLock, Amount: -50_000, BalanceAfter: 350_000},
		{Type: ledger.FlowCardOrderHold, Amount: -100_000, BalanceAfter: 400_000},
		{Type: ledger.FlowUserDeposit, Amount: 500_000, BalanceAfter: 500_000},
	}
	if diff := cmp.Diff(lines, list, cmpopts.IgnoreFields(enduser.Transaction{}, "ID", "CreatedAt")); err != nil || total != 5 || diff != "" {
		t.Errorf("%v, %d transactions (-want +got):\n%s", err, total, diff)
	}
	middle, total, err := w.Transactions(ctx, u.ID, 2, 1)
	if diff := cmp.Diff(list[1:3], middle); err != nil || total != 5 || diff != "" {
		t.Errorf("%v, %d in all, the second and third (-want +got):\n%s", err, total, diff)
	}
	if none, total, err := w.Transactions(ctx, 999, 20, 0); err != nil || total != 0 || len(none) != 0 {
		t.Errorf("nobody's: %v, %d, %v", none, total, err)
	}
}

// TestABalanceIsOfOneMoment: money on its way between available and held is
// never seen twice, nor nowhere.
func TestABalanceIsOfOneMoment(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 500_000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 30 {
			reference := fmt.Sprint("o", i)
			if err := w.reserve(context.Background(), reference, u.ID, enduser.Card, 400_000); err != nil {
				t.Error(err)
				return
			}
			if err := w.end(context.Background(), reference, u.ID, 400_000, false); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		b, err := w.Balance(t.Context(), u.ID)
		if err != nil || b.Balance != 500_000 {
			t.Errorf("balance = %+v, %v", b, err)
			reading = false
		}
	}
	<-done
}

// refusing is a ledger that fails in a given way.
type refusing struct {
	enduser.Books
	err error
}

func (r refusing) Post(context.Context, ledger.Entry, ...ledger.Rider) (ledger.Receipt, error) {
	return ledger.Receipt{}, r.err
}

func TestDepositWhenTheLedgerFails(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	for _, tt := range []struct {
		err  error
		kind fault.Kind
	}{
		{ledger.ErrBusy, fault.Unavailable},
		{ledger.ErrUnavailable, fault.Unavailable},
		{ledger.ErrOverflow, fault.InvalidInput},
		{ledger.ErrInvalid, fault.Internal},
	} {
		s, err := enduser.NewService(enduser.Deps{DB: w.db, Ledger: refusing{err: tt.err}, Now: w.now})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Deposit(t.Context(), u.ID, rub(1), "a"); fault.From(err).Kind != tt.kind || fault.From(err).Kind == fault.Internal && !errors.Is(err, tt.err) {
			t.Errorf("%v gives %v", tt.err, err)
		}
	}
}

// TestABalanceAndItsTotalsAreOfOneMoment: what has just been paid in or out is
// in the balance and in its total, or in neither.
func TestABalanceAndItsTotalsAreOfOneMoment(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 500_000)
	ctx, stop := context.WithCancel(t.Context())
	moving := make(chan struct{})
	go func() {
		defer close(moving)
		defer stop()
		for i := range 60 {
			reference := fmt.Sprint("o", i)
			err := errors.Join(
				w.Deposit(t.Context(), u.ID, rub(1_000), reference),
				w.reserve(t.Context(), reference, u.ID, enduser.Card, 2_000),
				w.end(t.Context(), reference, u.ID, 2_000, true))
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for ctx.Err() == nil {
		b, err := w.Balance(t.Context(), u.ID)
		if err != nil || b.Balance != b.DepositedTotal-b.WithdrawnTotal {
			t.Errorf("balance %d of %d paid in and %d paid out, %v", b.Balance, b.DepositedTotal, b.WithdrawnTotal, err)
			break
		}
	}
	<-moving
}
