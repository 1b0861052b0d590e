package main

import (
	"context"
	"fmt"
	"io"

	"disburse/gateway"
	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

type virtualCardResolveCommand struct {
	dataFlags         `embed:""`
	dryRunFlag        `embed:""`
	cardProviderFlags `embed:""`
	ID                string `arg:"" name:"id" help:"The operation, as \"disburse virtual-card exceptions\" lists it."`
	As                string `name:"as" required:"" env:"DISBURSE_VIRTUAL_CARD_AS" placeholder:"done|failed" help:"What became of it at the provider."`
	Reason            string `name:"reason" required:"" env:"DISBURSE_VIRTUAL_CARD_REASON" placeholder:"TEXT" help:"How that is known. It stands in the audit trail."`
	ProviderCard      string `name:"provider-card" env:"DISBURSE_VIRTUAL_CARD_PROVIDER_CARD" placeholder:"ID" help:"The provider's id of a card that was made; it is asked how the card is."`
	Moved             string `name:"moved" env:"DISBURSE_VIRTUAL_CARD_MOVED" placeholder:"AMOUNT" help:"What was taken off a card that was closed, in dollars."`
}

// Help is the long text of `disburse virtual-card resolve --help`.
func (virtualCardResolveCommand) Help() string {
	return `Ends an operation whose end the card provider does not tell, and moves the money as its answer would. Find out first what became of it there. In the console and by the operator API this needs two people; at the command line it takes effect at once.

Whatever the provider says later moves nothing: if it says otherwise, the operation stands among the exceptions again. One that has ended and was contradicted can only be resolved as it ended, which settles the exception and moves nothing.

Examples:

    disburse virtual-card resolve 7f0c6a5e-2d1b-4c8e-9a57-1f5f5a3c9d10 --as failed --reason "told by their support"
    disburse virtual-card resolve 7f0c6a5e-2d1b-4c8e-9a57-1f5f5a3c9d10 --as done --moved 12.50 --reason "their statement of 3 March"`
}

// resolvedView is an operation that was ended by hand, or would be, in JSON.
type resolvedView struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	CardID string `json:"card_id"`
	UserID int64  `json:"user_id"`
	Amount string `json:"amount"`
	Fee    string `json:"fee"`
	State  string `json:"state"`
	As     string `json:"as"`
	DryRun bool   `json:"dry_run"`
}

func viewResolved(r virtualcard.Resolved, as string, dry bool) resolvedView {
	return resolvedView{
		ID: r.ID, Kind: string(r.Kind), CardID: r.CardID, UserID: r.UserID, Amount: r.Amount.String(), Fee: r.Fee.String(),
		State: string(r.State), As: as, DryRun: dry,
	}
}

// Run ends the operation, or says that it would.
func (c virtualCardResolveCommand) Run(ctx context.Context, out output) error {
	if c.As != virtualcard.AsDone && c.As != virtualcard.AsFailed {
		return usagef("--as must be done or failed")
	}
	resolution := virtualcard.Resolution{ID: c.ID, As: c.As, Reason: c.Reason, ProviderCard: c.ProviderCard}
	if c.Moved != "" {
		moved, err := money.Parse(c.Moved, virtualcard.USD)
		if err != nil {
			return usagef("--moved must be dollars such as 100.00")
		}
		resolution.Moved = &moved
	}
	var provider virtualcard.Provider = virtualcard.Absent{}
	if c.ProviderCard != "" {
		var err error
		if provider, err = c.provider(); err != nil {
			return err
		}
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		cards, err := cardsAt(app, provider)
		if err != nil {
			return err
		}
		if c.DryRun {
			would, err := cards.PreviewResolve(ctx, resolution)
			if err != nil {
				return err
			}
			return c.show(out, viewResolved(would, c.As, true), func(w io.Writer) {
				fmt.Fprintf(w, "Would end %s (%s of %s USD, card %s) as %s. Nothing was done.\n", would.ID, would.Kind, would.Amount, would.CardID, c.As)
			})
		}
		done, err := cards.Resolve(ctx, resolution)
		if err != nil {
			return err
		}
		return c.show(out, viewResolved(done, c.As, false), func(w io.Writer) {
			fmt.Fprintf(w, "Ended %s (%s of %s USD, card %s) as %s.\n", done.ID, done.Kind, done.Amount, done.CardID, c.As)
		})
	})
}
