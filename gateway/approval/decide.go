package approval

import (
	"context"
	"fmt"
	"time"

	"disburse/gateway/audit"
	"disburse/gateway/transact"
)

// Decision is what another person decides about an approval.
type Decision struct {
	Approval Approval
	State    State // Approved or Refused
	Note     string
	At       time.Time
}

// Statement is the decision of the actor of ctx, guarded: it affects no row
// when it must not be. Why then says for which reason. It converts to a rider
// of the ledger.
func (d Decision) Statement(ctx context.Context) audit.Statement {
	by, name := By(ctx)
	a := d.Approval
	return audit.Statement{SQL: decide, Row: []any{a.ID, string(a.Kind), a.Subject, string(d.State), by, name, d.At, d.Note}}
}

// Record is the decision's audit row.
func (d Decision) Record(ctx context.Context) audit.Statement {
	action := "approval.approve"
	if d.State == Refused {
		action = "approval.refuse"
	}
	record := d.Approval.record(ctx, action, d.At)
	record.Before = map[string]any{"approval": d.Approval.ID, "asked_by": d.Approval.RequestedBy}
	record.After = map[string]any{"state": d.State, "note": d.Note}
	return audit.Row(record)
}

// Refusal says beforehand why the actor of ctx must not decide so, as far as
// the approval itself tells; the statement asks all of it again.
func (d Decision) Refusal(ctx context.Context) error {
	by, _ := By(ctx)
	a := d.Approval
	switch {
	case a.RequestedBy == by:
		return ErrOwn
	case a.State == Void:
		return ErrChanged
	case a.State != Waiting:
		return ErrDecided
	case d.State == Approved && !a.ExpiresAt.After(d.At):
		return ErrExpired
	default:
		return nil
	}
}

// Decide stores a decision in tx, with its audit row. now is false when it was
// stored before: then nothing may follow from it again. It fails with what Why
// says.
func Decide(ctx context.Context, tx Tx, d Decision) (now bool, err error) {
	statement, record := d.Statement(ctx), d.Record(ctx)
	tag, err := tx.Exec(ctx, statement.SQL, transact.Columns(statement.Row)...)
	if err != nil {
		return false, fmt.Errorf("approval: decide: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return false, Why(ctx, tx, d)
	}
	if _, err := tx.Exec(ctx, record.SQL, transact.Columns(record.Row)...); err != nil {
		return false, fmt.Errorf("approval: audit: %w", err)
	}
	return true, nil
}

// Why says why a decision of the actor of ctx was not stored; nil when it is
// stored already, by this actor.
func Why(ctx context.Context, db Tx, d Decision) error {
	by, _ := By(ctx)
	now, found, err := one(ctx, db, selectByID, d.Approval.ID)
	switch {
	case err != nil:
		return fmt.Errorf("approval: read back: %w", err)
	case !found:
		return ErrNotFound
	}
	if now.State == d.State && now.DecidedBy == by {
		return nil
	}
	d.Approval = now
	if err := d.Refusal(ctx); err != nil {
		return err
	}
	may, depends, err := judged(ctx, db, now.ID, d.At)
	switch {
	case err != nil:
		return err
	case !may && now.Kind == Rule:
		return ErrAdmin
	case !may:
		return ErrApprover
	case depends:
		return ErrDependent
	default:
		return ErrChanged
	}
}
