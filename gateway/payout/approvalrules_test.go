package payout_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/ledger"
	"disburse/ledger/money"
)

func TestALooserRuleIsForNewPayoutsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.operator("anna", "operator")
	before := w.create(w.live, request("order-1")).ID
	w.clock.advance(time.Second)
	w.rule("1000.00")
	between := w.create(w.live, request("order-2")).ID
	w.clock.advance(time.Second)
	w.rule("off")
	w.clock.advance(time.Second)
	after := w.create(w.live, request("order-3")).ID
	for _, tc := range []struct {
		name, id string
		want     payout.Status
	}{{"MadeBeforeAStricterOne", before, payout.Expectation}, {"MadeUnderIt", between, payout.Expectation}, {"MadeAfterIt", after, payout.Successful}} {
		if p := w.report(anna, tc.id); p.Status != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, p.Status, tc.want)
		}
	}
}

func TestLivePayoutsForTwoPeopleAreNeverSent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		mode ledger.Mode
		want payout.Stage
	}{{"Live", ledger.Live, payout.StageWaiting}, {"Sandbox", ledger.Sandbox, payout.StagePending}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := newFake(tc.mode)
			x.execute = func(context.Context, payout.Instruction) (payout.Result, error) {
				return payout.Result{Outcome: payout.Pending}, nil
			}
			w := newWorld(t, x)
			w.rule("1500.00")
			m := map[ledger.Mode]merchant.Merchant{ledger.Live: w.live, ledger.Sandbox: w.sandbox}[tc.mode]
			large := w.create(m, request("large"))
			small := request("small")
			small.FiatAmount = "1499.99"
			other := w.create(m, small)
			if _, err := w.Dispatch(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			if stage := w.read(large.ID).Payout.Stage; stage != tc.want {
				t.Errorf("the large one is %s, want %s", stage, tc.want)
			}
			if stage := w.read(other.ID).Payout.Stage; stage != payout.StagePending {
				t.Errorf("the small one is %s", stage)
			}
		})
	}
}

func TestApprovalRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if rules := must(w.ApprovalRules(t.Context())); len(rules) != 0 {
		t.Errorf("at first: %v", rules)
	}
	w.rule("100000.00")
	w.clock.advance(time.Second)
	w.rule("off")
	w.clock.advance(time.Second)
	w.rule("5000.00")
	rules := must(w.ApprovalRules(t.Context()))
	want := []payout.ApprovalRuleView{{Currency: "rub", AtOrAbove: new("5000.00"), SetAt: "2026-03-04T05:06:09Z", SetBy: "system"}}
	if len(rules) != 1 || cmp.Diff(want[0], rules[0].View()) != "" {
		t.Errorf("%+v", rules)
	}
	for name, set := range map[string]struct {
		currency string
		amount   *money.Money
	}{
		"UnknownCurrency": {"xxx", nil}, "USDT": {"usdt", nil}, "Negative": {"rub", new(money.New(-1, must2(money.Lookup("rub"))))},
		"OtherCurrency": {"rub", new(money.New(1, must2(money.Lookup("eur"))))},
	} {
		_, err := w.SetApprovalRule(t.Context(), set.currency, set.amount)
		if f := fault.From(err); f == nil || f.Code != "invalid_request" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
