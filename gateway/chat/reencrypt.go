package chat

import (
	"context"
	"fmt"

	"disburse/gateway/vault"
)

// Reencrypt seals up to batch messages anew that are not sealed with the
// primary key, those with ids above after. It returns the id to go on from, 0
// when none is left, and how many it changed. It is safe to run while people
// write, and to run again.
func (s *Store) Reencrypt(ctx context.Context, after int64, batch int) (next int64, changed int, err error) {
	var ids []int64
	page := func(ctx context.Context, primary string) (rows []vault.Row, err error) {
		rows, ids, err = selectSealed(ctx, s.d.DB, after, primary, batch)
		return rows, err
	}
	store := func(ctx context.Context, rows []vault.Row) error {
		_, was, keys, boxes := vault.Columns(rows)
		tag, err := s.d.DB.Exec(ctx, updateTexts, ids, was, keys, boxes)
		changed = int(tag.RowsAffected())
		return err
	}
	found, err := s.d.Vault.Reencrypt(ctx, page, store)
	if err != nil {
		return 0, 0, fmt.Errorf("chat: %w", err)
	}
	if found == batch && found > 0 {
		next = ids[found-1]
	}
	return next, changed, nil
}

// SealedOtherwise counts the messages that are not sealed with the primary key.
func (s *Store) SealedOtherwise(ctx context.Context) (messages int, err error) {
	if err = s.d.DB.QueryRow(ctx, countForeignKeys, s.d.Vault.Primary()).Scan(&messages); err != nil {
		return 0, fmt.Errorf("chat: count: %w", err)
	}
	return messages, nil
}
