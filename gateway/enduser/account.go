package enduser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
	"disburse/ledger"
	"disburse/ledger/money"
)

const maxReference = 128

var errTooLarge = fault.Invalid(fault.Field{Name: "amount", Why: "is too large"})

// Balance is what a user has, in kopecks.
type Balance struct {
	Available, Held, Balance, Bonus               int64 // Balance is Available and Held together
	DepositedTotal, WithdrawnTotal                int64 // completed ones
	WageringRequired, Turnover, WageringRemaining int64
}

// balanceIdle is how long the reader of a balance may take between two
// statements.
const balanceIdle = 10 * time.Second

// Balance reads what a user has, all of it at one moment: what has just been paid
// in or out is in the balance and in its total, or in neither. It fails with
// NOT_FOUND.
func (s *Service) Balance(ctx context.Context, id int64) (Balance, error) {
	tx, err := transact.Snapshot(ctx, s.deps.DB, balanceIdle)
	if err != nil {
		return Balance{}, fmt.Errorf("enduser: balance: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it has changed nothing
	u, err := find(ctx, tx, selectByID, id)
	if err != nil {
		return Balance{}, err
	}
	owner := Owner(id)
	held, err := ledger.BalancesIn(ctx, tx, ledger.UserAvailable(owner, RUB), ledger.UserOrderHeld(owner, RUB),
		ledger.UserEscrow(owner, RUB), ledger.UserBonus(owner, RUB))
	if err != nil {
		return Balance{}, fmt.Errorf("enduser: balance: %w", err)
	}
	b := Balance{
		Available: held[0].Minor(), Held: held[1].Minor() + held[2].Minor(), Bonus: held[3].Minor(),
		DepositedTotal: u.Deposited, WithdrawnTotal: u.Withdrawn,
		WageringRequired: u.WageringRequired, Turnover: u.Turnover, WageringRemaining: u.WageringRemaining(),
	}
	b.Balance = b.Available + b.Held
	return b, nil
}

// Available is what a user can spend in a currency.
func (s *Service) Available(ctx context.Context, id int64, c money.Currency) (money.Money, error) {
	balances, err := s.deps.Ledger.Balances(ctx, ledger.UserAvailable(Owner(id), c))
	if err != nil {
		return money.Money{}, fmt.Errorf("enduser: available: %w", err)
	}
	return balances[0], nil
}

// Transaction is one movement of what a user can spend, in kopecks.
type Transaction struct {
	ID           int64
	Type         string // the ledger's flow
	Amount       int64  // below zero when it left
	BalanceAfter int64
	CreatedAt    time.Time
}

// Transactions lists the movements of what a user can spend, newest first,
// from the offset on, and counts all of them.
func (s *Service) Transactions(ctx context.Context, id int64, limit, offset int) ([]Transaction, int, error) {
	lines, total, err := s.deps.Ledger.Activity(ctx, ledger.UserAvailable(Owner(id), RUB), limit, offset)
	if err != nil {
		return nil, 0, fmt.Errorf("enduser: transactions: %w", err)
	}
	list := make([]Transaction, len(lines))
	for i, line := range lines {
		list[i] = Transaction{
			ID: line.TransferID, Type: line.Flow, Amount: line.Amount.Minor(),
			BalanceAfter: line.Balance.Minor(), CreatedAt: line.At.UTC(),
		}
	}
	return list, total, nil
}

// Deposit credits a user with money that reached the platform: a completed
// deposit, which counts as one when it is RUB. One reference credits a user
// once, however often and from wherever it comes. It fails with NOT_FOUND,
// invalid_request and reference_reused.
func (s *Service) Deposit(ctx context.Context, id int64, amount money.Money, ref string) error {
	if err := s.creditable(ctx, id, amount, ref); err != nil {
		return err
	}
	now := s.now()
	record := audit.Of(ctx, now, "user.deposit", "user", idText(id))
	record.After = map[string]string{"amount": amount.String(), "currency": string(amount.Currency()), "ref": ref}
	entry := ledger.UserDeposit(depositReference(id, ref), Owner(id), amount)
	riders := []ledger.Rider{ledger.Rider(audit.Row(record))}
	if amount.Currency() == RUB {
		riders = append(riders, ledger.Rider(CountDeposit(entry.Reference, id, amount.Minor(), now)))
	}
	_, err := s.deps.Ledger.Post(ctx, entry, riders...)
	return refused(err, "deposit")
}

// Preview is what a deposit would do.
type Preview struct {
	Available money.Money // after it
	// Replayed: the reference was there before with the same amount, and
	// nothing would move.
	Replayed bool
}

// PreviewDeposit says what Deposit would do and does nothing. It fails as
// Deposit does.
func (s *Service) PreviewDeposit(ctx context.Context, id int64, amount money.Money, ref string) (Preview, error) {
	if err := s.creditable(ctx, id, amount, ref); err != nil {
		return Preview{}, err
	}
	available, err := s.Available(ctx, id, amount.Currency())
	if err != nil {
		return Preview{}, err
	}
	posted, err := s.deps.Ledger.TransfersByReference(ctx, depositReference(id, ref))
	if err != nil {
		return Preview{}, fmt.Errorf("enduser: preview deposit: %w", err)
	}
	if len(posted) > 0 {
		if !posted[0].Amount.Equal(amount) {
			return Preview{}, ErrReferenceReused
		}
		return Preview{Available: available, Replayed: true}, nil
	}
	after, err := available.Add(amount)
	if err != nil {
		return Preview{}, errTooLarge
	}
	return Preview{Available: after}, nil
}

func (s *Service) creditable(ctx context.Context, id int64, amount money.Money, ref string) error {
	var faults []fault.Field
	if !amount.Positive() {
		faults = append(faults, fault.Field{Name: "amount", Why: "must be above zero, in minor units of its currency"})
	}
	if _, known := money.Lookup(string(amount.Currency())); !known {
		faults = append(faults, fault.Field{Name: "currency", Why: "must be a known currency, such as RUB or USD"})
	}
	return s.acceptable(ctx, id, append(faults, referenceFaults(ref)...))
}

func (s *Service) acceptable(ctx context.Context, id int64, faults []fault.Field) error {
	if len(faults) > 0 {
		return fault.Invalid(faults...)
	}
	_, err := s.ByID(ctx, id)
	return err
}

// refused is what a caller is told of an entry that did not stand.
func refused(err error, doing string) error {
	switch {
	case errors.Is(err, ledger.ErrReferenceReused):
		return ErrReferenceReused.With(err)
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrUnavailable):
		return fault.New(fault.Unavailable, "unavailable", "temporarily unavailable, retry with the same reference").
			With(err).After(time.Second)
	case errors.Is(err, ledger.ErrOverflow):
		return errTooLarge
	}
	return named(err, doing)
}

func depositReference(id int64, ref string) string { return "user_deposit:" + idText(id) + ":" + ref }

// referenceFaults are as strict as the ledger is with references, and take no
// blank for one. The replacement of a character that was lost on the way would
// make two references one.
func referenceFaults(text string) []fault.Field {
	valid := strings.TrimSpace(text) != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxReference
	for _, r := range text {
		valid = valid && !unicode.IsControl(r) && r != unicode.ReplacementChar
	}
	if valid {
		return nil
	}
	return []fault.Field{{Name: "ref", Why: "must be 1 to 128 characters, none of them a control character or U+FFFD"}}
}
