package payout

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"disburse/callbacks"
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

// ReencryptCallbacks does to the bodies of staged callbacks what Reencrypt does
// to requisites: pending ones are delivered and all can be sent again without
// the key they were staged with.
func (s *Service) ReencryptCallbacks(ctx context.Context, after string, batch int) (next string, changed int, err error) {
	if next, changed, err = s.bodies().Page(ctx, after, batch); err != nil {
		return "", 0, fmt.Errorf("payout: %w", err)
	}
	return next, changed, nil
}

// SealedOtherwise counts the requisites and the bodies of callbacks that are
// not sealed with the primary key.
func (s *Service) SealedOtherwise(ctx context.Context) (requisites, bodies int, err error) {
	if err = s.d.DB.QueryRow(ctx, countForeignKeys, s.d.Vault.Primary()).Scan(&requisites); err != nil {
		return 0, 0, fmt.Errorf("payout: count requisites: %w", err)
	}
	if bodies, err = s.bodies().Count(ctx); err != nil {
		return 0, 0, fmt.Errorf("payout: %w", err)
	}
	return requisites, bodies, nil
}

func (s *Service) bodies() callbacks.Resealer {
	open := BodyOpener(s.d.Vault)
	return callbacks.Resealer{DB: s.d.DB, Key: s.d.Vault.Primary(), Reseal: func(eventID, key string, box []byte) ([]byte, error) {
		body, err := open(eventID, key, box)
		if err != nil {
			return nil, err
		}
		sealed, err := s.d.Vault.Seal(BodyAAD(eventID), body)
		return sealed.Box, err
	}}
}
