package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"disburse/gateway"
	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
	"disburse/ledger/money"
)

type playerCommand struct {
	Bind    playerBindCommand    `cmd:"" help:"Bind a provider's player to one of our users."`
	List    playerListCommand    `cmd:"" help:"List the players in the order in which they were bound."`
	Show    playerShowCommand    `cmd:"" help:"Show one player and its limits."`
	Set     playerSetCommand     `cmd:"" help:"Change a player's limits."`
	Block   playerBlockCommand   `cmd:"" help:"Refuse a player's bets. Wins and rollbacks go through."`
	Unblock playerUnblockCommand `cmd:"" help:"Take a blocked player's bets again."`
}

// Help is the long text of `disburse player --help`.
func (playerCommand) Help() string {
	return `A player is a provider's name for one of our users in one currency: bets are paid from what that user has, bonus money included.

    disburse player bind acme-games p-7 --user 1 --currency RUB --bet-limit 5000.00
    disburse session open acme-games p-7`
}

// playerFlags is embedded by commands about one player.
type playerFlags struct {
	dataFlags `embed:""`
	Provider  string `arg:"" name:"provider" help:"The provider's name."`
	PlayerID  string `arg:"" name:"player-id" help:"The provider's name for the player, 1 to 45 characters."`
}

type playerBindCommand struct {
	playerFlags  `embed:""`
	User         int64         `name:"user" required:"" env:"DISBURSE_PLAYER_USER" placeholder:"USER" help:"The user's id, a number."`
	Currency     string        `name:"currency" required:"" env:"DISBURSE_PLAYER_CURRENCY" placeholder:"CUR" help:"What the player bets in, such as RUB."`
	BetLimit     string        `name:"bet-limit" env:"DISBURSE_PLAYER_BET_LIMIT" placeholder:"X" help:"The largest bet, such as 5000.00."`
	LossLimitDay string        `name:"loss-limit-day" env:"DISBURSE_PLAYER_LOSS_LIMIT_DAY" placeholder:"X" help:"The most that may be lost in a day (UTC): bets minus wins."`
	RealityCheck time.Duration `name:"reality-check" env:"DISBURSE_PLAYER_REALITY_CHECK" placeholder:"60m" help:"Refuse bets after so much play until \"disburse session check\" says that the player was told."`
}

// Help is the long text of `disburse player bind --help`.
func (playerBindCommand) Help() string {
	return `The user and the currency of a player never change: what was bet must find its way back. Running it again with the same content changes nothing.

Example:

    disburse player bind acme-games p-7 --user 1 --currency RUB --bet-limit 5000.00 --loss-limit-day 20000.00 --reality-check 60m`
}

// Run binds the player.
func (c playerBindCommand) Run(ctx context.Context, out output) error {
	currency, known := money.Lookup(c.Currency)
	if !known {
		return usagef("--currency must be a currency such as RUB")
	}
	limits := gameprovider.Limits{RealityCheck: c.RealityCheck}
	var err error
	if limits.BetLimit, err = parseLimit("--bet-limit", c.BetLimit, currency); err != nil {
		return err
	}
	if limits.LossLimitDay, err = parseLimit("--loss-limit-day", c.LossLimitDay, currency); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		p, err := app.GameProviders.BindPlayer(ctx, gameprovider.Binding{
			Provider: c.Provider, PlayerID: c.PlayerID, UserID: c.User, Currency: currency, Limits: limits,
		})
		if err != nil {
			return err
		}
		return c.show(out, p.View(), func(w io.Writer) {
			fmt.Fprintf(w, "The player %s of %s is user %d and bets in %s.\n", p.PlayerID, p.Provider, p.UserID, p.Currency)
		})
	})
}

// parseLimit reads an amount; an empty text is none.
func parseLimit(flag, text string, currency money.Currency) (*int64, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no limit is no fault
	}
	m, err := money.Parse(text, currency)
	if err != nil {
		return nil, usagef("%s must be an amount of %s such as %s", flag, currency, money.New(100_000, currency))
	}
	minor := m.Minor()
	return &minor, nil
}

type playerListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	Provider  string `arg:"" optional:"" name:"provider" help:"Only players of this provider."`
	User      int64  `name:"user" env:"DISBURSE_PLAYER_USER" placeholder:"USER" help:"Only players that are this user."`
}

// Run prints a page of players.
func (c playerListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.GameProviders.Players(ctx, gameprovider.PlayerFilter{Provider: c.Provider, UserID: c.User}, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		shown := page.Of(found.Items, found.Next, gameprovider.Player.View)
		return showPage(c.jsonFlag, out, shown, table[gameprovider.PlayerView]{
			empty:  "There are no players yet. \"disburse player bind PROVIDER PLAYER_ID --user USER --currency RUB\" binds one.",
			header: "PROVIDER\tPLAYER\tUSER\tCURRENCY\tSTATE\tBET LIMIT\tLOSS LIMIT A DAY\tREALITY CHECK",
			row: func(v gameprovider.PlayerView) []string {
				return []string{
					v.Provider, v.PlayerID, strconv.FormatInt(v.UserID, 10), v.Currency, userState(v.Blocked),
					orDash(v.BetLimit), orDash(v.LossLimitDay), orDash(v.RealityCheck),
				}
			},
		})
	})
}

