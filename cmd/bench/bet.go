package main

import (
	"context"
	"fmt"
)

// runBet measures bets of a provider of games over HTTP, complete: HMAC over the
// raw body, validation, the player's session, limits and turnover, the round, and
// the money. Once spread over all players, once on one.
func runBet(ctx context.Context, b *bench) error {
	if err := b.needReference(ctx); err != nil {
		return err
	}
	if err := b.needPlayers(ctx); err != nil {
		return err
	}
	c := b.options.Clients
	return b.alternate(ctx,
		b.reference("sql-naive spread", c, 1, "one transaction a transfer", b.naive(b.options.Players)),
		b.load("bet spread", b.bet(b.seats)),
		b.reference("sql-naive hot", c, 1, "one transaction a transfer", b.naive(1)),
		b.load("bet hot player", b.bet(b.seats[:1])),
	)
}

func (b *bench) bet(seats []seat) call {
	return func(_ context.Context, client, n int) error {
		s := seats[(client+n*b.options.Clients)%len(seats)]
		return b.send(b.asProvider("/wallet/withdraw", s.stake(b.gameID("-g"), 100)), nil)
	}
}

// gameID is a new transaction id of this run.
func (b *bench) gameID(mark string) string {
	return fmt.Sprintf("%s%s%d", b.runID, mark, b.serial.Add(1))
}
