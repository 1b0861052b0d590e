package cardorder

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"disburse/gateway/enduser"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Type is the direction of the money.
type Type string

// The types, named as on the wire.
const (
	Withdraw Type = "withdraw"
	Deposit  Type = "deposit"
)

// Types lists every type.
func Types() []Type { return []Type{Withdraw, Deposit} }

// Valid reports a known type.
func (t Type) Valid() bool { return slices.Contains(Types(), t) }

// Status is where an order stands.
type Status string

// The states. Completed and cancelled orders never change again; only deposits
// are ever paid by their user.
const (
	Pending    Status = "pending"
	PaidByUser Status = "paid_by_user"
	Completed  Status = "completed"
	Cancelled  Status = "cancelled"
)

// Statuses lists every state.
func Statuses() []Status { return []Status{Pending, PaidByUser, Completed, Cancelled} }

// Valid reports a known state.
func (s Status) Valid() bool { return slices.Contains(Statuses(), s) }

// Final reports a state that never changes again.
func (s Status) Final() bool { return s == Completed || s == Cancelled }

// Details is where the user's money is to go. Printing it, in whatever way,
// gives the card's last four digits alone.
type Details struct {
	CardNumber string // digits; masked ("****1234") unless its reader may see it
	BankName   string
	HolderName string
}

// String is the details as texts have them.
func (d Details) String() string {
	return fmt.Sprintf("card %s bank %q holder %q", mask(d.CardNumber), d.BankName, d.HolderName)
}

// GoString keeps %#v from showing more than String.
func (d Details) GoString() string { return d.String() }

// LogValue is the details as logs have them.
func (d Details) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalJSON keeps a log that takes a struct apart from showing more. What is
// answered has views of its own.
func (d Details) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// Order is one card order.
type Order struct {
	ID           int64
	UserID       int64
	Type         Type
	Amount       int64 // kopecks
	Status       Status
	Details      Details
	ClaimedBy    string    // a claimant such as "operator:usr_..."; "" when nobody's
	LeaseUntil   time.Time // until then no other operator may take the claim over; zero when nobody's
	CreatedAt    time.Time
	UpdatedAt    time.Time
	EndedAt      time.Time  // zero while it is open
	EndedBy      string     // "user" or a claimant
	CompletedAt  *time.Time // nil unless it is completed
	CancelReason string     // an operator's words to the user

	card vault.Sealed
}

// Lease is for how long a claim keeps other operators away, unless it is
// claimed anew.
const Lease = 15 * time.Minute

// byUser is who ended an order that its user cancelled.
const byUser = "user"

// Leased reports a claim that keeps others away at the given moment.
func (o Order) Leased(now time.Time) bool { return o.ClaimedBy != "" && o.LeaseUntil.After(now) }

// refuseUserCancel says why the user cannot cancel the order, nil when he can.
// The guarded update of the store asks the same of the row.
func (o Order) refuseUserCancel() error {
	if o.Status != Pending || o.ClaimedBy != "" {
		return o.invalidState()
	}
	return nil
}

// refuseConfirm says why the order cannot become paid by its user.
func (o Order) refuseConfirm() error {
	if o.Type != Deposit || o.Status != Pending {
		return o.invalidState()
	}
	return nil
}

// refuseOperator says why the claimant by cannot work on the order.
func (o Order) refuseOperator(by string, now time.Time) error {
	switch {
	case o.Status.Final():
		return o.invalidState()
	case o.Leased(now) && o.ClaimedBy != by:
		return ErrClaimedByOther
	default:
		return nil
	}
}

// money is the amount in the books' terms.
func (o Order) money() money.Money { return money.New(o.Amount, enduser.RUB) }

// reference names the order in the books and to package enduser.
func (o Order) reference() string { return fmt.Sprintf("card_order:%d", o.ID) }

// holdEntry reserves what a withdrawal pays out.
func (o Order) holdEntry() ledger.Entry {
	return ledger.CardOrderHold(o.reference()+":hold", enduser.Owner(o.UserID), o.money())
}

// endEntry is what an end does to the money, with one reference for all ends.
// moves is false for the one that does nothing to it: a cancelled deposit.
func (o Order) endEntry(to Status) (entry ledger.Entry, moves bool) {
	reference, owner := o.reference()+":end", enduser.Owner(o.UserID)
	switch {
	case o.Type == Withdraw && to == Completed:
		return ledger.CardOrderSettle(reference, owner, o.money()), true
	case o.Type == Withdraw:
		return ledger.CardOrderReturn(reference, owner, o.money()), true
	case to == Completed:
		return ledger.CardOrderCredit(reference, owner, o.money()), true
	default:
		return ledger.Entry{}, false
	}
}

// mask leaves the last four digits of a card number; a masked one stays.
func mask(number string) string {
	if number == "" || strings.HasPrefix(number, "****") {
		return number
	}
	return "****" + number[max(0, len(number)-4):]
}

func cardAAD(id int64) string { return fmt.Sprintf("card_orders.card_box:%d", id) }
