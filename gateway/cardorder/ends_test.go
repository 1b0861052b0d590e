package cardorder_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
)

func TestEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	ann := w.as("ann")
	complete := func(id int64) error { _, err := w.Complete(ann, id); return err }
	refuse := func(id int64) error { _, err := w.CancelByOperator(ann, id, "the bank refused"); return err }
	cancel := func(u enduser.User) func(int64) error {
		return func(id int64) error { return w.Cancel(ctx, u, id) }
	}
	for _, tt := range []struct {
		name      string
		make      func(u enduser.User) int64
		end       func(u enduser.User) func(int64) error
		want      cardorder.Status
		by        string
		available int64 // of 100000, with an order of 40000
		transfers int
		deposited int64
	}{
		{"WithdrawalCompleted", w.withdrawn, always(complete), cardorder.Completed, "operator:ann", 60000, 1, 100000},
		{"WithdrawalRefused", w.withdrawn, always(refuse), cardorder.Cancelled, "operator:ann", 100000, 1, 100000},
		{"WithdrawalCancelled", w.withdrawn, cancel, cardorder.Cancelled, "user", 100000, 1, 100000},
		{"DepositCompletedUnpaid", w.deposited, always(complete), cardorder.Completed, "operator:ann", 140000, 1, 140000},
		{"DepositCompleted", w.paidDeposit, always(complete), cardorder.Completed, "operator:ann", 140000, 1, 140000},
		{"DepositRefused", w.paidDeposit, always(refuse), cardorder.Cancelled, "operator:ann", 100000, 0, 100000},
		{"DepositRefusedUnpaid", w.deposited, always(refuse), cardorder.Cancelled, "operator:ann", 100000, 0, 100000},
		{"DepositCancelled", w.deposited, cancel, cardorder.Cancelled, "user", 100000, 0, 100000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := w.user(100000)
			id := tt.make(u)
			w.advance(time.Minute)
			if err := tt.end(u)(id); err != nil {
				t.Fatal(err)
			}
			o := w.read(id)
			if o.Status != tt.want || o.EndedBy != tt.by || !o.EndedAt.Equal(w.now()) || !o.UpdatedAt.Equal(w.now()) || o.ClaimedBy != "" {
				t.Errorf("got %+v", o)
			}
			if (o.CompletedAt != nil) != (tt.want == cardorder.Completed) {
				t.Errorf("completed at %v", o.CompletedAt)
			}
			w.wantFunds(u, tt.available, 0)
			if n := w.ends(id); n != tt.transfers {
				t.Errorf("%d transfers end it, want %d", n, tt.transfers)
			}
			if b := must(w.users.Balance(ctx, u.ID)); b.DepositedTotal != tt.deposited {
				t.Errorf("deposited %d, want %d", b.DepositedTotal, tt.deposited)
			}
			t.Run("IsFinal", func(t *testing.T) {
				wantInvalidState(t, w.Cancel(ctx, u, id), tt.want)
				wantInvalidState(t, w.ConfirmPaid(ctx, u, id), tt.want)
				_, err := w.Claim(w.as("bob"), id)
				wantInvalidState(t, err, tt.want)
				_, err = w.Release(ann, id)
				wantInvalidState(t, err, tt.want)
				_, err = w.Complete(w.as("bob"), id)
				wantInvalidState(t, err, tt.want)
				_, err = w.CancelByOperator(w.as("bob"), id, "")
				wantInvalidState(t, err, tt.want)
				w.wantFunds(u, tt.available, 0)
			})
			t.Run("AnOperatorMayRepeat", func(t *testing.T) {
				if tt.by == "user" {
					return
				}
				if err := tt.end(u)(id); err != nil {
					t.Error(err)
				}
				if n := w.audited("card_order.complete", id) + w.audited("card_order.cancel", id); n != 1 || w.ends(id) != tt.transfers {
					t.Errorf("%d audit records, %d transfers", n, w.ends(id))
				}
			})
		})
	}
}

func always(f func(int64) error) func(enduser.User) func(int64) error {
	return func(enduser.User) func(int64) error { return f }
}

