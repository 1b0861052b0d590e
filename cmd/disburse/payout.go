package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/ledger"
)

type payoutCommand struct {
	List     payoutListCommand     `cmd:"" help:"List payouts, newest first."`
	Show     payoutShowCommand     `cmd:"" help:"Show one payout with its timeline, transfers and callbacks."`
	Complete payoutCompleteCommand `cmd:"" help:"End an open payout as paid."`
	Reject   payoutRejectCommand   `cmd:"" help:"End an open payout as rejected and give the money back."`
}

// Help is the long text of `disburse payout --help`.
func (payoutCommand) Help() string {
	return `A payout is open (expectation) until it ends, once and for ever: successful, rejected_gate (by us), rejected_merchant (by the merchant) or rejected_timeout. Requisites are shown by their last four characters.

Examples:

    disburse payout list --status expectation
    disburse payout show order123 --merchant acme
    disburse payout complete po_... --note "bank reference 4711"`
}

type payoutListCommand struct {
	dataFlags  `embed:""`
	pageFlags  `embed:""`
	Status     string `name:"status" env:"DISBURSE_PAYOUT_STATUS" placeholder:"STATUS" help:"expectation, successful, rejected_gate, rejected_merchant or rejected_timeout."`
	Merchant   string `name:"merchant" env:"DISBURSE_PAYOUT_MERCHANT" placeholder:"NAME" help:"Of this merchant, by name or id."`
	Mode       string `name:"mode" env:"DISBURSE_PAYOUT_MODE" placeholder:"MODE" help:"live or sandbox."`
	Method     string `name:"method" env:"DISBURSE_PAYOUT_METHOD" placeholder:"METHOD" help:"card, sbp, score or iban."`
	Currency   string `name:"currency" env:"DISBURSE_PAYOUT_CURRENCY" placeholder:"CUR" help:"Such as rub."`
	ClaimedBy  string `name:"claimed-by" env:"DISBURSE_PAYOUT_CLAIMED_BY" placeholder:"WHO" help:"Claimed by operator:ID, cli:USER or executor:NAME."`
	Search     string `name:"search" env:"DISBURSE_PAYOUT_SEARCH" placeholder:"TEXT" help:"The id (po_...), the beginning of an order_id, or the last four digits of a requisite."`
	From       moment `name:"from" env:"DISBURSE_PAYOUT_FROM" placeholder:"TIME" help:"Made then or later: 2026-01-31 or 2026-01-31T12:00:00Z."`
	To         moment `name:"to" env:"DISBURSE_PAYOUT_TO" placeholder:"TIME" help:"Made before that."`
	Exceptions bool   `name:"exceptions" env:"DISBURSE_PAYOUT_EXCEPTIONS" help:"Only those whose execution went wrong: unknown, stuck, or answered late."`
}

// Run prints a page of payouts.
func (c payoutListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		merchantID, err := findMerchant(ctx, app, c.Merchant)
		if err != nil {
			return err
		}
		found, err := app.Payouts.List(ctx, payout.Filter{
			Status: payout.Status(c.Status), MerchantID: merchantID, Mode: ledger.Mode(c.Mode), Method: payout.Method(c.Method),
			Currency: c.Currency, ClaimedBy: c.ClaimedBy, Query: c.Search, From: c.From.Time, To: c.To.Time,
			Exceptions: c.Exceptions, Cursor: c.Cursor, Limit: c.Limit,
		})
		if err != nil {
			return err
		}
		names, err := merchantNames(ctx, app, found.Items)
		if err != nil {
			return err
		}
		shown := page.Of(found.Items, found.NextCursor, func(p payout.Payout) payout.View { return p.View(names[p.MerchantID]) })
		return showPage(c.jsonFlag, out, shown, table[payout.View]{
			empty:  "No payout matches.",
			header: "ID\tORDER\tMERCHANT\tMODE\tSTATUS\tAMOUNT\tMETHOD\tREQUISITE\tCLAIMED BY\tCREATED",
			row: func(v payout.View) []string {
				return []string{
					v.ID, v.OrderID, v.Merchant, v.Mode, v.Status, fiatText(v), v.PaymentMethod, v.Requisite, orDash(v.ClaimedBy), v.CreatedAt,
				}
			},
		})
	})
}

// findMerchant is the id of the merchant of this name or id; nobody's for none
// given.
func findMerchant(ctx context.Context, app *gateway.App, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	m, err := merchantOf(ctx, app, ref)
	return m.ID, err
}

func merchantOf(ctx context.Context, app *gateway.App, ref string) (merchant.Merchant, error) {
	m, err := app.Directory.ByName(ctx, ref)
	if errors.Is(err, merchant.ErrNotFound) {
		m, err = app.Directory.ByID(ctx, ref)
	}
	return m, err
}

