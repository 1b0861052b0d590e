package enduser_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
)

func TestGrantBonus(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	u := w.make(t, "anna", 500_000)
	for _, tt := range []struct {
		name             string
		kind             enduser.BonusKind
		amount, wagering int64
		ref              string
		err              error
		want             func(*enduser.User)
		bonus            int64
	}{
		{"Signup", enduser.Signup, 1_000, 0, "r", nil, func(u *enduser.User) { u.SignupBonus = true }, 1_000},
		{"Replayed", enduser.Signup, 1_000, 0, "r", nil, func(*enduser.User) {}, 1_000},
		{"ErrOtherAmount", enduser.Signup, 1_001, 0, "r", enduser.ErrReferenceReused, func(*enduser.User) {}, 1_000},
		{"ErrOtherWagering", enduser.Signup, 1_000, 1, "r", enduser.ErrReferenceReused, func(*enduser.User) {}, 1_000},
		{"ErrOtherKind", enduser.Cashback, 1_000, 0, "r", enduser.ErrReferenceReused, func(*enduser.User) {}, 1_000},
		{"Cashback", enduser.Cashback, 2_000, 60_000, "s", nil, func(u *enduser.User) { u.CashbackBonus, u.WageringRequired = true, 60_000 }, 3_000},
		{"WageringAddsUp", enduser.Cashback, 1, 1, "t", nil, func(u *enduser.User) { u.WageringRequired = 60_001 }, 3_001},
		{"ErrAmountBeyondTheRange", enduser.Cashback, math.MaxInt64, 1, "u", fault.Invalid(), func(*enduser.User) {}, 3_001},
		{"ErrWageringBeyondTheRange", enduser.Cashback, 1, math.MaxInt64, "u", fault.Invalid(), func(*enduser.User) {}, 3_001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := w.PreviewBonus(ctx, u.ID, tt.kind, tt.amount, tt.wagering, tt.ref); !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Errorf("preview: %v, want %v", err, tt.err)
			}
			if err := w.GrantBonus(ctx, u.ID, tt.kind, tt.amount, tt.wagering, tt.ref); !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error = %v, want %v", err, tt.err)
			}
			tt.want(&u)
			if diff := cmp.Diff(u, w.user(t, u.ID)); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
			if b, err := w.Balance(ctx, u.ID); err != nil || b.Bonus != tt.bonus || b.Available != 500_000 {
				t.Errorf("balance = %+v, %v", b, err)
			}
		})
	}
	if n := len(w.trail(t, "user.grant-bonus")); n != 3 {
		t.Errorf("%d traces, want 3", n)
	}
	for _, grant := range []func(context.Context, int64, enduser.BonusKind, int64, int64, string) error{w.GrantBonus, w.PreviewBonus} {
		checkFields(t, grant(ctx, u.ID, "loyalty", 0, -1, ""), "kind", "amount", "wagering", "ref")
		if err := grant(ctx, 999, enduser.Signup, 1, 0, "r"); !errors.Is(err, enduser.ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
	}
	if err := w.PreviewBonus(ctx, u.ID, enduser.Signup, 1, 0, "preview"); err != nil || len(w.trail(t, "user.grant-bonus")) != 3 {
		t.Errorf("preview: %v", err)
	}
}

// TestBonusesOfOneReferenceAtOnce: of two bonuses that differ in what the ledger
// does not compare, one is granted, and whoever asked for the other is told so.
func TestBonusesOfOneReferenceAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	var all sync.WaitGroup
	var reused atomic.Int64
	for i := range 20 {
		all.Go(func() {
			err := w.GrantBonus(context.Background(), u.ID, enduser.Cashback, 700, int64(i%2), "july")
			if errors.Is(err, enduser.ErrReferenceReused) {
				reused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b, err := w.Balance(t.Context(), u.ID)
	if err != nil || b.Bonus != 700 || reused.Load() != 10 {
		t.Errorf("bonus %d, %d were refused, %v", b.Bonus, reused.Load(), err)
	}
}

// TestBonusesOfOneUserAtOnce: what a group of them adds is summed.
func TestBonusesOfOneUserAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			kind := []enduser.BonusKind{enduser.Signup, enduser.Cashback}[i%2]
			if err := w.GrantBonus(context.Background(), u.ID, kind, 7, 30, fmt.Sprint("r", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b, err := w.Balance(t.Context(), u.ID)
	if u := w.user(t, u.ID); err != nil || b.Bonus != 280 || u.WageringRequired != 1_200 || !u.SignupBonus || !u.CashbackBonus {
		t.Errorf("bonus %d, user %+v, %v", b.Bonus, u, err)
	}
}

// TestGrantsOfOldReferences: a bonus that the books hold under another name is
// not granted again.
func TestGrantsOfOldReferences(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	w.exec(t, `insert into bonus_grants (user_id, reference, kind, amount, wagering, at) values ($1, 'old', 'signup', 700, 0, $2)`, u.ID, noon)
	if err := w.GrantBonus(t.Context(), u.ID, enduser.Signup, 700, 0, "old"); err != nil {
		t.Errorf("the same: %v", err)
	}
	if err := w.GrantBonus(t.Context(), u.ID, enduser.Cashback, 700, 0, "old"); !errors.Is(err, enduser.ErrReferenceReused) {
		t.Errorf("another: %v", err)
	}
	if b, err := w.Balance(t.Context(), u.ID); err != nil || b.Bonus != 0 || len(w.trail(t, "user.grant-bonus")) != 0 {
		t.Errorf("bonus %d, %v", b.Bonus, err)
	}
}