func (w *world) withdrawn(u enduser.User) int64   { return w.create(u, withdrawal(40000)) }
func (w *world) deposited(u enduser.User) int64   { return w.create(u, deposit(40000)) }
func (w *world) paidDeposit(u enduser.User) int64 { return w.paid(u, 40000) }

// wantInvalidState checks that the refusal names the state.
func wantInvalidState(t testing.TB, err error, state cardorder.Status) {
	t.Helper()
	wantCode(t, err, "INVALID_STATE")
	if !strings.Contains(faultOf(err).Message, string(state)) {
		t.Errorf("%q does not name %s", faultOf(err).Message, state)
	}
}

func TestConfirmPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	u := w.user(100000)
	t.Run("OnceForADeposit", func(t *testing.T) {
		id := w.create(u, deposit(10000))
		w.advance(time.Second)
		if err := w.ConfirmPaid(ctx, u, id); err != nil {
			t.Fatal(err)
		}
		if o := w.read(id); o.Status != cardorder.PaidByUser || !o.UpdatedAt.Equal(w.now()) {
			t.Errorf("got %+v", o)
		}
		wantInvalidState(t, w.ConfirmPaid(ctx, u, id), cardorder.PaidByUser)
		wantInvalidState(t, w.Cancel(ctx, u, id), cardorder.PaidByUser)
		w.wantFunds(u, 100000, 0)
	})
	t.Run("ErrWithdrawal", func(t *testing.T) {
		id := w.create(u, withdrawal(10000))
		wantInvalidState(t, w.ConfirmPaid(ctx, u, id), cardorder.Pending)
		w.wantStatus(id, cardorder.Pending)
	})
	t.Run("WhileAnOperatorWorksOnIt", func(t *testing.T) {
		v := w.user(0)
		id := w.create(v, deposit(10000))
		if _, err := w.Claim(w.as("ann"), id); err != nil {
			t.Fatal(err)
		}
		if err := w.ConfirmPaid(ctx, v, id); err != nil {
			t.Error(err)
		}
		if o := w.read(id); o.ClaimedBy != "operator:ann" {
			t.Errorf("the claim is lost: %+v", o)
		}
	})
}

func TestUserCancelWhileClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(100000)
	ann := w.as("ann")
	id := w.create(u, withdrawal(50000))
	if _, err := w.Claim(ann, id); err != nil {
		t.Fatal(err)
	}
	for name, passed := range map[string]time.Duration{"Leased": time.Minute, "LeaseIsOver": 2 * cardorder.Lease} {
		t.Run(name, func(t *testing.T) {
			w.advance(passed)
			err := w.Cancel(t.Context(), u, id)
			wantInvalidState(t, err, cardorder.Pending)
			if !strings.Contains(faultOf(err).Message, "operator") {
				t.Errorf("%q does not say why", faultOf(err).Message)
			}
		})
	}
	if _, err := w.Release(ann, id); err != nil {
		t.Fatal(err)
	}
	if err := w.Cancel(t.Context(), u, id); err != nil {
		t.Error(err)
	}
	w.wantFunds(u, 100000, 0)
}

func TestOthersOrdersDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	owner, stranger := w.user(100000), w.user(100000)
	out, in := w.create(owner, withdrawal(10000)), w.create(owner, deposit(10000))
	for _, id := range []int64{out, in, 999999, 0, -1} {
		calls := map[string]func() error{
			"ByID":        func() error { _, err := w.ByID(ctx, stranger.ID, id); return err },
			"Cancel":      func() error { return w.Cancel(ctx, stranger, id) },
			"ConfirmPaid": func() error { return w.ConfirmPaid(ctx, stranger, id) },
			"Say":         func() error { _, err := w.Say(ctx, stranger, id, "hello", noKey()); return err },
			"Messages":    func() error { _, _, err := w.Messages(ctx, stranger, id, 50, 0); return err },
		}
		if id != out && id != in {
			calls["DeskByID"] = func() error { _, err := w.DeskByID(ctx, id); return err }
			calls["Claim"] = func() error { _, err := w.Claim(ctx, id); return err }
			calls["Release"] = func() error { _, err := w.Release(ctx, id); return err }
			calls["Complete"] = func() error { _, err := w.Complete(ctx, id); return err }
			calls["CancelByOperator"] = func() error { _, err := w.CancelByOperator(ctx, id, ""); return err }
			calls["SayAsOperator"] = func() error { _, err := w.SayAsOperator(ctx, id, "hello"); return err }
			calls["DeskMessages"] = func() error { _, _, err := w.DeskMessages(ctx, id, 50, 0); return err }
		}
		for name, call := range calls {
			if err := call(); fault.Code(err) != "ORDER_NOT_FOUND" {
				t.Errorf("%s of %d: %v", name, id, err)
			}
		}
	}
	w.wantStatus(out, cardorder.Pending)
	w.wantStatus(in, cardorder.Pending)
	if found, total, err := w.List(ctx, stranger.ID, cardorder.Filter{}); err != nil || total != 0 || len(found) != 0 {
		t.Errorf("got %v, %d, %v", found, total, err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	u := w.user(1000000)
	var ids []int64 // oldest first: withdraw completed, deposit cancelled, withdraw pending, deposit paid
	ids = append(ids, w.create(u, withdrawal(10000)))
	if _, err := w.Complete(w.as("ann"), ids[0]); err != nil {
		t.Fatal(err)
	}
	ids = append(ids, w.create(u, deposit(10000)))
	if err := w.Cancel(ctx, u, ids[1]); err != nil {
		t.Fatal(err)
	}
	ids = append(ids, w.create(u, withdrawal(10000)), w.paid(u, 10000))
	tests := []struct {
		name   string
		filter cardorder.Filter
		want   []int64
		total  int
	}{
		{"All", cardorder.Filter{}, []int64{ids[3], ids[2], ids[1], ids[0]}, 4},
		{"Page", cardorder.Filter{Limit: 2, Offset: 1}, []int64{ids[2], ids[1]}, 4},
		{"BeyondTheEnd", cardorder.Filter{Offset: 10}, nil, 4},
		{"Withdrawals", cardorder.Filter{Type: cardorder.Withdraw}, []int64{ids[2], ids[0]}, 2},
		{"Paid", cardorder.Filter{Status: cardorder.PaidByUser}, []int64{ids[3]}, 1},
		{"Both", cardorder.Filter{Type: cardorder.Deposit, Status: cardorder.Cancelled}, []int64{ids[1]}, 1},
		{"None", cardorder.Filter{Type: cardorder.Withdraw, Status: cardorder.Cancelled}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, total, err := w.List(ctx, u.ID, tt.filter)
			if err != nil || total != tt.total {
				t.Errorf("%d in all, %v; want %d", total, err, tt.total)
			}
			var got []int64
			for _, o := range found {
				got = append(got, o.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("ErrUnknownFilters", func(t *testing.T) {
		_, _, err := w.List(ctx, u.ID, cardorder.Filter{Type: "swap", Status: "lost"})
		if wantCode(t, err, "invalid_request"); fields(err) != "type status" {
			t.Errorf("got %q", fields(err))
		}
	})
}

func TestBlockedUsersMayFinish(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	u := w.user(100000)
	out, in := w.create(u, withdrawal(10000)), w.create(u, deposit(10000))
	if err := w.users.Block(ctx, u.ID); err != nil {
		t.Fatal(err)
	}
	u = must(w.users.ByID(ctx, u.ID))
	for name, err := range map[string]error{
		"ConfirmPaid": w.ConfirmPaid(ctx, u, in), "Cancel": w.Cancel(ctx, u, out),
		"Say": func() error { _, err := w.Say(ctx, u, in, "paid", noKey()); return err }(),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, req := range []cardorder.Request{withdrawal(10000), deposit(10000)} {
		_, err := w.Create(ctx, u, req, noKey())
		wantCode(t, err, "FORBIDDEN")
	}
}
