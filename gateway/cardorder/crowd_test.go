package cardorder_test

import (
	"testing"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/racetest"
)

// TestConfirmPaidAgainstOperators: an operator may end a deposit before and
// after its user says that it is paid, so the operator always wins. What the
// user is told depends on who was first, and the money never does.
func TestConfirmPaidAgainstOperators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, confirm, claim, complete, refuse, _, _, _ := w.actions()
	for _, tt := range []struct {
		name     string
		operator action
		want     cardorder.Status
	}{
		{"Complete", complete, cardorder.Completed},
		{"Refuse", refuse, cardorder.Cancelled},
		{"Claim", claim, cardorder.PaidByUser},
	} {
		t.Run(tt.name, func(t *testing.T) {
			confirmed, busy := 0, 0
			for round := range rounds {
				u := w.user(100000)
				id := w.deposited(u)
				user, operator := w.collide(t, id, round%2 == 0,
					func() error { return confirm(w.Service, u, id) },
					func() error { return tt.operator(w.second, u, id) })
				if fault.Code(operator) == "unavailable" { // the ledger waits for a row only so long
					busy++
					continue
				}
				if operator != nil {
					t.Fatalf("the operator: %v", operator)
				}
				if user == nil {
					confirmed++
				} else {
					wantInvalidState(t, user, tt.want)
				}
				w.wantStatus(id, tt.want)
				w.wantMoney(u, id)
			}
			if tt.want == cardorder.PaidByUser {
				if confirmed != rounds-busy {
					t.Errorf("confirmed %d of %d: a claim is in nobody's way", confirmed, rounds-busy)
				}
			} else if confirmed == 0 || confirmed == rounds {
				t.Errorf("confirmed %d of %d: nothing raced", confirmed, rounds)
			}
		})
	}
}

// TestEveryoneAtOnce lets all that can happen to an order happen at once, many
// times and unforced.
func TestEveryoneAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cancel, confirm, claim, complete, refuse, otherClaim, otherComplete, otherRefuse := w.actions()
	all := []action{cancel, confirm, claim, complete, refuse, otherClaim, otherComplete, otherRefuse}
	makes := []func(w *world) func(enduser.User) int64{withdrawals, deposits, paidDeposits}
	for round := range 60 {
		u := w.user(100000)
		id := makes[round%len(makes)](w)(u)
		errs := racetest.Run(len(all), func(i int) error {
			s := w.Service
			if i%2 == 1 {
				s = w.second
			}
			return all[i](s, u, id)
		})
		for i, err := range errs {
			switch fault.Code(err) {
			case "", "INVALID_STATE", "claimed_by_other", "unavailable":
			default:
				t.Errorf("action %d: %v", i, err)
			}
		}
		w.wantMoney(u, id)
		ended := w.audited("card_order.complete", id) + w.audited("card_order.cancel", id)
		switch o := w.read(id); {
		case !o.Status.Final() && ended != 0, o.Status.Final() && o.EndedBy == "user" && ended != 0,
			o.Status.Final() && o.EndedBy != "user" && ended != 1:
			t.Errorf("%s by %q with %d audit records", o.Status, o.EndedBy, ended)
		}
	}
}
