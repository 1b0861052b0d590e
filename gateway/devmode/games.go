package devmode

import (
	"context"
	"errors"
	"fmt"

	"disburse/gateway/enduser"
	"disburse/gateway/gameprovider"
)

// The demo provider of games, what it offers, and who plays: the first demo
// users, under their names.
const (
	demoProvider = "demo"
	demoPlayers  = 2
)

var demoGames = []string{"demo-slots", "demo-roulette"}

// games makes the provider with its games, players and sessions.
func (s seeder) games(ctx context.Context, into *Instance) error {
	made, err := s.gameProvider(ctx)
	if err != nil {
		return err
	}
	into.GameProvider = made
	for _, id := range demoGames {
		if _, err := s.app.GameProviders.SetGame(ctx, demoProvider, id, true); err != nil {
			return fmt.Errorf("game %s: %w", id, err)
		}
		into.Games = append(into.Games, Game{GameID: id})
	}
	for _, u := range into.Users[:demoPlayers] {
		p, err := s.player(ctx, u)
		if err != nil {
			return fmt.Errorf("player %s: %w", u.Name, err)
		}
		into.Players = append(into.Players, p)
	}
	return nil
}

// gameProvider gives the provider with a key pair that works: the kept one, or
// a new one where a killed run made it and kept nothing.
func (s seeder) gameProvider(ctx context.Context) (GameProvider, error) {
	var pair gameprovider.Pair
	_, err := s.app.GameProviders.SetActive(ctx, demoProvider, true)
	switch {
	case errors.Is(err, gameprovider.ErrNotFound):
		if _, pair, err = s.app.GameProviders.Create(ctx, gameprovider.Spec{Name: demoProvider}); err != nil {
			return GameProvider{}, err
		}
	case err != nil:
		return GameProvider{}, err
	case s.providerKeysWork(ctx):
		return s.kept.GameProvider, nil
	default:
		if _, pair, err = s.app.GameProviders.Rotate(ctx, demoProvider, 0); err != nil {
			return GameProvider{}, err
		}
	}
	s.kept.GameProvider = GameProvider{Name: demoProvider, PublicKey: pair.PublicKey, PrivateKey: pair.PrivateKey}
	return s.kept.GameProvider, nil
}

func (s seeder) providerKeysWork(ctx context.Context) bool {
	if s.kept.GameProvider.PublicKey == "" {
		return false
	}
	p, err := s.app.GameDirectory.ByPublicKey(ctx, s.kept.GameProvider.PublicKey)
	return err == nil && p.Name == demoProvider
}

// player binds a user, and gives the open session of the last run while it goes
// on for a while.
func (s seeder) player(ctx context.Context, u User) (Player, error) {
	made := Player{PlayerID: u.Name, Currency: string(enduser.RUB), UserID: u.ID}
	binding := gameprovider.Binding{Provider: demoProvider, PlayerID: made.PlayerID, UserID: u.ID, Currency: enduser.RUB}
	if _, err := s.app.GameProviders.BindPlayer(ctx, binding); err != nil {
		return Player{}, err
	}
	if _, err := s.app.GameProviders.UnblockPlayer(ctx, demoProvider, made.PlayerID); err != nil {
		return Player{}, err
	}
	open, err := s.app.GameProviders.Sessions(ctx, gameprovider.SessionFilter{Provider: demoProvider, PlayerID: made.PlayerID, Open: true}, "", 100)
	if err != nil {
		return Player{}, err
	}
	for _, session := range open.Items {
		if session.ExpiresAt.Sub(s.now()) > tokenReserve {
			made.SessionID = session.SessionID
			return made, nil
		}
	}
	session, err := s.app.GameProviders.OpenSession(ctx, gameprovider.SessionSpec{Provider: demoProvider, PlayerID: made.PlayerID, TTL: 2 * tokenReserve})
	made.SessionID = session.SessionID
	return made, err
}
