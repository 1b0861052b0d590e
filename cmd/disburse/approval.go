package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"disburse/gateway"
	"disburse/gateway/approval"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/ledger/money"
)

type approvalCommand struct {
	Set     approvalSetCommand     `cmd:"" help:"Set from which amount a payout needs two people."`
	List    approvalListCommand    `cmd:"" help:"List these amounts by currency."`
	Waiting approvalWaitingCommand `cmd:"" help:"List what waits for a second person."`
}

// Help is the long text of `disburse approval --help`.
func (approvalCommand) Help() string {
	return `A payout at or above the amount of its currency is not paid by one person: who completes it lets it wait, and another operator, whose role is approver or admin, approves or rejects it in the console or by the operator API. Corrections of balances and new keys of live merchants always need two people.

Approving is not possible at the command line, since it does not know who sits at it.

Example:

    disburse approval set rub 100000.00`
}

type approvalSetCommand struct {
	dataFlags `embed:""`
	Currency  string `arg:"" name:"currency" help:"Such as rub."`
	Amount    string `arg:"" name:"amount" help:"Payouts of this amount and above need two people, such as 100000.00; off for none."`
}

// Help is the long text of `disburse approval set --help`.
func (approvalSetCommand) Help() string {
	return `A stricter rule is for all open payouts at once. A looser one is for payouts that are made after it: one that is open obeys the strictest rule since it was made.

Examples:

    disburse approval set rub 100000.00
    disburse approval set rub off`
}

// Run sets the rule.
func (c approvalSetCommand) Run(ctx context.Context, out output) error {
	currency, known := money.Lookup(c.Currency)
	if !known || currency == money.USDT {
		return usagef("CURRENCY must be the code of a fiat currency, such as rub")
	}
	var from *money.Money
	if c.Amount != off {
		amount, err := money.Parse(c.Amount, currency)
		if err != nil {
			return usagef("AMOUNT must be an amount such as 100000.00, or off")
		}
		from = &amount
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		set, err := app.Payouts.SetApprovalRule(ctx, currency.Lower(), from)
		if err != nil {
			return err
		}
		view := set.View()
		return c.show(out, view, func(w io.Writer) {
			unit := strings.ToUpper(view.Currency)
			if view.AtOrAbove == nil {
				fmt.Fprintf(w, "One person is enough for payouts in %s that are made from now on.\n", unit)
				return
			}
			fmt.Fprintf(w, "Payouts of %s %s and above need two people.\n", *view.AtOrAbove, unit)
		})
	})
}

type approvalListCommand struct {
	dataFlags `embed:""`
}

// Run prints the rules.
func (c approvalListCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		rules, err := app.Payouts.ApprovalRules(ctx)
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, page.Of(rules, "", payout.ApprovalRule.View), table[payout.ApprovalRuleView]{
			empty:  "No currency ever had a rule: one person is enough for every payout.",
			header: "CURRENCY\tAT OR ABOVE\tSET\tBY",
			row: func(v payout.ApprovalRuleView) []string {
				amount := "never"
				if v.AtOrAbove != nil {
					amount = *v.AtOrAbove
				}
				return []string{v.Currency, amount, v.SetAt, v.SetBy}
			},
		})
	})
}

type approvalWaitingCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
}

// Run prints what waits, oldest first.
func (c approvalWaitingCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.Approvals.List(ctx, approval.Filter{State: approval.Waiting, Cursor: c.Cursor, Limit: c.Limit})
		if err != nil {
			return err
		}
		now := time.Now()
		shown := page.Of(found.Items, found.NextCursor, func(a approval.Approval) approval.View { return a.View(now) })
		return showPage(c.jsonFlag, out, shown, table[approval.View]{
			empty:  "Nothing waits for a second person.",
			header: "ID\tKIND\tMERCHANT\tAMOUNT\tASKED BY\tASKED\tUNTIL",
			row: func(v approval.View) []string {
				return []string{
					v.ID, string(v.Kind), v.What["merchant"], strings.TrimSpace(v.What["amount"] + " " + strings.ToUpper(v.What["currency"])),
					v.RequestedName, v.RequestedAt, v.ExpiresAt,
				}
			},
		})
	})
}
