package exchange

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/vault"
)

// Reencrypt seals up to batch payment details of ads, or else of orders, anew
// that are not sealed with the primary key. It returns how many it found; zero
// means that none is left. It is safe to run while people trade, and to run
// again.
func (s *Service) Reencrypt(ctx context.Context, batch int) (int, error) {
	for _, of := range []struct {
		table string
		aad   func(int64) string
	}{{"p2p_ads", adAAD}, {"p2p_orders", orderAAD}} {
		page := func(ctx context.Context, primary string) ([]vault.Row, error) {
			rows, err := s.d.DB.Query(ctx, fmt.Sprintf(selectOtherwise, of.table), primary, batch)
			if err != nil {
				return nil, err
			}
			return pgx.CollectRows(rows, func(r pgx.CollectableRow) (v vault.Row, err error) {
				var id int64
				err = r.Scan(&id, &v.Sealed.Key, &v.Sealed.Box)
				v.ID, v.AAD = strconv.FormatInt(id, 10), of.aad(id)
				return v, err
			})
		}
		store := func(ctx context.Context, rows []vault.Row) error {
			ids, was, keys, boxes := vault.Columns(rows)
			_, err := s.d.DB.Exec(ctx, fmt.Sprintf(updateSealed, of.table), ids, was, keys, boxes)
			return err
		}
		if n, err := s.d.Vault.Reencrypt(ctx, page, store); n > 0 || err != nil {
			return n, named(err, "reencrypt")
		}
	}
	return 0, nil
}

// SealedOtherwise counts the payment details that are not sealed with the
// primary key.
func (s *Service) SealedOtherwise(ctx context.Context) (details int, err error) {
	err = s.d.DB.QueryRow(ctx, countOtherwise, s.d.Vault.Primary()).Scan(&details)
	return details, named(err, "count")
}
