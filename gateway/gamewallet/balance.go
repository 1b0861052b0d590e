package gamewallet

import (
	"context"

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
	if err := s.seat(ctx, c); err != nil {
		return money.Money{}, err
	}
	if err := c.admit(); err != nil {
		return money.Money{}, err
	}
	return s.balance(ctx, c)
}
