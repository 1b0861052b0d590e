package console

import (
	"net/http"

	"disburse/gateway/approval"
	"disburse/gateway/console/site"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
)

func (k *desk) approvalRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	return append(asking("/approvals/rules/set", admin, k.ruleForm, k.setRule), []site.Route{
		{Method: get, Path: "/approvals", Role: viewer, Handle: k.approvals},
		{Method: get, Path: "/approvals/list", Role: viewer, Handle: k.approvalRows},
		{Method: get, Path: "/approvals/:id", Role: viewer, Handle: k.approval},
		{Method: post, Path: "/approvals/:id/approve", Role: approver, Handle: k.approve},
		{Method: post, Path: "/approvals/:id/refuse", Role: approver, Handle: k.refuse},
		{Method: post, Path: "/approvals/:id/withdraw", Role: executor, Handle: k.withdraw},
	}...)
}

// asked is something that one person asked for, as another one looks at it.
type asked struct {
	approval.View
	Mine    bool
	Usable  bool // approved, and to be done by who asked
	Overdue bool
}

// Open reports that it can still be decided.
func (a asked) Open() bool { return a.State == approval.Waiting }

// Refusable: what has waited too long can no longer be granted, but a payout
// must come to an end.
func (a asked) Refusable() bool { return a.Open() || a.Overdue && a.Kind == approval.Payout }

// Amount is the money that it is about, empty for none.
func (a asked) Amount() string { return a.What["amount"] }

// Names are what is told of it beside the amount, in the order in which it is
// read.
func (a asked) Names() []string {
	names := map[approval.Kind][]string{
		approval.Payout:         {"order_id", "payment_method", "requisite", "usdt_amount", "mode"},
		approval.Adjustment:     {"ref", "mode"},
		approval.KeyRotation:    {"only", "grace", "keys", "mode"},
		approval.MerchantPerson: {"change", "person", "mode"},
		approval.VirtualCard:    {"operation", "fee", "moved", "provider_card", "last_digits", "card_id", "contradiction"},
	}
	return names[a.Kind]
}

// Of is what it is about, as lists name it: a merchant, a currency or a user.
func (a asked) Of() string {
	for _, name := range []string{"merchant", "user_id", "currency"} {
		if a.What[name] != "" {
			return a.What[name]
		}
	}
	return ""
}

// Changes reports something that has a state before and one after.
func (a asked) Changes() bool { return a.Before() != "" }

// Before is the state that the visitor would change, After the one that he would
// make of it.
func (a asked) Before() string {
	if a.Kind == approval.Payout {
		return string(payout.StageAwaiting)
	}
	return a.What["before"]
}

// After is the state that follows from the approval.
func (a asked) After() string {
	switch a.Kind {
	case approval.Payout:
		return string(payout.Successful)
	case approval.VirtualCard:
		return a.What["as"]
	default:
		return a.What["after"]
	}
}

// Decides reports that the visitor's role is among those that decide it.
func (a asked) Decides(v *site.View) bool {
	if a.Kind == approval.Rule {
		return v.May(admin)
	}
	return v.May(approver)
}

func (k *desk) asked(v *site.Visit, a approval.Approval) asked {
	by, _ := approval.By(v.Ctx)
	return asked{
		View: a.View(v.Now()), Mine: a.RequestedBy == by, Usable: a.Usable() && a.Standing(v.Now()) == approval.Approved,
		Overdue: a.State == approval.Waiting && a.Standing(v.Now()) == approval.Expired,
	}
}

// approvalList is a page of what was asked for.
type approvalList struct {
	State string
	Kind  string
	Rows  []asked
	Pages pager
	Rules []payout.ApprovalRuleView
}

// all is the view of everything that was ever asked for.
const allApprovals = "all"

func (k *desk) approvals(v *site.Visit) error {
	list, err := k.approvalList(v)
	if err != nil {
		return err
	}
	rules, err := k.Payouts.ApprovalRules(v.Ctx)
	if err != nil {
		return err
	}
	who := k.people(v)
	for _, r := range rules {
		shown := r.View()
		shown.SetBy = who.name(r.SetBy)
		list.Rules = append(list.Rules, shown)
	}
	return v.Render("approvals", list)
}

