package approval

import (
	"context"
	"fmt"
	"time"
)

// Take uses one approval of a matter in tx, once: the actor of ctx asked for it
// and another person granted it. It fails with not_found, not_yours,
// not_approved, already_done, already_decided, approval_expired and approval_void.
func Take(ctx context.Context, tx Tx, m Matter, id string, at time.Time) (Approval, error) {
	by, _ := By(ctx)
	a, found, err := one(ctx, tx, takeGranted, id, string(m.Kind), m.Subject, by, at)
	if err != nil {
		return Approval{}, fmt.Errorf("approval: take: %w", err)
	}
	if found {
		return a, nil
	}
	a, found, err = one(ctx, tx, selectByID, id)
	switch {
	case err != nil:
		return Approval{}, fmt.Errorf("approval: take: %w", err)
	case !found, a.Kind != m.Kind, a.Subject != m.Subject:
		return Approval{}, ErrNotFound
	case a.RequestedBy != by:
		return Approval{}, ErrNotYours
	case !a.UsedAt.IsZero():
		return Approval{}, ErrUsed
	}
	switch a.Standing(at) {
	case Waiting:
		return Approval{}, ErrNotGranted
	case Expired:
		return Approval{}, ErrExpired
	case Void:
		return Approval{}, ErrChanged
	default:
		return Approval{}, ErrDecided
	}
}

// Latest reads what the actor of ctx asked for under a matter and still may use
// or wait for.
func Latest(ctx context.Context, db Tx, m Matter, at time.Time) (_ Approval, found bool, err error) {
	by, _ := By(ctx)
	a, found, err := one(ctx, db, selectGranted, string(m.Kind), m.Subject, m.Reference)
	if err != nil {
		return Approval{}, false, fmt.Errorf("approval: latest: %w", err)
	}
	standing := a.Standing(at)
	return a, found && a.RequestedBy == by && (standing == Waiting || a.Usable() && standing == Approved), nil
}
