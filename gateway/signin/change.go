package signin

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/fault"
	"disburse/gateway/password"
	"disburse/gateway/publicid"
)

// Replace puts a new password in the place of the present one, and does with in
// the same transaction. It fails with a fault of kind unauthenticated when the
// present one is another.
type Replace func(ctx context.Context, subject, present, fresh string, with func(tx pgx.Tx) error) error

// Change is a password that somebody changes.
type Change struct {
	Present, Fresh string
	Code           string // of the second factor, where there is one
}

// ChangePassword changes the password of the session's person, ends all other
// sessions, knows no browser of theirs any more and gives this session a new token. A wrong password and a wrong code
// count as those of signing in do. It fails with no_session, invalid_request for a
// password that is not to be taken, locked, wrong_code and what replace fails with.
func (s *Service) ChangePassword(ctx context.Context, realm Realm, token Token, c Change, replace Replace) (fresh Token, ended int, err error) {
	session, err := s.find(ctx, s.deps.DB, realm, token)
	switch {
	case err != nil:
		return "", 0, err
	case !session.Verified:
		return "", 0, ErrNoSession
	}
	if why := weakness(c, session.Name); why != "" {
		return "", 0, fault.Invalid(fault.Field{Name: "fresh", Why: why})
	}
	if err := s.unlocked(ctx, realm, session.counted); err != nil {
		return "", 0, err
	}
	fresh = Token(publicid.Token(tokenPrefix))
	err = replace(ctx, session.Subject, c.Present, c.Fresh, func(tx pgx.Tx) error {
		if session.Enrolled {
			if err := s.spend(ctx, tx, session, c.Code); err != nil {
				return err
			}
		}
		ended, err = s.keepOnly(ctx, tx, session, token, fresh)
		return err
	})
	switch {
	case errors.Is(err, ErrNoSession):
		return "", 0, err
	case err != nil:
		return "", 0, s.failed(ctx, realm, session.counted, fault.From(err))
	}
	return fresh, ended, nil
}

func weakness(c Change, name string) string {
	if c.Fresh == c.Present {
		return "is the present one"
	}
	return password.Weakness(c.Fresh, name)
}

// keepOnly gives a session a new token and ends all others of the person, so that
// whoever knew the old token or password is out.
func (s *Service) keepOnly(ctx context.Context, tx pgx.Tx, session Session, token, fresh Token) (ended int, err error) {
	tag, err := tx.Exec(ctx, renewSession, token.hash(), fresh.hash())
	switch {
	case err != nil:
		return 0, err
	case tag.RowsAffected() == 0:
		return 0, ErrNoSession // it was ended in the meantime
	}
	if ended, err = s.endedIn(ctx, tx, "session.end", deleteOthers, string(session.Realm), session.Subject, session.ID); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, deleteBrowsers, string(session.Realm), session.Subject); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, forgetFailures, string(session.Realm), session.counted)
	return ended, err
}
