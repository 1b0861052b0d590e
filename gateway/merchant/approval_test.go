package merchant_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/ledger"
	"disburse/ledger/money"
)

// office is a process with a merchant that has 100 USDT, an admin anna, and
// the approvers boris and clara.
type office struct {
	*process
	desk               *approval.Service
	anna, boris, clara context.Context
	root               context.Context // at the command line
}

func newOffice(t *testing.T, mode ledger.Mode) *office {
	t.Helper()
	o := &office{process: setup(t)}
	if _, err := o.Create(t.Context(), merchant.New{Name: "demo", Mode: mode}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.TopUp(t.Context(), "demo", usdt(t, "100"), "start"); err != nil {
		t.Fatal(err)
	}
	deciders := map[approval.Kind]approval.Decider{approval.Payout: o.Service, approval.Adjustment: o.Service, approval.KeyRotation: o.Service,
		approval.Rule: o.Service, approval.VirtualCard: o.Service, approval.MerchantPerson: o.Service}
	desk, err := approval.New(approval.Deps{DB: o.pool, Deciders: deciders, Now: o.clock})
	if err != nil {
		t.Fatal(err)
	}
	o.desk = desk
	o.anna, o.boris, o.clara = o.operator(t, "anna", "admin"), o.operator(t, "boris", "approver"), o.operator(t, "clara", "approver")
	o.root = audit.WithActor(t.Context(), audit.Actor{Kind: audit.CLI, ID: "root", Name: "root"})
	return o
}

func (p *process) operator(t *testing.T, id, role string) context.Context {
	t.Helper()
	_, err := p.pool.Exec(t.Context(), `insert into operators (id, email, role, password_hash, created_at) values ($1, $2, $3, '', $4)`,
		id, id+"@example.com", role, noon)
	if err != nil {
		t.Fatal(err)
	}
	return audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: id, Name: id + "@example.com"})
}

func (o *office) available(t *testing.T) string {
	t.Helper()
	d, err := o.Show(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	return d.Available.Fixed(4)
}

func (o *office) adjust(ctx context.Context, t *testing.T, amount, ref string) merchant.Adjusted {
	t.Helper()
	m, err := merchant.ParseAdjustment(amount)
	if err != nil {
		t.Fatal(err)
	}
	made, err := o.Adjust(ctx, "demo", merchant.Adjustment{Amount: m, Reference: ref, Reason: "counted twice"})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAnAdjustmentNeedsTwoPeople(t *testing.T) {
	t.Parallel()
	for _, mode := range []ledger.Mode{ledger.Live, ledger.Sandbox} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, mode)
			asked := o.adjust(o.anna, t, "-10.5", "case 7")
			if asked.After.Fixed(4) != "89.5000" || asked.Replayed || o.available(t) != "100.0000" {
				t.Errorf("after asking: %s has %s", asked.After, o.available(t))
			}
			if again := o.adjust(o.anna, t, "-10.5", "case 7"); !again.Replayed || again.Approval.ID != asked.Approval.ID {
				t.Errorf("asked again: %+v", again)
			}
			_, err := o.Adjust(o.anna, "demo", merchant.Adjustment{Amount: usdt(t, "1"), Reference: "case 7", Reason: "counted twice"})
			checkFault(t, err, "reference_reused", nil)
			for range 2 {
				done, err := o.desk.Approve(o.boris, asked.Approval.ID, "seen")
				if err != nil || done.State != approval.Approved || done.DecidedBy != "operator:boris" || done.Note != "seen" {
					t.Fatalf("%+v, %v", done, err)
				}
			}
			if got := o.available(t); got != "89.5000" {
				t.Errorf("available %s", got)
			}
			_, err = o.desk.Approve(o.clara, asked.Approval.ID, "")
			checkFault(t, err, "already_decided", nil)
			if again := o.adjust(o.anna, t, "-10.5", "case 7"); !again.Replayed || again.Approval.State != approval.Approved {
				t.Errorf("asked after it was made: %+v", again)
			}
			if got := o.available(t); got != "89.5000" {
				t.Errorf("available %s", got)
			}
		})
	}
}