func (k *desk) approvalRows(v *site.Visit) error {
	list, err := k.approvalList(v)
	if err != nil {
		return err
	}
	return v.Fragment("approvals", "rows", list)
}

func (k *desk) approvalList(v *site.Visit) (approvalList, error) {
	list := approvalList{State: v.Query("state"), Kind: v.Query("kind")}
	f := approval.Filter{State: approval.State(list.State), Kind: approval.Kind(list.Kind), Cursor: v.Query("cursor")}
	switch list.State {
	case "":
		f.State = approval.Waiting
	case allApprovals:
		f.State = ""
	}
	found, err := k.Approvals.List(v.Ctx, f)
	if err != nil {
		return list, err
	}
	for _, a := range found.Items {
		list.Rows = append(list.Rows, k.asked(v, a))
	}
	list.Pages = pagerOf(v, found.NextCursor)
	return list, nil
}

// approvalPage is one of them, with what there is to judge it by.
type approvalPage struct {
	asked
	Receipts []payout.Receipt
	Cheques  []string
	Now      string // what a merchant whose balance is to be corrected can spend
	Then     string // and what it could after
	Typed    string // what was written before it had to be mended
}

func (k *desk) approval(v *site.Visit) error { return k.showApproval(v, nil) }

func (k *desk) showApproval(v *site.Visit, problem error) error {
	a, err := k.Approvals.Show(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	page := approvalPage{asked: k.asked(v, a)}
	if err := k.judgedBy(v, a, &page); err != nil {
		return err
	}
	if problem != nil {
		page.Typed = v.Form("reason") + v.Form("note")
		return v.RenderInvalid("approval", page, problem)
	}
	return v.Render("approval", page)
}

// judgedBy adds what there is to judge something by.
func (k *desk) judgedBy(v *site.Visit, a approval.Approval, page *approvalPage) error {
	switch {
	case a.Kind == approval.Payout:
		d, err := k.Payouts.Detail(v.Ctx, a.Subject)
		if err != nil {
			return err
		}
		page.Receipts, page.Cheques = d.Receipts, d.Payout.Cheques
	case a.Kind == approval.Adjustment && page.Open():
		d, err := k.Merchants.Show(v.Ctx, a.Subject)
		if err != nil {
			return err
		}
		page.Now = usdt(d.Available)
		if by, err := merchant.ParseAdjustment(page.Amount()); err == nil {
			if then, err := d.Available.Add(by); err == nil {
				page.Then = usdt(then)
			}
		}
	}
	return nil
}

// decided goes back to what waits, or shows again what could not be decided.
func (k *desk) decided(v *site.Visit, err error, note string) error {
	switch {
	case err == nil:
		return v.Goto("/approvals", note)
	case site.Invalid(err):
		return k.showApproval(v, err)
	default:
		return err
	}
}

func (k *desk) approve(v *site.Visit) error {
	a, err := k.Approvals.Approve(v.Ctx, v.Param("id"), v.Form("note"))
	note := v.T("Approved.")
	switch a.Kind {
	case approval.KeyRotation:
		note = v.T("Approved: who asked can make the keys now.")
	case approval.MerchantPerson:
		note = v.T("Approved: who asked can do it now.")
	}
	return k.decided(v, err, note)
}

func (k *desk) refuse(v *site.Visit) error {
	_, err := k.Approvals.Refuse(v.Ctx, v.Param("id"), v.Form("reason"))
	return k.decided(v, err, v.T("Refused."))
}

func (k *desk) withdraw(v *site.Visit) error {
	a, err := k.Approvals.Show(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	if k.asked(v, a).Overdue && a.Kind == approval.Payout {
		// Nobody has decided in time, so it is any approver's to bring to an end.
		_, err = k.Payouts.Recall(v.Ctx, a.Subject)
	} else {
		_, err = k.Approvals.Withdraw(v.Ctx, a.ID)
	}
	if err == nil && a.Kind == approval.Payout {
		return v.Goto("/payouts/"+a.Subject, v.T("Taken back: the payout is in your hands again."))
	}
	return k.decided(v, err, v.T("Taken back."))
}
