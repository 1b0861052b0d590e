package virtualcard

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
	"disburse/ledger"
	"disburse/ledger/money"
)

// TopUp puts money from a user's wallet on a card, with a fee on top. The money
// is reserved before the provider is asked, and paid or given back by what it
// says.
//
// Faults, in the order of the checks: *InvalidError, IDEMPOTENCY_KEY_REUSED,
// FORBIDDEN, CARD_NOT_FOUND, CARD_NOT_READY, CARD_LIMIT_EXCEEDED,
// INSUFFICIENT_BALANCE; then DECLINED, PROVIDER_UNAVAILABLE; unavailable.
func (s *Service) TopUp(ctx context.Context, u enduser.User, cardID string, literal Literal, key idempotency.Key) (TopUpResult, error) {
	amount, issues := literal.amount(topUpBounds)
	if len(issues) > 0 {
		return TopUpResult{}, &InvalidError{issues}
	}
	o := operation{
		CardID: strings.ToLower(cardID), UserID: u.ID, Kind: KindTopUp, Amount: amount, Fee: topUpFee(amount), request: requestOf(key),
	}
	for range attempts {
		o, err := s.repeatable(ctx, o, func() (operation, error) { return s.topUp(ctx, u, o) })
		if errors.Is(err, errAgain) {
			continue
		}
		if err == nil {
			err = o.outcome()
		}
		if err != nil {
			return TopUpResult{}, err
		}
		return s.topUpResult(context.WithoutCancel(ctx), o) // the provider may have taken all of the request's time
	}
	return TopUpResult{}, ErrBusy.With(errAgain)
}

// topUp tries it once.
func (s *Service) topUp(ctx context.Context, u enduser.User, o operation) (operation, error) {
	if err := s.d.Users.CheckActive(u); err != nil {
		return o, err
	}
	c, err := s.card(ctx, o.UserID, o.CardID)
	if err != nil {
		return o, err
	}
	if c.Status != StatusActive {
		return o, notReady("top-ups")
	}
	if err := s.checkLimit(ctx, c, o.Amount); err != nil {
		return o, err
	}
	// What is known to fail in the books must not be posted: it would spoil the
	// group of everybody else's money.
	wallet, err := s.balance(ctx, o.UserID)
	if err != nil {
		return o, err
	}
	if wallet.Cmp(o.total()) < 0 {
		return o, short(o)
	}
	b, err := s.begin(ctx, o, string(StatusActive), nil)
	switch {
	case errors.Is(err, ledger.ErrInsufficientFunds):
		return o, short(o)
	case missed(err):
		return o, errAgain // the card has changed; whether it is ready is read again
	case err != nil:
		return o, named("topup", err)
	case b.repeated:
		return b.operation, nil
	}
	return s.perform(ctx, b.operation, func(ctx context.Context, p Provider) (ending, error) {
		a, err := p.TopUp(ctx, b.move(c))
		return ending{moved: b.Amount, account: a}, err
	})
}

func (s *Service) topUpResult(ctx context.Context, o operation) (TopUpResult, error) {
	posted, err := s.posted(ctx, o.beginReference())
	if err != nil {
		return TopUpResult{}, err
	}
	return TopUpResult{
		CardID: o.CardID, TransactionID: o.TransactionID, InvoiceID: o.ID, WalletBalance: usd(posted.FromBalance),
		TotalCharged: o.total(), PlatformFee: o.Fee, NewCardBalance: o.CardBalance,
	}, nil
}

// checkLimit refuses what would be more than the card's plan allows.
func (s *Service) checkLimit(ctx context.Context, c Card, amount money.Money) error {
	plan, err := one(ctx, s.d.DB, toPlan, selectPlan, c.PlanID)
	if err != nil {
		return fmt.Errorf("virtualcard: plan: %w", err)
	}
	if c.Balance.Minor()+amount.Minor() <= plan.Limit.Minor() {
		return nil
	}
	e := *ErrCardLimit
	e.Message = "Card limit exceeded. Limit: " + plan.Limit.String()
	return &e
}

// move is an operation as the provider is asked for it.
func (o operation) move(c Card) Move {
	return Move{Key: o.TransactionID, NotAfter: o.NotAfter, CardID: c.providerID, Amount: o.Amount}
}

func (o operation) change(c Card) Change {
	return Change{Key: o.TransactionID, NotAfter: o.NotAfter, CardID: c.providerID}
}

// balance is what a user's wallet has.
func (s *Service) balance(ctx context.Context, userID int64) (money.Money, error) {
	balances, err := s.d.Ledger.Balances(ctx, ledger.UserAvailable(enduser.Owner(userID), USD))
	if err != nil {
		return money.Money{}, fmt.Errorf("virtualcard: balance: %w", err)
	}
	return balances[0], nil
}

// posted is the first transfer of an entry, with the balances that it left:
// those that the answer to its request tells, however often that is asked for.
func (s *Service) posted(ctx context.Context, reference string) (ledger.TransferRow, error) {
	rows, err := s.d.Ledger.TransfersByReference(ctx, reference)
	if err != nil {
		return ledger.TransferRow{}, fmt.Errorf("virtualcard: %s: %w", reference, err)
	}
	if len(rows) == 0 {
		return ledger.TransferRow{}, fmt.Errorf("virtualcard: %s is not in the books", reference)
	}
	return rows[0], nil
}

// notReady is the refusal of a card whose status does not allow what is asked.
func notReady(what string) error {
	e := *ErrNotReady
	e.Message = "Card is not ready for " + what
	return &e
}

// named says what was being done, unless the error is for the caller.
func named(doing string, err error) error {
	if err == nil || known(err) || errors.Is(err, errAgain) {
		return err
	}
	return fmt.Errorf("virtualcard: %s: %w", doing, err)
}
