package console

import (
	"strings"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/payout"
	"disburse/ledger/money"
)

// ruleForm sets from which amount payouts of a currency need two people.
func (k *desk) ruleForm(v *site.Visit) (form, error) {
	rules, err := k.Payouts.ApprovalRules(v.Ctx)
	if err != nil {
		return form{}, err
	}
	rates, err := k.Rates.List(v.Ctx)
	if err != nil {
		return form{}, err
	}
	currency, amount := v.Query("currency"), ""
	var offered []option
	for _, r := range rates {
		offered = append(offered, option{r.Currency, strings.ToUpper(r.Currency)})
	}
	for _, r := range rules {
		if r.Currency == currency && r.AtOrAbove != nil {
			amount = r.AtOrAbove.String()
		}
		if !offers(offered, r.Currency) {
			offered = append(offered, option{r.Currency, strings.ToUpper(r.Currency)})
		}
	}
	return form{
		Title: v.T("From which amount two people are needed"), Back: "/approvals", Submit: v.T("Save"),
		Intro:   v.T("A stricter rule counts at once, for open payouts too. A looser one is for payouts that are made after it."),
		Warning: v.T("A looser rule waits until another admin approves it."),
		Inputs: []input{
			{Name: "currency", Label: v.T("Currency"), Kind: "select", Value: typed(v, "currency", currency), Options: offered},
			{Name: "at_or_above", Label: v.T("From this amount on"), Value: typed(v, "at_or_above", amount), Hint: v.T("Such as 100000.00. Empty: one person is enough for every amount.")},
			{Name: "reason", Label: v.T("Reason"), Kind: "area", Value: v.Form("reason"), Hint: v.T("Needed where the rule becomes looser.")},
		},
	}, nil
}

func offers(options []option, value string) bool {
	for _, o := range options {
		if o.Value == value {
			return true
		}
	}
	return false
}

func (k *desk) setRule(v *site.Visit) error {
	change := payout.RuleChange{Currency: v.Form("currency"), Reason: v.Form("reason")}
	if text := strings.TrimSpace(v.Form("at_or_above")); text != "" {
		currency, known := money.Lookup(change.Currency)
		if !known {
			return fault.Invalid(fault.Field{Name: "currency", Why: "is not known"})
		}
		amount, err := amountOf("at_or_above", text, currency)
		if err != nil {
			return err
		}
		change.AtOrAbove = &amount
	}
	changed, err := k.Payouts.ChangeApprovalRule(v.Ctx, change)
	switch {
	case err != nil:
		return err
	case changed.Waiting != nil:
		return v.Goto("/approvals/"+changed.Waiting.ID, v.T("The looser rule waits for another admin. Until then the present one stays."))
	case changed.Replayed:
		return v.Goto("/approvals", v.T("It was so before: nothing was changed."))
	}
	return v.Goto("/approvals", v.T("Saved. It counts for open payouts too."))
}
