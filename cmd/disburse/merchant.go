package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"disburse/gateway"
	"disburse/gateway/approval"
	"disburse/gateway/merchant"
	"disburse/gateway/page"
	"disburse/ledger"
	"disburse/ledger/money"
)

type merchantCommand struct {
	Create     merchantCreateCommand  `cmd:"" help:"Make a merchant and print its keys, this once."`
	List       merchantListCommand    `cmd:"" help:"List the merchants by name."`
	Show       merchantShowCommand    `cmd:"" help:"Show one merchant: settings, methods, limits, keys without secrets, balance."`
	Set        merchantSetCommand     `cmd:"" help:"Change settings: methods and their bounds, fees, limits, signatures."`
	Topup      merchantTopupCommand   `cmd:"" help:"Add USDT to what a merchant can spend."`
	Adjust     merchantAdjustCommand  `cmd:"" help:"Ask for a correction of a balance; a second person approves it."`
	RotateKeys merchantRotateCommand  `cmd:"" help:"Make new keys; the old ones work until a grace ends."`
	Disable    merchantDisableCommand `cmd:"" help:"Shut a merchant out. Its open payouts go on to their ends."`
	Enable     merchantEnableCommand  `cmd:"" help:"Let a disabled merchant in again."`
	Person     merchantPersonCommand  `cmd:"" help:"Who signs in to a merchant's own pages."`
	Sandbox    merchantSandboxCommand `cmd:"" help:"Make the sandbox of a live merchant, where its people try things out."`
}

// Help is the long text of `disburse merchant --help`.
func (merchantCommand) Help() string {
	return `A merchant sends payout requests, signed with its sign key, and pays for them from a USDT balance. A running gateway sees every change within 5 seconds.

A first merchant, ready to pay out:

    disburse merchant create acme --fee-bps 100
    disburse merchant topup acme 1000.00 --ref "invoice 17"
    disburse rate set rub 97.1234
    disburse merchant show acme`
}

// merchantFlags is embedded by commands about one merchant.
type merchantFlags struct {
	dataFlags `embed:""`
	Name      string `arg:"" name:"name" help:"The merchant's name, or its id (mer_...)."`
}

// merchantWithSecrets shows new keys beside the merchant, this once.
type merchantWithSecrets struct {
	merchant.View
	merchant.Secrets
}

type merchantCreateCommand struct {
	dataFlags `embed:""`
	Name      string `arg:"" name:"name" help:"1 to 64 of a-z, 0-9, _ and -. It stands in the URLs that the merchant calls."`
	Mode      string `name:"mode" env:"DISBURSE_MERCHANT_MODE" enum:"live,sandbox" default:"live" help:"live, or sandbox: payouts that end by themselves and move no real money. It never changes."`
	FeeBPS    int64  `name:"fee-bps" env:"DISBURSE_MERCHANT_FEE_BPS" default:"0" placeholder:"N" help:"Fee on each payout in hundredths of a percent: 100 is 1 %."`
	FeeFixed  string `name:"fee-fixed" env:"DISBURSE_MERCHANT_FEE_FIXED" placeholder:"X" help:"Fixed fee on each payout in USDT, such as 0.25."`
}

// Help is the long text of `disburse merchant create --help`.
func (merchantCreateCommand) Help() string {
	return `Prints sign_key (signs requests and callbacks), api_key (reads the status) and webhook_secret (version 2 signatures). They cannot be shown again; "disburse merchant rotate-keys" makes new ones.

The merchant begins with card, sbp and score on for rub and iban on for eur, 100.00 to 1000000.00 a payout, and the default limits; "disburse merchant set" changes that.

Example:

    disburse merchant create acme --fee-bps 100 --fee-fixed 0.25`
}

