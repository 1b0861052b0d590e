package gameprovider

import (
	"time"

	"disburse/ledger/money"
)

const (
	// Everything that a call asks about a player and its session.
	selectSeat = `
select p.id, p.user_id, p.currency, p.blocked_at is not null, p.bet_limit, p.loss_limit_day, p.reality_check_seconds,
       u.blocked_at is not null, s.player is not distinct from p.id, s.opened_at, s.expires_at, s.checked_at, s.closed_at
from game_players p
join users u on u.id = p.user_id
left join game_sessions s on s.provider_id = p.provider_id and s.session_id = $3
where p.provider_id = $1 and p.player_id = $2`

	playerColumns = `
select p.id, p.provider_id, v.name as provider, p.player_id, p.user_id, p.currency, p.blocked_at is not null as blocked,
       p.bet_limit, p.loss_limit_day, p.reality_check_seconds, p.created_at
from game_players p join game_providers v on v.id = p.provider_id`

	selectPlayer          = playerColumns + ` where v.name = $1 and p.player_id = $2`
	selectPlayerForUpdate = selectPlayer + ` for update of p`
	selectPlayerPage      = playerColumns + `
where ($1 = '' or p.provider_id = (select id from game_providers where name = $1)) and ($2::bigint = 0 or p.user_id = $2) and p.id > $3 order by p.id limit $4`

	insertPlayer = `
insert into game_players (provider_id, player_id, user_id, currency, bet_limit, loss_limit_day, reality_check_seconds, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (provider_id, player_id) do nothing`

	updateLimits  = `update game_players set bet_limit = $2, loss_limit_day = $3, reality_check_seconds = $4 where id = $1`
	blockPlayer   = `update game_players set blocked_at = $2 where id = $1 and blocked_at is null`
	unblockPlayer = `update game_players set blocked_at = null where id = $1`

	sessionColumns = `
select s.id, v.name as provider, s.session_id, p.player_id, s.opened_at, s.expires_at, s.checked_at, s.closed_at
from game_sessions s join game_providers v on v.id = s.provider_id join game_players p on p.id = s.player`

	selectSession          = sessionColumns + ` where v.name = $1 and s.session_id = $2`
	selectSessionForUpdate = selectSession + ` for update of s`
	selectSessionPage      = sessionColumns + `
where ($1 = '' or s.provider_id = (select id from game_providers where name = $1)) and ($2 = '' or p.player_id = $2)
  and ($3::timestamptz is null or s.closed_at is null and s.expires_at > $3) and s.id > $4
order by s.id limit $5`

	insertSession = `
insert into game_sessions (provider_id, session_id, player, opened_at, expires_at, checked_at)
values ($1, $2, $3, $4, $5, $4)`

	closeSession = `update game_sessions set closed_at = $2 where id = $1 and closed_at is null`
	checkSession = `update game_sessions set checked_at = greatest(checked_at, $2) where id = $1`
)

type playerRow struct {
	ID                  int64     `db:"id"`
	ProviderID          int64     `db:"provider_id"`
	Provider            string    `db:"provider"`
	PlayerID            string    `db:"player_id"`
	UserID              int64     `db:"user_id"`
	Currency            string    `db:"currency"`
	Blocked             bool      `db:"blocked"`
	BetLimit            *int64    `db:"bet_limit"`
	LossLimitDay        *int64    `db:"loss_limit_day"`
	RealityCheckSeconds int64     `db:"reality_check_seconds"`
	CreatedAt           time.Time `db:"created_at"`
}

func (r playerRow) player() Player {
	return Player{
		ID: r.ID, ProviderID: r.ProviderID, Provider: r.Provider, PlayerID: r.PlayerID, UserID: r.UserID,
		Currency: money.Currency(r.Currency), Blocked: r.Blocked, CreatedAt: r.CreatedAt.UTC(),
		Limits: Limits{r.BetLimit, r.LossLimitDay, time.Duration(r.RealityCheckSeconds) * time.Second},
	}
}

type sessionRow struct {
	ID        int64      `db:"id"`
	Provider  string     `db:"provider"`
	SessionID string     `db:"session_id"`
	PlayerID  string     `db:"player_id"`
	OpenedAt  time.Time  `db:"opened_at"`
	ExpiresAt time.Time  `db:"expires_at"`
	CheckedAt time.Time  `db:"checked_at"`
	ClosedAt  *time.Time `db:"closed_at"`
}

func (r sessionRow) session() Session {
	return Session{
		SessionID: r.SessionID, Provider: r.Provider, PlayerID: r.PlayerID,
		OpenedAt: r.OpenedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), CheckedAt: r.CheckedAt.UTC(), ClosedAt: utc(r.ClosedAt),
	}
}
