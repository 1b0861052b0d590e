package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/valyala/fasthttp"

	"disburse/gateway"
	"disburse/gateway/enduser"
	"disburse/gateway/gameprovider"
	"disburse/ledger/money"
	"disburse/signing"
)

// seat is a player at a game.
type seat struct {
	player, session string
}

const (
	playersCurrency = "RUB"
	playersGame     = "bench-slots"
	playersMoney    = 1_000_000_000_000 // kopecks of each
)

// needPlayers makes a provider of games, its game, and players with money and an
// open session; the first is the hot one.
func (b *bench) needPlayers(ctx context.Context) error {
	if err := b.needGateway(ctx); err != nil || b.seats != nil {
		return err
	}
	app, err := b.openApp()
	if err != nil {
		return err
	}
	defer app.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	b.provider = "bench-" + b.runID
	if _, b.pair, err = app.GameProviders.Create(ctx, gameprovider.Spec{Name: b.provider}); err != nil {
		return err
	}
	if _, err := app.GameProviders.SetGame(ctx, b.provider, playersGame, true); err != nil {
		return err
	}
	seats, faults := make([]seat, b.options.Players), make([]error, b.options.Players)
	const hands = 16
	var makers sync.WaitGroup
	for h := range hands {
		makers.Go(func() {
			for i := h; i < len(seats) && ctx.Err() == nil; i += hands {
				seats[i], faults[i] = b.newSeat(ctx, app, i)
			}
		})
	}
	makers.Wait()
	if err := errors.Join(append(faults, ctx.Err())...); err != nil {
		return err
	}
	b.seats = seats
	return nil
}

func (b *bench) newSeat(ctx context.Context, app *gateway.App, n int) (seat, error) {
	user, err := app.Users.Create(ctx, enduser.Spec{Name: fmt.Sprintf("bench-%s-player-%d", b.runID, n)})
	if err != nil {
		return seat{}, err
	}
	if err := app.Users.Deposit(ctx, user.ID, money.New(playersMoney, playersCurrency), "bench-"+b.runID); err != nil {
		return seat{}, err
	}
	player := fmt.Sprintf("p-%s-%d", b.runID, n)
	bound := gameprovider.Binding{Provider: b.provider, PlayerID: player, UserID: user.ID, Currency: playersCurrency}
	if _, err := app.GameProviders.BindPlayer(ctx, bound); err != nil {
		return seat{}, err
	}
	opened, err := app.GameProviders.OpenSession(ctx, gameprovider.SessionSpec{Provider: b.provider, PlayerID: player})
	return seat{player: player, session: opened.SessionID}, err
}

// asProvider is a call of the provider, signed over its raw body.
func (b *bench) asProvider(path string, content []byte) ask {
	signature := signing.WalletSignature(fasthttp.MethodPost, b.config.PublicURL+path, content, b.pair.PrivateKey)
	return ask{
		method: fasthttp.MethodPost, path: path, header: "Public-Key", secret: b.pair.PublicKey, signature: signature, content: content,
	}
}

// stake is a withdraw's body; round is of its own for each.
func (s seat) stake(id string, kopecks int64) []byte {
	amount := rubles(kopecks)
	return fmt.Appendf(nil, `{"amount":%s,"cashAmount":%s,"currency":"RUB","gameId":"`+playersGame+`","gameRoundId":"round-%s",`+
		`"isGameRoundFinished":false,"jackpotAmount":null,"playerId":"%s","sessionId":"%s","transactionId":"%s"}`,
		amount, amount, id, s.player, s.session, id)
}

// prize is the body of a deposit for the withdraw, which ends its round.
func (s seat) prize(bet string, kopecks int64) []byte {
	amount := rubles(kopecks)
	return fmt.Appendf(nil, `{"amount":%s,"cashAmount":%s,"currency":"RUB","gameId":"`+playersGame+`","gameRoundId":"round-%s",`+
		`"isFreeSpinsConsumed":null,"isGameRoundFinished":true,"jackpotAmount":null,"playerId":"%s","sessionId":"%s",`+
		`"transactionId":"%s-win","withdrawTransactionId":"%s"}`,
		amount, amount, bet, s.player, s.session, bet, bet)
}

// undo is the body of a rollback of the withdraw.
func (s seat) undo(bet string) []byte {
	return fmt.Appendf(nil, `{"currency":"RUB","gameId":"`+playersGame+`","gameRoundId":"round-%s","playerId":"%s","sessionId":"%s",`+
		`"transactionId":"%s-undo","withdrawTransactionId":"%s"}`, bet, s.player, s.session, bet, bet)
}

func rubles(kopecks int64) string { return fmt.Sprintf("%d.%02d", kopecks/100, kopecks%100) }
