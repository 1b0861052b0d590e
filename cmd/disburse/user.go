package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"disburse/gateway"
	"disburse/gateway/enduser"
	"disburse/gateway/page"
	"disburse/ledger/money"
)

type userCommand struct {
	Create       userCreateCommand   `cmd:"" help:"Make an end user."`
	List         userListCommand     `cmd:"" help:"List the users by id."`
	Show         userShowCommand     `cmd:"" help:"Show one user: balance, bonuses, deposits, withdrawals, wagering."`
	Token        userTokenCommand    `cmd:"" help:"Make an API token and print it, this once."`
	RevokeTokens userRevokeCommand   `cmd:"" help:"End every API token of a user."`
	Block        userBlockCommand    `cmd:"" help:"Keep a user from beginning anything new. What is open goes on to its end."`
	Unblock      userUnblockCommand  `cmd:"" help:"Let a blocked user begin again."`
	Deposit      userDepositCommand  `cmd:"" help:"Credit a user with a completed deposit."`
	Bonus        userBonusCommand    `cmd:"" help:"Give a user bonus money, and the wagering that comes with it."`
	Wagering     userWageringCommand `cmd:"" help:"Set the turnover that is asked of a user."`
}

// Help is the long text of `disburse user --help`.
func (userCommand) Help() string {
	return `An end user has a balance in RUB, withdraws to a card, and buys and sells through P2P; apps speak for a user with a token of that user. Amounts are kopecks: 500000 is 5000.00 RUB.

A first user, ready to withdraw:

    disburse user create --name "Anna Petrova" --nickname anna
    disburse user deposit 1 500000 --ref "transfer 17"
    disburse user token 1
    disburse user show 1`
}

// userFlags is embedded by commands about one user.
type userFlags struct {
	dataFlags `embed:""`
	User      int64 `arg:"" name:"user" help:"The user's id, a number."`
}

// dryRunFlag is embedded by commands that move money.
type dryRunFlag struct {
	DryRun bool `name:"dry-run" env:"DISBURSE_DRY_RUN" help:"Say what would happen and do nothing."`
}

type userCreateCommand struct {
	dataFlags `embed:""`
	Name      string `name:"name" required:"" env:"DISBURSE_USER_NAME" placeholder:"N" help:"What the user is called, 1 to 128 characters."`
	Nickname  string `name:"nickname" env:"DISBURSE_USER_NICKNAME" placeholder:"N" help:"What other users see; the name when it is left out."`
}

// Run makes the user.
func (c userCreateCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		u, err := app.Users.Create(ctx, enduser.Spec{Name: c.Name, Nickname: c.Nickname})
		if err != nil {
			return err
		}
		return c.show(out, u.View(), func(w io.Writer) {
			fmt.Fprintf(w, "Made the user %s (%s). \"disburse user token %d\" makes a token.\n", userText(u), u.Nickname, u.ID)
		})
	})
}

type userListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
}

// Run prints a page of users.
func (c userListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	after, err := c.rowID()
	if err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.Users.List(ctx, after, c.Limit+1)
		if err != nil {
			return err
		}
		shown := page.ByID(found, c.Limit, func(u enduser.User) int64 { return u.ID }, enduser.User.View)
		return showPage(c.jsonFlag, out, shown, table[enduser.View]{
			empty:  "There are no users yet. \"disburse user create --name NAME\" makes one.",
			header: "ID\tNAME\tNICKNAME\tSTATE\tDEPOSITED\tWITHDRAWN\tCREATED",
			row: func(v enduser.View) []string {
				return []string{
					strconv.FormatInt(v.ID, 10), v.Name, v.Nickname, userState(v.Blocked),
					roubles(v.DepositedTotal), roubles(v.WithdrawnTotal), stamp(v.CreatedAt),
				}
			},
		})
	})
}

type userShowCommand struct {
	userFlags `embed:""`
}

// userWithBalance is what `disburse user show` prints.
type userWithBalance struct {
	enduser.View
	Balance enduser.BalanceView `json:"balance"`
}

// Run prints the user.
func (c userShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		u, err := app.Users.ByID(ctx, c.User)
		if err != nil {
			return err
		}
		b, err := app.Users.Balance(ctx, c.User)
		if err != nil {
			return err
		}
		return c.show(out, userWithBalance{u.View(), b.View()}, func(w io.Writer) { writeUser(w, u, b) })
	})
}

