package transact

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/fault"
)

// The bounds: how long a transaction waits for a row that another has locked,
// and how long it may do nothing between two statements.
const (
	lockPatience = 3 * time.Second
	idlePatience = 10 * time.Second
)

// Pool begins transactions; *pgxpool.Pool does.
type Pool interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// Run runs f in a transaction: committed when f returns nil, else rolled back.
// It returns f's error, or the fault unavailable when a bound was met.
func Run(ctx context.Context, db Pool, f func(tx pgx.Tx) error) error {
	return told(pgx.BeginTxFunc(ctx, db, options(idlePatience), f))
}

// Begin begins a transaction that is meant to do nothing for up to idle, such
// as one that only holds a lock. The caller ends it.
func Begin(ctx context.Context, db Pool, idle time.Duration) (pgx.Tx, error) {
	return db.BeginTx(ctx, options(idle))
}

func options(idle time.Duration) pgx.TxOptions {
	return pgx.TxOptions{BeginQuery: fmt.Sprintf(begin, lockPatience.Milliseconds(), idle.Milliseconds())}
}

const begin = `begin; select set_config('lock_timeout', '%dms', true), set_config('idle_in_transaction_session_timeout', '%dms', true)`

var busy = fault.New(fault.Unavailable, "unavailable", "temporarily unavailable").After(time.Second)

// told names the errors by which the database enforces the bounds.
func told(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == "25P03") { // lock_not_available, idle_in_transaction_session_timeout
		return busy.With(err)
	}
	return err
}