// Run makes the merchant.
func (c merchantCreateCommand) Run(ctx context.Context, out output) error {
	fee := money.New(0, money.USDT)
	if c.FeeFixed != "" {
		var err error
		if fee, err = parseUSDT("--fee-fixed", c.FeeFixed); err != nil {
			return err
		}
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		made, err := app.Merchants.Create(ctx, merchant.New{
			Name: c.Name, Mode: ledger.Mode(c.Mode), FeeBPS: c.FeeBPS, FeeFixed: fee,
		})
		if err != nil {
			return err
		}
		m := made.Merchant
		return c.show(out, merchantWithSecrets{m.View(), made.Secrets}, func(w io.Writer) {
			fmt.Fprintf(w, "Made the %s merchant %s (%s), fee %s.\n", m.Mode, m.Name, m.ID, feeText(m.FeeBPS, m.FeeFixed))
			writeSecrets(w, made.Secrets)
		})
	})
}

// writeSecrets prints what was made; it cannot be printed again.
func writeSecrets(w io.Writer, s merchant.Secrets) {
	fmt.Fprintln(w, "Its keys are shown this once, keep them now:")
	for _, key := range [...]struct{ name, value string }{
		{"sign_key", s.SignKey}, {"api_key", s.APIKey}, {"webhook_secret", s.WebhookSecret},
	} {
		if key.value != "" {
			fmt.Fprintf(w, "  %s\t%s\n", key.name, key.value)
		}
	}
}

type merchantListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
}

// Run prints a page of merchants.
func (c merchantListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.Merchants.List(ctx, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		shown := page.Of(found.Items, found.Next, merchant.Merchant.View)
		return showPage(c.jsonFlag, out, shown, table[merchant.View]{
			empty:  "There are no merchants yet. \"disburse merchant create NAME\" makes one.",
			header: "NAME\tID\tMODE\tSTATE\tFEE\tMETHODS\tCREATED",
			row: func(v merchant.View) []string {
				return []string{v.Name, v.ID, v.Mode, state(v.Disabled), viewFee(v), methodsText(v), stamp(v.CreatedAt)}
			},
		})
	})
}

type merchantShowCommand struct {
	merchantFlags `embed:""`
}

// Run prints the merchant.
func (c merchantShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		d, err := app.Merchants.Show(ctx, c.Name)
		if err != nil {
			return err
		}
		details := d.View()
		return c.show(out, details, func(w io.Writer) { writeMerchant(w, details) })
	})
}

