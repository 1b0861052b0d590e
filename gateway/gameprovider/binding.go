package gameprovider

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/gateway/transact"
	"disburse/ledger/money"
)

// ErrPlayerTaken is the fault of binding a player that is bound to something
// else.
var ErrPlayerTaken = fault.New(fault.Conflict, "player_taken", "the player is bound already, to another user, currency or limits")

// maxRealityCheck is the longest time of play that can be asked for.
const maxRealityCheck = 30 * 24 * time.Hour

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
	if faults := b.faults(); len(faults) > 0 {
		return Player{}, fault.Invalid(faults...)
	}
	var made Player
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		id, err := providerID(ctx, tx, b.Provider)
		if err != nil {
			return err
		}
		now := s.now()
		tag, err := tx.Exec(ctx, insertPlayer, id, b.PlayerID, b.UserID, string(b.Currency),
			b.BetLimit, b.LossLimitDay, int64(b.RealityCheck/time.Second), now)
		if err != nil {
			return err
		}
		if made, err = player(ctx, tx, selectPlayer, b.Provider, b.PlayerID); err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			if made.UserID != b.UserID || made.Currency != b.Currency || !reflect.DeepEqual(made.Limits, b.Limits) {
				return ErrPlayerTaken
			}
			return nil
		}
		record := audit.Of(ctx, now, "player.bind", "player", made.subject())
		record.After = made.View()
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Player{}, named(err, "bind player")
	}
	return made, nil
}

func (b Binding) faults() []fault.Field {
	var faults []fault.Field
	if !validID(b.PlayerID, maxPlayerID) {
		faults = append(faults, idFault("player_id", maxPlayerID))
	}
	if b.UserID <= 0 {
		faults = append(faults, fault.Field{Name: "user", Why: "must be the id of a user"})
	}
	// Merchants' balances are in USDT; players have money of users.
	if known, ok := money.Lookup(string(b.Currency)); !ok || known != b.Currency || b.Currency == money.USDT {
		faults = append(faults, fault.Field{Name: "currency", Why: "must be a currency such as RUB"})
	}
	return append(faults, b.Limits.faults()...)
}

func (l Limits) faults() []fault.Field {
	var faults []fault.Field
	for _, limit := range []struct {
		name  string
		value *int64
	}{{"bet_limit", l.BetLimit}, {"loss_limit_day", l.LossLimitDay}} {
		if limit.value != nil && *limit.value < 0 {
			faults = append(faults, fault.Field{Name: limit.name, Why: "must not be negative"})
		}
	}
	if l.RealityCheck < 0 || l.RealityCheck > maxRealityCheck || l.RealityCheck%time.Second != 0 {
		faults = append(faults, fault.Field{Name: "reality_check", Why: "must be whole seconds, up to 720h; 0 for none"})
	}
	return faults
}

// providerID finds a provider by its name.
func providerID(ctx context.Context, tx pgx.Tx, provider string) (id int64, err error) {
	if !namePattern.MatchString(provider) {
		return 0, ErrNotFound
	}
	err = tx.QueryRow(ctx, selectProviderID, provider).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNotFound
	}
	return id, err
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

func (c LimitsChange) of(l Limits) Limits {
	amount := func(change, was *int64) *int64 {
		switch {
		case change == nil:
			return was
		case *change == NoLimit:
			return nil
		}
		return change
	}
	l.BetLimit, l.LossLimitDay = amount(c.BetLimit, l.BetLimit), amount(c.LossLimitDay, l.LossLimitDay)
	if c.RealityCheck != nil {
		l.RealityCheck = *c.RealityCheck
	}
	return l
}

// SetLimits changes a player's limits. It fails with not_found, unknown_player
// and invalid_request.
func (s *Service) SetLimits(ctx context.Context, provider, playerID string, c LimitsChange) (Player, error) {
	return s.changePlayer(ctx, provider, playerID, "player.set-limits", func(tx pgx.Tx, p Player, _ time.Time) error {
		l := c.of(p.Limits)
		if faults := l.faults(); len(faults) > 0 {
			return fault.Invalid(faults...)
		}
		_, err := tx.Exec(ctx, updateLimits, p.ID, l.BetLimit, l.LossLimitDay, int64(l.RealityCheck/time.Second))
		return err
	})
}

