package virtualcard

import (
	"time"

	"disburse/gateway/enduser"
	"disburse/ledger"
	"disburse/ledger/money"
)

// cause is why an operation was declined.
type cause string

const (
	byProvider cause = "provider"  // it said no
	notSent    cause = "not_sent"  // it was never asked
	notBegun   cause = "not_begun" // it did not begin it in time, and never will
	byHand     cause = "resolved"  // people found out that it has not happened
)

// orderTime is for how long the provider may begin an order. It is longer than a
// call takes, so that no order is too late that is sent at once, and short, since
// one that never arrived is not known to be lost before its time is over.
const orderTime = CallTimeout + 10*time.Second

// answerTime is when an operation is looked up whose own call has told nothing:
// the process may have died.
const answerTime = CallTimeout + 2*time.Second

// operation is one order to the provider, with what it costs and moves.
type operation struct {
	ID            int64
	TransactionID string // the key by which the provider knows it
	feeID         string // the id under which its fee is shown
	CardID        string
	UserID        int64
	Kind          Kind
	State         State
	Amount        money.Money // of a close: zero, and what was moved once it is done
	Fee           money.Money
	NotAfter      time.Time
	CreatedAt     time.Time
	EndedAt       time.Time // zero while it is processing
	CardBalance   money.Money
	Cause         cause
	Reason        string
	request       request
}

// request is what an operation was asked for by, so that a repetition finds it.
type request struct {
	route      string
	name, mark []byte // nil without a key
}

// holds reports a kind whose money is reserved while it is processing.
func (k Kind) holds() bool { return k == KindCreate || k == KindTopUp }

// total is what the operation reserves.
func (o operation) total() money.Money {
	return money.New(o.Amount.Minor()+o.Fee.Minor(), USD)
}

func (o operation) beginReference() string { return "virtual_card:" + o.TransactionID + ":begin" }

// endReference is one for all ends, so that there is one end.
func (o operation) endReference() string { return "virtual_card:" + o.TransactionID + ":end" }

// beginEntry is the reservation; moves is false when there is nothing to reserve.
func (o operation) beginEntry() (entry ledger.Entry, moves bool) {
	if !o.Kind.holds() || o.total().IsZero() {
		return ledger.Entry{}, false
	}
	return ledger.CardLoad(o.beginReference(), enduser.Owner(o.UserID), o.total()), true
}

// endEntry is what an end does to the money; moves is false when that is nothing.
func (o operation) endEntry(e ending) (entry ledger.Entry, moves bool) {
	owner, reference := enduser.Owner(o.UserID), o.endReference()
	done := e.state == Done
	switch {
	case o.Kind.holds() && o.total().IsZero():
		return ledger.Entry{}, false
	case o.Kind.holds() && done:
		return ledger.CardLoadSettle(reference, owner, o.Amount, o.Fee), true
	case o.Kind.holds():
		return ledger.CardLoadReturn(reference, owner, o.total()), true
	case !done || e.moved.IsZero():
		return ledger.Entry{}, false
	case o.Kind == KindIssue:
		return ledger.CardGift(reference, e.moved), true
	case o.Kind == KindWithdraw || o.Kind == KindClose:
		return ledger.CardUnload(reference, owner, e.moved), true
	default:
		return ledger.Entry{}, false
	}
}

// ending is how an operation ends.
type ending struct {
	state   State
	cause   cause  // when declined
	reason  string // the provider's, when declined
	moved   money.Money
	account Account // when done
	blind   bool    // done, and the account is not known
	at      time.Time
}

// effect is what an ending adds to what we know to be on the card.
func (o operation) effect(e ending) int64 {
	if e.state != Done {
		return 0
	}
	switch o.Kind {
	case KindCreate, KindIssue, KindTopUp:
		return e.moved.Minor()
	case KindWithdraw, KindClose:
		return -e.moved.Minor()
	default:
		return 0
	}
}

// cardStatus is the status that an ending gives the card, nil when it leaves it.
// A card that is issued is opened by a statement of its own.
func (o operation) cardStatus(e ending) *string {
	var to Status
	switch {
	case (o.Kind == KindCreate || o.Kind == KindIssue) && e.state == Declined:
		to = StatusFailed
	case e.state != Done:
		return nil
	case o.Kind == KindFreeze:
		to = StatusFrozen
	case o.Kind == KindUnfreeze:
		to = StatusActive
	case o.Kind == KindClose:
		to = StatusClosed
	default:
		return nil
	}
	text := string(to)
	return &text
}

// topUpFee is what a top-up costs on top: basis points of it, a part of a cent
// counting as a cent.
func topUpFee(amount money.Money) money.Money {
	const whole = 10_000
	return money.New((amount.Minor()*topUpFeeBPS+whole-1)/whole, amount.Currency())
}
