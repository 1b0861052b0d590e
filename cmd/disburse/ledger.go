package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"

	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
)

type ledgerCommand struct {
	Verify    ledgerVerifyCommand    `cmd:"" help:"Replay the books and tell whether they are right."`
	Accounts  ledgerAccountsCommand  `cmd:"" help:"List the accounts and their balances."`
	Statement ledgerStatementCommand `cmd:"" help:"List what moved on one account, newest first."`
	Transfers ledgerTransfersCommand `cmd:"" help:"Show the transfers of a reference, or of a payout, or one by its number."`
	Seal      ledgerSealCommand      `cmd:"" help:"Close the transfers so far into the chain of seals; workers do it by themselves."`
}

// Help is the long text of `disburse ledger --help`.
func (ledgerCommand) Help() string {
	return `The books are double entry: money only ever moves from one account to another. An account is MODE/OWNER/PURPOSE/CURRENCY, such as live/mer_.../available/USDT; the owner is a merchant, or "house" for the platform and the world outside.

Examples:

    disburse ledger verify
    disburse ledger accounts --merchant acme
    disburse ledger statement live/acme/available/USDT`
}

type ledgerVerifyCommand struct {
	dataFlags `embed:""`
}

// Help is the long text of `disburse ledger verify --help`.
func (ledgerVerifyCommand) Help() string {
	return `Checks every balance after every transfer, every stored balance, that no account is below its floor, that open payouts hold exactly what they should, and the chain of seals. It works on one snapshot and disturbs nobody. The exit status is 1 when anything is wrong.

Note the head seal somewhere else: whoever rewrites history must change it.`
}

// Run verifies, with status 1 unless the books are clean.
func (c ledgerVerifyCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		report, err := app.Ledger.Verify(ctx, gateway.Obligations(), progress(out.Err, "transfers"))
		if err != nil {
			return err
		}
		if err := c.show(out, report, func(w io.Writer) { writeReport(w, report) }); err != nil {
			return err
		}
		if !report.Clean {
			return exitError{1}
		}
		return nil
	})
}

func writeReport(w io.Writer, r ledger.Report) {
	if r.Clean {
		fmt.Fprintln(w, "clean")
	} else {
		fmt.Fprintf(w, "NOT CLEAN: %d problems\n", r.Found)
		for _, problem := range r.Problems {
			fmt.Fprintln(w, "  "+problem)
		}
		if r.Found > len(r.Problems) {
			fmt.Fprintf(w, "  and %d more\n", r.Found-len(r.Problems))
		}
	}
	fmt.Fprintf(w, "accounts\t%d\ntransfers\t%d\nseals\t%d\nunsealed\t%d\nhead seal\t%s\n",
		r.Accounts, r.Transfers, r.Seals, r.Unsealed, orDash(&r.Head))
}

// progress writes how far a long work is on one line of a terminal; elsewhere
// it is nil, which is quiet.
func progress(w io.Writer, what string) func(done, all int64) {
	terminal, ok := w.(*os.File)
	if !ok || !isatty.IsTerminal(terminal.Fd()) {
		return nil
	}
	return func(done, all int64) {
		fmt.Fprintf(w, "\r%d of %d %s", done, all, what)
		if done >= all {
			fmt.Fprint(w, "\r\033[K") // leave the line to the result
		}
	}
}

type ledgerAccountsCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	Merchant  string `name:"merchant" env:"DISBURSE_LEDGER_MERCHANT" placeholder:"NAME" help:"Of this merchant, by name or id."`
	Owner     string `name:"owner" env:"DISBURSE_LEDGER_OWNER" placeholder:"OWNER" help:"Of this owner, such as house."`
	Purpose   string `name:"purpose" env:"DISBURSE_LEDGER_PURPOSE" placeholder:"PURPOSE" help:"available, held, external, settlement, fees or adjustment."`
	Mode      string `name:"mode" env:"DISBURSE_LEDGER_MODE" placeholder:"MODE" help:"live or sandbox."`
}

// Run prints a page of accounts.
func (c ledgerAccountsCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	mode := ledger.Mode(c.Mode)
	switch {
	case mode != "" && !mode.Valid():
		return usagef("--mode must be live or sandbox")
	case c.Merchant != "" && c.Owner != "":
		return usagef("give --merchant or --owner, not both")
	}
	after, err := c.rowID()
	if err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		owner := c.Owner
		if c.Merchant != "" {
			if owner, err = findMerchant(ctx, app, c.Merchant); err != nil {
				return err
			}
		}
		rows, err := app.Ledger.Accounts(ctx, ledger.AccountFilter{Owner: owner, Purpose: c.Purpose, Mode: mode}, after, c.Limit+1)
		if err != nil {
			return err
		}
		shown := page.ByID(rows, c.Limit, func(a ledger.AccountRow) int64 { return a.ID }, ledger.AccountRow.View)
		return showPage(c.jsonFlag, out, shown, table[ledger.AccountView]{
			empty:  "There are no such accounts. An account opens with the first money on it.",
			header: "ID\tACCOUNT\tBALANCE\tOPENED",
			row: func(v ledger.AccountView) []string {
				return []string{strconv.FormatInt(v.ID, 10), v.Mode + "/" + v.Owner + "/" + v.Purpose + "/" + v.Currency, v.Balance + " " + v.Currency, v.CreatedAt}
			},
		})
	})
}

type ledgerStatementCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	Account   string `arg:"" name:"account" help:"The account's number, or its name as in \"disburse ledger accounts\"; a merchant's name may stand for its id."`
	From      moment `name:"from" env:"DISBURSE_LEDGER_FROM" placeholder:"TIME" help:"Then or later: 2026-01-31 or 2026-01-31T12:00:00Z."`
	To        moment `name:"to" env:"DISBURSE_LEDGER_TO" placeholder:"TIME" help:"Before that."`
}

// Help is the long text of `disburse ledger statement --help`.
func (ledgerStatementCommand) Help() string {
	return `Examples:

    disburse ledger statement 12
    disburse ledger statement live/acme/available/USDT --from 2026-01-01 --to 2026-02-01`
}

// Run prints a page of the statement.
func (c ledgerStatementCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	before, err := c.rowID()
	if err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		id, err := findAccount(ctx, app, c.Account)
		if err != nil {
			return err
		}
		rows, err := app.Ledger.Statement(ctx, id, ledger.Period{From: c.From.Time, To: c.To.Time}, before, c.Limit+1)
		if errors.Is(err, ledger.ErrNotFound) {
			return errNoAccount
		}
		if err != nil {
			return err
		}
		shown := page.ByID(rows, c.Limit, func(l ledger.StatementLine) int64 { return l.TransferID }, ledger.StatementLine.View)
		return showPage(c.jsonFlag, out, shown, table[ledger.StatementLineView]{
			empty:  "Nothing moved.",
			header: "TRANSFER\tAT\tFLOW\tAMOUNT\tBALANCE\tOTHER ACCOUNT\tREFERENCE",
			row: func(v ledger.StatementLineView) []string {
				return []string{strconv.FormatInt(v.TransferID, 10), v.At, v.Flow, v.Amount, v.Balance, v.Counterparty, v.Reference}
			},
		})
	})
}

var errNoAccount = errors.New("there is no such account: \"disburse ledger accounts\" lists them")

// findAccount reads an account's number, or looks its name up.
func findAccount(ctx context.Context, app *gateway.App, text string) (int64, error) {
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		return id, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return 0, usagef("ACCOUNT must be a number, or MODE/OWNER/PURPOSE/CURRENCY")
	}
	owner := parts[1]
	m, err := merchantOf(ctx, app, owner)
	switch {
	case err == nil:
		owner = m.ID
	case !errors.Is(err, merchant.ErrNotFound):
		return 0, err
	}
	rows, err := app.Ledger.Accounts(ctx, ledger.AccountFilter{Mode: ledger.Mode(parts[0]), Owner: owner, Purpose: parts[2]}, 0, 500)
	if err != nil {
		return 0, err
	}
	currency, _ := money.Lookup(parts[3])
	for _, row := range rows {
		if row.Currency == currency {
			return row.ID, nil
		}
	}
	return 0, errNoAccount
}

type ledgerTransfersCommand struct {
	dataFlags `embed:""`
	Of        []string `arg:"" name:"of" help:"References, payouts (po_...), or numbers of transfers."`
}

// Help is the long text of `disburse ledger transfers --help`.
func (ledgerTransfersCommand) Help() string {
	return `A reference posts once, for ever; "disburse ledger statement" shows the references.

Examples:

    disburse ledger transfers po_...
    disburse ledger transfers 4711`
}

// Run prints the transfers.
func (c ledgerTransfersCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		var rows []ledger.TransferRow
		for _, of := range c.Of {
			found, err := transfersOf(ctx, app, of)
			if err != nil {
				return err
			}
			rows = append(rows, found...)
		}
		return showPage(c.jsonFlag, out, page.Of(rows, "", ledger.TransferRow.View), table[ledger.TransferView]{
			empty:  "No transfer has this reference.",
			header: "TRANSFER\tAT\tFLOW\tFROM\tTO\tAMOUNT\tREFERENCE",
			row: func(v ledger.TransferView) []string {
				return []string{strconv.FormatInt(v.ID, 10), v.At, v.Flow, v.From, v.To, v.Amount + " " + v.Currency, v.Reference}
			},
		})
	})
}

func transfersOf(ctx context.Context, app *gateway.App, of string) ([]ledger.TransferRow, error) {
	if publicid.Valid(payout.IDPrefix, of) {
		d, err := app.Payouts.Detail(ctx, of)
		return d.Transfers, err
	}
	id, err := strconv.ParseInt(of, 10, 64)
	if err != nil {
		return app.Ledger.TransfersByReference(ctx, of)
	}
	row, err := app.Ledger.Transfer(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, fmt.Errorf("there is no transfer %d", id)
	}
	return []ledger.TransferRow{row}, err
}

type ledgerSealCommand struct {
	dataFlags `embed:""`
}

type sealed struct {
	Transfers int `json:"sealed_transfers"`
}

// Run seals.
func (c ledgerSealCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		n, err := app.Ledger.Seal(ctx)
		if err != nil {
			return err
		}
		return c.show(out, sealed{n}, func(w io.Writer) { fmt.Fprintf(w, "Sealed %d transfers.\n", n) })
	})
}