// BlockPlayer refuses a player's bets from now on; wins and rollbacks go
// through. Repeating it changes nothing. It fails with not_found and
// unknown_player.
func (s *Service) BlockPlayer(ctx context.Context, provider, playerID string) (Player, error) {
	return s.changePlayer(ctx, provider, playerID, "player.block", func(tx pgx.Tx, p Player, now time.Time) error {
		_, err := tx.Exec(ctx, blockPlayer, p.ID, now)
		return err
	})
}

// UnblockPlayer ends that. It fails with not_found and unknown_player.
func (s *Service) UnblockPlayer(ctx context.Context, provider, playerID string) (Player, error) {
	return s.changePlayer(ctx, provider, playerID, "player.unblock", func(tx pgx.Tx, p Player, _ time.Time) error {
		_, err := tx.Exec(ctx, unblockPlayer, p.ID)
		return err
	})
}

// changePlayer runs one change of one player with its audit row. A change that
// changes nothing leaves no trace.
func (s *Service) changePlayer(ctx context.Context, provider, playerID, action string,
	mutate func(tx pgx.Tx, before Player, now time.Time) error,
) (Player, error) {
	var after Player
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		before, err := s.findPlayer(ctx, tx, selectPlayerForUpdate, provider, playerID)
		if err != nil {
			return err
		}
		now := s.now()
		if err := mutate(tx, before, now); err != nil {
			return err
		}
		if after, err = player(ctx, tx, selectPlayer, provider, playerID); err != nil {
			return err
		}
		record := audit.Of(ctx, now, action, "player", before.subject())
		record.Before, record.After = before.View(), after.View()
		if reflect.DeepEqual(record.Before, record.After) {
			return nil
		}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Player{}, named(err, action)
	}
	return after, nil
}

// Player reads a player. It fails with not_found and unknown_player.
func (s *Service) Player(ctx context.Context, provider, playerID string) (Player, error) {
	return s.findPlayer(ctx, s.deps.DB, selectPlayer, provider, playerID)
}

// findPlayer tells an unknown provider from an unknown player.
func (s *Service) findPlayer(ctx context.Context, db database, sql, provider, playerID string) (Player, error) {
	if _, err := s.find(ctx, db, provider); err != nil {
		return Player{}, err
	}
	return player(ctx, db, sql, provider, playerID)
}

func player(ctx context.Context, db database, sql, provider, playerID string) (Player, error) {
	if !validID(playerID, maxPlayerID) {
		return Player{}, ErrUnknownPlayer
	}
	rows, err := collect[playerRow](ctx, db, sql, provider, playerID)
	if err != nil {
		return Player{}, fmt.Errorf("gameprovider: find player: %w", err)
	}
	if len(rows) == 0 {
		return Player{}, ErrUnknownPlayer
	}
	return rows[0].player(), nil
}

// PlayerFilter says which players a list holds.
type PlayerFilter struct {
	Provider string // empty: of all
	UserID   int64  // 0: of all
}

// Players lists players in the order in which they were bound. It fails with
// not_found and invalid_request.
func (s *Service) Players(ctx context.Context, f PlayerFilter, cursor string, limit int) (Page[Player], error) {
	after, ok := page.ID(cursor)
	if !ok {
		return Page[Player]{}, badCursor
	}
	if err := s.known(ctx, f.Provider); err != nil {
		return Page[Player]{}, err
	}
	limit = bounded(limit)
	rows, err := collect[playerRow](ctx, s.deps.DB, selectPlayerPage, f.Provider, f.UserID, after, limit+1)
	if err != nil {
		return Page[Player]{}, fmt.Errorf("gameprovider: players: %w", err)
	}
	return pageOf(rows, limit, func(r playerRow) int64 { return r.ID }, playerRow.player), nil
}
