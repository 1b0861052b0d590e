package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"disburse/callbacks"
	"disburse/gateway"
	"disburse/gateway/page"
)

type callbackCommand struct {
	List   callbackListCommand   `cmd:"" help:"List callbacks, newest first."`
	Show   callbackShowCommand   `cmd:"" help:"Show one callback with its attempts."`
	Resend callbackResendCommand `cmd:"" help:"Send a callback again, or all that match a filter."`
}

// Help is the long text of `disburse callback --help`.
func (callbackCommand) Help() string {
	return `A callback tells a merchant how a payout ended. It is pending until the merchant's endpoint accepts it (delivered) or the schedule of attempts ends (dead); a dead one can be sent again.

Examples:

    disburse callback list --state dead --merchant acme
    disburse callback resend evt_...
    disburse callback resend --state dead --merchant acme --dry-run`
}

// callbackFilterFlags is embedded by commands that select callbacks.
type callbackFilterFlags struct {
	State    string `name:"state" env:"DISBURSE_CALLBACK_STATE" placeholder:"STATE" help:"pending, delivered or dead."`
	Merchant string `name:"merchant" env:"DISBURSE_CALLBACK_MERCHANT" placeholder:"NAME" help:"Of this merchant, by name or id."`
	OrderID  string `name:"order-id" env:"DISBURSE_CALLBACK_ORDER_ID" placeholder:"ID" help:"About this order_id."`
	Payout   string `name:"payout" env:"DISBURSE_CALLBACK_PAYOUT" placeholder:"ID" help:"About this payout (po_...)."`
}

func (f callbackFilterFlags) check() error {
	switch callbacks.State(f.State) {
	case "", callbacks.Pending, callbacks.Delivered, callbacks.Dead:
		return nil
	}
	return usagef("--state must be pending, delivered or dead")
}

func (f callbackFilterFlags) filter(ctx context.Context, app *gateway.App) (callbacks.Filter, error) {
	merchantID, err := findMerchant(ctx, app, f.Merchant)
	return callbacks.Filter{State: callbacks.State(f.State), MerchantID: merchantID, OrderID: f.OrderID, Subject: f.Payout}, err
}

type callbackListCommand struct {
	dataFlags           `embed:""`
	pageFlags           `embed:""`
	callbackFilterFlags `embed:""`
}

// Run prints a page of callbacks.
func (c callbackListCommand) Run(ctx context.Context, out output) error {
	if err := c.pageFlags.check(); err != nil {
		return err
	}
	if err := c.callbackFilterFlags.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		filter, err := c.filter(ctx, app)
		if err != nil {
			return err
		}
		found, err := app.Callbacks.List(ctx, filter, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, page.Of(found.Items, found.Next, callbacks.Item.View), table[callbacks.ItemView]{
			empty:  "No callback matches.",
			header: "ID\tORDER\tKIND\tSTATE\tATTEMPTS\tLAST ANSWER\tNEXT ATTEMPT\tCREATED",
			row: func(v callbacks.ItemView) []string {
				return []string{
					v.ID, v.OrderID, v.Kind, v.State, strconv.Itoa(v.Attempts), lastAnswer(v.LastStatus, v.LastError),
					orDash(v.NextAttemptAt), v.CreatedAt,
				}
			},
		})
	})
}

type callbackShowCommand struct {
	dataFlags `embed:""`
	Callback  string `arg:"" name:"id" help:"The callback's id (evt_...), which is also its webhook-id."`
}

// Run prints the callback.
func (c callbackShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.Callbacks.Get(ctx, c.Callback)
		if err != nil {
			return err
		}
		v := found.View()
		return c.show(out, v, func(w io.Writer) { writeCallback(w, v) })
	})
}

