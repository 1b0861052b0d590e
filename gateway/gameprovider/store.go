package gameprovider

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// database is what both a pool and a transaction do.
type database interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Constraints by which the database refuses what callers are told.
const (
	nameConstraint    = "game_providers_name_key"
	sessionConstraint = "game_sessions_session_id_key"
	userConstraint    = "game_players_user_id_fkey"
)

const (
	providerColumns = `
select p.id, p.name, p.inactive_at is null as active, p.created_at, f.name as profile, f.duplicate,
       f.unknown_rollback, f.repeated_rollback, f.id_scope, f.win_without_bet, f.late_bet
from game_providers p join game_profiles f on f.name = p.profile`

	selectProviders      = providerColumns
	selectProviderByName = providerColumns + ` where p.name = $1`
	selectProviderPage   = providerColumns + ` where p.name > $1 order by p.name limit $2`

	selectProviderID = `select id from game_providers where name = $1`

	// For update, and no less: a player that is being bound holds the row by its
	// foreign key.
	lockProvider    = `select id from game_providers where id = $1 for update`
	lockProvidersOf = `select id from game_providers where profile = $1 order by id for update`

	hasPlayers = `select exists (select from game_players where provider_id = any($1))`

	insertProvider = `insert into game_providers (name, profile, created_at) values ($1, $2, $3)`
	deactivate     = `update game_providers set inactive_at = $2 where id = $1 and inactive_at is null`
	activate       = `update game_providers set inactive_at = null where id = $1`
	updateProfile  = `update game_providers set profile = $2 where id = $1`

	// The one that never expires is the current one, whatever the clock said.
	selectKeys = `
select public_key, provider_id, secret_key, secret_box, created_at, expires_at
from game_provider_keys where provider_id = any($1)
order by (expires_at is null) desc, created_at desc, public_key`

	insertKey = `
insert into game_provider_keys (public_key, provider_id, secret_key, secret_box, created_at)
values ($1, $2, $3, $4, $5)`

	// What is in its grace already is the older of two: it makes room.
	dropOlder = `delete from game_provider_keys where provider_id = $1 and expires_at is not null`
	dropAll   = `delete from game_provider_keys where provider_id = $1`
	setGrace  = `update game_provider_keys set expires_at = $2 where provider_id = $1 and expires_at is null`

	profileColumns = `
select name, duplicate, unknown_rollback, repeated_rollback, id_scope, win_without_bet, late_bet from game_profiles`

	selectProfiles      = profileColumns + ` order by name`
	selectProfileByName = profileColumns + ` where name = $1`

	upsertProfile = `
insert into game_profiles (name, duplicate, unknown_rollback, repeated_rollback, id_scope, win_without_bet, late_bet)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (name) do update set duplicate = excluded.duplicate, unknown_rollback = excluded.unknown_rollback,
       repeated_rollback = excluded.repeated_rollback, id_scope = excluded.id_scope,
       win_without_bet = excluded.win_without_bet, late_bet = excluded.late_bet`

	gameColumns = `
select g.id, p.name as provider, g.game_id, g.active, g.created_at
from games g join game_providers p on p.id = g.provider_id`

	selectGame     = gameColumns + ` where p.name = $1 and g.game_id = $2`
	selectGamePage = gameColumns + ` where ($1 = '' or p.name = $1) and g.id > $2 order by g.id limit $3`

	selectActive = `select active from games where provider_id = $1 and game_id = $2`

	upsertGame = `
insert into games (provider_id, game_id, active, created_at) values ($1, $2, $3, $4)
on conflict (provider_id, game_id) do update set active = excluded.active`

	selectSealedOtherwise = `
select public_key, secret_key, secret_box from game_provider_keys where secret_key <> $1 order by public_key limit $2`

	updateSealed = `
update game_provider_keys k set secret_key = n.secret_key, secret_box = n.secret_box
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) as n (public_key, was, secret_key, secret_box)
where k.public_key = n.public_key and k.secret_key = n.was`

	countSealedOtherwise = `select count(*) from game_provider_keys where secret_key <> $1`
)

type providerRow struct {
	ID               int64     `db:"id"`
	Name             string    `db:"name"`
	Active           bool      `db:"active"`
	CreatedAt        time.Time `db:"created_at"`
	Profile          string    `db:"profile"`
	Duplicate        string    `db:"duplicate"`
	UnknownRollback  string    `db:"unknown_rollback"`
	RepeatedRollback string    `db:"repeated_rollback"`
	IDScope          string    `db:"id_scope"`
	WinWithoutBet    string    `db:"win_without_bet"`
	LateBet          string    `db:"late_bet"`
}

func (r providerRow) provider() Provider {
	return Provider{
		ID: r.ID, Name: r.Name, Active: r.Active, CreatedAt: r.CreatedAt.UTC(), Keys: []Key{},
		Profile: profileRow{
			r.Profile, r.Duplicate, r.UnknownRollback, r.RepeatedRollback, r.IDScope, r.WinWithoutBet, r.LateBet,
		}.profile(),
	}
}

type profileRow struct {
	Name             string `db:"name"`
	Duplicate        string `db:"duplicate"`
	UnknownRollback  string `db:"unknown_rollback"`
	RepeatedRollback string `db:"repeated_rollback"`
	IDScope          string `db:"id_scope"`
	WinWithoutBet    string `db:"win_without_bet"`
	LateBet          string `db:"late_bet"`
}

func (r profileRow) profile() Profile {
	return Profile{
		Name: r.Name, Duplicate: DuplicateRule(r.Duplicate), UnknownRollback: Rule(r.UnknownRollback),
		RepeatedRollback: Rule(r.RepeatedRollback), IDScope: Scope(r.IDScope),
		WinWithoutBet: Rule(r.WinWithoutBet), LateBet: Rule(r.LateBet),
	}
}

type keyRow struct {
	PublicKey  string     `db:"public_key"`
	ProviderID int64      `db:"provider_id"`
	SecretKey  string     `db:"secret_key"`
	SecretBox  []byte     `db:"secret_box"`
	CreatedAt  time.Time  `db:"created_at"`
	ExpiresAt  *time.Time `db:"expires_at"`
}

func (r keyRow) key() Key {
	return Key{PublicKey: r.PublicKey, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: utc(r.ExpiresAt)}
}

type gameRow struct {
	ID        int64     `db:"id"`
	Provider  string    `db:"provider"`
	GameID    string    `db:"game_id"`
	Active    bool      `db:"active"`
	CreatedAt time.Time `db:"created_at"`
}

func (r gameRow) game() Game {
	return Game{ID: r.ID, Provider: r.Provider, GameID: r.GameID, Active: r.Active, CreatedAt: r.CreatedAt.UTC()}
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	in := at.UTC()
	return &in
}

func collect[T any](ctx context.Context, db database, sql string, args ...any) ([]T, error) {
	// Planned for the filters that are given: each has an index of its own.
	rows, err := db.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// keysOf reads the keys of providers, expired ones included, without opening
// them.
func keysOf(ctx context.Context, db database, providers []providerRow) (map[int64][]keyRow, error) {
	ids := make([]int64, len(providers))
	for i, p := range providers {
		ids[i] = p.ID
	}
	keys, err := collect[keyRow](ctx, db, selectKeys, ids)
	if err != nil {
		return nil, fmt.Errorf("gameprovider: load keys: %w", err)
	}
	of := make(map[int64][]keyRow, len(ids))
	for _, k := range keys {
		of[k.ProviderID] = append(of[k.ProviderID], k)
	}
	return of, nil
}