type playerShowCommand struct {
	playerFlags `embed:""`
}

// Run prints the player.
func (c playerShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		p, err := app.GameProviders.Player(ctx, c.Provider, c.PlayerID)
		if err != nil {
			return err
		}
		return c.show(out, p.View(), func(w io.Writer) {
			fmt.Fprintf(w, "player\t%s\nprovider\t%s\nuser\t%d\ncurrency\t%s\nstate\t%s\n",
				p.PlayerID, p.Provider, p.UserID, p.Currency, userState(p.Blocked))
			for _, line := range limitLines(p) {
				fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
			}
			fmt.Fprintf(w, "bound\t%s\n", stamp(p.CreatedAt))
		})
	})
}

// limitLines are the limits of a player for people.
func limitLines(p gameprovider.Player) [][2]string {
	v := p.View()
	amount := func(text *string) string {
		if text == nil {
			return "none"
		}
		return *text + " " + v.Currency
	}
	check := "none"
	if p.RealityCheck > 0 {
		check = "every " + span(p.RealityCheck)
	}
	return [][2]string{{"bet-limit", amount(v.BetLimit)}, {"loss-limit-day", amount(v.LossLimitDay)}, {"reality-check", check}}
}

type playerSetCommand struct {
	playerFlags  `embed:""`
	BetLimit     string `name:"bet-limit" env:"DISBURSE_PLAYER_BET_LIMIT" placeholder:"X" help:"The largest bet, such as 5000.00; off for none."`
	LossLimitDay string `name:"loss-limit-day" env:"DISBURSE_PLAYER_LOSS_LIMIT_DAY" placeholder:"X" help:"The most that may be lost in a day (UTC): bets minus wins; off for none."`
	RealityCheck string `name:"reality-check" env:"DISBURSE_PLAYER_REALITY_CHECK" placeholder:"60m" help:"Refuse bets after so much play until \"disburse session check\" says that the player was told; off for never."`
}

// Help is the long text of `disburse player set --help`.
func (playerSetCommand) Help() string {
	return `Changes what is named and leaves the rest; it counts from the next bet on.

Example:

    disburse player set acme-games p-7 --bet-limit 1000.00 --loss-limit-day off --reality-check 30m`
}

// Run changes the limits.
func (c playerSetCommand) Run(ctx context.Context, out output) error {
	if c.BetLimit == "" && c.LossLimitDay == "" && c.RealityCheck == "" {
		return usagef("nothing to change: name at least one limit")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		before, err := app.GameProviders.Player(ctx, c.Provider, c.PlayerID)
		if err != nil {
			return err
		}
		change, err := c.change(before.Currency)
		if err != nil {
			return err
		}
		after, err := app.GameProviders.SetLimits(ctx, c.Provider, c.PlayerID, change)
		if err != nil {
			return err
		}
		return c.show(out, after.View(), func(w io.Writer) {
			lines := limitLines(after)
			changes := make([][3]string, len(lines))
			for i, was := range limitLines(before) {
				changes[i] = [3]string{was[0], was[1], lines[i][1]}
			}
			writeChanges(w, after.PlayerID, changes)
		})
	})
}

// change reads the texts of the flags in the player's currency.
func (c playerSetCommand) change(currency money.Currency) (change gameprovider.LimitsChange, err error) {
	amount := func(flag, text string) (*int64, error) {
		if text == "off" {
			none := gameprovider.NoLimit
			return &none, nil
		}
		return parseLimit(flag, text, currency)
	}
	if change.BetLimit, err = amount("--bet-limit", c.BetLimit); err != nil {
		return change, err
	}
	if change.LossLimitDay, err = amount("--loss-limit-day", c.LossLimitDay); err != nil {
		return change, err
	}
	if c.RealityCheck != "" {
		var every time.Duration
		if c.RealityCheck != "off" {
			if every, err = time.ParseDuration(c.RealityCheck); err != nil {
				return change, usagef("--reality-check must be a span such as 60m, or off")
			}
		}
		change.RealityCheck = &every
	}
	return change, nil
}

type playerBlockCommand struct {
	playerFlags `embed:""`
}

// Run blocks the player.
func (c playerBlockCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*gameprovider.Service).BlockPlayer, "Blocked %s of %s: bets are refused, wins and rollbacks go through.\n")
}

type playerUnblockCommand struct {
	playerFlags `embed:""`
}

// Run unblocks the player.
func (c playerUnblockCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*gameprovider.Service).UnblockPlayer, "Unblocked %s of %s.\n")
}

// turn changes the player and says what was done, with its name.
func (f playerFlags) turn(ctx context.Context, out output,
	do func(s *gameprovider.Service, ctx context.Context, provider, playerID string) (gameprovider.Player, error), done string,
) error {
	return f.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		p, err := do(app.GameProviders, ctx, f.Provider, f.PlayerID)
		if err != nil {
			return err
		}
		return f.show(out, p.View(), func(w io.Writer) { fmt.Fprintf(w, done, p.PlayerID, p.Provider) })
	})
}
