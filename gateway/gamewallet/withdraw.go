package gamewallet

import (
	"context"
	"errors"
	"fmt"

	"disburse/gateway/enduser"
	"disburse/gateway/gameprovider"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Withdraw takes a bet and returns what is left to bet. The same transactionId
// with the same content answers with the present balance and takes nothing,
// whatever has become of session, player and game since.
//
// Faults, in the order of the checks: ERROR_BAD_REQUEST (malformed),
// ERROR_TRANSACTION_DUPLICATE, ERROR_TRANSACTION_NOT_FOUND (its rollback came
// before it), ERROR_BAD_REQUEST (unknown player), ERROR_BAD_REQUEST_PLAYER_BLOCKED,
// ERROR_BAD_REQUEST (currency), ERROR_INVALID_SESSION, ERROR_SESSION_EXPIRED,
// ERROR_GAME_NOT_ACTIVE, ERROR_TRANSACTION_LIMIT_EXCEEDED,
// ERROR_TRANSACTION_REALITY_CHECK, ERROR_BAD_REQUEST (the round is finished),
// ERROR_TRANSACTION_INSUFFICIENT_FUNDS; and ERROR_TIMEOUT, after which the bet
// may stand.
func (s *Service) Withdraw(ctx context.Context, p gameprovider.Provider, r BetRequest) (money.Money, error) {
	c, err := r.call(p)
	if err != nil {
		s.observe(string(Withdraw), err)
		return money.Money{}, err
	}
	return s.answer(ctx, c, s.bet)
}

func (s *Service) bet(ctx context.Context, c *call) (money.Money, error) {
	if err := s.mayBet(ctx, c); err != nil {
		return money.Money{}, err
	}
	if c.amount.IsZero() {
		if err := s.write(ctx, c.betRider(0)); err != nil {
			return money.Money{}, err
		}
		return s.balance(ctx, c)
	}
	// Own money goes first, so without bonus money there is nothing to split,
	// and whether it is enough the books know.
	stake := ledger.Stake{Cash: c.amount, Bonus: money.New(0, c.amount.Currency())}
	if c.mixed {
		held, err := s.purse(ctx, c)
		if err != nil {
			return money.Money{}, err
		}
		made, enough := held.stake(c.amount)
		if !enough {
			return money.Money{}, ErrInsufficientFunds
		}
		stake = made
	}
	riders := []ledger.Rider{c.betRider(stake.Bonus.Minor())}
	if c.amount.Currency() == enduser.RUB {
		riders = append(riders, ledger.Rider(enduser.CountTurnover(c.seat.Player.UserID, c.amount.Minor())))
	}
	receipt, err := s.post(ctx, ledger.Bet(c.reference(), c.owner(), c.provider.Owner(), stake), riders...)
	if errors.Is(err, ledger.ErrInsufficientFunds) {
		return money.Money{}, s.short(ctx, c, err)
	}
	if err != nil {
		return money.Money{}, err
	}
	return s.left(ctx, c, receipt)
}

// short tells whether a stake that the books refused could be made up
// otherwise.
func (s *Service) short(ctx context.Context, c *call, cause error) error {
	held, err := s.purse(ctx, c)
	if err != nil {
		return err
	}
	if _, enough := held.stake(c.amount); !enough {
		return ErrInsufficientFunds
	}
	c.mixed = true
	return fmt.Errorf("%w: %w", errAgain, cause)
}

// mayBet refuses a new bet by everything but the player's money.
func (s *Service) mayBet(ctx context.Context, c *call) error {
	if c.known && (c.seat.Player.Blocked || c.seat.UserBlocked) {
		return ErrPlayerBlocked
	}
	if err := c.admit(); err != nil {
		return err
	}
	if !c.seat.Session.OpenAt(c.at) {
		return ErrSessionExpired
	}
	active, known, err := s.d.Directory.Game(ctx, c.provider.ID, c.game)
	if err != nil {
		return fmt.Errorf("gamewallet: game: %w", err)
	}
	limits, amount := c.seat.Player.Limits, c.amount.Minor()
	switch {
	case !known || !active:
		return ErrGameNotActive
	case limits.BetLimit != nil && amount > *limits.BetLimit:
		return ErrLimitExceeded
	// The row of the day decides when it is written; what is known to fail there
	// must not be posted, where it would spoil the group of everybody else's bets.
	case limits.LossLimitDay != nil && amount > 0 && c.found.loss > *limits.LossLimitDay-amount:
		return ErrLimitExceeded
	case c.seat.RealityCheckDue(c.at):
		return ErrRealityCheck
	case c.found.finished:
		return errRoundOver
	}
	return nil
}
