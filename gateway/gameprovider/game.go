package gameprovider

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/gateway/transact"
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

// SetGame makes a game known, active or not, or changes that. Repeating it
// changes nothing. It fails with not_found and invalid_request.
func (s *Service) SetGame(ctx context.Context, provider, gameID string, active bool) (Game, error) {
	if !validID(gameID, maxGameID) {
		return Game{}, fault.Invalid(idFault("game_id", maxGameID))
	}
	var after []gameRow
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if err := epoch.Bump(ctx, tx); err != nil {
			return err
		}
		p, err := s.find(ctx, tx, provider)
		if err != nil {
			return err
		}
		before, err := collect[gameRow](ctx, tx, selectGame, p.Name, gameID)
		if err != nil {
			return err
		}
		now := s.now()
		if _, err := tx.Exec(ctx, upsertGame, p.ID, gameID, active, now); err != nil {
			return err
		}
		if after, err = collect[gameRow](ctx, tx, selectGame, p.Name, gameID); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "game.set", "game", p.Name+"/"+gameID)
		record.After = after[0].game()
		if len(before) > 0 {
			if before[0].Active == active {
				return nil
			}
			record.Before = before[0].game()
		}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Game{}, named(err, "set game")
	}
	s.deps.Watcher.Invalidate()
	return after[0].game(), nil
}

// Games lists games in the order in which they became known. It fails with
// not_found and invalid_request.
func (s *Service) Games(ctx context.Context, f GameFilter, cursor string, limit int) (Page[Game], error) {
	after, ok := page.ID(cursor)
	if !ok {
		return Page[Game]{}, badCursor
	}
	if err := s.known(ctx, f.Provider); err != nil {
		return Page[Game]{}, err
	}
	limit = bounded(limit)
	rows, err := collect[gameRow](ctx, s.deps.DB, selectGamePage, f.Provider, after, limit+1)
	if err != nil {
		return Page[Game]{}, fmt.Errorf("gameprovider: games: %w", err)
	}
	return pageOf(rows, limit, func(r gameRow) int64 { return r.ID }, gameRow.game), nil
}

// known fails with not_found when a filter names a provider that is not there.
func (s *Service) known(ctx context.Context, provider string) error {
	if provider == "" {
		return nil
	}
	_, err := s.find(ctx, s.deps.DB, provider)
	return err
}