// merchantNames are the names of the merchants of some payouts, by id.
func merchantNames(ctx context.Context, app *gateway.App, payouts []payout.Payout) (map[string]string, error) {
	names := make(map[string]string)
	for _, p := range payouts {
		if _, held := names[p.MerchantID]; held {
			continue
		}
		m, err := app.Directory.ByID(ctx, p.MerchantID)
		if err != nil {
			return nil, err
		}
		names[p.MerchantID] = m.Name
	}
	return names, nil
}

type payoutShowCommand struct {
	dataFlags `embed:""`
	Payout    string `arg:"" name:"id" help:"The payout's id (po_...), or with --merchant the merchant's order_id."`
	Merchant  string `name:"merchant" env:"DISBURSE_PAYOUT_MERCHANT" placeholder:"NAME" help:"Whose order_id it is, by name or id."`
	PublicURL string `name:"public-url" env:"DISBURSE_PUBLIC_URL" placeholder:"URL" help:"Where the gateway is reached. Without it receipts are shown without their links."`
}

// Run prints the payout.
func (c payoutShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, orNoPublicURL(c.PublicURL), func(ctx context.Context, app *gateway.App) error {
		id := c.Payout
		if c.Merchant != "" {
			m, err := merchantOf(ctx, app, c.Merchant)
			if err != nil {
				return err
			}
			standing, err := app.Payouts.Status(ctx, m, id)
			if err != nil {
				return err
			}
			id = standing.Payout.ID
		}
		detail, err := viewPayout(ctx, app, id)
		if err != nil {
			return err
		}
		if c.PublicURL == "" {
			for i := range detail.Receipts {
				detail.Receipts[i].URL = "" // it would lead nowhere
			}
		}
		return c.show(out, detail, func(w io.Writer) { writePayout(w, detail) })
	})
}

// viewPayout reads a payout with all that belongs to it.
func viewPayout(ctx context.Context, app *gateway.App, id string) (payout.DetailView, error) {
	d, err := app.Payouts.Detail(ctx, id)
	if err != nil {
		return payout.DetailView{}, err
	}
	m, err := app.Directory.ByID(ctx, d.Payout.MerchantID)
	if err != nil {
		return payout.DetailView{}, err
	}
	sent, err := app.Callbacks.About(ctx, id)
	return d.View(m.Name, sent), err
}

func orNoPublicURL(url string) string {
	if url == "" {
		return noPublicURL
	}
	return url
}

func writePayout(w io.Writer, d payout.DetailView) {
	for _, line := range [][2]string{
		{"id", d.ID},
		{"order_id", d.OrderID},
		{"merchant", d.Merchant + " (" + d.Mode + ")"},
		{"status", d.Status},
		{"stage", d.Stage},
		{"amount", fiatText(d.View) + " by " + d.PaymentMethod + " to " + d.Requisite},
		{"rate", d.ExchangeRate},
		{"cost", d.MerchantSpent + " USDT: " + d.USDTAmount + " and a fee of " + d.FeeUSDT},
		{"bank", d.BankName},
		{"recipient", d.FullName},
		{"description", d.Description},
		{"claimed by", claimText(d.View)},
		{"executor", orDash(d.Executor)},
		{"created", d.CreatedAt},
		{"expires", d.ExpiresAt},
		{"ended", strings.TrimSpace(orDash(d.EndedAt) + " " + endedBy(d.View))},
		{"reason", d.Reason},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], orDash(&line[1]))
	}
	fmt.Fprintln(w, "\nTIMELINE\tWHAT\tWHO\tNOTE")
	for _, e := range d.Timeline {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", e.At, e.Kind, e.Actor, e.Note)
	}
	fmt.Fprintln(w, "\nTRANSFER\tFLOW\tFROM\tTO\tAMOUNT")
	for _, t := range d.Transfers {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s %s\n", t.ID, t.Flow, t.From, t.To, t.Amount, t.Currency)
	}
	if len(d.Receipts) > 0 {
		fmt.Fprintln(w, "\nRECEIPT\tTYPE\tBYTES\tBY\tLINK")
		for _, r := range d.Receipts {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", r.ID, r.ContentType, r.Size, r.UploadedBy, orDash(&r.URL))
		}
	}
	if len(d.Callbacks) > 0 {
		fmt.Fprintln(w, "\nCALLBACK\tKIND\tSTATE\tATTEMPTS\tLAST ANSWER")
		for _, c := range d.Callbacks {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", c.ID, c.Kind, c.State, len(c.Attempts), lastAnswer(c.LastStatus, c.LastError))
		}
	}
}

// fiatText is the amount with its currency.
func fiatText(v payout.View) string { return v.FiatAmount + " " + strings.ToUpper(v.FiatCurrency) }

func claimText(v payout.View) string {
	if v.ClaimedBy == nil {
		return ""
	}
	return *v.ClaimedBy + " until " + orDash(v.LeaseExpiresAt)
}

func endedBy(v payout.View) string {
	if v.EndedBy == nil {
		return ""
	}
	return "by " + *v.EndedBy
}
