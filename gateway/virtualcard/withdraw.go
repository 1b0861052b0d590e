package virtualcard

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Withdraw takes money off a card into its user's wallet: first at the provider,
// then in the books. The attempt and its cooldown are written down together
// before the provider is asked, so that of two at once one passes.
//
// Faults, in the order of the checks: *InvalidError, IDEMPOTENCY_KEY_REUSED,
// FORBIDDEN, CARD_NOT_FOUND, CARD_NOT_READY, COOLDOWN,
// INSUFFICIENT_CARD_BALANCE; then DECLINED, PROVIDER_UNAVAILABLE; unavailable.
func (s *Service) Withdraw(ctx context.Context, u enduser.User, cardID string, literal Literal, key idempotency.Key) (WithdrawResult, error) {
	amount, issues := literal.amount(withdrawBounds)
	if len(issues) > 0 {
		return WithdrawResult{}, &InvalidError{issues}
	}
	o := operation{
		CardID: strings.ToLower(cardID), UserID: u.ID, Kind: KindWithdraw, Amount: amount, Fee: usd(0), request: requestOf(key),
	}
	for range attempts {
		o, err := s.repeatable(ctx, o, func() (operation, error) { return s.withdraw(ctx, u, o) })
		if errors.Is(err, errAgain) {
			continue
		}
		if err == nil {
			err = o.outcome()
		}
		if err != nil {
			return WithdrawResult{}, err
		}
		return s.withdrawResult(context.WithoutCancel(ctx), o) // the provider may have taken all of the request's time
	}
	return WithdrawResult{}, ErrBusy.With(errAgain)
}

// withdraw tries it once.
func (s *Service) withdraw(ctx context.Context, u enduser.User, o operation) (operation, error) {
	if err := s.d.Users.CheckActive(u); err != nil {
		return o, err
	}
	c, err := s.card(ctx, o.UserID, o.CardID)
	if err != nil {
		return o, err
	}
	if err := s.mayWithdraw(c); err != nil {
		return o, err
	}
	if err := s.checkOnCard(ctx, c, o.Amount); err != nil {
		return o, err
	}
	b, err := s.begin(ctx, o, string(StatusActive), s.takeTurn)
	switch {
	case missed(err), broken(err, withdrawingConstraint):
		return o, errAgain // something stands against it now, and is read again
	case err != nil:
		return o, named("withdraw", err)
	case b.repeated:
		return b.operation, nil
	}
	return s.perform(ctx, b.operation, func(ctx context.Context, p Provider) (ending, error) {
		a, err := p.Withdraw(ctx, b.move(c))
		return ending{moved: b.Amount, account: a}, err
	})
}

// mayWithdraw judges the card alone, before the provider is asked for anything.
func (s *Service) mayWithdraw(c Card) error {
	if c.Status != StatusActive {
		return ErrNotReady
	}
	if left := c.CooldownEnd.Sub(s.now()); left > 0 {
		return ErrCooldown.After(left)
	}
	if c.withdrawing { // not known yet, for longer than the cooldown
		return ErrNotReady
	}
	return nil
}

// checkOnCard asks the provider what is on the card: it may have been paid with
// since we were told. What does not reach the provider begins no cooldown.
func (s *Service) checkOnCard(ctx context.Context, c Card, amount money.Money) error {
	a, err := s.look(ctx, c)
	if err != nil {
		return err
	}
	if a.Balance.Cmp(amount) < 0 {
		e := *ErrCardShort
		e.Message = "Insufficient card balance. Available: " + a.Balance.String() + ", Requested: " + amount.String()
		return &e
	}
	return nil
}

// look asks the provider how a card is, and keeps the answer.
func (s *Service) look(ctx context.Context, c Card) (Account, error) {
	asking, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	a, err := s.d.Provider.Card(asking, c.providerID)
	switch {
	case err != nil:
		s.d.Log.Warn("the card provider does not tell how a card is", "card", c.ID, "error", err)
		return Account{}, ErrProvider.With(err)
	case a.Balance.Currency() != USD:
		return Account{}, ErrProvider.With(errors.New("virtualcard: the card's balance is not in US dollars"))
	}
	if _, err := s.d.DB.Exec(ctx, refreshCard, c.ID, c.version, a.Balance.Minor(), s.now()); err != nil {
		s.d.Log.Warn("a card's balance could not be stored", "card", c.ID, "error", err)
	}
	return a, nil
}

// takeTurn begins the cooldown, or finds that another attempt was faster.
func (s *Service) takeTurn(tx pgx.Tx, o operation) error {
	tag, err := tx.Exec(context.Background(), startCooldown, o.CardID, o.CreatedAt.Add(cooldown), o.CreatedAt)
	if err == nil && tag.RowsAffected() == 0 {
		return errAgain
	}
	return err
}

func (s *Service) withdrawResult(ctx context.Context, o operation) (WithdrawResult, error) {
	posted, err := s.posted(ctx, o.endReference())
	if err != nil {
		return WithdrawResult{}, err
	}
	return WithdrawResult{
		CardID: o.CardID, TransactionID: o.TransactionID, InvoiceID: o.ID, WalletBalance: usd(posted.ToBalance),
		NewCardBalance: o.CardBalance, AmountWithdrawn: o.Amount,
	}, nil
}

// Close ends a card for good and brings what is on it to its user's wallet. It
// neither waits for a cooldown nor begins one. Faults: FORBIDDEN,
// CARD_NOT_FOUND, CARD_ALREADY_CLOSED, CARD_NOT_READY; then DECLINED,
// PROVIDER_UNAVAILABLE; unavailable.
func (s *Service) Close(ctx context.Context, u enduser.User, cardID string) (CloseResult, error) {
	o, _, err := s.changeCard(ctx, u, cardID, KindClose)
	if err != nil {
		return CloseResult{}, err
	}
	ctx = context.WithoutCancel(ctx) // the provider may have taken all of the request's time
	result := CloseResult{CardID: o.CardID, BalanceWithdrawn: o.Amount}
	if o.Amount.IsZero() {
		result.NewWalletBalance, err = s.balance(ctx, u.ID)
		return result, err
	}
	var posted ledger.TransferRow
	posted, err = s.posted(ctx, o.endReference())
	result.NewWalletBalance = usd(posted.ToBalance)
	result.TransactionID, result.InvoiceID = &o.TransactionID, &o.ID
	return result, err
}
