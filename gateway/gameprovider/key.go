package gameprovider

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/fault"
	"disburse/gateway/vault"
)

// DefaultGrace is how long a rotated pair goes on working unless told
// otherwise, MaxGrace the longest that can be asked for.
const (
	DefaultGrace = 24 * time.Hour
	MaxGrace     = 30 * 24 * time.Hour
)

// Rotate makes a new key pair. The one so far goes on working for the grace (0
// to 30 days); one that is in a grace already ends at once. It fails with
// not_found and invalid_request.
func (s *Service) Rotate(ctx context.Context, provider string, grace time.Duration) (Provider, Pair, error) {
	if grace < 0 || grace > MaxGrace {
		return Provider{}, Pair{}, fault.Invalid(fault.Field{Name: "grace", Why: "must be a span such as 24h or 90m, 0s to 720h"})
	}
	pair := makePair()
	p, err := s.change(ctx, provider, "provider.rotate", func(tx pgx.Tx, p Provider, now time.Time) error {
		if err := retire(ctx, tx, p.ID, now, grace); err != nil {
			return err
		}
		return s.storePair(ctx, tx, p.ID, pair, now)
	})
	if err != nil {
		return Provider{}, Pair{}, err
	}
	return p, pair, nil
}

// retire makes room for a new pair: the current one works for the grace, and
// no more when that is zero.
func retire(ctx context.Context, tx pgx.Tx, providerID int64, now time.Time, grace time.Duration) error {
	if grace == 0 {
		_, err := tx.Exec(ctx, dropAll, providerID)
		return err
	}
	if _, err := tx.Exec(ctx, dropOlder, providerID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, setGrace, providerID, now.Add(grace))
	return err
}

func (s *Service) storePair(ctx context.Context, tx pgx.Tx, providerID int64, pair Pair, now time.Time) error {
	sealed, err := s.deps.Vault.Seal(additionalData(pair.PublicKey), []byte(pair.PrivateKey))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertKey, pair.PublicKey, providerID, sealed.Key, sealed.Box, now)
	return err
}

// additionalData binds a sealed key to its row.
func additionalData(publicKey string) string { return "game_provider_keys.secret_box:" + publicKey }

// Reencrypt seals up to batch private keys again that are sealed with another
// key than the vault's primary one. It returns how many it looked at; call it
// until that is zero. Several may run at once, and services may run meanwhile.
func (s *Service) Reencrypt(ctx context.Context, batch int) (int, error) {
	type sealedRow struct {
		PublicKey string `db:"public_key"`
		SecretKey string `db:"secret_key"`
		SecretBox []byte `db:"secret_box"`
	}
	page := func(ctx context.Context, primary string) ([]vault.Row, error) {
		rows, err := collect[sealedRow](ctx, s.deps.DB, selectSealedOtherwise, primary, batch)
		stale := make([]vault.Row, len(rows))
		for i, r := range rows {
			stale[i] = vault.Row{
				ID: r.PublicKey, AAD: additionalData(r.PublicKey), Sealed: vault.Sealed{Key: r.SecretKey, Box: r.SecretBox},
			}
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

// SealedOtherwise counts the private keys that are sealed with another key than
// the vault's primary one.
func (s *Service) SealedOtherwise(ctx context.Context) (int, error) {
	var n int
	if err := s.deps.DB.QueryRow(ctx, countSealedOtherwise, s.deps.Vault.Primary()).Scan(&n); err != nil {
		return 0, fmt.Errorf("gameprovider: count keys: %w", err)
	}
	return n, nil
}