func writeCallback(w io.Writer, v callbacks.DetailView) {
	for _, line := range [][2]string{
		{"id", v.ID},
		{"payout", v.PayoutID},
		{"order_id", v.OrderID},
		{"kind", v.Kind},
		{"url", v.URL},
		{"state", v.State},
		{"why dead", v.DeadReason},
		{"next attempt", orDash(v.NextAttemptAt)},
		{"created", v.CreatedAt},
		{"finished", orDash(v.FinishedAt)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], orDash(&line[1]))
	}
	if len(v.Attempts) == 0 {
		fmt.Fprintln(w, "\nIt was not attempted yet.")
		return
	}
	fmt.Fprintln(w, "\nATTEMPT\tSTARTED\tTOOK\tOUTCOME\tANSWER\tBODY")
	for _, a := range v.Attempts {
		fmt.Fprintf(w, "%d\t%s\t%d ms\t%s\t%s\t%q\n", a.Number, a.StartedAt, a.DurationMS, a.Outcome, lastAnswer(a.Status, a.Error), a.Response)
	}
}

type callbackResendCommand struct {
	dataFlags           `embed:""`
	callbackFilterFlags `embed:""`
	Callback            string `arg:"" optional:"" name:"id" help:"One callback (evt_...). Without it the filter selects."`
	Limit               int    `name:"limit" env:"DISBURSE_CALLBACK_LIMIT" default:"10000" placeholder:"N" help:"Of those that match, resend at most so many, the oldest first; 10000 when it is left out."`
	DryRun              bool   `name:"dry-run" env:"DISBURSE_DRY_RUN" help:"Say what would be sent again and do nothing."`
}

// Help is the long text of `disburse callback resend --help`.
func (callbackResendCommand) Help() string {
	return `Sends under the same webhook-id, signed anew, with a schedule that begins anew. The workers of the gateway do the sending; the command only asks for it. A filter must name a state, so that what was resent does not match again.

Examples:

    disburse callback resend evt_...
    disburse callback resend --state dead --merchant acme --dry-run`
}

// Run resends one or many.
func (c callbackResendCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	filtered := c.State != "" || c.Merchant != "" || c.OrderID != "" || c.callbackFilterFlags.Payout != ""
	switch {
	case c.Callback != "" && filtered:
		return usagef("give an id or a filter, not both")
	case c.Callback == "" && c.State == "":
		return usagef("give an id, or a filter with --state")
	case c.Limit < 1:
		return usagef("--limit must be above zero")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		if c.Callback != "" {
			return c.one(ctx, out, app)
		}
		return c.many(ctx, out, app)
	})
}

func (c callbackResendCommand) one(ctx context.Context, out output, app *gateway.App) error {
	if !c.DryRun {
		if err := app.Callbacks.Resend(ctx, c.Callback); err != nil {
			return err
		}
	}
	found, err := app.Callbacks.Get(ctx, c.Callback)
	if err != nil {
		return err
	}
	v := found.View()
	return c.show(out, v, func(w io.Writer) {
		if c.DryRun {
			fmt.Fprintf(w, "%s (%s of order_id %s, %s) would be sent again to %s. Nothing was done.\n", v.ID, v.Kind, v.OrderID, v.State, v.URL)
			return
		}
		fmt.Fprintf(w, "%s (%s of order_id %s) will be sent again to %s.\n", v.ID, v.Kind, v.OrderID, v.URL)
	})
}

// resent counts a bulk resend in JSON.
type resent struct {
	callbacks.Resent
	DryRun bool `json:"dry_run"`
}

func (c callbackResendCommand) many(ctx context.Context, out output, app *gateway.App) error {
	filter, err := c.filter(ctx, app)
	if err != nil {
		return err
	}
	limit := c.Limit
	if c.DryRun {
		limit = 0 // counts what matches and touches none
	}
	done, err := app.Callbacks.ResendMany(ctx, filter, limit)
	if err != nil {
		return err
	}
	return c.show(out, resent{done, c.DryRun}, func(w io.Writer) {
		switch {
		case done.Matched == 0:
			fmt.Fprintln(w, "No callback matches. Nothing was done.")
		case c.DryRun:
			fmt.Fprintf(w, "%d of %d that match would be sent again. Nothing was done.\n", min(c.Limit, done.Matched), done.Matched)
		default:
			fmt.Fprintf(w, "%d of %d that match will be sent again.\n", done.Resent, done.Matched)
		}
	})
}

// lastAnswer is how an attempt ended, in short.
func lastAnswer(status *int, failure string) string {
	switch {
	case status != nil:
		return strconv.Itoa(*status)
	case failure != "":
		return failure
	default:
		return "-"
	}
}
