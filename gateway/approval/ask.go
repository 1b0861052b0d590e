package approval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/audit"
	"disburse/gateway/publicid"
)

// Request is what is asked for.
type Request struct {
	Kind      Kind
	Subject   string
	Reference string
	What      map[string]string
	Reason    string
	At        time.Time
}

// Ask stores in tx that the actor of ctx asks for something, with its audit
// row. It fails with already_waiting when the same waits, or was granted under
// the same reference.
func Ask(ctx context.Context, tx Tx, r Request) (Approval, error) {
	by, name := By(ctx)
	a := Approval{
		ID: publicid.At(IDPrefix, r.At), Kind: r.Kind, Subject: r.Subject, Reference: r.Reference, What: r.What, Reason: r.Reason,
		State: Waiting, RequestedBy: by, RequestedName: name, RequestedAt: r.At, ExpiresAt: r.At.Add(Life),
	}
	what, err := json.Marshal(r.What)
	if err != nil {
		return Approval{}, fmt.Errorf("approval: ask: %w", err)
	}
	if _, err := tx.Exec(ctx, voidExpired, string(r.Kind), r.Subject, r.Reference, r.At); err != nil {
		return Approval{}, fmt.Errorf("approval: ask: %w", err)
	}
	_, err = tx.Exec(ctx, insertApproval, a.ID, string(a.Kind), a.Subject, a.Reference, string(what), a.Reason,
		a.RequestedBy, a.RequestedName, a.RequestedAt, a.ExpiresAt)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.ConstraintName == onceConstraint:
		return Approval{}, ErrWaiting.With(err)
	case err != nil:
		return Approval{}, fmt.Errorf("approval: ask: %w", err)
	}
	record := a.record(ctx, "approval.ask", r.At)
	record.After = map[string]any{"approval": a.ID, "kind": a.Kind, "what": a.What, "reason": a.Reason}
	return a, audit.Write(ctx, tx, record)
}

// record begins the audit row of something done to an approval: it belongs to
// the history of what the approval is about.
func (a Approval) record(ctx context.Context, action string, at time.Time) audit.Record {
	subject, id := "merchant", a.Subject
	switch a.Kind {
	case Payout:
		subject = "payout"
	case Rule:
		subject = "approval_rule"
	case VirtualCard:
		subject, id = "virtual_card", a.What["card_id"]
	}
	return audit.Of(ctx, at, action, subject, id)
}

// Open reads what waits of a kind about a subject; found is false for nothing.
func Open(ctx context.Context, db Tx, kind Kind, subject, reference string) (_ Approval, found bool, err error) {
	a, found, err := one(ctx, db, selectOpen, string(kind), subject, reference)
	if err != nil {
		err = fmt.Errorf("approval: open: %w", err)
	}
	return a, found, err
}

// WaitingOn reads, by subject, what waits of a kind and can still be granted, for
// what has no reference.
func WaitingOn(ctx context.Context, db Tx, kind Kind, subjects []string, now time.Time) (map[string]Approval, error) {
	all, err := query(ctx, db, selectWaitingOn, string(kind), subjects, now)
	if err != nil {
		return nil, fmt.Errorf("approval: waiting on: %w", err)
	}
	by := make(map[string]Approval, len(all))
	for _, a := range all {
		by[a.Subject] = a
	}
	return by, nil
}

// Granted reads what waits or was approved under a reference.
func Granted(ctx context.Context, db Tx, kind Kind, subject, reference string) (_ Approval, found bool, err error) {
	a, found, err := one(ctx, db, selectGranted, string(kind), subject, reference)
	if err != nil {
		err = fmt.Errorf("approval: granted: %w", err)
	}
	return a, found, err
}

// Matter is what approvals of a kind are about: a payout, say, or a merchant.
type Matter struct {
	Kind    Kind
	Subject string
	// Reference narrows it where several things about one subject wait beside each
	// other.
	Reference string
}

// VoidAll ends what waits in a matter, and what was granted and not used: it has
// changed, or who asked takes it back.
func VoidAll(ctx context.Context, tx Tx, m Matter, note string, at time.Time) error {
	by, name := By(ctx)
	if _, err := tx.Exec(ctx, voidAll, string(m.Kind), m.Subject, by, name, at, note, m.Reference); err != nil {
		return fmt.Errorf("approval: void: %w", err)
	}
	return nil
}

