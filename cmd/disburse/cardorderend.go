package main

import (
	"context"
	"fmt"
	"io"

	"disburse/gateway"
	"disburse/gateway/cardorder"
)

type cardOrderClaimCommand struct {
	cardOrderFlags `embed:""`
}

// Help is the long text of `disburse card-order claim --help`.
func (cardOrderClaimCommand) Help() string {
	return `Prints the order with its card number, which is yours to see from now on. Its user can no longer cancel it, and nobody else may end it for 15 minutes; claim it again for another 15. That you looked at the number is recorded.`
}

// Run claims the order.
func (c cardOrderClaimCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		o, err := app.CardOrders.Claim(ctx, c.Order)
		if err != nil {
			return err
		}
		v := o.DeskView()
		return c.show(out, v, func(w io.Writer) {
			fmt.Fprintf(w, "Card order %d is yours until %s.\n", v.ID, orDash(v.LeaseExpiresAt))
			writeCardOrderGist(w, v)
		})
	})
}

type cardOrderReleaseCommand struct {
	cardOrderFlags `embed:""`
}

// Run gives the claim back.
func (c cardOrderReleaseCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		o, err := app.CardOrders.Release(ctx, c.Order)
		if err != nil {
			return err
		}
		return c.show(out, o.DeskView(), func(w io.Writer) {
			fmt.Fprintf(w, "Card order %d is nobody's. Its user may cancel it again.\n", o.ID)
		})
	})
}

const cardOrderEndHelp = `An order that nobody holds is claimed for you; the command is refused when somebody else holds it. Running it again after it succeeded changes nothing.`

// cardOrderEndFlags is embedded by the commands that end an order.
type cardOrderEndFlags struct {
	cardOrderFlags `embed:""`
	DryRun         bool `name:"dry-run" env:"DISBURSE_DRY_RUN" help:"Say what would happen and do nothing."`
}

type cardOrderCompleteCommand struct {
	cardOrderEndFlags `embed:""`
}

// Help is the long text of `disburse card-order complete --help`.
func (cardOrderCompleteCommand) Help() string {
	return cardOrderEndHelp + ` Complete a withdrawal when the transfer to the user's card is made, and a deposit when the user's money has arrived.

Example:

    disburse card-order complete 58 --dry-run`
}

// Run ends the order as completed.
func (c cardOrderCompleteCommand) Run(ctx context.Context, out output) error {
	return c.end(ctx, out, cardorder.Completed, func(ctx context.Context, app *gateway.App) (cardorder.Order, error) {
		return app.CardOrders.Complete(ctx, c.Order)
	})
}

type cardOrderCancelCommand struct {
	cardOrderEndFlags `embed:""`
	Reason            string `name:"reason" required:"" env:"DISBURSE_CARD_ORDER_REASON" placeholder:"TEXT" help:"Why, for the user to read."`
}

// Help is the long text of `disburse card-order cancel --help`.
func (cardOrderCancelCommand) Help() string {
	return cardOrderEndHelp + ` A withdrawal's money goes back to the user's balance.

Example:

    disburse card-order cancel 58 --reason "The bank does not know this card."`
}

// Run ends the order as cancelled.
func (c cardOrderCancelCommand) Run(ctx context.Context, out output) error {
	return c.end(ctx, out, cardorder.Cancelled, func(ctx context.Context, app *gateway.App) (cardorder.Order, error) {
		return app.CardOrders.CancelByOperator(ctx, c.Order, c.Reason)
	})
}

// endedCardOrder is what became of an order, in JSON.
type endedCardOrder struct {
	cardorder.DeskView
	DryRun bool `json:"dry_run"`
}

func (f cardOrderEndFlags) end(ctx context.Context, out output, to cardorder.Status,
	do func(ctx context.Context, app *gateway.App) (cardorder.Order, error),
) error {
	return f.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		o, err := app.CardOrders.Refusal(ctx, f.Order, to)
		if err != nil {
			return err
		}
		already := o.Status == to
		if !f.DryRun {
			if o, err = do(ctx, app); err != nil {
				return err
			}
		}
		v := endedCardOrder{o.DeskView(), f.DryRun}
		return f.show(out, v, func(w io.Writer) {
			switch {
			case already:
				fmt.Fprintf(w, "Card order %d is %s already. Nothing was done.\n", v.ID, v.Status)
				return
			case f.DryRun:
				fmt.Fprintf(w, "Card order %d would be %s: %s. Nothing was done.\n", v.ID, to, moneyWords(o.Type, to, "would be"))
			default:
				fmt.Fprintf(w, "Card order %d is %s: %s.\n", v.ID, v.Status, moneyWords(o.Type, to, "is"))
			}
			writeCardOrderGist(w, v.DeskView)
		})
	})
}

// moneyWords says what an end does to the money.
func moneyWords(t cardorder.Type, to cardorder.Status, is string) string {
	switch {
	case t == cardorder.Withdraw && to == cardorder.Completed:
		return "the held money " + is + " settled"
	case t == cardorder.Withdraw:
		return "the held money " + is + " back on the user's balance"
	case to == cardorder.Completed:
		return "the amount " + is + " on the user's balance"
	default:
		return "no money " + is + " moved"
	}
}

func writeCardOrderGist(w io.Writer, v cardorder.DeskView) {
	fmt.Fprintf(w, "  user\t%d\n", v.UserID)
	fmt.Fprintf(w, "  amount\t%s (%s)\n", roubles(v.AmountKopecks), v.Type)
	fmt.Fprintf(w, "  card\t%s\n", cardText(v.PaymentDetails))
	if v.PaymentDetails != nil {
		fmt.Fprintf(w, "  bank\t%s\n", orDash(&v.PaymentDetails.BankName))
		fmt.Fprintf(w, "  holder\t%s\n", orDash(&v.PaymentDetails.HolderName))
	}
}
