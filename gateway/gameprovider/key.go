package gameprovider

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/fault"
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
