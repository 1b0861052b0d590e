package cardorder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/transact"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
)

// attempts at a withdrawal that the rules refused a moment ago and would allow
// now.
const attempts = 3

// Create makes an order of a user, holds what a withdrawal will pay out, and
// returns the order's id. A request whose key made an order before answers with
// that order's id, whatever has changed since.
//
// Faults, in the order of the checks: invalid_request, IDEMPOTENCY_KEY_REUSED,
// FORBIDDEN, CARD_DISABLED, MISSING_PAYMENT_DETAILS, AMOUNT_TOO_LOW,
// AMOUNT_TOO_HIGH, MIN_DEPOSIT_REQUIRED, WAGERING_REQUIREMENT_NOT_MET,
// ACTIVE_ORDER_EXISTS, INSUFFICIENT_BALANCE; unavailable.
func (s *Service) Create(ctx context.Context, u enduser.User, req Request, key idempotency.Key) (int64, error) {
	o, err := req.order(u.ID)
	if err != nil {
		return 0, err
	}
	if err = s.create(ctx, u, &o, key); err == nil {
		if s.d.Observe.Created != nil {
			s.d.Observe.Created(o.Type)
		}
		return o.ID, nil
	}
	// Only here is the key looked up: a request that makes an order claims it
	// in the same transaction, and every other one has failed.
	id, found, findErr := idempotency.Find(ctx, s.d.DB, key)
	switch {
	case errors.Is(findErr, idempotency.ErrReused):
		return 0, ErrKeyReused.With(findErr)
	case findErr != nil:
		return 0, ErrBusy.With(errors.Join(err, findErr))
	case found:
		return id, nil
	default:
		return 0, err
	}
}

// errAgain is the failure of an attempt that nothing stands against any more.
var errAgain = errors.New("cardorder: refused a moment ago, allowed now")

func (s *Service) create(ctx context.Context, u enduser.User, o *Order, key idempotency.Key) error {
	if err := s.d.Users.CheckActive(u); err != nil {
		return err
	}
	for range attempts {
		if err := s.number(ctx, o); err != nil {
			return err
		}
		var err error
		if o.Type == Withdraw {
			err = s.withdraw(ctx, *o, key)
		} else {
			err = s.deposit(ctx, *o, key)
		}
		if !errors.Is(err, errAgain) {
			return err
		}
	}
	return ErrBusy.With(errAgain)
}

// number judges the order by the settings in force, gives it an id and seals
// its card for that. Refused orders leave gaps between ids.
func (s *Service) number(ctx context.Context, o *Order) error {
	var terms Settings
	var hindered bool
	err := s.d.DB.QueryRow(ctx, selectTerms, o.UserID, o.Amount).Scan(&o.ID, &terms.Enabled,
		&terms.DepositMin, &terms.DepositMax, &terms.WithdrawMin, &terms.WithdrawMax, &hindered)
	if err != nil {
		return fmt.Errorf("cardorder: terms: %w", err)
	}
	if err := terms.refuse(*o); err != nil {
		return err
	}
	// The rows decide when they are written; but what is known to fail there must
	// not be posted, where it would spoil the group of everybody else's money.
	if hindered && o.Type == Withdraw {
		if err := s.prerequisites(ctx, *o); err != nil {
			return err
		}
	}
	o.CreatedAt = s.now()
	o.card = vault.Sealed{}
	if o.Details.CardNumber != "" {
		if o.card, err = s.d.Vault.Seal(cardAAD(o.ID), []byte(o.Details.CardNumber)); err != nil {
			return fmt.Errorf("cardorder: seal: %w", err)
		}
	}
	return nil
}

// refuse says which of the terms an order breaks.
func (s Settings) refuse(o Order) error {
	low, high := s.DepositMin, s.DepositMax
	if o.Type == Withdraw {
		low, high = s.WithdrawMin, s.WithdrawMax
	}
	switch {
	case !s.Enabled:
		return ErrDisabled
	case o.Type == Withdraw && o.Details.CardNumber == "":
		return ErrMissingDetails
	case o.Amount < low:
		return named(ErrAmountTooLow, "the smallest amount is %s RUB", low)
	case o.Amount > high:
		return named(ErrAmountTooHigh, "the largest amount is %s RUB", high)
	default:
		return nil
	}
}