func TestWhoAskedForAnAdjustmentNeverDecides(t *testing.T) {
	t.Parallel()
	o := newOffice(t, ledger.Live)
	asked := o.adjust(o.anna, t, "10", "").Approval
	byRoot := o.adjust(o.root, t, "10", "").Approval
	dora := o.operator(t, "dora", "approver")
	for _, by := range []context.Context{o.anna, o.root} {
		if err := audit.Write(t.Context(), o.pool, audit.Of(by, o.clock().Add(time.Second), "operator.issue-token", "operator", "dora")); err != nil {
			t.Fatal(err)
		}
	}
	otherRoot := audit.WithActor(t.Context(), audit.Actor{Kind: audit.CLI, ID: "eva"})
	if err := audit.Write(t.Context(), o.pool, audit.Of(otherRoot, o.clock().Add(time.Second), "operator.create", "operator", "clara")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		by   context.Context
		id   string
		code string
	}{
		{"Herself", o.anna, asked.ID, "own_approval"},
		{"TheCommandLine", o.root, asked.ID, "approver_required"},
		{"TheMerchant", audit.WithActor(t.Context(), audit.Actor{Kind: audit.Merchant, ID: "anna"}), asked.ID, "approver_required"},
		{"Nobody", t.Context(), asked.ID, "approver_required"},
		{"AnOperator", o.operator(t, "eva", "operator"), asked.ID, "approver_required"},
		{"AnAccountSheTouched", dora, asked.ID, "dependent_approver"},
		{"AnAccountMadeAtTheCommandLineByAnotherName", o.clara, byRoot.ID, "dependent_approver"},
	} {
		_, err := o.desk.Approve(tc.by, tc.id, "")
		if fault.Code(err) != tc.code {
			t.Errorf("%s approves: %v, want %s", tc.name, err, tc.code)
		}
		if _, err = o.desk.Refuse(tc.by, tc.id, "no"); fault.Code(err) != tc.code {
			t.Errorf("%s refuses: %v, want %s", tc.name, err, tc.code)
		}
	}
	if got := o.available(t); got != "100.0000" {
		t.Errorf("available %s", got)
	}
}

