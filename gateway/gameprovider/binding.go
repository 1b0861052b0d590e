package gameprovider

import (
	"context"
	"time"

	"disburse/ledger/money"
)

// Binding describes a player to be made.
type Binding struct {
	Provider string
	PlayerID string // 1 to 45 characters
	UserID   int64
	Currency money.Currency // any but USDT
	Limits
}

// BindPlayer binds a provider's player to one of our users and a currency.
// Repeating it with the same content changes nothing. It fails with not_found,
// invalid_request, and player_taken when the name is bound to something else.
func (s *Service) BindPlayer(ctx context.Context, b Binding) (Player, error) {
	return Player{}, errUnbuilt
}

// NoLimit takes a limit away.
const NoLimit int64 = -1

// LimitsChange says which limits become what; nil leaves one as it is, NoLimit
// takes an amount away, and 0 the reality check.
type LimitsChange struct {
	BetLimit     *int64
	LossLimitDay *int64
	RealityCheck *time.Duration
}

// SetLimits changes a player's limits. It fails with not_found, unknown_player
// and invalid_request.
func (s *Service) SetLimits(ctx context.Context, provider, playerID string, c LimitsChange) (Player, error) {
	return Player{}, errUnbuilt
}

// BlockPlayer refuses a player's bets from now on; wins and rollbacks go
// through. Repeating it changes nothing. It fails with not_found and
// unknown_player.
func (s *Service) BlockPlayer(ctx context.Context, provider, playerID string) (Player, error) {
	return Player{}, errUnbuilt
}

// UnblockPlayer ends that. It fails with not_found and unknown_player.
func (s *Service) UnblockPlayer(ctx context.Context, provider, playerID string) (Player, error) {
	return Player{}, errUnbuilt
}

// Player reads a player. It fails with not_found and unknown_player.
func (s *Service) Player(ctx context.Context, provider, playerID string) (Player, error) {
	return Player{}, errUnbuilt
}

// PlayerFilter says which players a list holds.
type PlayerFilter struct {
	Provider string // empty: of all
	UserID   int64  // 0: of all
}

// Players lists players in the order in which they were bound. It fails with
// not_found and invalid_request.
func (s *Service) Players(ctx context.Context, f PlayerFilter, cursor string, limit int) (Page[Player], error) {
	return Page[Player]{}, errUnbuilt
}
