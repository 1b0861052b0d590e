package payout

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
)

// needsApproval asks whether one person is not enough to say that the payout is
// paid. The statement that ends it asks again.
func (s *Service) needsApproval(ctx context.Context, p Payout) (needs bool, err error) {
	if err := s.d.DB.QueryRow(ctx, selectNeedsApproval, p.currency(), p.Fiat.Minor(), p.CreatedAt).Scan(&needs); err != nil {
		return false, fmt.Errorf("payout: rules of approval: %w", err)
	}
	return needs, nil
}

// reported says that a payout waits for a second person because this actor
// reported it as paid.
func (p Payout) reported(e end) bool {
	return e.kind == byClaimant && e.to == Successful && p.Status == Expectation && p.CompletedBy == e.by
}

// await stores an end that needs a second person: the payout leaves the hands of
// who reported it, keeps the money held, and nobody is told yet.
func (s *Service) await(ctx context.Context, p Payout, e end) (Payout, error) {
	m, err := s.d.Merchants.ByID(ctx, p.MerchantID)
	if err != nil {
		return Payout{}, fmt.Errorf("payout: merchant of %s: %w", p.ID, err)
	}
	var cheques *string
	if len(e.cheques) > 0 {
		raw, err := json.Marshal(e.cheques)
		if err != nil {
			return Payout{}, fmt.Errorf("payout: cheques: %w", err)
		}
		cheques = textOrNull(string(raw))
	}
	var after Payout
	err = s.transact(ctx, func(tx pgx.Tx) (err error) {
		if after, err = selectPayout(ctx, tx, awaitApproval, p.ID, e.by, e.at, e.reason, cheques); err != nil {
			return err
		}
		asked, err := approval.Ask(ctx, tx, approval.Request{Kind: approval.Payout, Subject: p.ID, What: after.what(m.Name), Reason: e.reason, At: e.at})
		if err != nil {
			return err
		}
		if err := writeEvents(ctx, tx, event{p.ID, e.at, string(StageAwaiting), e.by, e.reason}); err != nil {
			return err
		}
		e.audit.After = map[string]any{"stage": StageAwaiting, "approval": asked.ID, "note": e.reason, "cheque_urls": e.cheques}
		return audit.Write(ctx, tx, *e.audit)
	})
	if isNotFound(err) {
		return s.lostAwait(ctx, p, e)
	}
	return after, wrapped(err, "await approval")
}

// lostAwait answers a report whose payout changed a moment ago.
func (s *Service) lostAwait(ctx context.Context, p Payout, e end) (Payout, error) {
	now, err := s.byID(ctx, p.ID)
	switch {
	case err != nil:
		return Payout{}, err
	case now.reported(e):
		return now, nil
	}
	if err := now.refuse(e); err != nil {
		return Payout{}, err
	}
	return Payout{}, ErrBusy
}

// what tells the second person what it is about.
func (p Payout) what(merchantName string) map[string]string {
	return map[string]string{
		"order_id": p.OrderID, "merchant": merchantName, "mode": string(p.Mode), "amount": p.FiatAmount(), "currency": p.currency(),
		"payment_method": string(p.Method), "requisite": p.Masked(), "usdt_amount": p.USDTAmount(), "cheques": strconv.Itoa(len(p.Cheques)),
	}
}

// Judgement is what a second person says about a payout that is reported as
// paid.
type Judgement struct {
	Approval string // the id of what was looked at; optional, and then whatever waits
	Note     string // for operators
}

// Approve ends a payout that waits for a second person as successful. The
// person who reported it as paid cannot, nor can anybody who is no operator of
// the role approver or above. With j.Approval it is refused when that is not what
// waits. Repeating it answers the same. Faults: invalid_request, not_found,
// already_final, not_awaiting_approval, own_approval, approver_required,
// dependent_approver, approval_void, approval_expired, unavailable.
func (s *Service) Approve(ctx context.Context, id string, j Judgement) (Payout, error) {
	var f faults
	f.text("note", j.Note, approval.MaxNote)
	if len(f) > 0 {
		return Payout{}, fault.Invalid(f...)
	}
	return s.judge(ctx, id, j, Successful)
}

