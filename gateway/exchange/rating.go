package exchange

import (
	"context"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/enduser"
	"disburse/gateway/transact"
)

// Stars that a rating has.
const (
	minStars = 1
	maxStars = 5
)

// Rate gives the counterpart of a completed order 1 to 5 stars, once. Faults:
// ORDER_NOT_FOUND, FORBIDDEN, INVALID_RATING, ORDER_NOT_COMPLETED,
// ALREADY_RATED, unavailable.
func (s *Service) Rate(ctx context.Context, u enduser.User, id int64, stars int64) error {
	o, err := s.mine(ctx, u.ID, id)
	switch {
	case err != nil:
		return err
	case stars < minStars || stars > maxStars:
		return ErrInvalidRating
	case o.Status != Completed:
		return ErrNotCompleted
	}
	mark := rateAsSeller
	if u.ID == o.BuyerID {
		mark = rateAsBuyer
	}
	err = transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, mark, id, stars, s.now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrAlreadyRated // completed orders stay so
		}
		rated := o.other(u.ID)
		if _, err := tx.Exec(ctx, addRating, rated, stars); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, showTraders, []int64{rated}, []int64{})
		return err
	})
	return named(err, "rate")
}
