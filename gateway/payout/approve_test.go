package payout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/ledger"
	"disburse/ledger/money"
)

// operator makes the account of an operator and gives a context in which it acts.
func (w *world) operator(id, role string) context.Context {
	w.t.Helper()
	_, err := w.db.Exec(w.t.Context(), `insert into operators (id, email, role, password_hash, created_at) values ($1, $2, $3, '', $4)
on conflict (id) do update set role = excluded.role`, id, id+"@example.com", role, w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return w.as(id)
}

func (w *world) rule(amount string) {
	w.t.Helper()
	var from *money.Money
	if amount != "off" {
		from = ptr(must(money.Parse(amount, must2(money.Lookup("rub")))))
	}
	if _, err := w.SetApprovalRule(w.t.Context(), "rub", from); err != nil {
		w.t.Fatal(err)
	}
}

func must2[T any](v T, ok bool) T {
	if !ok {
		panic("not found")
	}
	return v
}

// awaiting makes a payout of 1500.00 RUB that anna, an approver herself, has
// reported as paid, where two people are needed from 1500.00 on.
func awaiting(t *testing.T) (w *world, p payout.Payout, anna, boris context.Context) {
	t.Helper()
	w = newWorld(t)
	w.rule("1500.00")
	anna, boris = w.operator("anna", "approver"), w.operator("boris", "approver")
	p = w.report(anna, w.create(w.live, request("order-1")).ID)
	return w, p, anna, boris
}

// report claims a payout and completes it.
func (w *world) report(ctx context.Context, id string) payout.Payout {
	w.t.Helper()
	w.claim(ctx, id)
	p, err := w.Complete(ctx, id, payout.Completion{Note: "bank reference 4711", ChequeURLs: []string{"https://bank.example/r/1.pdf"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) wantAwaiting(id string) {
	w.t.Helper()
	p := w.read(id).Payout
	if p.Status != payout.Expectation || p.Stage != payout.StageAwaiting {
		w.t.Errorf("status %s, stage %s: want one that waits for a second person", p.Status, p.Stage)
	}
	if staged := w.callbacks(id); len(staged) != 0 {
		w.t.Errorf("the merchant was told: %v", staged)
	}
	w.wantBalance(w.live, "984.4012", "15.5988")
}

func TestAtTheAmountASecondPersonIsNeeded(t *testing.T) {
	t.Parallel()
	w, p, anna, boris := awaiting(t)
	if p.ClaimedBy != "" || p.CompletedBy != "operator:anna" {
		t.Errorf("claimed by %q, completed by %q", p.ClaimedBy, p.CompletedBy)
	}
	w.wantAwaiting(p.ID)
	again, err := w.Complete(anna, p.ID, payout.Completion{})
	if err != nil || again.Stage != payout.StageAwaiting {
		t.Errorf("completed again: stage %s, %v", again.Stage, err)
	}
	asked := w.read(p.ID).Approvals
	if len(asked) != 1 || asked[0].State != approval.Waiting || asked[0].RequestedBy != "operator:anna" || asked[0].Reason != "bank reference 4711" {
		t.Fatalf("asked: %+v", asked)
	}
	want := map[string]string{
		"order_id": "order-1", "merchant": "demo", "mode": "live", "amount": "1500.00", "currency": "rub", "payment_method": "card",
		"requisite": "****1234", "usdt_amount": "15.4443", "cheques": "1",
	}
	if diff := cmp.Diff(want, asked[0].What); diff != "" {
		t.Errorf("what is asked (-want +got):\n%s", diff)
	}
	for range 2 { // the second time changes nothing
		done, err := w.Approve(boris, p.ID, payout.Judgement{Approval: asked[0].ID, Note: "seen"})
		if err != nil || done.Status != payout.Successful || done.EndedBy != "operator:boris" || done.Reason != "bank reference 4711" {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	body := w.wantEnd(p.ID, payout.Successful)
	if diff := cmp.Diff([]any{"https://bank.example/r/1.pdf"}, body["cheque_urls"]); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
	w.wantBalance(w.live, "984.4012", "0.0000")
	if done, err := w.Complete(anna, p.ID, payout.Completion{}); err != nil || done.Status != payout.Successful {
		t.Errorf("completed again after all: %s, %v", done.Status, err)
	}
	now := w.read(p.ID).Approvals[0]
	if now.State != approval.Approved || now.DecidedBy == nil || *now.DecidedBy != "operator:boris" || now.Note != "seen" {
		t.Errorf("the approval: %+v", now)
	}
}

func TestBelowTheAmountOnePersonIsEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.01")
	anna := w.operator("anna", "operator")
	if p := w.report(anna, w.create(w.live, request("order-1")).ID); p.Status != payout.Successful {
		t.Errorf("rubles: %s", p.Status)
	}
	euro := request("order-2")
	euro.FiatCurrency, euro.PaymentMethod, euro.NumberCard, euro.IBANNumber = "eur", "iban", "", "DE89370400440532013000"
	euro.FiatAmount = "500.00"
	if p := w.report(anna, w.create(w.live, euro).ID); p.Status != payout.Successful {
		t.Errorf("another currency: %s", p.Status)
	}
}

// TestTheCompleterNeverApproves tries every way in which one person could be
// both.
func TestTheCompleterNeverApproves(t *testing.T) {
	t.Parallel()
	w, p, anna, _ := awaiting(t)
	judged := approval.Approval{ID: w.read(p.ID).Approvals[0].ID, Kind: approval.Payout, Subject: p.ID}
	for _, tc := range []struct {
		name string
		code string
		do   func() error
	}{
		{"Approve", "own_approval", func() error { _, err := w.Approve(anna, p.ID, payout.Judgement{}); return err }},
		{"ByTheApproval", "own_approval", func() error { return w.GrantAsked(anna, judged, "") }},
		{"Reject", "own_approval", func() error { _, err := w.Reject(anna, p.ID, "x"); return err }},
		{"WithMoreRights", "own_approval", func() error {
			_, err := w.Approve(w.operator("anna", "admin"), p.ID, payout.Judgement{})
			return err
		}},
		{"FromAnotherAddressAndName", "own_approval", func() error {
			_, err := w.Approve(audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "anna", Name: "other", Address: "192.0.2.1"}), p.ID, payout.Judgement{})
			return err
		}},
		{"AtTheCommandLine", "approver_required", func() error {
			_, err := w.Approve(audit.WithActor(t.Context(), audit.Actor{Kind: audit.CLI, ID: "root"}), p.ID, payout.Judgement{})
			return err
		}},
		{"AsAnExecutor", "approver_required", func() error {
			_, err := w.Approve(audit.WithActor(t.Context(), audit.Actor{Kind: audit.Executor, ID: "anna"}), p.ID, payout.Judgement{})
			return err
		}},
		{"AsNobody", "approver_required", func() error { _, err := w.Approve(t.Context(), p.ID, payout.Judgement{}); return err }},
		{"ByOneWhoMayNot", "approver_required", func() error {
			_, err := w.Approve(w.operator("clara", "operator"), p.ID, payout.Judgement{})
			return err
		}},
		{"ByOneWhoIsShutOut", "approver_required", func() error {
			ctx := w.operator("dora", "admin")
			_, err := w.db.Exec(t.Context(), `update operators set disabled_at = $1 where id = 'dora'`, w.clock.Now())
			_, approved := w.Approve(ctx, p.ID, payout.Judgement{})
			return errors.Join(err, approved)
		}},
		{"RejectByOneWhoMayNot", "approver_required", func() error { _, err := w.Reject(w.operator("clara", "operator"), p.ID, "x"); return err }},
		{"ByAnAccountOfTheCompleters", "dependent_approver", func() error {
			ctx := w.operator("eva", "approver")
			err := audit.Write(t.Context(), w.db, audit.Of(anna, w.clock.Now(), "operator.create", "operator", "eva"))
			_, approved := w.Approve(ctx, p.ID, payout.Judgement{})
			return errors.Join(err, approved)
		}},
		{"CompleteAgain", "", func() error { _, err := w.Complete(anna, p.ID, payout.Completion{}); return err }},
		{"Claim", "awaiting_approval", func() error { _, _, err := w.Claim(anna, payout.ClaimFilter{ID: p.ID}); return err }},
		{"Renew", "awaiting_approval", func() error { _, err := w.Renew(anna, p.ID); return err }},
		{"Release", "awaiting_approval", func() error { _, err := w.Release(anna, p.ID); return err }},
		{"Receipt", "awaiting_approval", func() error { _, err := w.AddReceipt(anna, p.ID, []byte("%PDF-1.7 x")); return err }},
		{"CompleteAtTheCommandLine", "awaiting_approval", func() error {
			ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.CLI, ID: "root"})
			_, err := w.Complete(ctx, p.ID, payout.Completion{})
			return err
		}},
		{"RuleTurnedOff", "", func() error {
			w.clock.advance(time.Second)
			w.rule("off")
			_, err := w.Complete(anna, p.ID, payout.Completion{})
			return err
		}},
		{"Cancel", "in_progress", func() error { _, err := w.Cancel(t.Context(), w.live, "order-1"); return err }},
		{"Timeout", "", func() error {
			w.clock.advance(2 * time.Hour)
			n, err := w.Expire(t.Context(), 10)
			if n != 0 {
				t.Errorf("%d timed out", n)
			}
			return err
		}},
	} {
		t.Run(tc.name, func(t *testing.T) { // one after another: all on one payout
			err := tc.do()
			if tc.code == "" && err != nil {
				t.Fatal(err)
			}
			if f := fault.From(err); tc.code != "" && (f == nil || f.Code != tc.code) {
				t.Errorf("%v, want %s", err, tc.code)
			}
			w.wantAwaiting(p.ID)
		})
	}
}

// TestTheSchemaRefusesOnePersonToo is what remains when the program is wrong.
func TestTheSchemaRefusesOnePersonToo(t *testing.T) {
	t.Parallel()
	w, p, _, _ := awaiting(t)
	for name, sql := range map[string]string{
		"Payout": `update payouts set status = 'successful', ended_at = completed_at, ended_by = completed_by where id = $1`,
		"Approval": `update approvals set state = 'approved', decided_by = requested_by, decided_name = '', decided_at = requested_at
where subject = $1`,
		"Rule": `update payout_approval_rules set at_or_above = null where $1 <> ''`,
	} {
		if _, err := w.db.Exec(t.Context(), sql, p.ID); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}

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

func TestASecondPersonRejects(t *testing.T) {
	t.Parallel()
	w, p, anna, boris := awaiting(t)
	for range 2 {
		done, err := w.Reject(boris, p.ID, "the receipt is another's")
		if err != nil || done.Status != payout.RejectedGate || done.Reason != "the receipt is another's" {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	w.wantEnd(p.ID, payout.RejectedGate)
	w.wantBalance(w.live, "1000.0000", "0.0000")
	_, err := w.Complete(anna, p.ID, payout.Completion{})
	wantCode(t, err, "already_final")
	_, err = w.Approve(boris, p.ID, payout.Judgement{})
	wantCode(t, err, "already_final")
}

// TestWhatChangesAfterwardsIsApprovedAnew holds an approval to what was looked
// at.
func TestWhatChangesAfterwardsIsApprovedAnew(t *testing.T) {
	t.Parallel()
	w, p, anna, boris := awaiting(t)
	seen := w.read(p.ID).Approvals[0].ID
	_, err := w.Recall(boris, p.ID)
	wantCode(t, err, "not_yours")
	back, err := w.Recall(anna, p.ID)
	if err != nil || back.Stage != payout.StageWaiting || back.ClaimedBy != "operator:anna" || back.Reason != "" || len(back.Cheques) != 0 {
		t.Fatalf("recalled: %+v, %v", back, err)
	}
	_, err = w.Approve(boris, p.ID, payout.Judgement{Approval: seen})
	wantCode(t, err, "not_awaiting_approval")
	must(w.AddReceipt(anna, p.ID, []byte("%PDF-1.7 x")))
	w.clock.advance(time.Second)
	if _, err := w.Complete(anna, p.ID, payout.Completion{}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Approve(boris, p.ID, payout.Judgement{Approval: seen})
	wantCode(t, err, "approval_void")
	if err := w.GrantAsked(boris, approval.Approval{ID: seen, Subject: p.ID}, ""); fault.From(err).Code != "approval_void" {
		t.Errorf("by the approval: %v", err)
	}
	w.wantAwaiting(p.ID)
	if _, err := w.Approve(boris, p.ID, payout.Judgement{Approval: w.read(p.ID).Approvals[0].ID}); err != nil {
		t.Fatal(err)
	}
	w.wantEnd(p.ID, payout.Successful)
}

func TestNobodyDecidesInTime(t *testing.T) {
	t.Parallel()
	w, p, anna, boris := awaiting(t)
	w.clock.advance(approval.Life - time.Minute)
	_, err := w.Recall(boris, p.ID)
	wantCode(t, err, "not_yours")
	w.clock.advance(time.Minute)
	_, err = w.Approve(boris, p.ID, payout.Judgement{})
	wantCode(t, err, "approval_expired")
	found := must(w.List(t.Context(), payout.Filter{Exceptions: true})).Items
	if len(found) != 1 || found[0].ID != p.ID {
		t.Errorf("exceptions: %v", found)
	}
	if kind, since := found[0].Exception(w.clock.Now()); kind != "unapproved" || !since.Equal(p.CompletedAt) {
		t.Errorf("%s since %v", kind, since)
	}
	_, err = w.Recall(w.operator("clara", "operator"), p.ID)
	wantCode(t, err, "approver_required")
	if _, err := w.Recall(boris, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Complete(boris, p.ID, payout.Completion{Note: "seen on the statement"}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Approve(boris, p.ID, payout.Judgement{})
	wantCode(t, err, "own_approval")
	if _, err := w.Approve(anna, p.ID, payout.Judgement{}); err != nil {
		t.Fatal(err)
	}
	w.wantEnd(p.ID, payout.Successful)
}

func TestWhatWaitedTooLongCanBeRejected(t *testing.T) {
	t.Parallel()
	w, p, _, boris := awaiting(t)
	w.clock.advance(approval.Life)
	if _, err := w.Reject(boris, p.ID, "never paid"); err != nil {
		t.Fatal(err)
	}
	w.wantEnd(p.ID, payout.RejectedGate)
}

// TestDecisionsRace lets many decide at once: one end, one effect, one callback.
func TestDecisionsRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.00")
	anna, boris, clara := w.operator("anna", "admin"), w.operator("boris", "approver"), w.operator("clara", "approver")
	for round := range 8 {
		p := w.report(anna, w.create(w.live, request(orderID(round))).ID)
		results := parallel(12, func(i int) error {
			var err error
			switch i % 6 {
			case 0, 1:
				_, err = w.Approve(boris, p.ID, payout.Judgement{})
			case 2:
				_, err = w.Approve(clara, p.ID, payout.Judgement{})
			case 3:
				_, err = w.Reject(clara, p.ID, "no")
			case 4:
				_, err = w.Approve(anna, p.ID, payout.Judgement{})
				if err == nil {
					t.Error("the completer approved")
				}
			case 5:
				_, err = w.Recall(anna, p.ID)
			}
			return err
		})
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			}
			if f := fault.From(err); f != nil && f.Kind == fault.Internal {
				t.Errorf("round %d: %v", round, err)
			}
		}
		if won == 0 {
			t.Errorf("round %d: nobody won", round)
		}
		now := w.read(p.ID)
		switch now.Payout.Status {
		case payout.Successful, payout.RejectedGate:
			if now.Payout.EndedBy == now.Payout.CompletedBy {
				t.Errorf("%s ended what it had reported", now.Payout.EndedBy)
			}
			w.wantEnd(p.ID, now.Payout.Status)
		default:
			if now.Payout.Stage != payout.StageWaiting || now.Payout.ClaimedBy != "operator:anna" {
				t.Errorf("round %d: %+v", round, now.Payout)
			}
			must(w.Reject(anna, p.ID, "enough"))
		}
		decided := map[approval.State]int{}
		for _, a := range w.read(p.ID).Approvals {
			decided[a.State]++
		}
		if len(decided) != 1 || decided[approval.Waiting] != 0 {
			t.Errorf("round %d: %v", round, decided)
		}
	}
}

func TestReportsRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1500.00")
	anna := w.operator("anna", "operator")
	p := w.create(w.live, request("order-1"))
	w.claim(anna, p.ID)
	for _, err := range parallel(8, func(int) error { _, err := w.Complete(anna, p.ID, payout.Completion{}); return err }) {
		if err != nil {
			t.Error(err)
		}
	}
	w.wantAwaiting(p.ID)
	if n := len(w.read(p.ID).Approvals); n != 1 {
		t.Errorf("asked %d times", n)
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

// TestAnExecutorEndsNothingThatWaits: a person took a payout over whose end was
// unknown, and reports it as paid; then the executor answers.
func TestAnExecutorEndsNothingThatWaits(t *testing.T) {
	t.Parallel()
	for _, outcome := range []payout.Outcome{payout.Paid, payout.Refused, payout.Unknown, payout.Pending} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			answer := make(chan struct{})
			asked := make(chan struct{})
			looks := 0
			x := newFake(ledger.Live)
			x.execute = func(context.Context, payout.Instruction) (payout.Result, error) {
				return payout.Result{Outcome: payout.Unknown}, nil
			}
			x.lookup = func(context.Context, payout.Sent) (payout.Result, error) {
				if looks++; looks == 1 {
					close(asked)
					<-answer
				}
				return payout.Result{Outcome: outcome}, nil
			}
			w := newWorld(t, x)
			p := w.create(w.live, request("order-1"))
			must(w.Dispatch(t.Context(), 10))
			w.rule("1500.00")
			anna, boris := w.operator("anna", "operator"), w.operator("boris", "approver")
			w.clock.advance(5 * time.Second)
			done := make(chan struct{})
			go func() { defer close(done); _, _ = w.Dispatch(context.Background(), 10) }()
			<-asked
			w.report(anna, p.ID)
			close(answer)
			<-done
			w.wantAwaiting(p.ID)
			w.clock.advance(time.Hour)
			if n, err := w.Dispatch(t.Context(), 10); n != 0 || err != nil {
				t.Errorf("asked about while it waits: %d, %v", n, err)
			}
			if outcome == payout.Paid {
				back, err := w.Recall(anna, p.ID)
				if err != nil || back.Stage != payout.StageUnknown {
					t.Fatalf("recalled: %+v, %v", back, err)
				}
				w.clock.advance(payout.Lease)
				must(w.Dispatch(t.Context(), 10))
				w.wantEnd(p.ID, payout.Successful) // what the executor says is a fact
				return
			}
			must(w.Approve(boris, p.ID, payout.Judgement{}))
			w.wantEnd(p.ID, payout.Successful)
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
	want := []payout.ApprovalRuleView{{Currency: "rub", AtOrAbove: ptr("5000.00"), SetAt: "2026-03-04T05:06:09Z", SetBy: "system"}}
	if len(rules) != 1 || cmp.Diff(want[0], rules[0].View()) != "" {
		t.Errorf("%+v", rules)
	}
	for name, set := range map[string]struct {
		currency string
		amount   *money.Money
	}{
		"UnknownCurrency": {"xxx", nil}, "USDT": {"usdt", nil}, "Negative": {"rub", ptr(money.New(-1, must2(money.Lookup("rub"))))},
		"OtherCurrency": {"rub", ptr(money.New(1, must2(money.Lookup("eur"))))},
	} {
		_, err := w.SetApprovalRule(t.Context(), set.currency, set.amount)
		if f := fault.From(err); f == nil || f.Code != "invalid_request" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
