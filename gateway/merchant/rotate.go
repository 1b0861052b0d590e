package merchant

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/fault"
	"disburse/gateway/vault"
)

// Rotated is a merchant and its new keys, shown this once.
type Rotated struct {
	Merchant Merchant
	Secrets  Secrets
}

// RotateKeys makes new keys of the kinds given, of all when none is. The keys
// so far go on working for the grace (0 to 30 days); keys already in a grace
// end at once. It fails with not_found and invalid_request.
func (s *Service) RotateKeys(ctx context.Context, ref string, kinds []KeyKind, grace time.Duration) (Rotated, error) {
	if len(kinds) == 0 {
		kinds = KeyKinds()
	}
	var faults []fault.Field
	for _, kind := range kinds {
		if !slices.Contains(KeyKinds(), kind) {
			faults = append(faults, fault.Field{Name: "only", Why: "must be sign, api or webhook"})
		}
	}
	if grace < 0 || grace > MaxGrace {
		faults = append(faults, fault.Field{Name: "grace", Why: "must be a span such as 24h or 90m, 0s to 720h"})
	}
	if len(faults) > 0 {
		return Rotated{}, fault.Invalid(faults...)
	}
	kinds = slices.Compact(slices.Sorted(slices.Values(kinds)))
	var secrets Secrets
	m, err := s.change(ctx, ref, "merchant.rotate-keys", func(tx pgx.Tx, m Merchant, now time.Time) error {
		end := now.Add(grace)
		if grace == 0 {
			end = time.Time{}
		}
		if err := retire(ctx, tx, m.ID, kinds, end); err != nil {
			return err
		}
		keys := make([]newKey, len(kinds))
		for i, kind := range kinds {
			keys[i] = makeKey(m.ID, kind, now)
			secrets.add(keys[i])
		}
		return storeKeys(ctx, tx, s.deps.Vault, now, keys)
	})
	if err != nil {
		return Rotated{}, err
	}
	return Rotated{Merchant: m, Secrets: secrets}, nil
}

// retire makes room for new keys of the kinds: the newest ones work until end,
// and no more when that is zero.
func retire(ctx context.Context, tx pgx.Tx, merchantID string, kinds []KeyKind, end time.Time) error {
	texts := make([]string, len(kinds))
	for i, kind := range kinds {
		texts[i] = string(kind)
	}
	if end.IsZero() {
		_, err := tx.Exec(ctx, dropAll, merchantID, texts)
		return err
	}
	if _, err := tx.Exec(ctx, dropOlder, merchantID, texts); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, setGrace, merchantID, texts, end)
	return err
}

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
		n := len(rows)
		ids, was, keys, boxes := make([]string, n), make([]string, n), make([]string, n), make([][]byte, n)
		for i, r := range rows {
			ids[i], was[i], keys[i], boxes[i] = r.ID, r.Was, r.Sealed.Key, r.Sealed.Box
		}
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
