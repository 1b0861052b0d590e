package gamewallet

import (
	"context"
	"errors"
	"fmt"

	"disburse/gateway/gameprovider"
	"disburse/ledger/money"
)

// Balance tells what a player can bet: own money and bonus money together. A
// session that is over, and a blocked player, do not matter. Faults, in the
// order of the checks: ERROR_BAD_REQUEST, ERROR_INVALID_SESSION; ERROR_TIMEOUT.
func (s *Service) Balance(ctx context.Context, p gameprovider.Provider, r BalanceRequest) (money.Money, error) {
	balance, err := s.tell(ctx, p, r)
	err = told(err)
	s.observe("balance", err)
	return balance, err
}

func (s *Service) tell(ctx context.Context, p gameprovider.Provider, r BalanceRequest) (money.Money, error) {
	c, err := r.call(p)
	if err != nil {
		return money.Money{}, err
	}
	c.seat, err = s.d.Directory.Seat(ctx, p.ID, c.playerID, c.sessionID)
	c.known = err == nil
	if err != nil && !errors.Is(err, gameprovider.ErrUnknownPlayer) {
		return money.Money{}, fmt.Errorf("gamewallet: seat: %w", err)
	}
	if err := c.admit(); err != nil {
		return money.Money{}, err
	}
	return s.balance(ctx, c)
}
