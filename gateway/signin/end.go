package signin

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/transact"
)

// Leave ends the session of a token: its person leaves. Ending one that is over
// changes nothing.
func (s *Service) Leave(ctx context.Context, token Token) error {
	_, err := s.ended(ctx, "session.leave", deleteByHash, token.hash())
	return err
}

// End ends one session of a person. It fails with not_found.
func (s *Service) End(ctx context.Context, realm Realm, subject, id string) error {
	n, err := s.ended(ctx, "session.end", deleteByID, string(realm), subject, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// EndOthers ends every session of a person but the one named; none is named by
// the empty text.
func (s *Service) EndOthers(ctx context.Context, realm Realm, subject, keep string) (int, error) {
	return s.ended(ctx, "session.end", deleteOthers, string(realm), subject, keep)
}

func (s *Service) ended(ctx context.Context, action, statement string, args ...any) (n int, err error) {
	err = transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		n, err = s.endedIn(ctx, tx, action, statement, args...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("signin: %s: %w", action, err)
	}
	return n, nil
}

// endedIn runs a statement that ends sessions, with an audit row for each that
// was verified: who ended it, whose it was and where that one came from. Nobody
// was in by the others.
func (s *Service) endedIn(ctx context.Context, tx pgx.Tx, action, statement string, args ...any) (int, error) {
	gone, err := collect[endedRow](ctx, tx, statement, args...)
	if err != nil {
		return 0, err
	}
	var records []audit.Record
	for _, r := range gone {
		if !r.Verified {
			continue
		}
		record := audit.Of(ctx, s.now(), action, "session", r.ID)
		record.Before = map[string]any{"realm": r.Realm, "subject": r.Subject, "name": r.Name, "address": r.Address, "agent": r.Agent}
		records = append(records, record)
	}
	if len(records) > 0 {
		err = audit.Write(ctx, tx, records...)
	}
	return len(gone), err
}

// Circle is the people of one realm, for who keeps them: what happens to their
// sessions is in the transaction of what is done to them.
type Circle struct {
	s     *Service
	realm Realm
}

// Of gives the people of a realm.
func (s *Service) Of(realm Realm) Circle { return Circle{s, realm} }

// EndAll ends every session of a person, and no browser of theirs is known any
// more.
func (c Circle) EndAll(ctx context.Context, tx pgx.Tx, subject string) error {
	if _, err := c.s.endedIn(ctx, tx, "session.end", deleteOthers, string(c.realm), subject, ""); err != nil {
		return fmt.Errorf("signin: end all: %w", err)
	}
	if _, err := tx.Exec(ctx, deleteBrowsers, string(c.realm), subject); err != nil {
		return fmt.Errorf("signin: end all: %w", err)
	}
	return nil
}

// ResetFactor takes a person's second factor away, when the device is lost, and
// ends all the person's sessions.
func (c Circle) ResetFactor(ctx context.Context, tx pgx.Tx, subject string) error {
	if _, err := tx.Exec(ctx, deleteFactor, string(c.realm), subject); err != nil {
		return fmt.Errorf("signin: reset factor: %w", err)
	}
	if err := c.EndAll(ctx, tx, subject); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Of(ctx, c.s.now(), "factor.reset", c.realm.subject(), subject))
}
