package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"disburse/gateway"
	"disburse/gateway/payout"
)

// payoutEndFlags is embedded by the commands that end a payout.
type payoutEndFlags struct {
	dataFlags `embed:""`
	Payout    string `arg:"" name:"id" help:"The payout's id (po_...)."`
	Force     bool   `name:"force" env:"DISBURSE_PAYOUT_FORCE" help:"End it although an executor was told to pay it. Make sure first what became of the money there."`
	DryRun    bool   `name:"dry-run" env:"DISBURSE_DRY_RUN" help:"Say what would happen and do nothing."`
}

const endHelp = `The command claims the payout for you when nobody holds it, and is refused when somebody does. Running it again after it succeeded changes nothing. A payout that was handed to an executor is ended only with --force, since the executor may still pay it.`

type payoutCompleteCommand struct {
	payoutEndFlags `embed:""`
	Note           string   `name:"note" env:"DISBURSE_PAYOUT_NOTE" placeholder:"TEXT" help:"For other operators, such as the bank's reference."`
	ChequeURL      []string `name:"cheque-url" sep:"none" env:"DISBURSE_PAYOUT_CHEQUE_URL" placeholder:"URL" help:"Where a receipt can be fetched; the merchant gets it. May be repeated."`
	PublicURL      string   `name:"public-url" env:"DISBURSE_PUBLIC_URL" placeholder:"URL" help:"Where the gateway is reached; needed when receipts were uploaded, for their links."`
}

// Help is the long text of `disburse payout complete --help`.
func (payoutCompleteCommand) Help() string {
	return endHelp + `

Example:

    disburse payout complete po_... --note "bank reference 4711" --dry-run`
}

// Run ends the payout as successful.
func (c payoutCompleteCommand) Run(ctx context.Context, out output) error {
	return c.end(ctx, out, ending{
		to: payout.Successful, publicURL: c.PublicURL,
		would: "paid to the recipient: the held money would be settled",
		did:   "The held money is settled; the merchant gets its callback.",
		do: func(ctx context.Context, app *gateway.App) (payout.Payout, error) {
			if err := c.linkable(ctx, app); err != nil {
				return payout.Payout{}, err
			}
			return app.Payouts.Complete(ctx, c.Payout, payout.Completion{ChequeURLs: c.ChequeURL, Note: c.Note})
		},
	})
}

// linkable refuses to tell the merchant of receipts at an address that is not
// known.
func (c payoutCompleteCommand) linkable(ctx context.Context, app *gateway.App) error {
	if c.PublicURL != "" {
		return nil
	}
	receipts, err := app.Payouts.Receipts(ctx, c.Payout)
	if err == nil && len(receipts) > 0 {
		err = usagef("receipts were uploaded, whose links the merchant gets: set DISBURSE_PUBLIC_URL or give --public-url")
	}
	return err
}

type payoutRejectCommand struct {
	payoutEndFlags `embed:""`
	Reason         string `name:"reason" required:"" env:"DISBURSE_PAYOUT_REASON" placeholder:"TEXT" help:"Why, for other operators."`
}

// Help is the long text of `disburse payout reject --help`.
func (payoutRejectCommand) Help() string {
	return endHelp + `

Example:

    disburse payout reject po_... --reason "the bank does not know the account"`
}

// Run ends the payout as rejected_gate.
func (c payoutRejectCommand) Run(ctx context.Context, out output) error {
	return c.end(ctx, out, ending{
		to:    payout.RejectedGate,
		would: "rejected: the held money would go back to the merchant",
		did:   "The held money is back with the merchant, which gets its callback.",
		do: func(ctx context.Context, app *gateway.App) (payout.Payout, error) {
			return app.Payouts.Reject(ctx, c.Payout, c.Reason)
		},
	})
}

// ending is one way to end a payout by hand.
type ending struct {
	to         payout.Status
	publicURL  string
	would, did string
	do         func(ctx context.Context, app *gateway.App) (payout.Payout, error)
}

// endedPayout is what became of a payout, in JSON.
type endedPayout struct {
	payout.View
	DryRun bool `json:"dry_run"`
}

