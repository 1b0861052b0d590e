package main

import (
	"context"
	"fmt"
	"io"

	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/gateway/page"
)

type merchantPersonCommand struct {
	Add           personAddCommand      `cmd:"" help:"Make a person of a merchant and print the password, this once."`
	List          personListCommand     `cmd:"" help:"List the people of a merchant by email."`
	Disable       personDisableCommand  `cmd:"" help:"Shut a person out."`
	Enable        personEnableCommand   `cmd:"" help:"Let a disabled person in again."`
	ResetPassword personPasswordCommand `cmd:"" help:"Make a new password and print it, this once."`
	ResetFactor   personFactorCommand   `cmd:"" help:"Take the second factor away, when the device is lost, and end all sessions."`
}

// Help is the long text of `disburse merchant person --help`.
func (merchantPersonCommand) Help() string {
	return `The people of a merchant sign in to its own pages at /merchant: its balance, payouts, statement and callbacks, its keys and its sandbox. A person belongs to one merchant and sees nothing of others. In the console it takes two people to let somebody in for a live merchant; here whoever has the shell does it alone, and the audit trail says so.

Example:

    disburse merchant person add acme --email ann@acme.example`
}

// personFlags is embedded by commands about one person.
type personFlags struct {
	merchantFlags `embed:""`
	Email         string `name:"email" required:"" env:"DISBURSE_PERSON_EMAIL" placeholder:"E" help:"The address that the person signs in with, or the person's id (mpe_...)."`
}

// personWithPassword shows a person's new password, this once.
type personWithPassword struct {
	merchant.Person
	Password merchant.Password `json:"password"`
}

func (p personWithPassword) write(w io.Writer, done string) {
	fmt.Fprintf(w, "%s %s (%s).\n", done, p.Email, p.ID)
	fmt.Fprintln(w, "The password is shown this once, keep it now:")
	fmt.Fprintf(w, "  password\t%s\n", string(p.Password))
}

type personAddCommand struct {
	personFlags `embed:""`
}

// Run makes the person.
func (c personAddCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		who, password, err := app.People.Add(ctx, c.Name, c.Email)
		if err != nil {
			return err
		}
		made := personWithPassword{who, password}
		return c.show(out, made, func(w io.Writer) { made.write(w, "Made") })
	})
}

type personListCommand struct {
	merchantFlags `embed:""`
}

// Run prints the people.
func (c personListCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		people, err := app.People.List(ctx, c.Name)
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, page.Of(people, "", page.As), table[merchant.Person]{
			empty:  "Nobody signs in for " + c.Name + " yet. \"disburse merchant person add\" makes somebody.",
			header: "EMAIL\tID\tSTATE\tCREATED",
			row: func(p merchant.Person) []string {
				return []string{p.Email, p.ID, state(p.Disabled), stamp(p.CreatedAt)}
			},
		})
	})
}

type personDisableCommand struct {
	personFlags `embed:""`
}

// Run shuts the person out.
func (c personDisableCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		who, err := app.People.Disable(ctx, c.Name, c.Email)
		if err != nil {
			return err
		}
		return c.show(out, who, func(w io.Writer) {
			fmt.Fprintf(w, "Disabled %s: the password is refused, and all sessions are ended.\n", who.Email)
		})
	})
}

type personEnableCommand struct {
	personFlags `embed:""`
}

// Run lets the person in.
func (c personEnableCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		who, err := app.People.Enable(ctx, c.Name, c.Email)
		if err != nil {
			return err
		}
		return c.show(out, who, func(w io.Writer) { fmt.Fprintf(w, "Enabled %s.\n", who.Email) })
	})
}

type personPasswordCommand struct {
	personFlags `embed:""`
}

// Run makes a new password and ends the sessions of the old one.
func (c personPasswordCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		who, password, err := app.People.ResetPassword(ctx, c.Name, c.Email)
		if err != nil {
			return err
		}
		made := personWithPassword{who, password}
		return c.show(out, made, func(w io.Writer) { made.write(w, "The old password works no more, and all sessions are ended, of") })
	})
}

type personFactorCommand struct {
	personFlags `embed:""`
}

// Run takes the second factor away.
func (c personFactorCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		who, err := app.People.ResetFactor(ctx, c.Name, c.Email)
		if err != nil {
			return err
		}
		return c.show(out, who, func(w io.Writer) {
			fmt.Fprintf(w, "%s sets up a new second factor with the next sign-in. All sessions are ended.\n", who.Email)
		})
	})
}

type merchantSandboxCommand struct {
	merchantFlags `embed:""`
	Link          string `name:"link" env:"DISBURSE_MERCHANT_LINK" placeholder:"NAME" help:"Take this sandbox merchant, as it is, instead of making one."`
}

// Help is the long text of `disburse merchant sandbox --help`.
func (merchantSandboxCommand) Help() string {
	return `Makes the sandbox of a live merchant: a sandbox merchant NAME-sandbox with the same fee, its own keys and play money. The people of the live merchant can go over to it on their pages.

Example:

    disburse merchant sandbox acme`
}

// linkedSandbox is a sandbox that was linked, in JSON.
type linkedSandbox struct {
	Merchant string `json:"merchant"`
	Sandbox  string `json:"sandbox"`
}

// Run makes or links the sandbox.
func (c merchantSandboxCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		if c.Link != "" {
			if err := app.Merchants.LinkSandbox(ctx, c.Name, c.Link); err != nil {
				return err
			}
			return c.show(out, linkedSandbox{c.Name, c.Link}, func(w io.Writer) {
				fmt.Fprintf(w, "%s is the sandbox of %s.\n", c.Link, c.Name)
			})
		}
		made, err := app.Merchants.MakeSandbox(ctx, c.Name)
		if err != nil {
			return err
		}
		m := made.Merchant
		return c.show(out, merchantWithSecrets{m.View(), made.Secrets}, func(w io.Writer) {
			fmt.Fprintf(w, "Made %s (%s), the sandbox of %s, with %s USDT of play money.\n", m.Name, m.ID, c.Name, usdt(merchant.PlayMoney))
			writeSecrets(w, made.Secrets)
		})
	})
}
