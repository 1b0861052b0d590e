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
	"disburse/gateway/payout"
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
		from = new(must(money.Parse(amount, must2(money.Lookup("rub")))))
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
