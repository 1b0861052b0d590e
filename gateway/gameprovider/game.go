package gameprovider

import (
	"context"
	"time"
)

// Game is a game of a provider. Bets in an inactive one are refused.
type Game struct {
	ID        int64     `json:"-"`
	Provider  string    `json:"provider"`
	GameID    string    `json:"game_id"` // 1 to 255 characters
	Active    bool      `json:"active"`
	CreatedAt time.Time `json:"created_at"`
}

// GameFilter says which games a list holds.
type GameFilter struct {
	Provider string // empty: of all
}

// SetGame makes a game known, active or not, or changes that. It fails with
// not_found and invalid_request.
func (s *Service) SetGame(ctx context.Context, provider, gameID string, active bool) (Game, error) {
	return Game{}, errUnbuilt
}

// Games lists games in the order in which they became known. It fails with
// not_found and invalid_request.
func (s *Service) Games(ctx context.Context, f GameFilter, cursor string, limit int) (Page[Game], error) {
	return Page[Game]{}, errUnbuilt
}