// Two accounts are one person where who asks has the secrets of the other one,
// however long ago they were given out.
func TestAnAccountOfWhoAsksNeverDecides(t *testing.T) {
	t.Parallel()
	o := newOffice(t, ledger.Live)
	wrote := func(by context.Context, days int, action, account string) time.Time {
		t.Helper()
		at := o.clock().AddDate(0, 0, -days)
		if err := audit.Write(t.Context(), o.pool, audit.Of(by, at, action, "operator", account)); err != nil {
			t.Fatal(err)
		}
		return at
	}
	token := func(id, account string, at time.Time, days int, revoked bool) {
		t.Helper()
		var end *time.Time
		if revoked {
			end = &at
		}
		_, err := o.pool.Exec(t.Context(), `insert into operator_tokens (id, operator_id, name, hash, prefix, created_at, expires_at, revoked_at)
			values ($1, $2, 'x', sha256($1::text::bytea), 'op_', $3, $4, $5)`, id, account, at, at.AddDate(0, 0, days), end)
		if err != nil {
			t.Fatal(err)
		}
	}
	accounts := make(map[string]context.Context)
	for _, name := range []string{"made", "reset", "chosen", "vouched", "token", "ended", "revoked", "raised"} {
		accounts[name] = o.operator(t, name, "approver")
	}
	wrote(o.anna, 300, "operator.create", "made")
	wrote(o.root, 300, "operator.create", "reset")
	wrote(o.anna, 200, "operator.reset-password", "reset")
	wrote(o.anna, 300, "operator.create", "chosen")
	wrote(accounts["chosen"], 200, "operator.change-password", "chosen")
	wrote(o.anna, 300, "operator.create", "vouched")
	wrote(o.boris, 200, "operator.reset-password", "vouched")
	token("t1", "token", wrote(o.anna, 30, "operator.issue-token", "token"), 90, false)
	token("t2", "ended", wrote(o.anna, 91, "operator.issue-token", "ended"), 90, false)
	token("t3", "revoked", wrote(o.anna, 30, "operator.issue-token", "revoked"), 90, true)
	wrote(o.anna, 30, "operator.set-role", "raised")

	asked := o.adjust(o.anna, t, "1", "").Approval
	for _, name := range []string{"made", "reset", "chosen", "token"} {
		_, err := o.desk.Approve(accounts[name], asked.ID, "")
		checkFault(t, err, "dependent_approver", nil)
	}
	for _, name := range []string{"vouched", "ended", "revoked", "raised"} {
		if _, err := o.desk.Approve(accounts[name], o.adjust(o.anna, t, "1", "by "+name).Approval.ID, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.desk.Approve(accounts["made"], o.adjust(o.clara, t, "1", "").Approval.ID, ""); err != nil {
		t.Errorf("asked by another: %v", err)
	}
	_, err := o.pool.Exec(t.Context(), `update operators set disabled_at = $1 where id not in ('anna', 'made', 'chosen')`, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Adjust(o.anna, "demo", merchant.Adjustment{Amount: usdt(t, "1"), Reason: "x"})
	checkFault(t, err, "approval_blocked", nil)
}

// Whose secrets somebody has through another account are that person's as well:
// who asks has only to sign in there first.
func TestAnAccountBehindAnAccountOfWhoAsksNeverDecides(t *testing.T) {
	t.Parallel()
	o := newOffice(t, ledger.Live)
	wrote := func(by string, days int, action, account string) time.Time {
		t.Helper()
		at := o.clock().AddDate(0, 0, -days)
		ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: by})
		if err := audit.Write(t.Context(), o.pool, audit.Of(ctx, at, action, "operator", account)); err != nil {
			t.Fatal(err)
		}
		return at
	}
	token := func(account string, at time.Time, worked time.Duration) {
		t.Helper()
		_, err := o.pool.Exec(t.Context(), `insert into operator_tokens (id, operator_id, name, hash, prefix, created_at, expires_at, revoked_at)
			values ($1, $1, 'x', sha256($1::text::bytea), 'op_', $2, $3, $3)`, account, at, at.Add(worked))
		if err != nil {
			t.Fatal(err)
		}
	}
	const create, reset, issue = "operator.create", "operator.reset-password", "operator.issue-token"
	const day = 24 * time.Hour
	for _, tc := range []struct {
		name   string
		before func(account string)
		code   string
	}{
		{"MadeByAnAccountOfHers", func(a string) { wrote("anna", 9, create, "p-"+a); wrote("p-"+a, 8, create, a) }, "dependent_approver"},
		{"MadeAnewByAnAccountOfHers", func(a string) {
			wrote("anna", 9, create, "p-"+a)
			wrote("anna", 9, create, a)
			wrote("p-"+a, 8, reset, a)
		}, "dependent_approver"},
		{"MadeAnewByItself", func(a string) { wrote("anna", 9, create, a); wrote(a, 8, reset, a) }, "dependent_approver"},
		{"ThreeBehind", func(a string) {
			wrote("anna", 9, create, "p-"+a)
			wrote("p-"+a, 8, create, "q-"+a)
			wrote("q-"+a, 7, create, a)
		}, "dependent_approver"},
		{"MadeWithATokenThatEnded", func(a string) {
			token("p-"+a, wrote("anna", 9, issue, "p-"+a), 2*day)
			wrote("p-"+a, 8, create, a)
		}, "dependent_approver"},
		{"MadeAfterTheTokenEnded", func(a string) {
			token("p-"+a, wrote("anna", 9, issue, "p-"+a), day/2)
			wrote("p-"+a, 8, create, a)
		}, ""},
		{"MadeBeforeTheTokenWas", func(a string) {
			wrote("p-"+a, 9, create, a)
			token("p-"+a, wrote("anna", 8, issue, "p-"+a), 90*day)
		}, ""},
		{"MadeAfterAnotherOneMadeTheOtherAnew", func(a string) {
			wrote("anna", 9, create, "p-"+a)
			wrote("boris", 8, reset, "p-"+a)
			wrote("p-"+a, 7, create, a)
		}, ""},
		{"MadeAnewByAnotherOne", func(a string) {
			wrote("anna", 9, create, "p-"+a)
			wrote("p-"+a, 8, create, a)
			wrote("boris", 7, reset, a)
		}, ""},
	} {
		id := strings.ToLower(tc.name)
		for _, other := range []string{"p-" + id, "q-" + id} {
			o.operator(t, other, "admin")
		}
		account := o.operator(t, id, "approver")
		tc.before(id)
		asked := o.adjust(o.anna, t, "1", tc.name).Approval
		if _, err := o.desk.Approve(account, asked.ID, ""); fault.Code(err) != tc.code {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.code)
		}
	}
	_, err := o.pool.Exec(t.Context(), `update operators set disabled_at = $1 where id not in ('anna', 'madebyanaccountofhers', 'madeanewbyitself')`, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Adjust(o.anna, "demo", merchant.Adjustment{Amount: usdt(t, "1"), Reason: "x"})
	checkFault(t, err, "approval_blocked", nil)
}

func TestAnAdjustmentIsRefusedTakenBackOrTooLate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		do    func(*office, string) error
		code  string // of approving afterwards
		state approval.State
	}{
		{"Refused", func(o *office, id string) error { _, err := o.desk.Refuse(o.boris, id, "no"); return err }, "already_decided", approval.Refused},
		{"TakenBack", func(o *office, id string) error { _, err := o.desk.Withdraw(o.anna, id); return err }, "approval_void", approval.Void},
		{"TooLate", func(o *office, _ string) error { o.since.Add(int64(approval.Life)); return nil }, "approval_expired", approval.Expired},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, ledger.Live)
			asked := o.adjust(o.anna, t, "10", "case 7").Approval
			_, err := o.desk.Withdraw(o.boris, asked.ID)
			checkFault(t, err, "not_yours", nil)
			if err := tc.do(o, asked.ID); err != nil {
				t.Fatal(err)
			}
			_, err = o.desk.Approve(o.clara, asked.ID, "")
			checkFault(t, err, tc.code, nil)
			if page, err := o.desk.List(t.Context(), approval.Filter{State: tc.state}); err != nil || len(page.Items) != 1 {
				t.Errorf("listed as %s: %v, %v", tc.state, page.Items, err)
			}
			if page, err := o.desk.List(t.Context(), approval.Filter{State: approval.Waiting}); err != nil || len(page.Items) != 0 {
				t.Errorf("waiting: %v, %v", page.Items, err)
			}
			anew := o.adjust(o.anna, t, "10", "case 7")
			if anew.Replayed || anew.Approval.ID == asked.ID {
				t.Errorf("asked anew: %+v", anew)
			}
		})
	}
}

func TestAdjustRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, ledger.Live)
	for _, tc := range []struct {
		name   string
		amount string
		ref    string
		reason string
		code   string
		fields []string
	}{
		{"ErrNothing", "0", "", "x", "invalid_request", []string{"amount"}},
		{"ErrFiveDecimals", "-0.00001", "", "x", "invalid_request", []string{"amount"}},
		{"ErrNoReason", "1", "", " ", "invalid_request", []string{"reason"}},
		{"ErrReference", "1", "a\x00", "x", "invalid_request", []string{"ref"}},
		{"ErrBlankReference", "1", " ", "x", "invalid_request", []string{"ref"}},
		{"ErrLowBalance", "-100.0001", "", "x", "low_balance", nil},
	} {
		amount, err := merchant.ParseAdjustment(tc.amount)
		if err != nil {
			t.Fatal(err)
		}
		a := merchant.Adjustment{Amount: amount, Reference: tc.ref, Reason: tc.reason}
		_, err = o.Adjust(o.anna, "demo", a)
		checkFault(t, err, tc.code, tc.fields)
		_, err = o.PreviewAdjust(o.anna, "demo", a)
		checkFault(t, err, tc.code, tc.fields)
	}
	if n := len(o.trail(t)); n != 2 { // made, topped up
		t.Errorf("%d audit rows", n)
	}
}

// TestTheBalanceIsAskedAgainWhenItIsApproved: it may have gone meanwhile.
func TestTheBalanceIsAskedAgainWhenItIsApproved(t *testing.T) {
	t.Parallel()
	o := newOffice(t, ledger.Live)
	first, second := o.adjust(o.anna, t, "-60", ""), o.adjust(o.anna, t, "-60", "")
	if _, err := o.desk.Approve(o.boris, first.Approval.ID, ""); err != nil {
		t.Fatal(err)
	}
	_, err := o.desk.Approve(o.boris, second.Approval.ID, "")
	checkFault(t, err, "low_balance", nil)
	if a, err := o.desk.Show(t.Context(), second.Approval.ID); err != nil || a.State != approval.Waiting {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestDecisionsAboutAnAdjustmentRace: one decision, and money moves once or not
// at all.
func TestDecisionsAboutAnAdjustmentRace(t *testing.T) {
	t.Parallel()
	o := newOffice(t, ledger.Live)
	moved := 0
	for range 8 {
		asked := o.adjust(o.anna, t, "1", "").Approval
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				var err error
				switch i % 4 {
				case 0:
					_, err = o.desk.Approve(o.boris, asked.ID, "")
				case 1:
					_, err = o.desk.Approve(o.clara, asked.ID, "")
				case 2:
					_, err = o.desk.Refuse(o.clara, asked.ID, "no")
				case 3:
					_, err = o.desk.Withdraw(o.anna, asked.ID)
				}
				if err != nil && fault.From(err).Kind == fault.Internal {
					t.Error(err)
				}
			})
		}
		all.Wait()
		now, err := o.desk.Show(t.Context(), asked.ID)
		if err != nil || now.State == approval.Waiting {
			t.Fatalf("%+v, %v", now, err)
		}
		if now.State == approval.Approved {
			moved++
		}
	}
	if want := money.New(int64(100+moved)*1_000_000, money.USDT).Fixed(4); o.available(t) != want {
		t.Errorf("%d approved, available %s", moved, o.available(t))
	}
}
