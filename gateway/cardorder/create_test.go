package cardorder_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/racetest"
)

func TestCreateWithdrawal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(500000)
	id := w.create(u, withdrawal(200000))
	w.wantFunds(u, 300000, 200000)
	o, err := w.ByID(t.Context(), u.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	want := cardorder.View{
		ID: id, Type: "withdraw", AmountKopecks: 200000, Status: "pending",
		PaymentDetails: &cardorder.DetailsView{CardNumber: cardNumber, BankName: "Sber", HolderName: "IVAN PETROV"},
		CreatedAt:      "2026-03-04T05:06:07Z", UpdatedAt: "2026-03-04T05:06:07Z",
	}
	if diff := cmp.Diff(want, o.View()); diff != "" {
		t.Error(diff)
	}
	if o.UserID != u.ID || o.ClaimedBy != "" || o.CompletedAt != nil {
		t.Errorf("got %+v", o)
	}
}

func TestCreateDeposit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	id := w.create(u, deposit(200000))
	w.wantFunds(u, 0, 0)
	o, err := w.ByID(t.Context(), u.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	if v := o.View(); v.Type != "deposit" || v.Status != "pending" || v.PaymentDetails != nil {
		t.Errorf("got %+v", v)
	}
}

// TestOrderOfChecks begins with a request against which everything stands, and
// takes one thing away after the other.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	u := w.user(50000)
	active := w.create(u, withdrawal(10000))
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(w.users.GrantBonus(ctx, u.ID, enduser.Signup, 1000, 0, "signup"))
	check(w.users.GrantBonus(ctx, u.ID, enduser.Cashback, 1000, 900000, "cashback"))
	check(w.users.Block(ctx, u.ID))
	_, err := w.SetSettings(ctx, cardorder.Change{Enabled: new(false)})
	check(err)
	blocked := must(w.users.ByID(ctx, u.ID))

	req := cardorder.Request{Type: "swap", Amount: 1}
	steps := []struct {
		name    string
		remedy  func()
		want    string
		visitor enduser.User
	}{
		{"Malformed", func() {}, "invalid_request", blocked},
		{"Blocked", func() { req.Type = cardorder.Withdraw }, "FORBIDDEN", blocked},
		{"Disabled", func() {}, "CARD_DISABLED", u},
		{"NoDetails", func() { _, err := w.SetSettings(ctx, cardorder.Change{Enabled: new(true)}); check(err) }, "MISSING_PAYMENT_DETAILS", u},
		{"TooLow", func() { req.Details.CardNumber = cardNumber }, "AMOUNT_TOO_LOW", u},
		{"TooHigh", func() { req.Amount = 5000001 }, "AMOUNT_TOO_HIGH", u},
		{"BlockedMeanwhile", func() { req.Amount = 300000 }, "FORBIDDEN", u},
		{"MinDeposit", func() { check(w.users.Unblock(ctx, u.ID)) }, "MIN_DEPOSIT_REQUIRED", u},
		{"Wagering", func() { w.depositTo(u, 60000, "more") }, "WAGERING_REQUIREMENT_NOT_MET", u},
		{"Active", func() { check(w.users.SetWagering(ctx, u.ID, 0)) }, "ACTIVE_ORDER_EXISTS", u},
		{"Funds", func() { check(w.Cancel(ctx, u, active)) }, "INSUFFICIENT_BALANCE", u},
		{"OK", func() { req.Amount = 110000 }, "", u},
	}
	for i, step := range steps {
		step.remedy()
		// A key changes nothing: refusals are not stored.
		for _, key := range []idempotency.Key{noKey(), keyOf(u, "same", cardorder.Request{})} {
			_, err := w.Create(ctx, step.visitor, req, key)
			if got := fault.Code(err); got != step.want && (step.want != "" || !key.Given()) {
				t.Fatalf("step %d %s: got %q (%v), want %q", i, step.name, got, err, step.want)
			}
		}
	}
	w.wantFunds(u, 0, 110000)
}

func TestRequestRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(9000000)
	tests := []struct {
		name   string
		change func(r *cardorder.Request)
		code   string
		field  string
	}{
		{"NoType", func(r *cardorder.Request) { r.Type = "" }, "invalid_request", "type"},
		{"CardTooShort", func(r *cardorder.Request) { r.Details.CardNumber = "2200 1234 5678 901" }, "invalid_request", "payment_details.card_number"},
		{"CardTooLong", func(r *cardorder.Request) { r.Details.CardNumber = cardNumber + "3456" }, "invalid_request", "payment_details.card_number"},
		{"CardOfLetters", func(r *cardorder.Request) { r.Details.CardNumber = "2200x23456789012" }, "invalid_request", "payment_details.card_number"},
		{"CardOfOtherDigits", func(r *cardorder.Request) { r.Details.CardNumber = "２２００１２３４５６７８９０１２" }, "invalid_request", "payment_details.card_number"},
		{"LongBank", func(r *cardorder.Request) { r.Details.BankName = strings.Repeat("я", 129) }, "invalid_request", "payment_details.bank_name"},
		{"LongHolder", func(r *cardorder.Request) { r.Details.HolderName = strings.Repeat("я", 129) }, "invalid_request", "payment_details.holder_name"},
		{"NULInBank", func(r *cardorder.Request) { r.Details.BankName = "a\x00" }, "invalid_request", "payment_details.bank_name"},
		{"NoCard", func(r *cardorder.Request) { r.Details.CardNumber = "" }, "MISSING_PAYMENT_DETAILS", ""},
		{"BlankCard", func(r *cardorder.Request) { r.Details.CardNumber = " - " }, "MISSING_PAYMENT_DETAILS", ""},
		{"Nothing", func(r *cardorder.Request) { r.Amount = 0 }, "AMOUNT_TOO_LOW", ""},
		{"Negative", func(r *cardorder.Request) { r.Amount = -10000 }, "AMOUNT_TOO_LOW", ""},
		{"BelowMinimum", func(r *cardorder.Request) { r.Amount = 9999 }, "AMOUNT_TOO_LOW", ""},
		{"AboveMaximum", func(r *cardorder.Request) { r.Amount = 5000001 }, "AMOUNT_TOO_HIGH", ""},
		{"DepositBelowMinimum", func(r *cardorder.Request) { *r = deposit(9999) }, "AMOUNT_TOO_LOW", ""},
		{"DepositAboveMaximum", func(r *cardorder.Request) { *r = deposit(5000001) }, "AMOUNT_TOO_HIGH", ""},
		{"DepositWithBadCard", func(r *cardorder.Request) { *r = deposit(10000); r.Details.CardNumber = "1" }, "invalid_request", "payment_details.card_number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := withdrawal(100000)
			tt.change(&req)
			_, err := w.Create(t.Context(), u, req, noKey())
			wantCode(t, err, tt.code)
			if tt.field != "" && fields(err) != tt.field {
				t.Errorf("faulty fields %q, want %q", fields(err), tt.field)
			}
		})
	}
	t.Run("ErrorsNameTheBound", func(t *testing.T) {
		if _, err := w.Create(t.Context(), u, withdrawal(1), noKey()); faultOf(err).Message != "the smallest amount is 100.00 RUB" {
			t.Errorf("got %v", err)
		}
		if _, err := w.Create(t.Context(), u, deposit(9000000), noKey()); faultOf(err).Message != "the largest amount is 50000.00 RUB" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("BoundsAreIncluded", func(t *testing.T) {
		for _, req := range []cardorder.Request{withdrawal(10000), withdrawal(5000000), deposit(10000), deposit(5000000)} {
			id := w.create(u, req)
			if err := w.Cancel(t.Context(), u, id); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("LongestCardAndNames", func(t *testing.T) {
		req := withdrawal(10000)
		req.Details = cardorder.Details{CardNumber: cardNumber + "345", BankName: strings.Repeat("я", 128), HolderName: strings.Repeat("я", 128)}
		id := w.create(u, req)
		o, err := w.ByID(t.Context(), u.ID, id)
		if err != nil || o.Details != req.Details {
			t.Errorf("got %+v, %v", o.View().PaymentDetails, err)
		}
	})
}

func fields(err error) string {
	var names []string
	for _, f := range faultOf(err).Fields {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

func TestPrerequisites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	t.Run("NoBonusNoMinimumDeposit", func(t *testing.T) {
		u := w.user(20000)
		w.create(u, withdrawal(20000))
	})
	t.Run("CancelGivesTheAllowanceBack", func(t *testing.T) {
		u := w.user(200000)
		if err := w.users.GrantBonus(ctx, u.ID, enduser.Cashback, 1000, 900000, "b"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			id := w.create(u, withdrawal(200000))
			if err := w.Cancel(ctx, u, id); err != nil {
				t.Fatal(err)
			}
		}
		id := w.create(u, withdrawal(150000))
		if _, err := w.Complete(w.as("op"), id); err != nil {
			t.Fatal(err)
		}
		_, err := w.Create(ctx, u, withdrawal(50001), noKey())
		wantCode(t, err, "WAGERING_REQUIREMENT_NOT_MET")
		w.create(u, withdrawal(50000))
	})
	t.Run("ACompletedDepositCounts", func(t *testing.T) {
		u := w.user(0)
		if err := w.users.GrantBonus(ctx, u.ID, enduser.Signup, 1000, 0, "b"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			id := w.create(u, deposit(50000))
			_, err := w.Create(ctx, u, withdrawal(50000), noKey())
			wantCode(t, err, "MIN_DEPOSIT_REQUIRED")
			if _, err := w.Complete(w.as("op"), id); err != nil {
				t.Fatal(err)
			}
		}
		w.create(u, withdrawal(50000))
	})
	t.Run("OneActiveOfAType", func(t *testing.T) {
		u := w.user(200000)
		w.create(u, withdrawal(10000))
		id := w.paid(u, 10000)
		_, err := w.Create(ctx, u, withdrawal(10000), noKey())
		wantCode(t, err, "ACTIVE_ORDER_EXISTS")
		_, err = w.Create(ctx, u, deposit(10000), noKey())
		wantCode(t, err, "ACTIVE_ORDER_EXISTS")
		if _, err := w.CancelByOperator(w.as("op"), id, "nothing arrived"); err != nil {
			t.Fatal(err)
		}
		w.create(u, deposit(10000))
	})
}

// TestWithdrawalsAtOnce has money for one of many, from two processes.
func TestWithdrawalsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct {
		name  string
		funds int64
	}{{"MoneyForOne", 100000}, {"MoneyForAll", 1000000}} {
		t.Run(tt.name, func(t *testing.T) {
			for round := range 20 {
				u := w.user(tt.funds)
				errs := racetest.Run(8, func(i int) error {
					s := w.Service
					if i%2 == 1 {
						s = w.second
					}
					_, err := s.Create(t.Context(), u, withdrawal(100000), noKey())
					return err
				})
				made := 0
				for _, err := range errs {
					if err == nil {
						made++
						continue
					}
					wantCode(t, err, "ACTIVE_ORDER_EXISTS")
				}
				if made != 1 {
					t.Fatalf("round %d: %d orders", round, made)
				}
				w.wantFunds(u, tt.funds-100000, 100000)
			}
		})
	}
	t.Run("Deposits", func(t *testing.T) {
		u := w.user(0)
		made := 0
		for _, err := range racetest.Run(8, func(int) error { _, err := w.Create(t.Context(), u, deposit(10000), noKey()); return err }) {
			if err == nil {
				made++
			} else {
				wantCode(t, err, "ACTIVE_ORDER_EXISTS")
			}
		}
		if made != 1 {
			t.Errorf("%d orders", made)
		}
	})
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	for _, req := range []cardorder.Request{withdrawal(100000), deposit(100000)} {
		t.Run(string(req.Type), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx := t.Context()
			u := w.user(100000)
			first, err := w.Create(ctx, u, req, keyOf(u, "k", req))
			if err != nil {
				t.Fatal(err)
			}
			again := func(t *testing.T) {
				t.Helper()
				if id, err := w.Create(ctx, u, req, keyOf(u, "k", req)); err != nil || id != first {
					t.Errorf("got %d, %v; want %d", id, err, first)
				}
			}
			t.Run("Replayed", again)
			t.Run("ErrReused", func(t *testing.T) {
				other := req
				other.Amount = 20000
				_, err := w.Create(ctx, u, other, keyOf(u, "k", other))
				wantCode(t, err, "IDEMPOTENCY_KEY_REUSED")
			})
			t.Run("ErrReusedByWhatIsRefusedAnyhow", func(t *testing.T) {
				other := req
				other.Amount = 1
				_, err := w.Create(ctx, u, other, keyOf(u, "k", other))
				wantCode(t, err, "IDEMPOTENCY_KEY_REUSED")
			})
			t.Run("AnotherKeyIsAnotherRequest", func(t *testing.T) {
				_, err := w.Create(ctx, u, req, keyOf(u, "k2", req))
				wantCode(t, err, "ACTIVE_ORDER_EXISTS")
			})
			t.Run("AnotherUsersKeyIsAnother", func(t *testing.T) {
				v := w.user(100000)
				if id, err := w.Create(ctx, v, req, keyOf(v, "k", req)); err != nil || id == first {
					t.Errorf("got %d, %v", id, err)
				}
			})
			t.Run("ReplayedAfterItsEnd", func(t *testing.T) {
				if err := w.Cancel(ctx, u, first); err != nil {
					t.Fatal(err)
				}
				again(t)
			})
			t.Run("ReplayedWhenDisabledAndBlocked", func(t *testing.T) {
				if _, err := w.SetSettings(ctx, cardorder.Change{Enabled: new(false)}); err != nil {
					t.Fatal(err)
				}
				if err := w.users.Block(ctx, u.ID); err != nil {
					t.Fatal(err)
				}
				u = must(w.users.ByID(ctx, u.ID))
				again(t)
			})
		})
	}
}

func TestParallelTwins(t *testing.T) {
	t.Parallel()
	for _, req := range []cardorder.Request{withdrawal(100000), deposit(100000)} {
		t.Run(string(req.Type), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for round := range 20 {
				u := w.user(100000) // all of it goes out
				type answer struct {
					id  int64
					err error
				}
				answers := racetest.Run(8, func(i int) answer {
					s := w.Service
					if i%2 == 1 {
						s = w.second
					}
					id, err := s.Create(t.Context(), u, req, keyOf(u, fmt.Sprint("k", round), req))
					return answer{id, err}
				})
				for _, a := range answers {
					if a.err != nil || a.id != answers[0].id {
						t.Fatalf("round %d: %+v", round, answers)
					}
				}
				if _, total, err := w.List(t.Context(), u.ID, cardorder.Filter{}); err != nil || total != 1 {
					t.Fatalf("%d orders, %v", total, err)
				}
			}
		})
	}
}

// TestCreatesOfManyUsers puts all of them into few groups of the ledger.
func TestCreatesOfManyUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	users := make([]enduser.User, 40)
	for i := range users {
		users[i] = w.user(100000)
	}
	for i, err := range racetest.Run(len(users), func(i int) error {
		_, err := w.Create(t.Context(), users[i], withdrawal(60000), keyOf(users[i], "k", withdrawal(60000)))
		return err
	}) {
		if err != nil {
			t.Fatal(err)
		}
		w.wantFunds(users[i], 40000, 60000)
	}
}
