package callbacks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

const bodySQL = `select e.body_key, e.body_box from callback_events e where e.id = $1`

// Body is what a callback sends, for people to read: its numbers are cut to
// their last four characters, and signatures and secrets are taken out. open
// opens bodies that were staged with a key. It returns ErrNotFound.
func (j Journal) Body(ctx context.Context, id string, open func(eventID, key string, box []byte) ([]byte, error)) (string, error) {
	rows, err := j.query(ctx, bodySQL, id)
	if err != nil {
		return "", fmt.Errorf("reading the body of a callback: %w", err)
	}
	type stored struct {
		Key string
		Box []byte
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[stored])
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("reading the body of a callback: %w", err)
	}
	body := found.Box
	if found.Key != "" {
		if body, err = open(id, found.Key, found.Box); err != nil {
			return "", fmt.Errorf("opening the body of a callback: %w", err)
		}
	}
	return mask(strings.ToValidUTF8(string(body), "\uFFFD")), nil
}
