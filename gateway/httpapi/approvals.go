package httpapi

import (
	"net/http"

	"disburse/gateway/approval"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/ledger/money"
)

func listApprovals(r *request) error {
	q := r.query()
	f := approval.Filter{
		State: approval.State(q.text("state")), Kind: approval.Kind(q.text("kind")), Subject: q.text("subject"),
		Cursor: q.text("cursor"), Limit: q.limit(),
	}
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Approvals.List(r.ctx, f)
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.NextCursor, r.viewApproval))
}

func (r *request) viewApproval(a approval.Approval) approval.View { return a.View(r.api.Now()) }

func (r *request) answerApproval(a approval.Approval, err error) error {
	if err != nil {
		return err
	}
	return r.json(r.viewApproval(a))
}

func showApproval(r *request) error {
	return r.answerApproval(r.api.Approvals.Show(r.ctx, r.param("id")))
}

// noteBody is what a second person may write.
type noteBody struct{ Note string }

func (b *noteBody) member(name string) any {
	if name == "note" {
		return &b.Note
	}
	return nil
}

func approveAsked(r *request) error {
	var b noteBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	return r.answerApproval(r.api.Approvals.Approve(r.ctx, r.param("id"), b.Note))
}

func refuseAsked(r *request) error {
	var b reasonBody
	if err := r.decode(&b); err != nil {
		return err
	}
	return r.answerApproval(r.api.Approvals.Refuse(r.ctx, r.param("id"), b.Reason))
}

func withdrawAsked(r *request) error {
	return r.answerApproval(r.api.Approvals.Withdraw(r.ctx, r.param("id")))
}

func listApprovalRules(r *request) error {
	rules, err := r.api.Payouts.ApprovalRules(r.ctx)
	if err != nil {
		return err
	}
	return r.json(page.Of(rules, "", payout.ApprovalRule.View))
}

// approvalRuleBody is what a rule is to become.
type approvalRuleBody struct {
	Currency  string
	AtOrAbove string
	Reason    string
}

func (b *approvalRuleBody) member(name string) any {
	switch name {
	case "currency":
		return &b.Currency
	case "at_or_above":
		return &b.AtOrAbove
	case "reason":
		return &b.Reason
	default:
		return nil
	}
}

// ruleOff is the amount of a rule that lets every payout through. It is a word, so
// that no rule is lost by a member that was forgotten.
const ruleOff = "off"

func (b *approvalRuleBody) change() (payout.RuleChange, error) {
	c := payout.RuleChange{Currency: b.Currency, Reason: b.Reason}
	if b.AtOrAbove == ruleOff {
		return c, nil
	}
	currency, known := money.Lookup(b.Currency)
	if !known {
		return c, nil // the service names it
	}
	amount, err := money.Parse(b.AtOrAbove, currency)
	if err != nil {
		return c, fault.Invalid(fault.Field{Name: "at_or_above", Why: "must be an amount such as 100000.00, or off"})
	}
	c.AtOrAbove = &amount
	return c, nil
}

func setApprovalRule(r *request) error {
	var b approvalRuleBody
	if err := r.decode(&b); err != nil {
		return err
	}
	change, err := b.change()
	if err != nil {
		return err
	}
	changed, err := r.api.Payouts.ChangeApprovalRule(r.ctx, change)
	switch {
	case err != nil:
		return err
	case changed.Waiting == nil:
		return r.json(changed.Rule.View())
	}
	if changed.Replayed {
		r.c.Set(headerReplayed, "true")
	}
	return r.jsonStatus(http.StatusAccepted, askedAnswer{r.viewApproval(*changed.Waiting)})
}

// approvePayoutBody says what was looked at.
type approvePayoutBody struct{ Approval, Note string }

func (b *approvePayoutBody) member(name string) any {
	switch name {
	case "approval":
		return &b.Approval
	case "note":
		return &b.Note
	default:
		return nil
	}
}

func approvePayout(r *request) error {
	var b approvePayoutBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	return r.answerPayout(r.api.Payouts.Approve(r.ctx, r.param("id"), payout.Judgement{Approval: b.Approval, Note: b.Note}))
}

func recallPayout(r *request) error {
	return r.answerPayout(r.api.Payouts.Recall(r.ctx, r.param("id")))
}

// askedAnswer is the answer to what must be approved first.
type askedAnswer struct {
	Approval approval.View `json:"approval"`
}

// adjustBody corrects a balance.
type adjustBody struct{ Amount, Ref, Reason string }

func (b *adjustBody) member(name string) any {
	switch name {
	case "amount":
		return &b.Amount
	case "ref":
		return &b.Ref
	case "reason":
		return &b.Reason
	default:
		return nil
	}
}

func adjustMerchant(r *request) error {
	var b adjustBody
	if err := r.decode(&b); err != nil {
		return err
	}
	a := merchant.Adjustment{Reference: b.Ref, Reason: b.Reason}
	// Text that is no amount stays none: the service names it with whatever else
	// is wrong.
	if amount, err := merchant.ParseAdjustment(b.Amount); err == nil {
		a.Amount = amount
	}
	made, err := r.api.Merchants.Adjust(r.ctx, r.param("name"), a)
	if err != nil {
		return err
	}
	if made.Replayed {
		r.c.Set(headerReplayed, "true")
	}
	return r.jsonStatus(http.StatusAccepted, askedAnswer{r.viewApproval(made.Approval)})
}
