package signin

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/vault"
)

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

const (
	selectLock = `select locked_until from signin_failures where realm = $1 and name = $2 and locked_until > $3`

	// A failure that nothing followed for a while counts as the first again.
	countFailure = `
insert into signin_failures as f (realm, name, failures, locked_until, last_at)
values ($1, $2, 1, null, $3)
on conflict (realm, name) do update set
    failures = case when f.last_at < $4 or f.locked_until <= $3 then 1 else f.failures + 1 end,
    locked_until = case when f.last_at >= $4 and f.locked_until is null and f.failures + 1 >= $5 then $6::timestamptz
                        when f.locked_until > $3 then f.locked_until end,
    last_at = $3`

	forgetFailures = `delete from signin_failures where realm = $1 and name = $2`

	insertSession = `
insert into signin_sessions (hash, id, realm, subject, name, address, agent, created_at, seen_at, expires_at, verified_at, counted)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)`

	selectSession = `
select s.id, s.realm, s.subject, s.name, s.address, s.agent, s.created_at, s.seen_at, s.expires_at, s.counted,
       s.verified_at is not null as verified, f.confirmed_at is not null as enrolled
from signin_sessions s left join signin_factors f on f.realm = s.realm and f.subject = s.subject
where s.hash = $1 and s.realm = $2 and s.expires_at > $3`

	selectSessions = `
select s.id, s.realm, s.subject, s.name, s.address, s.agent, s.created_at, s.seen_at, s.expires_at, s.counted,
       s.verified_at is not null as verified, f.confirmed_at is not null as enrolled
from signin_sessions s left join signin_factors f on f.realm = s.realm and f.subject = s.subject
where s.realm = $1 and s.subject = $2 and s.expires_at > $3 and s.verified_at is not null
order by s.seen_at desc, s.id limit 100`

	// When somebody came in is read in the trail: sessions do not last.
	selectStandings = `
select s.subject, f.confirmed_at is not null as enrolled, l.at as last_at
from unnest($2::text[]) as s (subject)
left join signin_factors f on f.realm = $1 and f.subject = s.subject
left join lateral (
    select l.at from audit_log l where l.actor_id = s.subject and l.actor_kind = $1 and l.action = 'session.begin'
    order by l.id desc limit 1) l on true
where f.confirmed_at is not null or l.at is not null`

	touchSession  = `update signin_sessions set seen_at = $2, expires_at = $3 where hash = $1 and verified_at is not null`
	verifySession = `
update signin_sessions set hash = $2, verified_at = $3, seen_at = $3, expires_at = $4 where hash = $1 and verified_at is null`
	renewSession    = `update signin_sessions set hash = $2 where hash = $1`
	deleteByHash    = `delete from signin_sessions where hash = $1` + gone
	deleteByID      = `delete from signin_sessions where realm = $1 and subject = $2 and id = $3` + gone
	deleteOthers    = `delete from signin_sessions where realm = $1 and subject = $2 and id <> $3` + gone
	gone            = ` returning id, realm, subject, name, address, agent, verified_at is not null as verified`
	deleteOutOfTime = `
with old as (select hash from signin_sessions where expires_at <= $1 order by expires_at limit 1000 for update skip locked)
delete from signin_sessions using old where signin_sessions.hash = old.hash`
	deleteOldFailures = `
with old as (select realm, name from signin_failures where last_at < $1 order by last_at limit 1000 for update skip locked)
delete from signin_failures using old where signin_failures.realm = old.realm and signin_failures.name = old.name`

	selectBrowser = `select 1 from signin_browsers where hash = $1 and realm = $2 and name = $3 and expires_at > $4`
	isBrowser     = `select exists (select from signin_browsers where hash = $1 and expires_at > $2)`
	putBrowser    = `
insert into signin_browsers (hash, realm, name, subject, expires_at) values ($1, $2, $3, $4, $5)
on conflict (hash, realm, name) do update set subject = excluded.subject, expires_at = excluded.expires_at`
	deleteBrowsers    = `delete from signin_browsers where realm = $1 and subject = $2`
	deleteOldBrowsers = `
with old as (select hash, realm, name from signin_browsers where expires_at <= $1 order by expires_at limit 1000 for update skip locked)
delete from signin_browsers b using old where b.hash = old.hash and b.realm = old.realm and b.name = old.name`

	selectFactor = `
select secret_key, secret_box, confirmed_at is not null as confirmed, last_step
from signin_factors where realm = $1 and subject = $2`
	// One that was never confirmed may be begun anew.
	putFactor = `
insert into signin_factors as f (realm, subject, secret_key, secret_box, confirmed_at, last_step, created_at)
values ($1, $2, $3, $4, null, 0, $5)
on conflict (realm, subject) do update set
    secret_key = excluded.secret_key, secret_box = excluded.secret_box, created_at = excluded.created_at
where f.confirmed_at is null`
	spendStep = `
update signin_factors set last_step = $3, confirmed_at = coalesce(confirmed_at, $4)
where realm = $1 and subject = $2 and last_step < $3 and secret_box = $5`
	deleteFactor = `delete from signin_factors where realm = $1 and subject = $2`

	selectOtherKey = `
select realm, subject, secret_key, secret_box from signin_factors where secret_key <> $1 order by realm, subject limit $2`
	countOtherKey = `select count(*) from signin_factors where secret_key <> $1`
	updateSecret  = `
update signin_factors f set secret_key = k.key, secret_box = k.box
from unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) as k (id, key, box, was)
where f.realm || ':' || f.subject = k.id and f.secret_key = k.was`
)

