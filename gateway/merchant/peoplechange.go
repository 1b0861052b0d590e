package merchant

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
)

// change runs one change of one person in a transaction of its own.
func (p *People) change(ctx context.Context, merchantRef, ref, action string,
	mutate func(tx pgx.Tx, who Person) (pgconn.CommandTag, error),
) (after Person, err error) {
	err = transact.Run(ctx, p.deps.DB, func(tx pgx.Tx) error {
		of, err := p.merchant(ctx, tx, merchantRef)
		if err != nil {
			return err
		}
		before, err := p.of(ctx, tx, of.ID, ref)
		if err != nil {
			return err
		}
		after, err = p.changed(ctx, tx, before, action, mutate)
		return err
	})
	return after, doing(err, action)
}

// changed makes one change of one person with its audit row, and returns the
// state after it.
func (p *People) changed(ctx context.Context, tx pgx.Tx, before Person, action string,
	mutate func(tx pgx.Tx, who Person) (pgconn.CommandTag, error),
) (Person, error) {
	tag, err := mutate(tx, before)
	if err != nil {
		return Person{}, err
	}
	after, err := p.of(ctx, tx, before.MerchantID, before.ID)
	if err != nil || tag.RowsAffected() == 0 {
		return after, err
	}
	return after, audit.Write(ctx, tx, p.record(ctx, p.now(), action, &before, &after))
}

// record belongs to the merchant, so that its trail tells of its people too.
func (p *People) record(ctx context.Context, at time.Time, action string, before, after *Person) audit.Record {
	r := audit.Of(ctx, at, "merchant."+action, "merchant", after.MerchantID)
	if before != nil {
		r.Before = before
	}
	r.After = after
	return r
}

func (p *People) merchant(ctx context.Context, db database, ref string) (refRow, error) {
	if !namePattern.MatchString(ref) {
		return refRow{}, ErrNotFound
	}
	rows, err := collect[refRow](ctx, db, selectMode, ref)
	switch {
	case err != nil:
		return refRow{}, fmt.Errorf("merchant: find: %w", err)
	case len(rows) == 0:
		return refRow{}, ErrNotFound
	}
	return rows[0], nil
}

func (p *People) of(ctx context.Context, db database, merchantID, ref string) (Person, error) {
	r, err := findPerson(ctx, db, ref)
	if err == nil && r.MerchantID != merchantID {
		err = ErrNoPerson
	}
	return r.person(), err
}

// doing says what was being done, unless the fault is one that callers know.
func doing(err error, what string) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("merchant: %s: %w", what, err)
}

var emailPattern = regexp.MustCompile(`^[a-z0-9.!#$%&'*+/=?^_{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)*$`)

// normalEmail brings an address to the one form that is stored.
func normalEmail(text string) (string, bool) {
	email := strings.ToLower(strings.TrimSpace(text))
	return email, len(email) <= maxEmail && emailPattern.MatchString(email)
}
