package idempotency

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrReused is the failure of a key that was given with another request before.
var ErrReused = errors.New("idempotency: the key was used with another request")

// Key is what a request is recognised by. An empty Key.Key is no key: Claim
// then writes nothing and Find finds nothing.
type Key struct {
	UserID int64
	Route  string // the method and the path's pattern: "POST /api/v1/card/orders"
	Key    string // as the caller gave it
	Hash   []byte // SHA-256 of the request; see HashOf
}

// HashOf is the hash of a request that was decoded from JSON. Spacing and the
// order of members make no difference to it.
func HashOf(request any) ([]byte, error) {
	text, err := json.Marshal(request) // members of a map are sorted
	if err != nil {
		return nil, fmt.Errorf("idempotency: hash: %w", err)
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

// Statement is one row for a set-based statement: SQL takes an array per
// column, Row has one value per column, each always of the same Go type, and
// Certain says that it cannot affect fewer rows without an error. It converts
// to the ledger's rider.
type Statement struct {
	SQL     string
	Row     []any
	Certain bool
}

// Claim is the statement that ties a key to what its request made. It fails
// where Taken says so.
func Claim(k Key, result int64, at time.Time) Statement {
	return Statement{SQL: insertKeys, Certain: true, Row: []any{k.UserID, k.Route, k.Key, k.Hash, result, at}}
}

// Write runs Claim in the transaction (or on the connection) db.
func Write(ctx context.Context, db Execer, k Key, result int64, at time.Time) error {
	if k.Key == "" {
		return nil
	}
	_, err := db.Exec(ctx, insertKeys, []int64{k.UserID}, []string{k.Route}, []string{k.Key}, [][]byte{k.Hash},
		[]int64{result}, []time.Time{at})
	if err != nil {
		return fmt.Errorf("idempotency: claim: %w", err)
	}
	return nil
}

// Taken reports whether an error says that the key is claimed already. Find
// then tells by what.
func Taken(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == uniqueViolation && pg.ConstraintName == keyConstraint
}

// Find tells what the key's request made, if it made something. It fails with
// ErrReused when that was another request.
func Find(ctx context.Context, db Querier, k Key) (result int64, found bool, err error) {
	if k.Key == "" {
		return 0, false, nil
	}
	rows, err := db.Query(ctx, selectKey, k.UserID, k.Route, k.Key)
	if err != nil {
		return 0, false, fmt.Errorf("idempotency: find: %w", err)
	}
	claim, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("idempotency: find: %w", err)
	case !bytes.Equal(claim.Hash, k.Hash):
		return 0, false, ErrReused
	}
	return claim.Result, true, nil
}
