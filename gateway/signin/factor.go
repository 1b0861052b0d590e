package signin

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
	"disburse/gateway/vault"
)

// A code is six digits over 30 seconds, and may be a step early or late.
const (
	period = 30
	skew   = 1
)

// Enrolment is a second factor that waits for its first code. It is shown once.
type Enrolment struct {
	Secret string // base32, to be typed
	URL    string // otpauth://..., to be scanned
	Key    *otp.Key
}

func factorAAD(realm Realm, subject string) string {
	return "signin_factors.secret_box:" + string(realm) + ":" + subject
}

func (s *Service) factor(ctx context.Context, db querier, realm Realm, subject string) (factorRow, error) {
	rows, err := collect[factorRow](ctx, db, selectFactor, string(realm), subject)
	if err != nil {
		return factorRow{}, fmt.Errorf("signin: factor: %w", err)
	}
	if len(rows) == 0 {
		return factorRow{}, nil
	}
	return rows[0], nil
}

// Enrol begins a second factor for the session's person, and replaces one that
// was begun and not confirmed. It fails with no_session and enrolled.
func (s *Service) Enrol(ctx context.Context, realm Realm, token Token) (Enrolment, error) {
	session, err := s.find(ctx, s.deps.DB, realm, token)
	if err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: s.deps.Issuer, AccountName: session.Name, Period: period})
	if err != nil {
		return Enrolment{}, fmt.Errorf("signin: enrol: %w", err)
	}
	sealed, err := s.deps.Vault.Seal(factorAAD(realm, session.Subject), []byte(key.Secret()))
	if err != nil {
		return Enrolment{}, fmt.Errorf("signin: enrol: %w", err)
	}
	tag, err := s.deps.DB.Exec(ctx, putFactor, string(realm), session.Subject, sealed.Key, sealed.Box, s.now())
	if err != nil {
		return Enrolment{}, fmt.Errorf("signin: enrol: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return Enrolment{}, ErrEnrolled
	}
	return Enrolment{Secret: key.Secret(), URL: key.URL(), Key: key}, nil
}

// Verify takes the code of the session's second factor, which confirms one that
// is being set up, and gives the session a new token. It fails with no_session,
// locked and wrong_code.
func (s *Service) Verify(ctx context.Context, realm Realm, token Token, code string) (Token, Session, error) {
	session, err := s.find(ctx, s.deps.DB, realm, token)
	if err != nil {
		return "", Session{}, err
	}
	if err := s.unlocked(ctx, realm, session.counted); err != nil {
		return "", Session{}, err
	}
	fresh := token
	err = transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if err := s.spend(ctx, tx, session, code); err != nil {
			return err
		}
		session.Enrolled = true
		if session.Verified { // a second factor for somebody who is in already
			return s.entered(ctx, tx, session)
		}
		now := s.now()
		fresh = Token(publicid.Token(tokenPrefix))
		session.Verified, session.SeenAt, session.ExpiresAt = true, now, deadline(session.CreatedAt, now, true)
		tag, err := tx.Exec(ctx, verifySession, token.hash(), fresh.hash(), now, session.ExpiresAt)
		switch {
		case err != nil:
			return err
		case tag.RowsAffected() == 0:
			return ErrNoSession
		}
		return s.entered(ctx, tx, session)
	})
	if err != nil {
		return "", Session{}, s.failed(ctx, realm, session.counted, fault.From(err))
	}
	return fresh, session, nil
}

// spend takes a code once: the step it is of must be later than the last one's.
func (s *Service) spend(ctx context.Context, tx pgx.Tx, session Session, code string) error {
	factor, err := s.factor(ctx, tx, session.Realm, session.Subject)
	if err != nil {
		return err
	}
	if factor.Box == nil {
		return ErrWrongCode
	}
	secret, err := s.deps.Vault.Open(factorAAD(session.Realm, session.Subject), vault.Sealed{Key: factor.Key, Box: factor.Box})
	if err != nil {
		return fmt.Errorf("signin: factor: %w", err)
	}
	step, ok := stepOf(string(secret), code, s.deps.Now())
	if !ok {
		return ErrWrongCode
	}
	tag, err := tx.Exec(ctx, spendStep, string(session.Realm), session.Subject, step, s.now(), factor.Box)
	switch {
	case err != nil:
		return fmt.Errorf("signin: spend: %w", err)
	case tag.RowsAffected() == 0:
		return ErrWrongCode
	}
	return nil
}

// stepOf is the time step that a code is of.
func stepOf(secret, code string, now time.Time) (step int64, ok bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	current := now.Unix() / period
	for at := current - skew; at <= current+skew; at++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(max(at, 0)), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok
}

// Reset is ResetFactor in a transaction of its own.
func (s *Service) Reset(ctx context.Context, realm Realm, subject string) error {
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error { return s.Of(realm).ResetFactor(ctx, tx, subject) })
	if err != nil {
		return fmt.Errorf("signin: reset: %w", err)
	}
	return nil
}

// Reencrypt re-seals up to limit secrets that rest under another than the
// primary key, and returns how many there were.
func (s *Service) Reencrypt(ctx context.Context, limit int) (int, error) {
	return s.deps.Vault.Reencrypt(ctx,
		func(ctx context.Context, primary string) ([]vault.Row, error) {
			rows, err := collect[otherKeyRow](ctx, s.deps.DB, selectOtherKey, primary, limit)
			out := make([]vault.Row, len(rows))
			for i, r := range rows {
				out[i] = r.row()
			}
			return out, err
		},
		func(ctx context.Context, rows []vault.Row) error {
			ids, was, keys, boxes := vault.Columns(rows)
			_, err := s.deps.DB.Exec(ctx, updateSecret, ids, keys, boxes, was)
			return err
		})
}

// SealedOtherwise counts the secrets that Reencrypt has to do with.
func (s *Service) SealedOtherwise(ctx context.Context) (n int, err error) {
	if err := s.deps.DB.QueryRow(ctx, countOtherKey, s.deps.Vault.Primary()).Scan(&n); err != nil {
		return 0, fmt.Errorf("signin: count: %w", err)
	}
	return n, nil
}