// judge ends by a second person what was reported as paid.
func (s *Service) judge(ctx context.Context, id string, j Judgement, to Status) (Payout, error) {
	// The approval is read before the payout: what is decided can only be older
	// than what is done, and the decision is refused if it is.
	asked, found, err := approval.Open(ctx, s.d.DB, approval.Payout, id, "")
	if err != nil {
		return Payout{}, err
	}
	p, err := s.byID(ctx, id)
	if err != nil {
		return Payout{}, err
	}
	e := end{to: to, by: Claimant(ctx), at: s.now(), kind: byApprover, reason: p.Reason, cheques: p.Cheques}
	if p.same(e) {
		return p, nil
	}
	if err := p.refuse(e); err != nil {
		return Payout{}, err
	}
	if !found || j.Approval != "" && j.Approval != asked.ID {
		return Payout{}, approval.ErrChanged
	}
	requisite, err := s.requisite(p)
	if err != nil {
		return Payout{}, err
	}
	note := redact(j.Note, requisite, p.Masked())
	decision := approval.Decision{Approval: asked, State: approval.Approved, Note: note, At: e.at}
	if to != Successful {
		decision.State, e.reason, e.cheques = approval.Refused, note, nil
	}
	if err := decision.Refusal(ctx); err != nil {
		return Payout{}, err
	}
	e.decision = &decision
	record := audit.Of(ctx, e.at, "payout.approve", "payout", p.ID)
	if to != Successful {
		record.Action = "payout.reject"
	}
	record.Before = map[string]any{"status": p.Status, "stage": p.Stage, "completed_by": p.CompletedBy, "executor": p.Executor}
	record.After = map[string]any{"status": to, "approval": asked.ID, "note": note, "cheque_urls": e.cheques}
	e.audit = &record
	after, err := s.finish(ctx, p, e)
	if err != nil {
		return Payout{}, err
	}
	return after, nil
}

// Recall takes back that a payout is paid: what was asked of a second person is
// void, and the payout is in the hands of the actor again, with a new lease and
// whatever time it has left after that. Only who reported it may; once nobody
// has decided in time any approver may, so that it does not hang. Faults:
// not_found, already_final, not_awaiting_approval, not_yours, unavailable.
func (s *Service) Recall(ctx context.Context, id string) (Payout, error) {
	p, err := s.byID(ctx, id)
	switch {
	case err != nil:
		return Payout{}, err
	case p.Status.Final():
		return Payout{}, alreadyFinal(p.Status)
	case p.Stage != StageAwaiting:
		return Payout{}, ErrNotAwaiting
	}
	now, by := s.now(), Claimant(ctx)
	var after Payout
	err = s.transact(ctx, func(tx pgx.Tx) (err error) {
		if by != p.CompletedBy {
			if err := approval.MayTakeOver(ctx, tx, approval.Payout, p.ID, now); err != nil {
				return err
			}
		}
		after, err = selectPayout(ctx, tx, recall, p.ID, by, now, now.Add(Lease), p.CompletedBy, p.CompletedAt)
		if isNotFound(err) {
			return ErrNotAwaiting // a moment ago
		}
		if err != nil {
			return err
		}
		if err := approval.VoidAll(ctx, tx, approval.Matter{Kind: approval.Payout, Subject: p.ID}, "recalled", now); err != nil {
			return err
		}
		if err := writeEvents(ctx, tx, event{p.ID, now, "recalled", by, ""}); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "payout.recall", "payout", p.ID)
		record.Before = map[string]any{"stage": p.Stage, "completed_by": p.CompletedBy, "note": p.Reason, "cheque_urls": p.Cheques}
		record.After = map[string]any{"stage": after.Stage, "claimed_by": after.ClaimedBy, "lease_expires_at": orNull(after.LeaseExpiresAt)}
		return audit.Write(ctx, tx, record)
	})
	return after, wrapped(err, "recall")
}

// The decisions about payouts as package approval hands them on.

// GrantAsked approves a payout, or lets a rule become weaker.
func (s *Service) GrantAsked(ctx context.Context, a approval.Approval, note string) error {
	if a.Kind == approval.Rule {
		return s.grantRule(ctx, a, note)
	}
	_, err := s.Approve(ctx, a.Subject, Judgement{Approval: a.ID, Note: note})
	return err
}

// RefuseAsked ends a payout as rejected_gate, and leaves a rule as it is.
func (s *Service) RefuseAsked(ctx context.Context, a approval.Approval, reason string) error {
	if a.Kind == approval.Rule {
		return s.refuseRule(ctx, a, reason)
	}
	_, err := s.judge(ctx, a.Subject, Judgement{Approval: a.ID, Note: reason}, RejectedGate)
	return err
}

// WithdrawAsked takes back the report of a payout, or what was asked for of a
// rule.
func (s *Service) WithdrawAsked(ctx context.Context, a approval.Approval) error {
	if a.Kind == approval.Rule {
		now := s.now()
		return wrapped(s.transact(ctx, func(tx pgx.Tx) error { return approval.Withdraw(ctx, tx, a, now) }), "withdraw")
	}
	_, err := s.Recall(ctx, a.Subject)
	return err
}