// named is the refusal of an amount that tells the bound it breaks.
func named(refusal *fault.Error, message string, bound int64) error {
	e := *refusal
	e.Message = fmt.Sprintf(message, money.New(bound, enduser.RUB).Fixed(2))
	return &e
}

// withdraw makes a withdrawal: the hold, the claim of the key, the row and the
// user's allowance stand or fall together.
func (s *Service) withdraw(ctx context.Context, o Order, key idempotency.Key) error {
	// A repeated request is not posted either, for the same reason.
	if _, found, err := idempotency.Find(ctx, s.d.DB, key); found || err != nil {
		return ErrBusy.With(err) // unless the key is found
	}
	// The order's row comes before the user's in every transaction of this
	// package, so that no two wait for each other.
	_, err := s.d.Ledger.Post(ctx, o.holdEntry(),
		ledger.Rider(idempotency.Claim(key, o.ID, o.CreatedAt)),
		ledger.Rider{SQL: insertOrders, Row: o.insertion(), Certain: true},
		ledger.Rider(enduser.Reserve(o.reference(), o.UserID, enduser.Card, o.Amount, o.CreatedAt)))
	if err == nil {
		return nil
	}
	return s.withdrawRefusal(ctx, o, err)
}

// withdrawRefusal is what a withdrawal that was not posted is told. The ledger
// judges funds before rows and stops at the first row that fails, so what it
// says is put into the published order here.
func (s *Service) withdrawRefusal(ctx context.Context, o Order, cause error) error {
	short := errors.Is(cause, ledger.ErrInsufficientFunds)
	var rider *ledger.RiderError
	missed := errors.As(cause, &rider) && rider.Missed()
	switch {
	case idempotency.Taken(cause):
		return ErrBusy.With(cause) // unless the key is found
	case errors.Is(cause, ledger.ErrBusy), errors.Is(cause, ledger.ErrUnavailable):
		return ErrBusy.With(cause)
	case !short && !missed && !activeExists(cause):
		return fmt.Errorf("cardorder: withdraw: %w", cause)
	}
	if err := s.prerequisites(ctx, o); err != nil {
		return err
	}
	switch {
	case activeExists(cause):
		return ErrActiveOrder
	case short:
		return ErrInsufficient
	default:
		return errAgain
	}
}

// prerequisites says what stands against a withdrawal now, its money apart.
func (s *Service) prerequisites(ctx context.Context, o Order) error {
	if err := s.d.Users.Refusal(ctx, o.UserID, enduser.Card, o.Amount); err != nil {
		return err
	}
	active := false
	if err := s.d.DB.QueryRow(ctx, selectActive, o.UserID, string(o.Type)).Scan(&active); err != nil {
		return fmt.Errorf("cardorder: active order: %w", err)
	}
	if active {
		return ErrActiveOrder
	}
	return nil
}

// deposit makes a deposit, which moves no money yet.
func (s *Service) deposit(ctx context.Context, o Order, key idempotency.Key) error {
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		if err := idempotency.Write(ctx, tx, key, o.ID, o.CreatedAt); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertOrders, []int64{o.ID}, []int64{o.UserID}, []string{string(o.Type)}, []int64{o.Amount},
			[]string{mask(o.Details.CardNumber)}, []*string{orNull(o.card.Key)}, [][]byte{o.card.Box},
			[]string{o.Details.BankName}, []string{o.Details.HolderName}, []time.Time{o.CreatedAt})
		return err
	})
	switch {
	case err == nil:
		return nil
	case idempotency.Taken(err):
		return ErrBusy.With(err) // unless the key is found
	case activeExists(err):
		return ErrActiveOrder
	default:
		return fmt.Errorf("cardorder: deposit: %w", err)
	}
}

// insertion is the order's values for insertOrders.
func (o Order) insertion() []any {
	return []any{
		o.ID, o.UserID, string(o.Type), o.Amount, mask(o.Details.CardNumber), orNull(o.card.Key), o.card.Box,
		o.Details.BankName, o.Details.HolderName, o.CreatedAt,
	}
}

// activeExists reports the second active order of a type.
func activeExists(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == activeConstraint
}
