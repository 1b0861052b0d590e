package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"disburse/gateway"
	"disburse/gateway/fx"
	"disburse/gateway/page"
)

type rateCommand struct {
	Set     rateSetCommand     `cmd:"" help:"Put a rate in force from now on."`
	List    rateListCommand    `cmd:"" help:"List the rates in force and their age."`
	History rateHistoryCommand `cmd:"" help:"List every rate that a currency ever had."`
}

// Help is the long text of `disburse rate --help`.
func (rateCommand) Help() string {
	return `A rate is how many units of a currency one USDT costs. A payout keeps the rate of the moment it was made. A currency without a rate, or whose rate is older than its maximum age, takes no payouts.

Example:

    disburse rate set rub 97.1234 --max-age 24h`
}

type rateSetCommand struct {
	dataFlags `embed:""`
	Currency  string        `arg:"" name:"currency" help:"Such as rub."`
	Rate      string        `arg:"" name:"rate" help:"Units of the currency for one USDT, with at most 4 decimals."`
	MaxAge    time.Duration `name:"max-age" env:"DISBURSE_RATE_MAX_AGE" default:"24h" help:"Beyond this age the rate is not used."`
	Source    string        `name:"source" env:"DISBURSE_RATE_SOURCE" default:"manual" placeholder:"TEXT" help:"Who says so, for the history; manual when it is left out."`
	Confirm   bool          `name:"confirm" env:"DISBURSE_RATE_CONFIRM" help:"Allow a rate that differs by more than a tenth from the one in force."`
}

// Help is the long text of `disburse rate set --help`.
func (rateSetCommand) Help() string {
	return `A rate far from the one in force is refused without --confirm, since a slip of the finger would cost money on every payout; one that looks like the inverse is refused always.

Example:

    disburse rate set rub 97.1234 --max-age 24h`
}

// Run sets the rate.
func (c rateSetCommand) Run(ctx context.Context, out output) error {
	value, err := fx.ParseValue(c.Rate)
	if err != nil {
		return usagef("RATE must be above zero with at most 4 decimals, such as 97.1234")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		rate, err := app.Rates.Set(ctx, fx.Change{
			Currency: c.Currency, Value: value, MaxAge: c.MaxAge, Source: c.Source, Confirm: c.Confirm,
		})
		if errors.Is(err, fx.ErrJump) {
			return fmt.Errorf("%w: run it again with --confirm if %s is right", explain(err), c.Rate)
		}
		if err != nil {
			return err
		}
		return c.show(out, rate.View(rate.SetAt), func(w io.Writer) {
			fmt.Fprintf(w, "One USDT is %s %s from now on, for at most %s.\n", rate, strings.ToUpper(rate.Currency), span(rate.MaxAge))
		})
	})
}

type rateListCommand struct {
	dataFlags `embed:""`
}

// Run prints the rates.
func (c rateListCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		rates, err := app.Rates.List(ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		shown := page.Of(rates, "", func(r fx.Rate) fx.View { return r.View(now) })
		return showPage(c.jsonFlag, out, shown, table[fx.View]{
			empty:  "There are no rates yet. \"disburse rate set rub 97.1234\" sets one.",
			header: "CURRENCY\tRATE\tSOURCE\tSET\tAGE\tMAX AGE\tSTATE",
			row: func(v fx.View) []string {
				usable := "in use"
				if v.Stale {
					usable = "too old"
				}
				return []string{
					v.Currency, v.Rate, v.Source, stamp(v.SetAt), seconds(v.AgeSeconds), seconds(v.MaxAgeSeconds), usable,
				}
			},
		})
	})
}

type rateHistoryCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	Currency  string `arg:"" name:"currency" help:"Such as rub."`
}

// Run prints a page of the history.
func (c rateHistoryCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.Rates.History(ctx, c.Currency, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		now := time.Now()
		shown := page.Of(found.Items, found.NextCursor, func(r fx.Rate) fx.View { return r.View(now) })
		return showPage(c.jsonFlag, out, shown, table[fx.View]{
			empty:  strings.ToUpper(c.Currency) + " never had a rate.",
			header: "SET\tRATE\tSOURCE\tMAX AGE",
			row: func(v fx.View) []string {
				return []string{stamp(v.SetAt), v.Rate, v.Source, seconds(v.MaxAgeSeconds)}
			},
		})
	})
}

func seconds(n int64) string { return span(time.Duration(n) * time.Second) }
