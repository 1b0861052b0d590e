package approval

import (
	"context"
	"time"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
)

// IDPrefix is the prefix of the ids of approvals.
const IDPrefix = "apr"

// Life is how long something can wait: beyond it nothing is granted any more,
// nor used.
const Life = 72 * time.Hour

// Kind is what is asked for.
type Kind string

// The kinds, with what their subjects are.
const (
	Payout      Kind = "payout"        // a payout's id
	Adjustment  Kind = "adjustment"    // a merchant's id
	KeyRotation Kind = "key_rotation"  // a merchant's id
	Rule        Kind = "approval_rule" // a currency, whose rule is to become weaker
	VirtualCard Kind = "virtual_card"  // an order to the card provider, by its transaction
	// MerchantPerson is a change of who signs in for a merchant, by its id.
	MerchantPerson Kind = "merchant_person"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Payout, Adjustment, KeyRotation, Rule, VirtualCard, MerchantPerson}
}

// State is where an approval stands. Only Waiting changes.
type State string

// The states. Expired is what Standing says of one that waited too long, or was
// approved and not used in time; it is not stored.
const (
	Waiting  State = "waiting"
	Approved State = "approved"
	Refused  State = "refused"
	Void     State = "void"
	Expired  State = "expired"
)

// Approval is what one person asked for, and what became of it.
type Approval struct {
	ID        string // apr_...
	Kind      Kind
	Subject   string
	Reference string            // of an adjustment, or which change of whom
	What      map[string]string // what it is about, to show and to do: amounts, names, never a secret
	Reason    string            // of who asked
	State     State

	RequestedBy   string // "operator:opr_...", "cli:root"
	RequestedName string
	RequestedAt   time.Time
	ExpiresAt     time.Time

	DecidedBy   string // as RequestedBy; empty while it waits
	DecidedName string
	DecidedAt   time.Time
	Note        string // of who decided

	UsedAt time.Time // zero: not yet, or its effect came with the approval
}

// Standing is the state at a moment: of one whose time is over it says so.
func (a Approval) Standing(now time.Time) State {
	late := !a.ExpiresAt.After(now)
	switch {
	case a.State == Waiting && late, a.Usable() && late:
		return Expired
	default:
		return a.State
	}
}

// Usable reports an approval that was granted and whose effect is still to
// come.
func (a Approval) Usable() bool {
	return (a.Kind == KeyRotation || a.Kind == MerchantPerson) && a.State == Approved && a.UsedAt.IsZero()
}

// By is the actor of ctx as approvals name people, and the name to show.
func By(ctx context.Context) (by, name string) {
	a := audit.ActorFrom(ctx)
	by, name = string(a.Kind), a.Name
	if a.ID != "" {
		by += ":" + a.ID
	}
	if name == "" {
		name = by
	}
	return by, name
}

// The faults of this package. They match with errors.Is by kind and code.
var (
	ErrNotFound = fault.New(fault.NotFound, "not_found", "there is no such approval")
	// ErrOwn: who asked cannot decide.
	ErrOwn = fault.New(fault.Forbidden, "own_approval", "you asked for this, so another person must decide")
	// ErrApprover: who decides must be an operator whose role allows it.
	ErrApprover = fault.New(fault.Forbidden, "approver_required", "only an operator whose role is approver or admin decides this")
	// ErrAdmin: a rule for everybody is the admins' matter.
	ErrAdmin = fault.New(fault.Forbidden, "admin_required", "only an operator whose role is admin decides this")
	// ErrDependent: who asked has a hand in the account that would decide.
	ErrDependent = fault.New(fault.Forbidden, "dependent_approver",
		"who asked for this has given out your password or a token of yours, or has changed your account since, so a third person must decide")
	ErrDecided = fault.New(fault.Conflict, "already_decided", "this is already decided")
	ErrExpired = fault.New(fault.Conflict, "approval_expired", "this has waited too long and can no longer be granted")
	ErrChanged = fault.New(fault.Conflict, "approval_void", "what this is about has changed since, so it must be asked for anew")
	// ErrUsed: what was approved is done, and is done once.
	ErrUsed = fault.New(fault.Conflict, "already_done", "this is done already")
	// ErrNotGranted: it is not to be done yet.
	ErrNotGranted = fault.New(fault.Conflict, "not_approved", "another person has not approved this yet")
	ErrWaiting    = fault.New(fault.Conflict, "already_waiting", "something like this waits for a second person already")
	// ErrBlocked: asking would be in vain. errNoAdmin says the same of what only
	// admins decide.
	ErrBlocked = fault.New(fault.Conflict, "approval_blocked", "nobody else could approve this: another person, whose password you did not give out, needs the role approver first")
	errNoAdmin = fault.New(fault.Conflict, "approval_blocked", "nobody else could approve this: give another person the role admin first")
)
