package payout_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/payout"
	"disburse/ledger/money"
)

// ruleDesk decides about rules and payouts.
func (w *world) ruleDesk() *approval.Service {
	w.t.Helper()
	deciders := map[approval.Kind]approval.Decider{}
	for _, kind := range approval.Kinds() {
		deciders[kind] = w.Service
	}
	return must(approval.New(approval.Deps{DB: w.db, Deciders: deciders, Now: w.clock.Now}))
}

func rouble(amount string) *money.Money {
	if amount == "off" {
		return nil
	}
	return new(must(money.Parse(amount, must2(money.Lookup("rub")))))
}

func (w *world) change(ctx context.Context, amount string) (payout.RuleChanged, error) {
	w.clock.advance(time.Second)
	return w.ChangeApprovalRule(ctx, payout.RuleChange{Currency: "rub", AtOrAbove: rouble(amount), Reason: "a busy day"})
}

func (w *world) wantRule(want string) {
	w.t.Helper()
	got := "never had one"
	for _, r := range must(w.ApprovalRules(w.t.Context())) {
		if r.Currency == "rub" {
			got = "off"
			if r.AtOrAbove != nil {
				got = r.AtOrAbove.String()
			}
		}
	}
	if got != want {
		w.t.Errorf("the rule is %s, want %s", got, want)
	}
}

// TestAStricterRuleCountsAtOnce: nobody needs a second person to be more careful.
func TestAStricterRuleCountsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.operator("anna", "admin")
	for _, amount := range []string{"off", "1500.00", "1500.00", "1000.00", "0.00"} {
		changed, err := w.change(anna, amount)
		if err != nil || changed.Waiting != nil {
			t.Fatalf("%s: %+v, %v", amount, changed, err)
		}
	}
	w.wantRule("0.00")
	if n := len(must(audit.List(t.Context(), w.db, audit.Filter{Action: "approval.set"})).Items); n != 3 {
		t.Errorf("%d records of three changes", n)
	}
}

// TestAWeakerRuleNeedsAnotherAdmin tries every way in which one person could let
// a payout through alone.
func TestAWeakerRuleNeedsAnotherAdmin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.00")
	anna, boris, clara := w.operator("anna", "admin"), w.operator("boris", "admin"), w.operator("clara", "approver")
	desk := w.ruleDesk()
	asked, err := w.change(anna, "off")
	if err != nil || asked.Waiting == nil {
		t.Fatalf("%+v, %v", asked, err)
	}
	id := asked.Waiting.ID
	if again, err := w.change(anna, "off"); err != nil || !again.Replayed || again.Waiting.ID != id {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	for name, tc := range map[string]struct {
		code string
		do   func() error
	}{
		"AsksForAnotherToo": {"already_waiting", func() error { _, err := w.change(anna, "5000.00"); return err }},
		"AnotherAsks":       {"already_waiting", func() error { _, err := w.change(boris, "off"); return err }},
		"ApprovesIt":        {"own_approval", func() error { _, err := desk.Approve(anna, id, ""); return err }},
		"ByTheService":      {"own_approval", func() error { return w.GrantAsked(anna, *asked.Waiting, "") }},
		"Refuses":           {"own_approval", func() error { _, err := desk.Refuse(anna, id, "x"); return err }},
		"ByAnApprover":      {"admin_required", func() error { _, err := desk.Approve(clara, id, ""); return err }},
		"AtTheCommandLine": {"admin_required", func() error {
			_, err := desk.Approve(audit.WithActor(t.Context(), audit.Actor{Kind: audit.CLI, ID: "root"}), id, "")
			return err
		}},
		"FromAnotherAddress": {"own_approval", func() error {
			_, err := desk.Approve(audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "anna", Name: "b", Address: "192.0.2.1"}), id, "")
			return err
		}},
		"ByAnAccountOfHers": {"dependent_approver", func() error {
			dora := w.operator("dora", "admin")
			record := audit.Of(anna, w.clock.Now(), "operator.create", "operator", "dora")
			if err := audit.Write(t.Context(), w.db, record); err != nil {
				return err
			}
			_, err := desk.Approve(dora, id, "")
			return err
		}},
	} {
		if err := tc.do(); fault.Code(err) != tc.code {
			t.Errorf("%s: %v, want %s", name, err, tc.code)
		}
	}
	w.wantRule("1500.00")
	p := w.report(anna, w.create(w.live, request("order-1")).ID)
	w.wantAwaiting(p.ID)

	for range 2 { // the second time changes nothing
		if a, err := desk.Approve(boris, id, "agreed"); err != nil || a.State != approval.Approved {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	w.wantRule("off")
	if n := len(must(audit.List(t.Context(), w.db, audit.Filter{Action: "approval.set"})).Items); n != 2 {
		t.Errorf("%d records of two changes", n)
	}
	// What was open obeys the stricter rule for ever.
	if _, err := w.Approve(anna, p.ID, payout.Judgement{}); fault.Code(err) != "own_approval" {
		t.Errorf("her payout of before: %v", err)
	}
}

// TestAStepBackIsWeaker: more careful for a moment and as before again is a way
// to nothing.
func TestAStepBackIsWeaker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.00")
	anna := w.operator("anna", "admin")
	w.operator("boris", "admin")
	if changed, err := w.change(anna, "1.00"); err != nil || changed.Waiting != nil {
		t.Fatalf("%+v, %v", changed, err)
	}
	for _, amount := range []string{"1500.00", "1.01"} {
		changed, err := w.change(anna, amount)
		if err != nil || changed.Waiting == nil {
			t.Fatalf("%s: %+v, %v", amount, changed, err)
		}
		if _, err := w.ruleDesk().Withdraw(anna, changed.Waiting.ID); err != nil {
			t.Error(err)
		}
	}
	w.wantRule("1.00")
}