type sessionRow struct {
	ID        string    `db:"id"`
	Realm     string    `db:"realm"`
	Subject   string    `db:"subject"`
	Name      string    `db:"name"`
	Address   string    `db:"address"`
	Agent     string    `db:"agent"`
	CreatedAt time.Time `db:"created_at"`
	SeenAt    time.Time `db:"seen_at"`
	ExpiresAt time.Time `db:"expires_at"`
	Verified  bool      `db:"verified"`
	Enrolled  bool      `db:"enrolled"`
	Counted   string    `db:"counted"`
}

func (r sessionRow) session() Session {
	return Session{
		ID: r.ID, Realm: Realm(r.Realm), Subject: r.Subject, Name: r.Name, Visitor: Visitor{Address: r.Address, Agent: r.Agent},
		CreatedAt: r.CreatedAt.UTC(), SeenAt: r.SeenAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
		Verified: r.Verified, Enrolled: r.Enrolled, counted: cmp.Or(r.Counted, r.Name),
	}
}

type endedRow struct {
	ID       string `db:"id"`
	Realm    string `db:"realm"`
	Subject  string `db:"subject"`
	Name     string `db:"name"`
	Address  string `db:"address"`
	Agent    string `db:"agent"`
	Verified bool   `db:"verified"`
}

type standingRow struct {
	Subject  string     `db:"subject"`
	Enrolled bool       `db:"enrolled"`
	LastAt   *time.Time `db:"last_at"`
}

func (r standingRow) standing() Standing {
	st := Standing{Enrolled: r.Enrolled}
	if r.LastAt != nil {
		st.LastAt = r.LastAt.UTC()
	}
	return st
}

type factorRow struct {
	Key       string `db:"secret_key"`
	Box       []byte `db:"secret_box"`
	Confirmed bool   `db:"confirmed"`
	LastStep  int64  `db:"last_step"`
}

type otherKeyRow struct {
	Realm   string `db:"realm"`
	Subject string `db:"subject"`
	Key     string `db:"secret_key"`
	Box     []byte `db:"secret_box"`
}

func (r otherKeyRow) row() vault.Row {
	return vault.Row{
		ID: r.Realm + ":" + r.Subject, AAD: factorAAD(Realm(r.Realm), r.Subject), Sealed: vault.Sealed{Key: r.Key, Box: r.Box},
	}
}

func collect[T any](ctx context.Context, db querier, sql string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}
