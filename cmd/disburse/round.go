package main

import (
	"context"
	"strconv"
	"time"

	"disburse/gateway"
	"disburse/gateway/gamewallet"
)

type roundCommand struct {
	List roundListCommand `cmd:"" help:"List the rounds of games, oldest first."`
}

type roundListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	Provider  string        `arg:"" optional:"" name:"provider" help:"Only rounds of this provider."`
	Open      bool          `name:"open" env:"DISBURSE_ROUND_OPEN" help:"Only rounds that are not finished."`
	OpenFor   time.Duration `name:"open-for" env:"DISBURSE_ROUND_OPEN_FOR" placeholder:"24h" help:"Only rounds that have been open for longer."`
}

// Help is the long text of `disburse round list --help`.
func (roundListCommand) Help() string {
	return `A round begins with its first bet, and its provider says when it ends. One that stays open is the provider's to finish or to roll back; nothing here pays it by itself.

Example: what to ask a provider about.

    disburse round list acme-games --open-for 24h`
}

// Run prints a page of rounds.
func (c roundListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.OpenFor < 0 {
		return usagef("--open-for must not be negative")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		filter := gamewallet.RoundFilter{Provider: c.Provider, Open: c.Open, OpenOlderThan: c.OpenFor}
		if c.Provider != "" {
			if _, err := app.GameProviders.ByName(ctx, c.Provider); err != nil {
				return err
			}
		}
		shown, err := app.Games.Rounds(ctx, filter, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, shown, table[gamewallet.RoundView]{
			empty:  "There are no such rounds.",
			header: "PROVIDER\tPLAYER\tUSER\tGAME\tROUND\tBETS\tSTAKED\tWON\tOPENED\tFINISHED",
			row: func(v gamewallet.RoundView) []string {
				finished := "-"
				if v.FinishedAt != nil {
					finished = stamp(*v.FinishedAt)
				}
				return []string{
					v.Provider, v.PlayerID, strconv.FormatInt(v.UserID, 10), v.GameID, v.RoundID, strconv.FormatInt(v.Bets, 10),
					v.Staked + " " + v.Currency, v.Won + " " + v.Currency, stamp(v.OpenedAt), finished,
				}
			},
		})
	})
}
