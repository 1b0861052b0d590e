package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/ledger/money"
)

type capacityCommand struct {
	Set  capacitySetCommand  `cmd:"" help:"Bound the open payouts of a method."`
	List capacityListCommand `cmd:"" help:"List the bounds."`
}

// Help is the long text of `disburse capacity --help`.
func (capacityCommand) Help() string {
	return `How many payouts of a method may be open at once over all merchants, and of what sum together. At a bound new ones are refused with "overloading requisite"; what is open stays. Live and sandbox are counted apart.

Example:

    disburse capacity set rub/sbp --max-open 500 --max-open-amount 5000000.00`
}

type capacitySetCommand struct {
	dataFlags     `embed:""`
	Method        string `arg:"" name:"method" help:"Currency and method, such as rub/sbp; methods are card, sbp, score and iban."`
	MaxOpen       string `name:"max-open" env:"DISBURSE_CAPACITY_MAX_OPEN" placeholder:"N" help:"How many may be open, or off for no bound."`
	MaxOpenAmount string `name:"max-open-amount" env:"DISBURSE_CAPACITY_MAX_OPEN_AMOUNT" placeholder:"X" help:"Of what sum together, or off for no bound."`
}

// Help is the long text of `disburse capacity set --help`.
func (capacitySetCommand) Help() string {
	return `A bound that is not named stays as it is.

Examples:

    disburse capacity set rub/sbp --max-open 500 --max-open-amount 5000000.00
    disburse capacity set rub/sbp --max-open off --max-open-amount off`
}

// off is the value of a bound that is removed.
const off = "off"

// Run sets the bounds.
func (c capacitySetCommand) Run(ctx context.Context, out output) error {
	key, err := merchant.ParseMethodKey(c.Method)
	if err != nil {
		return usagef("METHOD must be a currency and card, sbp, score or iban, such as rub/sbp")
	}
	if c.MaxOpen == "" && c.MaxOpenAmount == "" {
		return usagef("nothing to change: give --max-open or --max-open-amount")
	}
	change, err := c.bounds(key)
	if err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		present, err := app.Payouts.Capacities(ctx)
		if err != nil {
			return err
		}
		for _, was := range present {
			if was.Currency != change.Currency || was.Method != change.Method {
				continue
			}
			if c.MaxOpen == "" {
				change.MaxOpen = was.MaxOpen
			}
			if c.MaxOpenAmount == "" {
				change.MaxOpenAmount = was.MaxOpenAmount
			}
		}
		set, err := app.Payouts.SetCapacity(ctx, change)
		if err != nil {
			return err
		}
		view := set.View()
		return c.show(out, view, func(w io.Writer) {
			fmt.Fprintf(w, "%s/%s takes %s.\n", view.Currency, view.Method, capacityText(view))
		})
	})
}

func (c capacitySetCommand) bounds(key merchant.MethodKey) (payout.Capacity, error) {
	change := payout.Capacity{Currency: key.Currency, Method: payout.Method(key.Method)}
	if c.MaxOpen != "" && c.MaxOpen != off {
		n, err := strconv.ParseInt(c.MaxOpen, 10, 64)
		if err != nil {
			return change, usagef("--max-open must be a whole number or off")
		}
		change.MaxOpen = &n
	}
	if c.MaxOpenAmount != "" && c.MaxOpenAmount != off {
		currency, _ := money.Lookup(key.Currency)
		amount, err := money.Parse(c.MaxOpenAmount, currency)
		if err != nil {
			return change, usagef("--max-open-amount must be an amount such as 100000.00, or off")
		}
		change.MaxOpenAmount = &amount
	}
	return change, nil
}

// capacityText says in words what is taken.
func capacityText(v payout.CapacityView) string {
	var parts []string
	if v.MaxOpen != nil {
		parts = append(parts, fmt.Sprintf("at most %d open payouts", *v.MaxOpen))
	}
	if v.MaxOpenAmount != nil {
		parts = append(parts, fmt.Sprintf("at most %s %s in open payouts", *v.MaxOpenAmount, strings.ToUpper(v.Currency)))
	}
	if len(parts) == 0 {
		return "any number of open payouts of any sum"
	}
	return strings.Join(parts, " and ")
}

type capacityListCommand struct {
	dataFlags `embed:""`
}

// Run prints the bounds.
func (c capacityListCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.Payouts.Capacities(ctx)
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, page.Of(found, "", payout.Capacity.View), table[payout.CapacityView]{
			empty:  "No method was ever bounded.",
			header: "METHOD\tMAX OPEN\tMAX OPEN AMOUNT\tSET",
			row: func(v payout.CapacityView) []string {
				count, amount := "none", "none"
				if v.MaxOpen != nil {
					count = strconv.FormatInt(*v.MaxOpen, 10)
				}
				if v.MaxOpenAmount != nil {
					amount = *v.MaxOpenAmount + " " + strings.ToUpper(v.Currency)
				}
				return []string{v.Currency + "/" + v.Method, count, amount, v.UpdatedAt}
			},
		})
	})
}
