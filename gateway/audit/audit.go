package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Record is one change. Before and After are marshalled to JSON; nil means that
// there was nothing before, or is nothing after. A zero At means the database's
// time of the transaction.
type Record struct {
	Actor     Actor
	Action    string // "merchant.create", "payout.complete"
	Subject   string // "merchant", "payout"
	SubjectID string
	Before    any
	After     any
	At        time.Time
	RequestID string
}

// Of starts the record of an action by the actor and in the request of ctx.
func Of(ctx context.Context, at time.Time, action, subject, subjectID string) Record {
	return Record{
		Actor: ActorFrom(ctx), RequestID: RequestIDFrom(ctx), At: at,
		Action: action, Subject: subject, SubjectID: subjectID,
	}
}

// Statement is one row for a set-based statement: SQL takes an array per
// column, Row has one value per column, each always of the same Go type, and
// Certain says that it cannot affect fewer rows without an error. It converts
// to the ledger's rider.
type Statement struct {
	SQL     string
	Row     []any
	Certain bool
}

// Row gives the record as a statement that another transaction runs, alone or
// together with other rows of the same SQL.
func Row(r Record) Statement {
	var at *time.Time
	if !r.At.IsZero() {
		at = &r.At
	}
	return Statement{SQL: insertRecords, Certain: true, Row: []any{
		at, string(r.Actor.Kind), r.Actor.ID, r.Actor.Name, r.Actor.Address,
		r.Action, r.Subject, r.SubjectID, encode(r.Before), encode(r.After), r.RequestID,
	}}
}

// Write stores records in the transaction (or on the connection) db, in their
// order.
func Write(ctx context.Context, db Execer, records ...Record) error {
	if len(records) == 0 {
		return nil
	}
	if err := insert(ctx, db, records); err != nil {
		return fmt.Errorf("audit: write: %w", err)
	}
	return nil
}

// encode never fails: a state that JSON cannot hold must not stop the change it
// tells of, so the record then names the type instead.
func encode(state any) *string {
	if state == nil {
		return nil
	}
	raw, err := json.Marshal(state)
	if err != nil {
		raw, _ = json.Marshal(map[string]string{"unencodable": fmt.Sprintf("%T", state)})
	}
	text := string(raw)
	return &text
}
