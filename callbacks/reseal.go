package callbacks

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Resealer seals staged bodies with another key, delivered ones too, since any
// may be sent again. What is sent stays the same bytes. It may work while
// senders do, beside others like it, and be interrupted.
type Resealer struct {
	DB DB
	// Key names the key that bodies are to be sealed with. Plain bodies stay
	// plain.
	Key string
	// Reseal opens a box that the key of that name sealed, and seals what was
	// in it with Key.
	Reseal func(eventID, key string, box []byte) ([]byte, error)
}

// Page seals up to limit bodies that are not sealed with Key, those of ids
// above after. It returns the id to go on from, empty at the end, and how many
// it changed. An error of Reseal leaves the page as it was.
func (r Resealer) Page(ctx context.Context, after string, limit int) (next string, changed int, err error) {
	// Planned for the values at hand: how many bodies have another key decides
	// which way of finding them is quick.
	rows, err := r.DB.Query(ctx, selectSealedSQL, pgx.QueryExecModeCacheDescribe, after, r.Key, limit)
	if err != nil {
		return "", 0, fmt.Errorf("reading sealed callbacks: %w", err)
	}
	type body struct {
		ID  string
		Key string
		Box []byte
	}
	page, err := pgx.CollectRows(rows, pgx.RowToStructByPos[body])
	if err != nil {
		return "", 0, fmt.Errorf("reading sealed callbacks: %w", err)
	}
	if len(page) == 0 {
		return "", 0, nil
	}
	ids, was, boxes := make([]string, len(page)), make([]string, len(page)), make([][]byte, len(page))
	for i, b := range page {
		ids[i], was[i] = b.ID, b.Key
		if boxes[i], err = r.Reseal(b.ID, b.Key, b.Box); err != nil {
			return "", 0, fmt.Errorf("sealing callback %s anew: %w", b.ID, err)
		}
	}
	tag, err := r.DB.Exec(ctx, resealSQL, ids, was, boxes, r.Key)
	if err != nil {
		return "", 0, fmt.Errorf("storing callbacks sealed anew: %w", err)
	}
	if len(page) == limit {
		next = ids[len(ids)-1]
	}
	return next, int(tag.RowsAffected()), nil
}

// Count is how many bodies are sealed with another key than Key.
func (r Resealer) Count(ctx context.Context) (int, error) {
	rows, err := r.DB.Query(ctx, countSealedSQL, r.Key)
	if err != nil {
		return 0, fmt.Errorf("counting sealed callbacks: %w", err)
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
	if err != nil {
		return 0, fmt.Errorf("counting sealed callbacks: %w", err)
	}
	return n, nil
}
