package idempotency

import (
	"context"
	"crypto/hmac"
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

// Key is what a request is recognised by. The zero Key is no key: Claim then
// writes nothing and Find finds nothing.
type Key struct {
	userID int64
	route  string
	name   []byte // SHA-256 of what the caller gave
	mark   []byte // HMAC-SHA256 of the request under what the caller gave
}

// Of makes the key of a request of one user to one route, such as "POST
// /api/v1/card/orders". given is the caller's text, and without one there is no
// key. The request is compared as its JSON: spacing and the order of members
// make no difference.
func Of(userID int64, route, given string, request any) (Key, error) {
	if given == "" {
		return Key{}, nil
	}
	text, err := json.Marshal(request) // members of a map are sorted
	if err != nil {
		return Key{}, fmt.Errorf("idempotency: key: %w", err)
	}
	name := sha256.Sum256([]byte(given))
	mark := hmac.New(sha256.New, []byte(given))
	mark.Write(text)
	return Key{userID: userID, route: route, name: name[:], mark: mark.Sum(nil)}, nil
}

// Given says whether the caller gave a key.
func (k Key) Given() bool { return len(k.name) > 0 }

// Route is the route of the request. A feature that has a row of its own for
// what a key made, and no Claim, keeps it there beside the user, Name and Mark:
// Name finds the row, and a request whose Mark is not the row's is another one.
func (k Key) Route() string { return k.route }

// Name is the SHA-256 of the key, nil without one.
func (k Key) Name() []byte { return k.name }

// Mark is the HMAC of the request, nil without a key.
func (k Key) Mark() []byte { return k.mark }

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
	return Statement{SQL: insertKeys, Certain: true, Row: []any{k.userID, k.route, k.name, k.mark, result, at}}
}

// Write runs Claim in the transaction (or on the connection) db.
func Write(ctx context.Context, db Execer, k Key, result int64, at time.Time) error {
	if !k.Given() {
		return nil
	}
	_, err := db.Exec(ctx, insertKeys, []int64{k.userID}, []string{k.route}, [][]byte{k.name}, [][]byte{k.mark},
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
	if !k.Given() {
		return 0, false, nil
	}
	rows, err := db.Query(ctx, selectKey, k.userID, k.route, k.name)
	if err != nil {
		return 0, false, fmt.Errorf("idempotency: find: %w", err)
	}
	claim, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("idempotency: find: %w", err)
	case !hmac.Equal(claim.Hash, k.mark):
		return 0, false, ErrReused
	}
	return claim.Result, true, nil
}
