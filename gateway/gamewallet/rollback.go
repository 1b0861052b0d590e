package gamewallet

import (
	"context"

	"disburse/gateway/enduser"
	"disburse/gateway/gameprovider"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Rollback gives back what a withdraw took, once however often it is asked for,
// and returns what there is to bet. A session that is over, a blocked player,
// an inactive game and a finished round do not matter. Where there is no such
// withdraw, there never will be.
//
// Faults, in the order of the checks: ERROR_BAD_REQUEST (malformed),
// ERROR_TRANSACTION_DUPLICATE, ERROR_BAD_REQUEST (unknown player, currency),
// ERROR_INVALID_SESSION, ERROR_ROLLBACK_TRANSACTION_NOT_FOUND,
// ERROR_BAD_REQUEST (the withdraw is another round's, or settled); and
// ERROR_TIMEOUT, after which the rollback may stand.
func (s *Service) Rollback(ctx context.Context, p gameprovider.Provider, r RollbackRequest) (money.Money, error) {
	c, err := r.call(p)
	if err != nil {
		s.observe(string(Rollback), err)
		return money.Money{}, err
	}
	return s.answer(ctx, c, s.undo)
}

func (s *Service) undo(ctx context.Context, c *call) (money.Money, error) {
	if err := c.admit(); err != nil {
		return money.Money{}, err
	}
	w := c.found.withdraw
	switch {
	case w.kind == "":
		if err := s.bury(ctx, c); err != nil {
			return money.Money{}, err
		}
		return s.nothingToUndo(ctx, c)
	case w.kind != Withdraw: // the tombstone of another rollback, or no withdraw
		if err := s.writeRollback(ctx, c, NotFound); err != nil {
			return money.Money{}, err
		}
		return s.nothingToUndo(ctx, c)
	case !c.concerns(w, false):
		return money.Money{}, badRequest("withdrawTransactionId is of another player, game or round")
	case w.state == Settled:
		return money.Money{}, badRequest("the withdraw is settled")
	case w.state == RolledBack && c.provider.Profile.RepeatedRollback == gameprovider.Refuse:
		return money.Money{}, ErrDuplicate
	case w.state == RolledBack:
		if err := s.writeRollback(ctx, c, Repeated); err != nil {
			return money.Money{}, err
		}
		return s.balance(ctx, c)
	}
	return s.giveBack(ctx, c, w)
}

// giveBack returns a stake to where it came from.
func (s *Service) giveBack(ctx context.Context, c *call, w stored) (money.Money, error) {
	if w.amount == 0 {
		if err := s.write(ctx, c.rollbackRider()); err != nil {
			return money.Money{}, err
		}
		return s.balance(ctx, c)
	}
	currency := money.Currency(w.currency)
	stake := ledger.Stake{Cash: money.New(w.amount-w.bonusStake, currency), Bonus: money.New(w.bonusStake, currency)}
	riders := []ledger.Rider{c.rollbackRider()}
	if currency == enduser.RUB {
		riders = append(riders, ledger.Rider(enduser.TakeBackTurnover(c.seat.Player.UserID, w.amount)))
	}
	receipt, err := s.post(ctx, ledger.BetRollback(c.rollbackReference(), c.owner(), c.provider.Owner(), stake), riders...)
	if err != nil {
		return money.Money{}, err
	}
	c.mixed = c.mixed || w.bonusStake > 0
	return s.left(ctx, c, receipt)
}

// nothingToUndo answers a rollback that found nothing.
func (s *Service) nothingToUndo(ctx context.Context, c *call) (money.Money, error) {
	if c.provider.Profile.UnknownRollback == gameprovider.Accept {
		return s.balance(ctx, c)
	}
	return money.Money{}, ErrRollbackNotFound
}
