package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"disburse/gateway"
	"disburse/gateway/operator"
	"disburse/gateway/page"
)

type operatorCommand struct {
	Create        operatorCreateCommand   `cmd:"" help:"Make an operator and print the password and a token, this once."`
	List          operatorListCommand     `cmd:"" help:"List the operators by email."`
	Set           operatorSetCommand      `cmd:"" help:"Give an operator another role."`
	Disable       operatorDisableCommand  `cmd:"" help:"Shut an operator out, tokens and password alike."`
	Enable        operatorEnableCommand   `cmd:"" help:"Let a disabled operator in again."`
	ResetPassword operatorPasswordCommand `cmd:"" help:"Make a new password and print it, this once."`
	Token         operatorTokenCommand    `cmd:"" help:"Make another API token and print it, this once."`
	Tokens        operatorTokensCommand   `cmd:"" help:"List the API tokens of an operator, without the secrets."`
	RevokeToken   operatorRevokeCommand   `cmd:"" help:"End an API token."`
}

// Help is the long text of `disburse operator --help`.
func (operatorCommand) Help() string {
	return `Operators are the people and the bots that execute payouts and run the platform: in the console by password, over the API by token. A role may do all that the ones before it may:

    viewer     reads, with requisites masked
    operator   executes payouts
    approver   approves what others completed
    admin      keeps merchants, keys, rates and operators

Example:

    disburse operator create --email ann@desk.example --role operator`
}

// operatorFlags is embedded by commands about one operator.
type operatorFlags struct {
	dataFlags `embed:""`
	Operator  string `arg:"" name:"email" help:"The operator's email, or its id (opr_...)."`
}

type operatorCreateCommand struct {
	dataFlags `embed:""`
	Email     string `name:"email" required:"" env:"DISBURSE_OPERATOR_EMAIL" placeholder:"E" help:"The address that the operator logs in with."`
	Role      string `name:"role" required:"" env:"DISBURSE_OPERATOR_ROLE" enum:"viewer,operator,approver,admin" placeholder:"ROLE" help:"viewer, operator, approver or admin."`
}

// Help is the long text of `disburse operator create --help`.
func (operatorCreateCommand) Help() string {
	return `The password and the token (which works for 90 days) cannot be shown again; "disburse operator reset-password" and "disburse operator token" make new ones.

Example:

    disburse operator create --email ann@desk.example --role admin`
}

// operatorWithSecrets shows a new operator's secrets, this once.
type operatorWithSecrets struct {
	operator.Operator
	Password operator.Secret `json:"password"`
	Token    operator.Secret `json:"token"`
	Expires  time.Time       `json:"token_expires_at"`
}

// Run makes the operator.
func (c operatorCreateCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		made, err := app.Operators.Create(ctx, operator.NewOperator{Email: c.Email, Role: operator.Role(c.Role)})
		if err != nil {
			return err
		}
		o := made.Operator
		return c.show(out, operatorWithSecrets{o, made.Password, made.Token, made.Expires}, func(w io.Writer) {
			fmt.Fprintf(w, "Made the %s %s (%s).\n", o.Role, o.Email, o.ID)
			fmt.Fprintln(w, "The password and the token are shown this once, keep them now:")
			fmt.Fprintf(w, "  password\t%s\n  token\t%s\n", string(made.Password), string(made.Token))
			fmt.Fprintf(w, "The token works until %s.\n", stamp(made.Expires))
		})
	})
}

type operatorListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
}

// Run prints a page of operators.
func (c operatorListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.Operators.List(ctx, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		shown := page.Of(found.Items, found.Next, page.As)
		return showPage(c.jsonFlag, out, shown, table[operator.Operator]{
			empty:  "There are no operators yet. \"disburse operator create\" makes one.",
			header: "EMAIL\tID\tROLE\tSTATE\tCREATED",
			row: func(o operator.Operator) []string {
				return []string{o.Email, o.ID, string(o.Role), state(o.Disabled), stamp(o.CreatedAt)}
			},
		})
	})
}

type operatorSetCommand struct {
	operatorFlags `embed:""`
	Role          string `name:"role" required:"" env:"DISBURSE_OPERATOR_ROLE" enum:"viewer,operator,approver,admin" placeholder:"ROLE" help:"viewer, operator, approver or admin."`
}

// Run changes the role.
func (c operatorSetCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		o, err := app.Operators.SetRole(ctx, c.Operator, operator.Role(c.Role))
		if err != nil {
			return err
		}
		return c.show(out, o, func(w io.Writer) { fmt.Fprintf(w, "%s has the role %s.\n", o.Email, o.Role) })
	})
}

