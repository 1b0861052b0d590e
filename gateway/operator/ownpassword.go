package operator

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/password"
)

// ChangePassword puts a password that an operator has chosen in the place of the
// present one, and does with in the same transaction. It fails with
// invalid_credentials when the present one is another, and for nobody and a
// disabled operator alike, and with what with fails with.
func (s *Service) ChangePassword(ctx context.Context, id, present, fresh string, with func(tx pgx.Tx) error) error {
	r, err := findRow(ctx, s.deps.DB, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	match, err := password.Matches(ctx, present, r.PasswordHash)
	switch {
	case err != nil:
		return fmt.Errorf("operator: change password: %w", err)
	case !match || r.Disabled:
		return ErrInvalidPassword
	}
	hash, err := password.Hash(ctx, fresh)
	if err != nil {
		return fmt.Errorf("operator: change password: %w", err)
	}
	_, err = s.change(ctx, r.ID, "operator.change-password", func(tx pgx.Tx, o Operator) (pgconn.CommandTag, error) {
		tag, err := tx.Exec(ctx, replacePassword, o.ID, r.PasswordHash, hash)
		switch {
		case err != nil:
			return tag, err
		case tag.RowsAffected() == 0:
			return tag, ErrInvalidPassword // it was changed in the meantime
		default:
			return tag, with(tx)
		}
	})
	return err
}
