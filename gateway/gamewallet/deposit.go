package gamewallet

import (
	"context"

	"disburse/gateway/gameprovider"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Deposit pays a win and returns what there is to bet. A session that is over,
// a blocked player and an inactive game do not matter. The same transactionId
// with the same content answers with the present balance and pays nothing.
//
// Faults, in the order of the checks: ERROR_BAD_REQUEST (malformed),
// ERROR_TRANSACTION_DUPLICATE, ERROR_BAD_REQUEST (unknown player, currency),
// ERROR_INVALID_SESSION, ERROR_TRANSACTION_WITHDRAW_NOT_FOUND,
// ERROR_BAD_REQUEST (the withdraw is another round's or rolled back, the round
// is finished); and ERROR_TIMEOUT, after which the win may stand.
func (s *Service) Deposit(ctx context.Context, p gameprovider.Provider, r WinRequest) (money.Money, error) {
	c, err := r.call(p)
	if err != nil {
		s.observe(string(Deposit), err)
		return money.Money{}, err
	}
	return s.answer(ctx, c, s.win)
}

func (s *Service) win(ctx context.Context, c *call) (money.Money, error) {
	if err := c.admit(); err != nil {
		return money.Money{}, err
	}
	if err := c.mayWin(); err != nil {
		return money.Money{}, err
	}
	if c.amount.IsZero() {
		if err := s.write(ctx, c.winRider()); err != nil {
			return money.Money{}, err
		}
		return s.balance(ctx, c)
	}
	receipt, err := s.post(ctx, ledger.Win(c.reference(), c.owner(), c.provider.Owner(), c.amount), c.winRider())
	if err != nil {
		return money.Money{}, err
	}
	return s.left(ctx, c, receipt)
}

// mayWin refuses a win by its withdraw and its round. Free spins are won after
// the round that they were won in, too.
func (c *call) mayWin() error {
	w, freeSpins := c.found.withdraw, c.campaign != ""
	switch {
	case w.kind == Withdraw && !c.concerns(w, freeSpins):
		return badRequest("withdrawTransactionId is of another player, game or round")
	case w.kind == Withdraw && w.state == RolledBack:
		return badRequest("the withdraw was rolled back")
	case w.kind == "" && (c.withdrawID == "" || c.provider.Profile.WinWithoutBet == gameprovider.Accept):
	case w.kind != Withdraw:
		return ErrWithdrawNotFound
	}
	if c.found.finished && !freeSpins {
		return errRoundOver
	}
	return nil
}

// concerns reports whether a call is about a withdraw: of its player, and
// unless it may be of another round, of its game and round.
func (c *call) concerns(w stored, anyRound bool) bool {
	return w.player == c.seat.Player.ID && (anyRound || w.game == c.game && w.round == c.round)
}
