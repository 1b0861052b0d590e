package cardorder_test

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
)

// modelUser and modelOrder are what this package promises, said as simply as
// possible.
type modelUser struct {
	enduser.User
	available, held, deposited int64
}

type modelOrder struct {
	id      int64
	user    *modelUser
	of      cardorder.Type
	amount  int64
	status  cardorder.Status
	claimer string // "" for nobody
	leased  bool
	endedBy string
}

func (o *modelOrder) open() bool { return !o.status.Final() }

type model struct {
	w      *world
	users  []*modelUser
	orders []*modelOrder
}

// TestModel plays random sequences of all that users and operators do, against
// the model. The books are verified when the test ends.
func TestModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		m := &model{w: w}
		for range 3 {
			u := &modelUser{User: w.user(100000), available: 100000, deposited: 100000}
			m.users = append(m.users, u)
		}
		for range rapid.IntRange(5, 25).Draw(t, "steps") {
			m.step(t)
		}
		m.check(t)
	})
}

// step does one thing in both worlds and compares what is told.
func (m *model) step(t *rapid.T) {
	ctx := context.Background()
	action := rapid.SampledFrom([]string{"create", "create", "cancel", "confirm", "claim", "release", "complete", "refuse", "wait"}).Draw(t, "action")
	if action == "wait" {
		m.w.advance(cardorder.Lease)
		for _, o := range m.orders {
			o.leased = false
		}
		return
	}
	u := rapid.SampledFrom(m.users).Draw(t, "user")
	if action == "create" || len(m.orders) == 0 {
		m.create(ctx, t, u)
		return
	}
	o := rapid.SampledFrom(m.orders).Draw(t, "order")
	operator := rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "operator")
	as, claimant := m.w.as(operator), "operator:"+operator
	var err error
	want := ""
	switch action {
	case "cancel":
		want, err = m.cancel(o, u), m.w.Cancel(ctx, u.User, o.id)
	case "confirm":
		want, err = m.confirm(o, u), m.w.ConfirmPaid(ctx, u.User, o.id)
	case "claim":
		want = m.claim(o, claimant)
		_, err = m.w.Claim(as, o.id)
	case "release":
		want = m.release(o, claimant)
		_, err = m.w.Release(as, o.id)
	case "complete":
		want = m.end(o, claimant, cardorder.Completed)
		_, err = m.w.Complete(as, o.id)
	case "refuse":
		want = m.end(o, claimant, cardorder.Cancelled)
		_, err = m.w.CancelByOperator(as, o.id, "no")
	}
	if got := fault.Code(err); got != want {
		t.Fatalf("%s of %s %d by %s: got %q (%v), the model says %q", action, o.of, o.id, operator, got, err, want)
	}
}

func (m *model) create(ctx context.Context, t *rapid.T, u *modelUser) {
	of := rapid.SampledFrom(cardorder.Types()).Draw(t, "type")
	amount := rapid.SampledFrom([]int64{9999, 10000, 40000, 90000, 5000001}).Draw(t, "amount")
	req := deposit(amount)
	if of == cardorder.Withdraw {
		req = withdrawal(amount)
	}
	want := ""
	switch {
	case amount < 10000:
		want = "AMOUNT_TOO_LOW"
	case amount > 5000000:
		want = "AMOUNT_TOO_HIGH"
	case m.active(u, of):
		want = "ACTIVE_ORDER_EXISTS"
	case of == cardorder.Withdraw && amount > u.available:
		want = "INSUFFICIENT_BALANCE"
	}
	id, err := m.w.Create(ctx, u.User, req, noKey())
	if got := fault.Code(err); got != want {
		t.Fatalf("create %s of %d: got %q (%v), the model says %q", of, amount, got, err, want)
	}
	if want != "" {
		return
	}
	if of == cardorder.Withdraw {
		u.available, u.held = u.available-amount, u.held+amount
	}
	m.orders = append(m.orders, &modelOrder{id: id, user: u, of: of, amount: amount, status: cardorder.Pending})
}

func (m *model) active(u *modelUser, of cardorder.Type) bool {
	for _, o := range m.orders {
		if o.user == u && o.of == of && o.open() {
			return true
		}
	}
	return false
}

func (m *model) cancel(o *modelOrder, u *modelUser) string {
	switch {
	case o.user != u:
		return "ORDER_NOT_FOUND"
	case o.status != cardorder.Pending || o.claimer != "":
		return "INVALID_STATE"
	}
	m.finish(o, "user", cardorder.Cancelled)
	return ""
}

func (m *model) confirm(o *modelOrder, u *modelUser) string {
	switch {
	case o.user != u:
		return "ORDER_NOT_FOUND"
	case o.of != cardorder.Deposit || o.status != cardorder.Pending:
		return "INVALID_STATE"
	}
	o.status = cardorder.PaidByUser
	return ""
}

func (m *model) claim(o *modelOrder, by string) string {
	switch {
	case !o.open():
		return "INVALID_STATE"
	case o.claimer != by && o.leased:
		return "claimed_by_other"
	}
	o.claimer, o.leased = by, true
	return ""
}

func (m *model) release(o *modelOrder, by string) string {
	switch {
	case !o.open():
		return "INVALID_STATE"
	case o.claimer != by:
		return "claim_required"
	}
	o.claimer, o.leased = "", false
	return ""
}

func (m *model) end(o *modelOrder, by string, to cardorder.Status) string {
	switch {
	case o.status == to && o.endedBy == by:
		return "" // again
	case !o.open():
		return "INVALID_STATE"
	case o.claimer != by && o.leased:
		return "claimed_by_other"
	}
	m.finish(o, by, to)
	return ""
}

func (m *model) finish(o *modelOrder, by string, to cardorder.Status) {
	o.status, o.endedBy, o.claimer, o.leased = to, by, "", false
	switch {
	case o.of == cardorder.Withdraw && to == cardorder.Completed:
		o.user.held -= o.amount
	case o.of == cardorder.Withdraw:
		o.user.held, o.user.available = o.user.held-o.amount, o.user.available+o.amount
	case to == cardorder.Completed:
		o.user.available, o.user.deposited = o.user.available+o.amount, o.user.deposited+o.amount
	}
}

// check compares all that is left behind.
func (m *model) check(t *rapid.T) {
	ctx := context.Background()
	for _, u := range m.users {
		b, err := m.w.users.Balance(ctx, u.ID)
		if err != nil || b.Available != u.available || b.Held != u.held || b.DepositedTotal != u.deposited {
			t.Fatalf("user %d: %+v, %v; the model says available %d, held %d, deposited %d", u.ID, b, err, u.available, u.held, u.deposited)
		}
	}
	for _, o := range m.orders {
		got, err := m.w.DeskByID(ctx, o.id)
		if err != nil || got.Status != o.status || got.ClaimedBy != o.claimer || got.EndedBy != o.endedBy || got.Leased(m.w.now()) != o.leased {
			t.Fatalf("order %d: %+v, %v; the model says %+v", o.id, got, err, o)
		}
	}
}
