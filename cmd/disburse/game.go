package main

import (
	"context"
	"fmt"
	"io"

	"disburse/gateway"
	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
)

type gameCommand struct {
	Set  gameSetCommand  `cmd:"" help:"Make a provider's game known, or switch it on or off."`
	List gameListCommand `cmd:"" help:"List the games in the order in which they became known."`
}

// Help is the long text of `disburse game --help`.
func (gameCommand) Help() string {
	return `Bets are taken in games that are known and active; wins and rollbacks always go through.

    disburse game set acme-games roulette
    disburse game list acme-games`
}

type gameSetCommand struct {
	dataFlags `embed:""`
	Provider  string `arg:"" name:"provider" help:"The provider's name."`
	GameID    string `arg:"" name:"game-id" help:"The provider's name for the game, 1 to 255 characters."`
	Active    bool   `name:"active" env:"DISBURSE_GAME_ACTIVE" default:"true" help:"Whether bets are taken; --active=false stops them."`
}

// Help is the long text of `disburse game set --help`.
func (gameSetCommand) Help() string {
	return `Examples:

    disburse game set acme-games roulette --active=true
    disburse game set acme-games roulette --active=false`
}

// Run sets the game.
func (c gameSetCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		game, err := app.GameProviders.SetGame(ctx, c.Provider, c.GameID, c.Active)
		if err != nil {
			return err
		}
		return c.show(out, game, func(w io.Writer) {
			fmt.Fprintf(w, "The game %s of %s is %s.\n", game.GameID, game.Provider, activeState(game.Active))
		})
	})
}

type gameListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	Provider  string `arg:"" optional:"" name:"provider" help:"Only games of this provider."`
}

// Run prints a page of games.
func (c gameListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.GameProviders.Games(ctx, gameprovider.GameFilter{Provider: c.Provider}, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, page.Of(found.Items, found.Next, page.As), table[gameprovider.Game]{
			empty:  "There are no games yet. \"disburse game set PROVIDER GAME_ID\" makes one known.",
			header: "PROVIDER\tGAME\tSTATE\tKNOWN SINCE",
			row: func(g gameprovider.Game) []string {
				return []string{g.Provider, g.GameID, activeState(g.Active), stamp(g.CreatedAt)}
			},
		})
	})
}
