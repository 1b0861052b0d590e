package operator

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// emailConstraint is broken by a second operator of one address.
const emailConstraint = "operators_email_key"

const (
	selectByRef = `
select id, email, role, password_hash, disabled_at is not null as disabled, created_at
from operators where email = $1 or id = $1`

	selectPage = `
select id, email, role, password_hash, disabled_at is not null as disabled, created_at
from operators where email > $1 order by email limit $2`

	insertOperator = `
insert into operators (id, email, role, password_hash, created_at) values ($1, $2, $3, $4, $5)`

	insertToken = `
insert into operator_tokens (id, operator_id, name, hash, prefix, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7)`

	selectByToken = `
select o.id, o.email, o.role, o.password_hash, o.disabled_at is not null as disabled, o.created_at,
       t.expires_at, t.revoked_at is not null as revoked
from operator_tokens t join operators o on o.id = t.operator_id
where t.hash = $1`

	selectTokens = `
select id, name, prefix, created_at, expires_at, revoked_at
from operator_tokens where operator_id = $1 order by created_at desc, id desc`

	selectOtherAdmins = `
select exists (select from operators where role = 'admin' and disabled_at is null and id <> $1)`

	disableOperator = `update operators set disabled_at = $2 where id = $1 and disabled_at is null`
	enableOperator  = `update operators set disabled_at = null where id = $1 and disabled_at is not null`
	setRole         = `update operators set role = $2 where id = $1 and role <> $2`
	setPassword     = `update operators set password_hash = $2 where id = $1`
	replacePassword = `update operators set password_hash = $3 where id = $1 and password_hash = $2 and disabled_at is null`
	revokeToken     = `update operator_tokens set revoked_at = $3 where operator_id = $1 and id = $2 and revoked_at is null`
)

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

type row struct {
	ID           string    `db:"id"`
	Email        string    `db:"email"`
	Role         string    `db:"role"`
	PasswordHash string    `db:"password_hash"`
	Disabled     bool      `db:"disabled"`
	CreatedAt    time.Time `db:"created_at"`
}

func (r row) operator() Operator {
	return Operator{ID: r.ID, Email: r.Email, Role: Role(r.Role), Disabled: r.Disabled, CreatedAt: r.CreatedAt.UTC()}
}

type holderRow struct {
	row
	ExpiresAt time.Time `db:"expires_at"`
	Revoked   bool      `db:"revoked"`
}

type tokenRow struct {
	ID        string     `db:"id"`
	Name      string     `db:"name"`
	Prefix    string     `db:"prefix"`
	CreatedAt time.Time  `db:"created_at"`
	ExpiresAt time.Time  `db:"expires_at"`
	RevokedAt *time.Time `db:"revoked_at"`
}

func collect[T any](ctx context.Context, db querier, sql string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}