func writeMerchant(w io.Writer, d merchant.DetailsView) {
	for _, line := range [][2]string{
		{"name", d.Name},
		{"id", d.ID},
		{"mode", d.Mode},
		{"state", state(d.Disabled)},
		{"available", d.Available + " USDT"},
		{"held", d.Held + " USDT by open payouts"},
		{"fee", viewFee(d.View)},
		{"timeout", fmt.Sprintf("%d minutes unless a payout names another", d.TimeoutMinutes)},
		{"require-v2", onOff(d.RequireV2)},
		{"mask-requisites", onOff(d.MaskRequisites)},
		{"luhn", onOff(d.Luhn)},
		{"standart-sign", d.StandartSign},
		{"created", stamp(d.CreatedAt)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
	}
	fmt.Fprintln(w, "\nMETHOD\tSTATE\tMIN\tMAX")
	for _, m := range d.Methods {
		unit := strings.ToUpper(m.Currency)
		fmt.Fprintf(w, "%s/%s\t%s\t%s %s\t%s %s\n", m.Currency, m.Method, onOff(m.Enabled), m.Min, unit, m.Max, unit)
	}
	fmt.Fprintln(w, "\nLIMIT\tRATE/PERIOD:BURST")
	for _, name := range merchant.LimitNames() {
		fmt.Fprintf(w, "%s\t%s\n", name, d.Limits[string(name)])
	}
	fmt.Fprintln(w, "\nKEY\tBEGINS WITH\tCREATED\tWORKS UNTIL")
	for _, key := range d.Keys {
		until := "rotated"
		if key.ExpiresAt != nil {
			until = stamp(*key.ExpiresAt)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", key.Kind, key.Prefix, stamp(key.CreatedAt), until)
	}
}

type merchantTopupCommand struct {
	merchantFlags `embed:""`
	Amount        string `arg:"" name:"amount" help:"USDT, such as 1000.00."`
	Ref           string `name:"ref" required:"" env:"DISBURSE_MERCHANT_REF" placeholder:"TEXT" help:"What the money came by, such as an invoice. One reference adds once for each merchant, however often the command is run."`
	DryRun        bool   `name:"dry-run" env:"DISBURSE_DRY_RUN" help:"Say what would happen and do nothing."`
}

// Help is the long text of `disburse merchant topup --help`.
func (merchantTopupCommand) Help() string {
	return `Running it again with the same reference and amount adds nothing; with the same reference and another amount it is refused.

Example:

    disburse merchant topup acme 1000.00 --ref "invoice 17"`
}

// topUpDone is a top-up in JSON.
type topUpDone struct {
	Merchant  string `json:"merchant"`
	Mode      string `json:"mode"`
	Amount    string `json:"amount"`
	Ref       string `json:"ref"`
	Available string `json:"available_usdt"`
	Replayed  bool   `json:"replayed"`
	DryRun    bool   `json:"dry_run"`
}

// Run tops up, or previews it.
func (c merchantTopupCommand) Run(ctx context.Context, out output) error {
	amount, err := parseUSDT("AMOUNT", c.Amount)
	if err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		do := app.Merchants.TopUp
		if c.DryRun {
			do = app.Merchants.PreviewTopUp
		}
		made, err := do(ctx, c.Name, amount, c.Ref)
		if err != nil {
			return err
		}
		m := made.Merchant
		done := topUpDone{
			Merchant: m.Name, Mode: string(m.Mode), Amount: usdt(made.Amount), Ref: c.Ref,
			Available: usdt(made.Available), Replayed: made.Replayed, DryRun: c.DryRun,
		}
		return c.show(out, done, func(w io.Writer) {
			switch {
			case c.DryRun:
				fmt.Fprintf(w, "Would add %s USDT to %s (%s), which could then spend %s USDT. Nothing was done.\n", done.Amount, m.Name, m.Mode, done.Available)
			case made.Replayed:
				fmt.Fprintf(w, "The reference %q was there before, nothing moved. %s (%s) can spend %s USDT.\n", c.Ref, m.Name, m.Mode, done.Available)
			default:
				fmt.Fprintf(w, "Added %s USDT to %s (%s), which can now spend %s USDT.\n", done.Amount, m.Name, m.Mode, done.Available)
			}
		})
	})
}

type merchantRotateCommand struct {
	merchantFlags `embed:""`
	Only          []string      `name:"only" env:"DISBURSE_MERCHANT_ONLY" enum:"sign,api,webhook" placeholder:"KIND" help:"sign, api or webhook; may be repeated. Without it all three are rotated."`
	Grace         time.Duration `name:"grace" env:"DISBURSE_MERCHANT_GRACE" default:"24h" help:"How long the present keys go on working, 0s to 720h. 0s ends them at once."`
	DryRun        bool          `name:"dry-run" env:"DISBURSE_DRY_RUN" help:"Say what would happen and do nothing."`
}

// Help is the long text of `disburse merchant rotate-keys --help`.
func (merchantRotateCommand) Help() string {
	return `Prints the new keys. At most two keys of a kind ever work: one that is still in a grace from an earlier rotation ends at once.

New keys of a live merchant need two people: the command asks, an operator whose role is approver or admin approves it in the console or by the operator API, and the same command run again by the same person within 72 hours makes the keys. Only where no operator could approve yet are they made at once.

Example: a sign key leaked, so end it now.

    disburse merchant rotate-keys acme --only sign --grace 0s`
}

