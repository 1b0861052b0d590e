package merchant

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/password"
)

// ChangePassword puts a password that a person has chosen in the place of the
// present one, and does with in the same transaction. It fails with
// invalid_credentials when the present one is another, and for nobody and who is
// not let in alike, and with what with fails with.
func (p *People) ChangePassword(ctx context.Context, id, present, fresh string, with func(tx pgx.Tx) error) error {
	r, err := findPerson(ctx, p.deps.DB, id)
	if err != nil && !errors.Is(err, ErrNoPerson) {
		return err
	}
	match, err := password.Matches(ctx, present, r.PasswordHash)
	switch {
	case err != nil:
		return fmt.Errorf("merchant: change password: %w", err)
	case !match || !r.person().LetIn():
		return ErrInvalidPassword
	}
	hash, err := password.Hash(ctx, fresh)
	if err != nil {
		return fmt.Errorf("merchant: change password: %w", err)
	}
	_, err = p.change(ctx, r.MerchantID, r.ID, "change-person-password", func(tx pgx.Tx, who Person) (pgconn.CommandTag, error) {
		tag, err := tx.Exec(ctx, replacePersonPassword, who.ID, r.PasswordHash, hash)
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