type operatorDisableCommand struct {
	operatorFlags `embed:""`
}

// Run shuts the operator out.
func (c operatorDisableCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		o, err := app.Operators.Disable(ctx, c.Operator)
		if err != nil {
			return err
		}
		return c.show(out, o, func(w io.Writer) {
			fmt.Fprintf(w, "Disabled %s: password and tokens are refused, and all sessions are ended. What the operator claimed is free when its lease ends.\n", o.Email)
		})
	})
}

type operatorEnableCommand struct {
	operatorFlags `embed:""`
}

// Run lets the operator in.
func (c operatorEnableCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		o, err := app.Operators.Enable(ctx, c.Operator)
		if err != nil {
			return err
		}
		return c.show(out, o, func(w io.Writer) { fmt.Fprintf(w, "Enabled %s.\n", o.Email) })
	})
}

type operatorPasswordCommand struct {
	operatorFlags `embed:""`
}

type newPassword struct {
	Operator string          `json:"operator"`
	Password operator.Secret `json:"password"`
}

// Run makes a new password and ends the sessions of the old one.
func (c operatorPasswordCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		o, err := app.Operators.ByID(ctx, c.Operator)
		if err != nil {
			return err
		}
		password, err := app.Operators.ResetPassword(ctx, o.ID)
		if err != nil {
			return err
		}
		return c.show(out, newPassword{c.Operator, password}, func(w io.Writer) {
			fmt.Fprintf(w, "The old password of %s works no more, and all sessions are ended. The new one is shown this once, keep it now:\n", c.Operator)
			fmt.Fprintf(w, "  password\t%s\n", string(password))
		})
	})
}

type operatorTokenCommand struct {
	operatorFlags `embed:""`
	Name          string        `name:"name" env:"DISBURSE_OPERATOR_TOKEN_NAME" default:"command line" placeholder:"TEXT" help:"What the token is for; \"command line\" when it is left out."`
	TTL           time.Duration `name:"ttl" env:"DISBURSE_OPERATOR_TOKEN_TTL" default:"2160h" help:"How long it works, up to 17520h (two years)."`
}

// Help is the long text of `disburse operator token --help`.
func (operatorTokenCommand) Help() string {
	return `Example: a token for a bot that executes payouts, for 30 days.

    disburse operator token bot@desk.example --name "payout bot" --ttl 720h`
}

// newToken is a token and its secret, this once.
type newToken struct {
	operator.Token
	Secret operator.Secret `json:"token"`
}

// Run makes a token.
func (c operatorTokenCommand) Run(ctx context.Context, out output) error {
	if c.TTL <= 0 {
		return usagef("--ttl must be above zero")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		token, secret, err := app.Operators.IssueToken(ctx, c.Operator, c.Name, c.TTL)
		if err != nil {
			return err
		}
		return c.show(out, newToken{token, secret}, func(w io.Writer) {
			fmt.Fprintf(w, "Made the token %q (%s) of %s; it works until %s. It is shown this once, keep it now:\n", token.Name, token.ID, c.Operator, stamp(token.ExpiresAt))
			fmt.Fprintf(w, "  token\t%s\n", string(secret))
		})
	})
}

type operatorTokensCommand struct {
	operatorFlags `embed:""`
}

// Run lists the tokens.
func (c operatorTokensCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		tokens, err := app.Operators.Tokens(ctx, c.Operator)
		if err != nil {
			return err
		}
		shown := page.Of(tokens, "", page.As)
		return showPage(c.jsonFlag, out, shown, table[operator.Token]{
			empty:  c.Operator + " has no tokens.",
			header: "ID\tNAME\tBEGINS WITH\tCREATED\tEXPIRES\tREVOKED",
			row: func(t operator.Token) []string {
				revoked := "-"
				if t.RevokedAt != nil {
					revoked = stamp(*t.RevokedAt)
				}
				return []string{t.ID, t.Name, t.Prefix, stamp(t.CreatedAt), stamp(t.ExpiresAt), revoked}
			},
		})
	})
}

type operatorRevokeCommand struct {
	operatorFlags `embed:""`
	Token         string `arg:"" name:"token-id" help:"The token's id (opt_...), as in \"disburse operator tokens\"."`
}

type revokedToken struct {
	Operator string `json:"operator"`
	ID       string `json:"id"`
}

// Run ends the token.
func (c operatorRevokeCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		if err := app.Operators.RevokeToken(ctx, c.Operator, c.Token); err != nil {
			return err
		}
		return c.show(out, revokedToken{c.Operator, c.Token}, func(w io.Writer) {
			fmt.Fprintf(w, "The token %s of %s works no more.\n", c.Token, c.Operator)
		})
	})
}
