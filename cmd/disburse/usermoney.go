package main

import (
	"context"
	"fmt"
	"io"

	"disburse/gateway"
	"disburse/gateway/enduser"
	"disburse/gateway/publicid"
	"disburse/ledger/money"
)

type userDepositCommand struct {
	userFlags  `embed:""`
	Amount     int64  `arg:"" name:"amount" help:"Kopecks, or the smallest unit of another currency: 500000 is 5000.00 RUB."`
	Ref        string `name:"ref" required:"" env:"DISBURSE_USER_REF" placeholder:"TEXT" help:"What the money came by, such as a transfer. One reference credits a user once, however often the command is run."`
	Currency   string `name:"currency" env:"DISBURSE_USER_CURRENCY" default:"RUB" placeholder:"CODE" help:"RUB when it is left out. Other currencies go into wallets of their own and count neither as deposits nor for withdrawals."`
	dryRunFlag `embed:""`
}

// Help is the long text of `disburse user deposit --help`.
func (userDepositCommand) Help() string {
	return `Running it again with the same reference and amount adds nothing; with the same reference and another amount it is refused.

Examples: 5000.00 RUB, and 100.00 USD for the virtual cards.

    disburse user deposit 42 500000 --ref "transfer 17"
    disburse user deposit 42 10000 --currency USD --ref "transfer 18"`
}

// depositDone is a deposit in JSON, in the smallest unit of its currency.
type depositDone struct {
	User      int64  `json:"user"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Ref       string `json:"ref"`
	Available int64  `json:"available"`
	Replayed  bool   `json:"replayed"`
	DryRun    bool   `json:"dry_run"`
}

// Run deposits, or previews it.
func (c userDepositCommand) Run(ctx context.Context, out output) error {
	currency, known := money.Lookup(c.Currency)
	if !known {
		return usagef("--currency must be a known currency such as RUB or USD")
	}
	amount := money.New(c.Amount, currency)
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		preview, err := app.Users.PreviewDeposit(ctx, c.User, amount, c.Ref)
		if err != nil {
			return err
		}
		available := preview.Available
		if !c.DryRun {
			if err := app.Users.Deposit(ctx, c.User, amount, c.Ref); err != nil {
				return err
			}
			if available, err = app.Users.Available(ctx, c.User, currency); err != nil {
				return err
			}
		}
		done := depositDone{
			User: c.User, Amount: c.Amount, Currency: string(currency), Ref: c.Ref,
			Available: available.Minor(), Replayed: preview.Replayed, DryRun: c.DryRun,
		}
		return c.show(out, done, func(w io.Writer) {
			switch {
			case preview.Replayed:
				fmt.Fprintf(w, "The reference %q was there before, nothing moved. User %d has %s.\n", c.Ref, c.User, amountText(available))
			case c.DryRun:
				fmt.Fprintf(w, "Would add %s to user %d, who would then have %s. Nothing was done.\n", amountText(amount), c.User, amountText(available))
			default:
				fmt.Fprintf(w, "Added %s to user %d, who now has %s.\n", amountText(amount), c.User, amountText(available))
			}
		})
	})
}

type userBonusCommand struct {
	userFlags  `embed:""`
	Kind       string `arg:"" name:"kind" enum:"signup,cashback" help:"signup or cashback. Either brings its own rule about withdrawals."`
	Amount     int64  `arg:"" name:"amount" help:"Kopecks of bonus money, which can be bet and never withdrawn."`
	Wagering   int64  `name:"wagering" env:"DISBURSE_USER_WAGERING" default:"0" placeholder:"AMOUNT" help:"Turnover in kopecks that is asked for, beside what was asked for before."`
	Ref        string `name:"ref" env:"DISBURSE_USER_BONUS_REF" placeholder:"TEXT" help:"What the bonus is for. One reference grants once to a user, and is refused with another kind, amount or wagering; without one each run grants."`
	dryRunFlag `embed:""`
}

// Help is the long text of `disburse user bonus --help`.
func (userBonusCommand) Help() string {
	return `After a sign-up bonus, deposits must total 1000.00 RUB before money can be withdrawn to a card. After a cashback bonus no more can be withdrawn than was deposited until the turnover is reached.

Example: 10.00 RUB, to be bet with 1000.00 RUB in all.

    disburse user bonus 42 cashback 1000 --wagering 100000`
}

// bonusDone is a bonus in JSON, in kopecks.
type bonusDone struct {
	User     int64            `json:"user"`
	Kind     string           `json:"kind"`
	Amount   int64            `json:"amount_kopecks"`
	Ref      string           `json:"ref"`
	Bonus    int64            `json:"bonus_balance"`
	Wagering enduser.Wagering `json:"wagering"`
	DryRun   bool             `json:"dry_run"`
}

// Run grants the bonus, or says that it would.
func (c userBonusCommand) Run(ctx context.Context, out output) error {
	if c.Ref == "" {
		c.Ref = publicid.New("bonus")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		do := app.Users.GrantBonus
		if c.DryRun {
			do = app.Users.PreviewBonus
		}
		if err := do(ctx, c.User, enduser.BonusKind(c.Kind), c.Amount, c.Wagering, c.Ref); err != nil {
			return err
		}
		b, err := app.Users.Balance(ctx, c.User)
		if err != nil {
			return err
		}
		done := bonusDone{
			User: c.User, Kind: c.Kind, Amount: c.Amount, Ref: c.Ref, Bonus: b.Bonus, Wagering: b.View().Wagering, DryRun: c.DryRun,
		}
		return c.show(out, done, func(w io.Writer) {
			if c.DryRun {
				fmt.Fprintf(w, "Would give user %d a %s bonus of %s. Nothing was done.\n", c.User, c.Kind, roubles(c.Amount))
				return
			}
			fmt.Fprintf(w, "Gave user %d a %s bonus of %s (reference %s); the bonus money is %s now, and %s remain to be wagered.\n",
				c.User, c.Kind, roubles(c.Amount), c.Ref, roubles(b.Bonus), roubles(b.WageringRemaining))
		})
	})
}