// Void is VoidAll as a statement for what is not usable once it is granted, to
// run with others. It may find nothing. It converts to a rider of the ledger.
func (m Matter) Void(ctx context.Context, note string, at time.Time) audit.Statement {
	by, name := By(ctx)
	return audit.Statement{SQL: voidRows, Certain: true, Row: []any{string(m.Kind), m.Subject, by, name, at, note}}
}

// Withdraw voids one approval in tx, with its audit row; only who asked can. It
// fails with not_yours and already_decided.
func Withdraw(ctx context.Context, tx Tx, a Approval, at time.Time) error {
	by, name := By(ctx)
	if a.RequestedBy != by {
		return ErrNotYours
	}
	tag, err := tx.Exec(ctx, voidOne, a.ID, by, name, at)
	switch {
	case err != nil:
		return fmt.Errorf("approval: withdraw: %w", err)
	case tag.RowsAffected() != 1:
		return ErrDecided
	}
	record := a.record(ctx, "approval.withdraw", at)
	record.Before = map[string]any{"approval": a.ID, "what": a.What}
	return audit.Write(ctx, tx, record)
}

// Use takes what the actor of ctx asked for and another person granted, once.
// found is false when just this was not granted, or was used.
func Use(ctx context.Context, tx Tx, m Matter, what map[string]string, at time.Time) (_ Approval, found bool, err error) {
	raw, err := json.Marshal(what)
	if err != nil {
		return Approval{}, false, fmt.Errorf("approval: use: %w", err)
	}
	by, _ := By(ctx)
	a, found, err := one(ctx, tx, takeUsable, string(m.Kind), m.Subject, by, at, string(raw))
	if err != nil {
		err = fmt.Errorf("approval: use: %w", err)
	}
	return a, found, err
}

// Possible fails with approval_blocked unless an operator other than the actor
// of ctx could decide about something of a kind.
func Possible(ctx context.Context, db Tx, kind Kind) error {
	by, _ := By(ctx)
	rows, err := db.Query(ctx, countApprovers, by, string(kind))
	if err != nil {
		return fmt.Errorf("approval: count approvers: %w", err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return fmt.Errorf("approval: count approvers: %w", err)
		}
	}
	switch err := rows.Err(); {
	case err != nil:
		return fmt.Errorf("approval: count approvers: %w", err)
	case n > 0:
		return nil
	case kind == Rule:
		return errNoAdmin
	default:
		return ErrBlocked
	}
}

// About lists everything that was asked for about a subject, newest first.
func About(ctx context.Context, db Tx, subject string) ([]Approval, error) {
	all, err := query(ctx, db, selectAbout, subject)
	if err != nil {
		return nil, fmt.Errorf("approval: about: %w", err)
	}
	return all, nil
}

// MayTakeOver fails unless the actor of ctx is an operator who may decide and
// what waits has waited too long: then it is theirs to bring to an end. It fails
// with not_yours, approver_required and approval_void.
func MayTakeOver(ctx context.Context, db Tx, kind Kind, subject string, at time.Time) error {
	a, found, err := Open(ctx, db, kind, subject, "")
	switch {
	case err != nil:
		return err
	case !found:
		return ErrChanged
	case a.Standing(at) != Expired:
		return ErrNotYours
	}
	may, _, err := judged(ctx, db, a.ID, at)
	switch {
	case err != nil:
		return err
	case !may:
		return ErrApprover
	default:
		return nil
	}
}

// judged asks whether the actor of ctx is an operator who may decide, and
// whether who asked has a hand in the account.
func judged(ctx context.Context, db Tx, id string, at time.Time) (may, depends bool, err error) {
	by, _ := By(ctx)
	rows, err := db.Query(ctx, selectFaults, id, by, at)
	if err != nil {
		return false, false, fmt.Errorf("approval: judge: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&may, &depends); err != nil {
			return false, false, fmt.Errorf("approval: judge: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return false, false, fmt.Errorf("approval: judge: %w", err)
	}
	return may, depends, nil
}
