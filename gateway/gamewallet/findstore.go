package gamewallet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/gameprovider"
)

// All that has to be known of one call, in one row: who plays and whether the
// session is the player's; the transactions of its id and of the withdraw that
// it names, its round, the player's day, and whether the user was ever given
// bonus money. The scope is no parameter, so that the server keeps one plan.
const (
	foundColumns = `
    coalesce(t.kind, ''), coalesce(t.state, ''), coalesce(t.player, 0), coalesce(t.game_id, ''), coalesce(t.round_id, ''),
    coalesce(t.currency, ''), coalesce(t.withdraw_id, ''), coalesce(t.amount, 0), coalesce(t.jackpot, 0), coalesce(t.bonus, 0),
    coalesce(w.kind, ''), coalesce(w.state, ''), coalesce(w.player, 0), coalesce(w.game_id, ''), coalesce(w.round_id, ''),
    coalesce(w.currency, ''), coalesce(w.withdraw_id, ''), coalesce(w.amount, 0), coalesce(w.jackpot, 0), coalesce(w.bonus, 0)`

	callHead = `
select p.id, p.user_id, p.currency, p.blocked_at is not null, p.bet_limit, p.loss_limit_day, p.reality_check_seconds,
    u.blocked_at is not null, s.opened_at, s.expires_at, s.checked_at, s.closed_at,
    r.finished_at is not null, coalesce(l.loss, 0), u.signup_bonus or u.cashback_bonus,` + foundColumns + `
from game_players p
join users u on u.id = p.user_id
left join game_sessions s on s.provider_id = $1 and s.session_id = $3 and s.player = p.id
left join game_rounds r on r.round_id = $6 and r.player = p.id and r.game_id = $7
left join game_losses l on l.player = p.id and l.day = $8`

	callTail = `
where p.provider_id = $1 and p.player_id = $2`

	selectCall = callHead + `
left join game_transactions t on t.provider_id = $1 and t.scope = 0 and t.transaction_id = $4
left join game_transactions w on w.provider_id = $1 and w.scope = 0 and w.transaction_id = $5` + callTail

	selectCallOfPlayersIDs = callHead + `
left join game_transactions t on t.provider_id = $1 and t.scope = p.id and t.transaction_id = $4
left join game_transactions w on w.provider_id = $1 and w.scope = p.id and w.transaction_id = $5` + callTail

	// Of a call of nobody.
	selectFound = `
select` + foundColumns + `
from (values (1)) as call
left join game_transactions t on t.provider_id = $1 and t.scope = 0 and t.transaction_id = $2
left join game_transactions w on w.provider_id = $1 and w.scope = 0 and w.transaction_id = $3`
)

// found is what is stored about a call.
type found struct {
	self, withdraw stored
	finished       bool  // the round
	loss           int64 // of the day
	bonus          bool  // there may be bonus money
}

// stored is a transaction as it was written; its kind is empty when there is
// none.
type stored struct {
	kind                        Kind
	state                       State
	player                      int64
	game, round                 string
	currency, withdrawID        string
	amount, jackpot, bonusStake int64
}

func (s *stored) into() []any {
	return []any{&s.kind, &s.state, &s.player, &s.game, &s.round, &s.currency, &s.withdrawID, &s.amount, &s.jackpot, &s.bonusStake}
}

// find reads all that has to be known of a call. A player that is not known has
// no ids of its own.
func (s *Service) find(ctx context.Context, c *call) error {
	c.known, c.seat, c.found = false, gameprovider.Seat{}, found{}
	var withdrawID *string // no id, no row
	if c.withdrawID != "" {
		withdrawID = &c.withdrawID
	}
	perPlayer := c.provider.Profile.IDScope == gameprovider.PerPlayer
	sql := selectCall
	if perPlayer {
		sql = selectCallOfPlayersIDs
	}
	p, f := &c.seat.Player, &c.found
	p.ProviderID, p.PlayerID = c.provider.ID, c.playerID
	var seconds int64
	var opened, expires, checked, closed *time.Time
	into := append([]any{&p.ID, &p.UserID, &p.Currency, &p.Blocked, &p.BetLimit, &p.LossLimitDay, &seconds,
		&c.seat.UserBlocked, &opened, &expires, &checked, &closed, &f.finished, &f.loss, &f.bonus}, f.into()...)
	err := s.d.DB.QueryRow(ctx, sql, c.provider.ID, c.playerID, c.sessionID, c.id, withdrawID, c.round, c.game, c.at).Scan(into...)
	switch {
	case errors.Is(err, pgx.ErrNoRows) && perPlayer:
		return errUnknownPlayer
	case errors.Is(err, pgx.ErrNoRows):
		err = s.d.DB.QueryRow(ctx, selectFound, c.provider.ID, c.id, withdrawID).Scan(f.into()...)
	case err == nil:
		c.known = true
		p.RealityCheck = time.Duration(seconds) * time.Second
	}
	if err != nil {
		return fmt.Errorf("gamewallet: find: %w", err)
	}
	if opened != nil {
		c.seat.Session = &gameprovider.Session{
			SessionID: c.sessionID, PlayerID: c.playerID,
			OpenedAt: opened.UTC(), ExpiresAt: expires.UTC(), CheckedAt: checked.UTC(), ClosedAt: utc(closed),
		}
	}
	return nil
}

func (f *found) into() []any { return append(f.self.into(), f.withdraw.into()...) }
