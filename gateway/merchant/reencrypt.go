package merchant

import (
	"context"
	"fmt"

	"disburse/gateway/vault"
)

// Reencrypt seals up to batch keys again that are sealed with another key than
// the vault's primary one. It returns how many it looked at; call it until that
// is zero. Several may run at once, and services may run meanwhile.
func (s *Service) Reencrypt(ctx context.Context, batch int) (int, error) {
	type sealedRow struct {
		ID        string `db:"id"`
		SecretKey string `db:"secret_key"`
		SecretBox []byte `db:"secret_box"`
	}
	page := func(ctx context.Context, primary string) ([]vault.Row, error) {
		rows, err := collect[sealedRow](ctx, s.deps.DB, selectSealedOtherwise, primary, batch)
		stale := make([]vault.Row, len(rows))
		for i, r := range rows {
			stale[i] = vault.Row{ID: r.ID, AAD: additionalData(r.ID), Sealed: vault.Sealed{Key: r.SecretKey, Box: r.SecretBox}}
		}
		return stale, err
	}
	store := func(ctx context.Context, rows []vault.Row) error {
		ids, was, keys, boxes := vault.Columns(rows)
		_, err := s.deps.DB.Exec(ctx, updateSealed, ids, was, keys, boxes)
		return err
	}
	return s.deps.Vault.Reencrypt(ctx, page, store)
}

// SealedOtherwise counts the keys that are sealed with another key than the
// vault's primary one.
func (s *Service) SealedOtherwise(ctx context.Context) (int, error) {
	var n int
	if err := s.deps.DB.QueryRow(ctx, countSealedOtherwise, s.deps.Vault.Primary()).Scan(&n); err != nil {
		return 0, fmt.Errorf("merchant: count keys: %w", err)
	}
	return n, nil
}