// Run rotates the keys.
func (c merchantRotateCommand) Run(ctx context.Context, out output) error {
	kinds := make([]merchant.KeyKind, len(c.Only))
	for i, kind := range c.Only {
		kinds[i] = merchant.KeyKind(kind)
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		if c.DryRun {
			return c.preview(ctx, out, app, kinds)
		}
		rotated, err := app.Merchants.RotateKeys(ctx, c.Name, kinds, c.Grace)
		if err != nil {
			return err
		}
		if a := rotated.Waiting; a != nil {
			view := rotationAsked{View: rotated.Merchant.View(), Approval: a.View(time.Now())}
			return c.show(out, view, func(w io.Writer) {
				fmt.Fprintf(w, "%s is live, so a second person is needed: %s waits until %s.\nOnce it is approved, run the same command again: it makes the keys.\n",
					rotated.Merchant.Name, a.ID, stamp(a.ExpiresAt))
			})
		}
		return c.show(out, merchantWithSecrets{rotated.Merchant.View(), rotated.Secrets}, func(w io.Writer) {
			until := "ended now"
			if c.Grace > 0 {
				until = "go on working for " + span(c.Grace)
			}
			fmt.Fprintf(w, "Made new keys of %s; the old ones %s.\n", rotated.Merchant.Name, until)
			writeSecrets(w, rotated.Secrets)
		})
	})
}

// rotationAsked is a rotation that waits for a second person, in JSON.
type rotationAsked struct {
	merchant.View
	Approval approval.View `json:"approval"`
}

// rotationPreview is a rotation that was not made, in JSON.
type rotationPreview struct {
	merchant.View
	NeedsApproval bool `json:"needs_approval"`
	DryRun        bool `json:"dry_run"`
}

func (c merchantRotateCommand) preview(ctx context.Context, out output, app *gateway.App, kinds []merchant.KeyKind) error {
	m, asks, err := app.Merchants.PreviewRotateKeys(ctx, c.Name, kinds, c.Grace)
	if err != nil {
		return err
	}
	return c.show(out, rotationPreview{m.View(), asks, true}, func(w io.Writer) {
		if asks {
			fmt.Fprintf(w, "Would ask for new keys of %s, unless they are approved already. Nothing was done.\n", m.Name)
			return
		}
		fmt.Fprintf(w, "Would make new keys of %s. Nothing was done.\n", m.Name)
	})
}

type merchantDisableCommand struct {
	merchantFlags `embed:""`
}

// Run shuts the merchant out.
func (c merchantDisableCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*merchant.Service).Disable, "Disabled %s: its calls are refused. Its open payouts go on to their ends.\n")
}

type merchantEnableCommand struct {
	merchantFlags `embed:""`
}

// Run lets the merchant in.
func (c merchantEnableCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*merchant.Service).Enable, "Enabled %s.\n")
}

// turn changes the merchant and says what was done, with its name.
func (f merchantFlags) turn(
	ctx context.Context, out output, do func(*merchant.Service, context.Context, string) (merchant.Merchant, error), done string,
) error {
	return f.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		m, err := do(app.Merchants, ctx, f.Name)
		if err != nil {
			return err
		}
		return f.show(out, m.View(), func(w io.Writer) { fmt.Fprintf(w, done, m.Name) })
	})
}

func parseUSDT(name, text string) (money.Money, error) {
	m, err := money.Parse(text, money.USDT)
	if err != nil {
		return m, usagef("%s must be USDT such as 1000.00", name)
	}
	return m, nil
}

func state(disabled bool) string {
	if disabled {
		return "disabled"
	}
	return "enabled"
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func feeText(bps int64, fixed money.Money) string {
	text := fmt.Sprintf("%d.%02d %%", bps/100, bps%100)
	if !fixed.IsZero() {
		text += " + " + usdt(fixed) + " USDT"
	}
	return text
}

func viewFee(v merchant.View) string {
	fixed, err := money.Parse(v.FeeFixed, money.USDT)
	if err != nil {
		return v.FeeFixed // never: the view is our own
	}
	return feeText(v.FeeBPS, fixed)
}

// methodsText lists the methods that are on.
func methodsText(v merchant.View) string {
	var on []string
	for _, m := range v.Methods {
		if m.Enabled {
			on = append(on, m.Currency+"/"+m.Method)
		}
	}
	if len(on) == 0 {
		return "-"
	}
	return strings.Join(on, " ")
}