func writeUser(w io.Writer, u enduser.User, b enduser.Balance) {
	bonuses := "none"
	switch {
	case u.SignupBonus && u.CashbackBonus:
		bonuses = "sign-up, cashback"
	case u.SignupBonus:
		bonuses = "sign-up"
	case u.CashbackBonus:
		bonuses = "cashback"
	}
	for _, line := range [][2]string{
		{"id", strconv.FormatInt(u.ID, 10)},
		{"name", u.Name},
		{"nickname", u.Nickname},
		{"state", userState(u.Blocked)},
		{"available", roubles(b.Available)},
		{"held", roubles(b.Held) + " by open orders"},
		{"bonus", roubles(b.Bonus)},
		{"deposited", roubles(b.DepositedTotal)},
		{"withdrawn", roubles(b.WithdrawnTotal)},
		{"withdrawing", roubles(u.Withdrawing)},
		{"bonuses got", bonuses},
		{"wagering", fmt.Sprintf("%s of %s, %s remain", roubles(b.Turnover), roubles(b.WageringRequired), roubles(b.WageringRemaining))},
		{"created", stamp(u.CreatedAt)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
	}
}

type userTokenCommand struct {
	userFlags `embed:""`
	TTL       time.Duration `name:"ttl" env:"DISBURSE_USER_TOKEN_TTL" default:"720h" help:"How long it works, 1m to 17520h (two years)."`
}

// Help is the long text of `disburse user token --help`.
func (userTokenCommand) Help() string {
	return `Apps send it as "Authorization: Bearer uc_...". It cannot be shown again; "disburse user revoke-tokens" ends all tokens of a user.

Example: a token for a week.

    disburse user token 42 --ttl 168h`
}

// userToken is a new token, this once.
type userToken struct {
	User    int64     `json:"user"`
	Token   string    `json:"token"`
	Expires time.Time `json:"expires_at"`
}

// Run makes the token.
func (c userTokenCommand) Run(ctx context.Context, out output) error {
	if c.TTL <= 0 {
		return usagef("--ttl must be above zero")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		token, expires, err := app.Users.IssueToken(ctx, c.User, c.TTL)
		if err != nil {
			return err
		}
		return c.show(out, userToken{c.User, token, expires}, func(w io.Writer) {
			fmt.Fprintf(w, "Made a token of user %d; it works until %s. It is shown this once, keep it now:\n  token\t%s\n", c.User, stamp(expires), token)
		})
	})
}

type userRevokeCommand struct {
	userFlags `embed:""`
}

// Run ends the tokens.
func (c userRevokeCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*enduser.Service).RevokeTokens, "No token of %s works any more.\n")
}

type userBlockCommand struct {
	userFlags `embed:""`
}

// Run blocks the user.
func (c userBlockCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*enduser.Service).Block, "Blocked %s: nothing new can begin. Open orders go on to their ends.\n")
}

type userUnblockCommand struct {
	userFlags `embed:""`
}

// Run unblocks the user.
func (c userUnblockCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*enduser.Service).Unblock, "Unblocked %s.\n")
}

type userWageringCommand struct {
	userFlags `embed:""`
	Required  int64 `arg:"" name:"amount" help:"The turnover in kopecks that must be reached, counted from the user's first bet; 0 asks for none."`
}

// Help is the long text of `disburse user wagering --help`.
func (userWageringCommand) Help() string {
	return `Who got a cashback bonus can withdraw no more than was deposited until the turnover is reached.

Example: 1000.00 RUB must be bet.

    disburse user wagering 42 100000`
}

// Run sets the requirement.
func (c userWageringCommand) Run(ctx context.Context, out output) error {
	set := func(s *enduser.Service, ctx context.Context, id int64) error {
		return s.SetWagering(ctx, id, c.Required)
	}
	return c.turn(ctx, out, set, "The turnover asked of %s is "+roubles(c.Required)+".\n")
}

// turn changes the user and says what was done, with id and name.
func (f userFlags) turn(
	ctx context.Context, out output, do func(*enduser.Service, context.Context, int64) error, done string,
) error {
	return f.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		if err := do(app.Users, ctx, f.User); err != nil {
			return err
		}
		u, err := app.Users.ByID(ctx, f.User)
		if err != nil {
			return err
		}
		return f.show(out, u.View(), func(w io.Writer) { fmt.Fprintf(w, done, userText(u)) })
	})
}

func userText(u enduser.User) string { return fmt.Sprintf("%d %s", u.ID, u.Name) }

func userState(blocked bool) string {
	if blocked {
		return "blocked"
	}
	return "active"
}

// roubles is an amount of kopecks for people.
func roubles(kopecks int64) string { return amountText(money.New(kopecks, enduser.RUB)) }

func amountText(m money.Money) string { return m.String() + " " + string(m.Currency()) }
