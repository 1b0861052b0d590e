package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"disburse/gateway"
	"disburse/gateway/cardorder"
)

type cardSettingsCommand struct {
	Set  cardSettingsSetCommand  `cmd:"" help:"Change the terms of card orders."`
	Show cardSettingsShowCommand `cmd:"" help:"Show the terms of card orders."`
}

// Help is the long text of `disburse card-settings --help`.
func (cardSettingsCommand) Help() string {
	return `On what terms end users may pay in and withdraw by card: whether at all, within which amounts, and which card of the platform they pay to. Amounts are whole kopecks: 10000 is 100.00 RUB.

Examples:

    disburse card-settings show
    disburse card-settings set --enabled=false`
}

type cardSettingsSetCommand struct {
	dataFlags   `embed:""`
	Enabled     *bool   `name:"enabled" env:"DISBURSE_CARD_ENABLED" help:"Take new card orders (--enabled=false refuses them; open ones go on)."`
	DepositMin  *int64  `name:"deposit-min" env:"DISBURSE_CARD_DEPOSIT_MIN" placeholder:"N" help:"Smallest deposit in kopecks."`
	DepositMax  *int64  `name:"deposit-max" env:"DISBURSE_CARD_DEPOSIT_MAX" placeholder:"N" help:"Largest deposit in kopecks."`
	WithdrawMin *int64  `name:"withdraw-min" env:"DISBURSE_CARD_WITHDRAW_MIN" placeholder:"N" help:"Smallest withdrawal in kopecks."`
	WithdrawMax *int64  `name:"withdraw-max" env:"DISBURSE_CARD_WITHDRAW_MAX" placeholder:"N" help:"Largest withdrawal in kopecks."`
	CardNumber  *string `name:"card-number" env:"DISBURSE_CARD_NUMBER" placeholder:"NUMBER" help:"The platform's card that deposits are paid to; users see it. Empty takes it away."`
	BankName    *string `name:"bank-name" env:"DISBURSE_CARD_BANK_NAME" placeholder:"NAME" help:"Its bank."`
	HolderName  *string `name:"holder-name" env:"DISBURSE_CARD_HOLDER_NAME" placeholder:"NAME" help:"Whose card it is."`
}

// Help is the long text of `disburse card-settings set --help`.
func (cardSettingsSetCommand) Help() string {
	return `Changes what is named and leaves the rest; all of it happens or nothing. Orders that are open already stay as they are. Prints each setting that changed, before and after.

Examples:

    disburse card-settings set --withdraw-min 10000 --withdraw-max 5000000
    disburse card-settings set --card-number "2200 7000 1111 2222" --bank-name "T-Bank" --holder-name "PLATFORM LLC"
    disburse card-settings set --enabled=false`
}

// Run changes the settings.
func (c cardSettingsSetCommand) Run(ctx context.Context, out output) error {
	change := cardorder.Change{
		Enabled: c.Enabled, DepositMin: c.DepositMin, DepositMax: c.DepositMax, WithdrawMin: c.WithdrawMin, WithdrawMax: c.WithdrawMax,
		CardNumber: c.CardNumber, BankName: c.BankName, HolderName: c.HolderName,
	}
	if change == (cardorder.Change{}) {
		return usagef("nothing to change: name at least one setting")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		before, err := app.CardOrders.Limits(ctx)
		if err != nil {
			return err
		}
		after, err := app.CardOrders.SetSettings(ctx, change)
		if err != nil {
			return err
		}
		return c.show(out, after.View(), func(w io.Writer) {
			was, is := cardTerms(before), cardTerms(after)
			if was == is {
				fmt.Fprintln(w, "Card orders had these settings already.")
				return
			}
			fmt.Fprintln(w, "Changed the terms of card orders:")
			for i := range is {
				if was[i] != is[i] {
					fmt.Fprintf(w, "  %s\t%s -> %s\n", is[i][0], orDash(&was[i][1]), orDash(&is[i][1]))
				}
			}
		})
	})
}

type cardSettingsShowCommand struct {
	dataFlags `embed:""`
}

// Run prints the settings.
func (c cardSettingsShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		terms, err := app.CardOrders.Limits(ctx)
		if err != nil {
			return err
		}
		return c.show(out, terms.View(), func(w io.Writer) {
			for _, line := range cardTerms(terms) {
				fmt.Fprintf(w, "%s\t%s\n", line[0], orDash(&line[1]))
			}
		})
	})
}

// cardTerms are the settings as one text a setting. The platform's own card is
// shown in full: every user who pays in sees it.
func cardTerms(s cardorder.Settings) [8][2]string {
	return [8][2]string{
		{"enabled", strconv.FormatBool(s.Enabled)},
		{"deposit-min", roubles(s.DepositMin)},
		{"deposit-max", roubles(s.DepositMax)},
		{"withdraw-min", roubles(s.WithdrawMin)},
		{"withdraw-max", roubles(s.WithdrawMax)},
		{"card-number", s.Card.CardNumber},
		{"bank-name", s.Card.BankName},
		{"holder-name", s.Card.HolderName},
	}
}