func (f payoutEndFlags) end(ctx context.Context, out output, e ending) error {
	return f.use(ctx, orNoPublicURL(e.publicURL), func(ctx context.Context, app *gateway.App) error {
		d, err := app.Payouts.Detail(ctx, f.Payout)
		if err != nil {
			return err
		}
		p := d.Payout
		held := p.Leased(time.Now()) && p.ClaimedBy == payout.Claimant(ctx)
		if err := f.refuse(ctx, p, e.to); err != nil {
			return err
		}
		already := p.Status == e.to
		if !f.DryRun {
			if p, err = finish(ctx, app, p, held, e); err != nil {
				return err
			}
		}
		m, err := app.Directory.ByID(ctx, p.MerchantID)
		if err != nil {
			return err
		}
		view := endedPayout{p.View(m.Name), f.DryRun}
		return f.show(out, view, func(w io.Writer) {
			switch {
			case already:
				fmt.Fprintf(w, "%s is %s already. Nothing was done.\n", p.ID, p.Status)
				return
			case f.DryRun:
				fmt.Fprintf(w, "%s would be %s. Nothing was done.\n", p.ID, e.would)
			case p.Stage == payout.StageAwaiting && !p.Status.Final():
				fmt.Fprintf(w, "%s is reported as paid and waits for a second person: an operator approves it in the console or by the operator API.\n", p.ID)
			default:
				fmt.Fprintf(w, "%s is %s. %s\n", p.ID, p.Status, e.did)
			}
			fmt.Fprintf(w, "  order_id\t%s of %s (%s)\n", view.OrderID, view.Merchant, view.Mode)
			fmt.Fprintf(w, "  amount\t%s by %s to %s\n", fiatText(view.View), view.PaymentMethod, view.Requisite)
			fmt.Fprintf(w, "  held\t%s USDT: %s and a fee of %s\n", view.MerchantSpent, view.USDTAmount, view.FeeUSDT)
		})
	})
}

// refuse says what stands against ending the payout by this person. The service
// asks the same of the row when it happens, except for --force.
func (f payoutEndFlags) refuse(ctx context.Context, p payout.Payout, to payout.Status) error {
	me := payout.Claimant(ctx)
	switch {
	case p.Status == to && p.EndedBy == me:
		return nil
	case p.Status.Final():
		return fmt.Errorf("%s: it is %s since %s, by %s", payout.ErrAlreadyFinal.Message, p.Status, stamp(p.EndedAt), p.EndedBy)
	case p.Leased(time.Now()) && p.ClaimedBy != me:
		return fmt.Errorf("%s: %s holds it until %s", payout.ErrClaimedByOther.Message, p.ClaimedBy, stamp(p.LeaseExpiresAt))
	case p.Stage == payout.StageAwaiting && p.CompletedBy == me && to == payout.Successful:
		return nil // it was reported by this person
	case p.Stage == payout.StageAwaiting:
		return fmt.Errorf("%s: %s reported it at %s; an approver decides in the console or by the operator API",
			payout.ErrAwaitingApproval.Message, p.CompletedBy, stamp(p.CompletedAt))
	case p.Stage != payout.StageWaiting && !f.Force:
		return fmt.Errorf("%s was handed to the executor %s at %s and stands at %q: make sure what became of the money there, then repeat with --force",
			p.ID, p.Executor, stamp(p.SentAt), p.Stage)
	}
	return nil
}

// finish claims the payout unless it is held already, ends it, and gives the
// claim back when that fails.
func finish(ctx context.Context, app *gateway.App, p payout.Payout, held bool, e ending) (payout.Payout, error) {
	if held || p.Status.Final() || p.Stage == payout.StageAwaiting {
		return e.do(ctx, app)
	}
	if _, _, err := app.Payouts.Claim(ctx, payout.ClaimFilter{ID: p.ID}); err != nil {
		return p, err
	}
	ended, err := e.do(ctx, app)
	if err != nil {
		// The lease ends by itself should this fail too.
		_, _ = app.Payouts.Release(context.WithoutCancel(ctx), p.ID)
	}
	return ended, err
}
