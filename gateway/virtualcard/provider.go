package virtualcard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"disburse/ledger/money"
)

// Provider issues the cards and holds the money that is on them. Package
// providertest holds what follows as rules that every provider must keep.
//
// Create, TopUp, Withdraw, Freeze, Unfreeze and Close are orders. An order is
// named by its key, for ever and over all kinds of orders:
//
//   - It has its effect at most once, however often and by whomever it is sent
//     with the same key and content; what is sent again gets the first answer.
//   - The same key with other content has no effect and is ErrKeyReused.
//   - It is not begun after its NotAfter, as read from the provider's own clock.
//   - Its effect is whole or none: money moved and answer kept are one step.
//
// An order returns an error unless it is done. What the error says about the
// order is one of these, to be told by errors.As and errors.Is:
//
//	*DeclinedError   it was refused for good; nothing has moved or ever will
//	ErrNotSent       it did not leave this process; nothing has happened
//	ErrUnknown       it may have happened or may yet happen: Lookup tells
//	ErrKeyReused     this order was not taken, but one of its key may have been
//
// Any other error counts as ErrUnknown. The end of ctx is never a refusal.
//
// Implementations are safe for concurrent use, bound each call in time by
// themselves (CallTimeout), never repeat an order by themselves, and put no
// secret and no card number in an error.
type Provider interface {
	// Create issues a card and puts the initial amount on it, which may be zero.
	Create(ctx context.Context, o CreateOrder) (Account, error)
	// TopUp puts money on a card. It is declined unless the card is active.
	TopUp(ctx context.Context, o Move) (Account, error)
	// Withdraw takes money off a card. It is declined unless the card is active
	// and holds the amount.
	Withdraw(ctx context.Context, o Move) (Account, error)
	// Freeze stops an active card; it keeps its money.
	Freeze(ctx context.Context, o Change) (Account, error)
	// Unfreeze makes a frozen card active again.
	Unfreeze(ctx context.Context, o Change) (Account, error)
	// Close ends a card, active or frozen, for good and takes all its money off
	// in the same step. How much that was is the answer's Moved.
	Close(ctx context.Context, o Change) (Closed, error)
	// Card tells how a card is now. ErrNoCard when the provider has no such card,
	// else an error is ErrUnknown or ErrNotSent.
	Card(ctx context.Context, cardID string) (Account, error)
	// Lookup tells what became of the order with this key and has no effect. An
	// error is ErrUnknown or ErrNotSent, and says nothing about the order.
	Lookup(ctx context.Context, key string) (Outcome, error)
}

// CallTimeout is how long a call to a provider takes at most. The end of it
// leaves an order unknown.
const CallTimeout = 10 * time.Second

// CreateOrder asks for a new card.
type CreateOrder struct {
	Key      string    // 1 to 64 of [A-Za-z0-9_-]
	NotAfter time.Time // when the provider must no longer begin it
	BIN      string    // the first digits of the card's number, of those the provider offers
	Name     string    // what its user calls the card
	Initial  money.Money
}

// Move asks to put money on a card or to take it off.
type Move struct {
	Key      string
	NotAfter time.Time
	CardID   string      // the provider's
	Amount   money.Money // more than zero
}

// Change asks to freeze, unfreeze or close a card.
type Change struct {
	Key      string
	NotAfter time.Time
	CardID   string // the provider's
}

// AccountStatus is how a card stands with its provider.
type AccountStatus string

// The statuses. Closed ones stay closed.
const (
	AccountActive AccountStatus = "active"
	AccountFrozen AccountStatus = "frozen"
	AccountClosed AccountStatus = "closed"
)

// Account is a card as its provider knows it: with an order's answer as it was
// right after that order, with Card as it is now. The number itself never leaves
// the provider.
type Account struct {
	CardID   string // the provider's; 1 to 64 of [A-Za-z0-9_-]
	Status   AccountStatus
	Balance  money.Money
	LastFour string // of the card's number
	Category string // "wallet" or "online"
	Address  Address
}

// Address is the billing address of a card, in Latin letters.
type Address struct {
	Line1      string
	Line2      string // may be empty
	City       string
	State      string
	Country    string // two letters
	PostalCode string
}

// Closed is the answer to Close.
type Closed struct {
	Account
	Moved money.Money // what was taken off, may be zero
}

// OrderState says how far an order has come.
type OrderState string

// The states. Done and declined never change again.
const (
	OrderDone     OrderState = "done"
	OrderDeclined OrderState = "declined"
	OrderPending  OrderState = "pending"   // begun, will be done or declined
	OrderNotFound OrderState = "not_found" // not begun; see Outcome.Final
)

// Outcome is what the provider knows about an order.
type Outcome struct {
	State   OrderState
	Reason  string      // with OrderDeclined, fit to be shown to the card's user
	Account Account     // with OrderDone: as it was right after the order
	Moved   money.Money // with OrderDone: what was put on or taken off, may be zero
	// At is the provider's clock, the one that NotAfter is held against, when it
	// looked for the order. So clocks that differ do no harm.
	At time.Time
}

// Final tells whether the order with this NotAfter has ended: it is done, it is
// declined, or the provider does not have it and will no longer begin it. Only
// one that is done has moved anything.
func (o Outcome) Final(notAfter time.Time) bool {
	switch o.State {
	case OrderDone, OrderDeclined:
		return true
	case OrderNotFound:
		return !notAfter.IsZero() && o.At.After(notAfter)
	default:
		return false
	}
}

// What an error of a Provider says; see Provider for how to read them.
var (
	// ErrUnknown is a timeout, a 5xx, a cut connection or an answer that cannot
	// be read. The order may have happened.
	ErrUnknown = errors.New("the card provider's answer is unknown")
	// ErrNotSent is a refused connection, an unresolved name, or an order that
	// was already too late to send. Nothing was asked of the provider.
	ErrNotSent = errors.New("the card provider could not be asked")
	// ErrKeyReused is a fault of the caller: two different orders with one key.
	ErrKeyReused = errors.New("the card provider knows another order by this key")
	// ErrNoCard means that the provider has no card of this id.
	ErrNoCard = errors.New("the card provider has no such card")
)

// DeclinedError is the provider's final no to an order.
type DeclinedError struct {
	Reason string // fit to be shown to the card's user: one line, never empty
}

func (e *DeclinedError) Error() string { return "the card provider declined: " + e.Reason }

// Absent stands in where no provider is set. It is never reached, so nothing can
// have happened, and what was sent to another provider before stays open.
type Absent struct{}

var _ Provider = Absent{}

var errAbsent = fmt.Errorf("%w: no card provider is set", ErrNotSent)

// Create is not sent.
func (Absent) Create(context.Context, CreateOrder) (Account, error) { return Account{}, errAbsent }

// TopUp is not sent.
func (Absent) TopUp(context.Context, Move) (Account, error) { return Account{}, errAbsent }

// Withdraw is not sent.
func (Absent) Withdraw(context.Context, Move) (Account, error) { return Account{}, errAbsent }

// Freeze is not sent.
func (Absent) Freeze(context.Context, Change) (Account, error) { return Account{}, errAbsent }

// Unfreeze is not sent.
func (Absent) Unfreeze(context.Context, Change) (Account, error) { return Account{}, errAbsent }

// Close is not sent.
func (Absent) Close(context.Context, Change) (Closed, error) { return Closed{}, errAbsent }

// Card cannot be asked for.
func (Absent) Card(context.Context, string) (Account, error) { return Account{}, errAbsent }

// Lookup cannot tell.
func (Absent) Lookup(context.Context, string) (Outcome, error) { return Outcome{}, errAbsent }
