package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"disburse/gateway"
	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
)

type sessionCommand struct {
	Open  sessionOpenCommand  `cmd:"" help:"Open a session of a player and print its id."`
	Close sessionCloseCommand `cmd:"" help:"End a session: its bets are refused. Wins and rollbacks go through."`
	Check sessionCheckCommand `cmd:"" help:"Note that the player was told how long play has been going on."`
	List  sessionListCommand  `cmd:"" help:"List the sessions in the order in which they were opened."`
}

// Help is the long text of `disburse session --help`.
func (sessionCommand) Help() string {
	return `A player bets in a session, which has an end. A player may have several.

    disburse session open acme-games p-7 --ttl 2h
    disburse session list acme-games --open`
}

type sessionOpenCommand struct {
	dataFlags `embed:""`
	Provider  string        `arg:"" name:"provider" help:"The provider's name."`
	PlayerID  string        `arg:"" name:"player-id" help:"The provider's name for the player."`
	TTL       time.Duration `name:"ttl" env:"DISBURSE_SESSION_TTL" default:"12h" help:"How long it lasts, 1s to 720h."`
	ID        string        `name:"id" env:"DISBURSE_SESSION_ID" placeholder:"ID" help:"The id it is to have, up to 600 characters; one is made when it is left out."`
}

// Help is the long text of `disburse session open --help`.
func (sessionOpenCommand) Help() string {
	return `Give the id to the provider's game when you start it; the provider sends it back with every call.

Example:

    disburse session open acme-games p-7 --ttl 2h`
}

// Run opens the session.
func (c sessionOpenCommand) Run(ctx context.Context, out output) error {
	if c.TTL <= 0 {
		return usagef("--ttl must be above zero")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		s, err := app.GameProviders.OpenSession(ctx, gameprovider.SessionSpec{
			Provider: c.Provider, PlayerID: c.PlayerID, SessionID: c.ID, TTL: c.TTL,
		})
		if err != nil {
			return err
		}
		return c.show(out, s.ViewAt(time.Now()), func(w io.Writer) {
			fmt.Fprintf(w, "Opened a session of %s; it lasts until %s.\n  session_id\t%s\n", s.PlayerID, stamp(s.ExpiresAt), s.SessionID)
		})
	})
}

// sessionFlags is embedded by commands about one session.
type sessionFlags struct {
	dataFlags `embed:""`
	Provider  string `arg:"" name:"provider" help:"The provider's name."`
	SessionID string `arg:"" name:"session-id" help:"The session's id."`
}

type sessionCloseCommand struct {
	sessionFlags `embed:""`
}

// Run ends the session.
func (c sessionCloseCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*gameprovider.Service).CloseSession, "Closed the session of %s.\n")
}

type sessionCheckCommand struct {
	sessionFlags `embed:""`
}

// Run notes the reality check.
func (c sessionCheckCommand) Run(ctx context.Context, out output) error {
	return c.turn(ctx, out, (*gameprovider.Service).AcknowledgeSession, "Noted that %s was told; the reality check begins anew.\n")
}

// turn changes the session and says what was done, with its player.
func (f sessionFlags) turn(ctx context.Context, out output,
	do func(s *gameprovider.Service, ctx context.Context, provider, sessionID string) (gameprovider.Session, error), done string,
) error {
	return f.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		s, err := do(app.GameProviders, ctx, f.Provider, f.SessionID)
		if err != nil {
			return err
		}
		return f.show(out, s.ViewAt(time.Now()), func(w io.Writer) { fmt.Fprintf(w, done, s.PlayerID) })
	})
}

type sessionListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	Provider  string `arg:"" optional:"" name:"provider" help:"Only sessions of this provider."`
	Player    string `name:"player" env:"DISBURSE_SESSION_PLAYER" placeholder:"PLAYER_ID" help:"Only sessions of this player."`
	Open      bool   `name:"open" env:"DISBURSE_SESSION_OPEN" help:"Only sessions in which bets are taken now."`
}

// Run prints a page of sessions.
func (c sessionListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		filter := gameprovider.SessionFilter{Provider: c.Provider, PlayerID: c.Player, Open: c.Open}
		found, err := app.GameProviders.Sessions(ctx, filter, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		now := time.Now()
		shown := page.Of(found.Items, found.Next, func(s gameprovider.Session) gameprovider.SessionView { return s.ViewAt(now) })
		return showPage(c.jsonFlag, out, shown, table[gameprovider.SessionView]{
			empty:  "There are no such sessions. \"disburse session open PROVIDER PLAYER_ID\" opens one.",
			header: "PROVIDER\tPLAYER\tSTATE\tOPENED\tEXPIRES\tCHECKED\tSESSION",
			row: func(v gameprovider.SessionView) []string {
				return []string{v.Provider, v.PlayerID, string(v.State), v.OpenedAt, v.ExpiresAt, v.CheckedAt, v.SessionID}
			},
		})
	})
}
