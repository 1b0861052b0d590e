package idempotency

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Execer runs a statement: a pool, a connection or a transaction of pgx.
type Execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Querier reads rows: a pool, a connection or a transaction of pgx.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

const (
	uniqueViolation = "23505"
	keyConstraint   = "idempotency_keys_pkey"
)

const (
	// Who gave no key claims none, so that every request may carry the statement.
	insertKeys = `
insert into idempotency_keys (user_id, route, key, hash, result, created_at)
select k.user_id, k.route, k.key, k.hash, k.result, k.created_at
from unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[], $5::bigint[], $6::timestamptz[])
    as k (user_id, route, key, hash, result, created_at)
where k.key <> ''::bytea`

	selectKey = `
select hash, result from idempotency_keys where user_id = $1 and route = $2 and key = $3`
)

type row struct {
	Hash   []byte `db:"hash"`
	Result int64  `db:"result"`
}
