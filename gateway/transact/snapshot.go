package transact

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const beginSnapshot = `begin isolation level repeatable read read only; ` +
	`select set_config('lock_timeout', '%dms', true), set_config('idle_in_transaction_session_timeout', '%dms', true)`

// Snapshot begins a transaction that sees the database as it is now, however
// long it reads, and can change nothing. It may do nothing for up to idle
// between two statements. The caller ends it.
func Snapshot(ctx context.Context, db Pool, idle time.Duration) (pgx.Tx, error) {
	return db.BeginTx(ctx, pgx.TxOptions{BeginQuery: fmt.Sprintf(beginSnapshot, lockPatience.Milliseconds(), idle.Milliseconds())})
}
