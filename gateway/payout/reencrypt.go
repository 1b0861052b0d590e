package payout

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/vault"
)

// Reencrypt seals up to batch requisites anew that are not sealed with the
// primary key, those with ids above after. It returns the id to go on from, ""
// when none is left, and how many it changed. It is safe to run while payouts
// are made and ended, and to run again.
func (s *Service) Reencrypt(ctx context.Context, after string, batch int) (next string, changed int, err error) {
	page := func(ctx context.Context, primary string) ([]vault.Row, error) {
		rows, err := s.d.DB.Query(ctx, selectForeignKeys, after, primary, batch)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(r pgx.CollectableRow) (vault.Row, error) {
			var v vault.Row
			err := r.Scan(&v.ID, &v.Sealed.Key, &v.Sealed.Box)
			v.AAD = requisiteAAD(v.ID)
			return v, err
		})
	}
	store := func(ctx context.Context, rows []vault.Row) error {
		n := len(rows)
		ids, was, keys, boxes := make([]string, n), make([]string, n), make([]string, n), make([][]byte, n)
		for i, r := range rows {
			ids[i], was[i], keys[i], boxes[i] = r.ID, r.Was, r.Sealed.Key, r.Sealed.Box
		}
		tag, err := s.d.DB.Exec(ctx, updateRequisites, ids, was, keys, boxes)
		changed, next = int(tag.RowsAffected()), ids[n-1]
		return err
	}
	found, err := s.d.Vault.Reencrypt(ctx, page, store)
	if err != nil {
		return "", 0, fmt.Errorf("payout: %w", err)
	}
	if found < batch {
		next = ""
	}
	return next, changed, nil
}
