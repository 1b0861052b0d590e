package main

import (
	"context"
	"fmt"
	"io"

	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/ledger/money"
)

type merchantAdjustCommand struct {
	merchantFlags `embed:""`
	Amount        string `arg:"" name:"amount" help:"USDT to add, such as 10.50."`
	Take          bool   `name:"take" env:"DISBURSE_MERCHANT_TAKE" help:"Take the amount away instead."`
	Reason        string `name:"reason" required:"" env:"DISBURSE_MERCHANT_REASON" placeholder:"TEXT" help:"Why, for who approves it and for the audit trail."`
	Ref           string `name:"ref" env:"DISBURSE_MERCHANT_REF" placeholder:"TEXT" help:"One reference adjusts once for each merchant, however often the command is run. One is made up without it."`
	DryRun        bool   `name:"dry-run" env:"DISBURSE_DRY_RUN" help:"Say what would be asked for and do nothing."`
}

// Help is the long text of `disburse merchant adjust --help`.
func (merchantAdjustCommand) Help() string {
	return `Corrects what a merchant can spend. The command asks for it; the balance changes when an operator whose role is approver or admin approves it, in the console or by the operator API. What nobody approves within 72 hours can no longer be granted.

Example:

    disburse merchant adjust acme 10.50 --take --reason "invoice 17 was counted twice" --ref case-7`
}

// adjustDone is an adjustment in JSON.
type adjustDone struct {
	Merchant  string  `json:"merchant"`
	Mode      string  `json:"mode"`
	Amount    string  `json:"amount"`
	Reason    string  `json:"reason"`
	Ref       string  `json:"ref"`
	Available string  `json:"available_usdt"`
	After     string  `json:"after_usdt"`
	Approval  *string `json:"approval"` // null in a dry run
	State     string  `json:"state"`
	Replayed  bool    `json:"replayed"`
	DryRun    bool    `json:"dry_run"`
}

// Run asks for the adjustment, or previews it.
func (c merchantAdjustCommand) Run(ctx context.Context, out output) error {
	amount, err := parseUSDT("AMOUNT", c.Amount)
	if err != nil {
		return err
	}
	if c.Take {
		amount = money.New(-amount.Minor(), money.USDT)
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		do := app.Merchants.Adjust
		if c.DryRun {
			do = app.Merchants.PreviewAdjust
		}
		made, err := do(ctx, c.Name, merchant.Adjustment{Amount: amount, Reference: c.Ref, Reason: c.Reason})
		if err != nil {
			return err
		}
		m := made.Merchant
		done := adjustDone{
			Merchant: m.Name, Mode: string(m.Mode), Amount: made.Approval.What["amount"], Reason: c.Reason, Ref: made.Approval.What["ref"],
			Available: usdt(made.Available), After: usdt(made.After), State: string(made.Approval.State), Replayed: made.Replayed, DryRun: c.DryRun,
		}
		if made.Approval.ID != "" {
			done.Approval = &made.Approval.ID
		}
		return c.show(out, done, func(w io.Writer) {
			switch {
			case c.DryRun:
				fmt.Fprintf(w, "Would ask to adjust %s (%s) by %s USDT, from %s to %s. Nothing was done.\n", m.Name, m.Mode, done.Amount, done.Available, done.After)
			case made.Replayed:
				fmt.Fprintf(w, "The reference %q was there before: %s is %s. %s (%s) can spend %s USDT.\n", done.Ref, made.Approval.ID, done.State, m.Name, m.Mode, done.Available)
			default:
				fmt.Fprintf(w, "Asked to adjust %s (%s) by %s USDT: %s waits for a second person, until %s.\n", m.Name, m.Mode, done.Amount, made.Approval.ID, stamp(made.Approval.ExpiresAt))
			}
		})
	})
}
