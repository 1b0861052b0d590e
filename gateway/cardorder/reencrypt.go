package cardorder

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/vault"
)

// Reencrypt seals up to batch cards of orders anew that are not sealed with the
// primary key, those with ids above after, and with the first of them the
// platform's card. It returns the id to go on from, 0 when none is left, and
// how many it changed. It is safe to run while orders are made and ended, and
// to run again.
func (s *Service) Reencrypt(ctx context.Context, after int64, batch int) (next int64, changed int, err error) {
	if after == 0 {
		if changed, err = s.reencryptSettings(ctx); err != nil {
			return 0, 0, fmt.Errorf("cardorder: %w", err)
		}
	}
	var ids []int64
	page := func(ctx context.Context, primary string) ([]vault.Row, error) {
		rows, err := s.d.DB.Query(ctx, selectForeignKeys, after, primary, batch)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(r pgx.CollectableRow) (vault.Row, error) {
			var id int64
			var v vault.Row
			err := r.Scan(&id, &v.Sealed.Key, &v.Sealed.Box)
			v.AAD = cardAAD(id)
			ids = append(ids, id)
			return v, err
		})
	}
	store := func(ctx context.Context, rows []vault.Row) error {
		_, was, keys, boxes := vault.Columns(rows)
		tag, err := s.d.DB.Exec(ctx, updateCards, ids, was, keys, boxes)
		changed += int(tag.RowsAffected())
		return err
	}
	found, err := s.d.Vault.Reencrypt(ctx, page, store)
	if err != nil {
		return 0, 0, fmt.Errorf("cardorder: %w", err)
	}
	if found == batch && found > 0 {
		next = ids[found-1]
	}
	return next, changed, nil
}

func (s *Service) reencryptSettings(ctx context.Context) (changed int, err error) {
	stored, err := selectSettingsRow(ctx, s.d.DB, selectSettings)
	if err != nil || stored.CardKey == nil || *stored.CardKey == s.d.Vault.Primary() {
		return 0, err
	}
	number, err := s.d.Vault.Open(settingsAAD, vault.Sealed{Key: *stored.CardKey, Box: stored.CardBox})
	if err != nil {
		return 0, err
	}
	sealed, err := s.d.Vault.Seal(settingsAAD, number)
	if err != nil {
		return 0, err
	}
	tag, err := s.d.DB.Exec(ctx, resealSettings, sealed.Key, sealed.Box, *stored.CardKey, stored.CardBox)
	return int(tag.RowsAffected()), err
}

// SealedOtherwise counts the cards, the platform's included, that are not
// sealed with the primary key.
func (s *Service) SealedOtherwise(ctx context.Context) (cards int, err error) {
	if err = s.d.DB.QueryRow(ctx, countForeignKeys, s.d.Vault.Primary()).Scan(&cards); err != nil {
		return 0, fmt.Errorf("cardorder: count: %w", err)
	}
	return cards, nil
}