// TestAChangedRuleVoidsWhatWaits: what was asked for of one rule is not granted of
// another, and not in another way than it was asked.
func TestAChangedRuleVoidsWhatWaits(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, boris context.Context) error{
		"Stricter":         func(w *world, boris context.Context) error { _, err := w.change(boris, "1000.00"); return err },
		"AtTheCommandLine": func(w *world, _ context.Context) error { w.rule("1200.00"); return nil },
		"WithoutTheService": func(w *world, _ context.Context) error {
			_, err := w.db.Exec(t.Context(), `insert into payout_approval_rules (currency, at_or_above, set_at, set_by) values ('rub', 120000, $1, 'x')`, w.clock.Now())
			return err
		},
		"Late": func(w *world, _ context.Context) error { w.clock.advance(approval.Life); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.rule("1500.00")
			anna, boris := w.operator("anna", "admin"), w.operator("boris", "admin")
			asked, err := w.change(anna, "5000.00")
			if err != nil || asked.Waiting == nil {
				t.Fatalf("%+v, %v", asked, err)
			}
			w.clock.advance(time.Second)
			if err := change(w, boris); err != nil {
				t.Fatal(err)
			}
			a := must(w.ruleDesk().Show(t.Context(), asked.Waiting.ID))
			if void := name == "Stricter" || name == "AtTheCommandLine"; void != (a.State == approval.Void) {
				t.Errorf("it is %s before anybody decides", a.State)
			}
			want := map[string]string{"Late": "approval_expired"}[name]
			if want == "" {
				want = "approval_void"
			}
			if _, err := w.ruleDesk().Approve(boris, asked.Waiting.ID, ""); fault.Code(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
			for _, r := range must(w.ApprovalRules(t.Context())) {
				if r.Currency == "rub" && r.AtOrAbove.Minor() > 150000 {
					t.Errorf("the rule is %s", r.AtOrAbove)
				}
			}
		})
	}
}

func TestARuleThatNobodyElseCouldLoosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.00")
	anna := w.operator("anna", "admin")
	w.operator("clara", "approver")
	if _, err := w.change(anna, "off"); fault.Code(err) != "approval_blocked" {
		t.Errorf("%v", err)
	}
	for name, c := range map[string]payout.RuleChange{
		"NoReason": {Currency: "rub", AtOrAbove: rouble("9000.00"), Reason: " "}, "Currency": {Currency: "xxx"}, "USDT": {Currency: "usdt"},
		"OtherCurrency": {Currency: "eur", AtOrAbove: rouble("1.00")}, "Negative": {Currency: "rub", AtOrAbove: new(money.New(-1, "RUB"))},
	} {
		w.operator("boris", "admin")
		if _, err := w.ChangeApprovalRule(anna, c); fault.Code(err) != "invalid_request" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRulesChangeOneAfterTheOther: of two changes at once the looser one waits.
func TestRulesChangeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.00")
	anna, boris := w.operator("anna", "admin"), w.operator("boris", "admin")
	for range 10 {
		var group sync.WaitGroup
		for by, amount := range map[context.Context]string{anna: "500.00", boris: "1000.00"} {
			group.Go(func() {
				_, err := w.ChangeApprovalRule(by, payout.RuleChange{Currency: "rub", AtOrAbove: rouble(amount), Reason: "x"})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		w.wantRule("500.00")
		w.clock.advance(time.Second)
		w.rule("1500.00")
		w.clock.advance(time.Second)
	}
}
