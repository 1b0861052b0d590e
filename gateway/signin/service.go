package signin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
	"disburse/gateway/vault"
)

// Deps is what a Service needs. Nothing may be missing but FactorOptional.
type Deps struct {
	DB    *pgxpool.Pool
	Vault *vault.Vault
	Now   func() time.Time
	// Issuer is how an authenticator calls this installation.
	Issuer string
	// FactorOptional lets those in who have not set up a second factor, as on a
	// machine where one tries things out.
	FactorOptional bool
}

// Service lets people in. It is safe for concurrent use. Besides the codes that
// each method names, all of them can fail with internal and unavailable.
type Service struct {
	deps Deps
}

// New makes a Service, and refuses a missing dependency by name.
func New(d Deps) (*Service, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("signin: DB is missing")
	case d.Vault == nil:
		return nil, errors.New("signin: Vault is missing")
	case d.Now == nil:
		return nil, errors.New("signin: Now is missing")
	case d.Issuer == "":
		return nil, errors.New("signin: Issuer is missing")
	}
	return &Service{deps: d}, nil
}

func (s *Service) now() time.Time { return s.deps.Now().UTC().Truncate(time.Microsecond) }

// Check tells whose name and password it was given, and fails with a fault of
// kind unauthenticated when they fit nobody.
type Check func(ctx context.Context) (subject string, err error)

// Enter opens a session for whoever check knows. It fails with locked and with
// what check fails with, which is counted against the name, in this browser or
// elsewhere, when it is of kind unauthenticated.
func (s *Service) Enter(ctx context.Context, realm Realm, name string, from Visitor, check Check) (Token, Session, error) {
	name = counted(name)
	key, err := s.countedAs(ctx, realm, name, from.Browser)
	if err != nil {
		return "", Session{}, err
	}
	if err := s.unlocked(ctx, realm, key); err != nil {
		return "", Session{}, err
	}
	subject, err := check(ctx)
	if err != nil {
		return "", Session{}, s.failed(ctx, realm, key, err)
	}
	factor, err := s.factor(ctx, s.deps.DB, realm, subject)
	if err != nil {
		return "", Session{}, err
	}
	now := s.now()
	session := Session{
		ID: publicid.At(sessionPrefix, now), Realm: realm, Subject: subject, Name: name, Visitor: from.bounded(),
		CreatedAt: now, SeenAt: now, Enrolled: factor.Confirmed, Verified: s.deps.FactorOptional && !factor.Confirmed, counted: key,
	}
	session.ExpiresAt = deadline(now, now, session.Verified)
	var verified *time.Time
	if session.Verified {
		verified = &now
	}
	token := Token(publicid.Token(tokenPrefix))
	err = transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertSession, token.hash(), session.ID, string(realm), subject, name,
			session.Visitor.Address, session.Visitor.Agent, now, session.ExpiresAt, verified, key); err != nil {
			return err
		}
		if !session.Verified {
			return nil
		}
		return s.entered(ctx, tx, session)
	})
	if err != nil {
		return "", Session{}, fmt.Errorf("signin: enter: %w", err)
	}
	return token, session, nil
}

// entered notes that somebody is in: the failures of the name, there, are over, and the
// trail says who came from where.
func (s *Service) entered(ctx context.Context, tx pgx.Tx, session Session) error {
	if _, err := tx.Exec(ctx, forgetFailures, string(session.Realm), session.counted); err != nil {
		return err
	}
	record := audit.Of(ctx, s.now(), "session.begin", "session", session.ID)
	record.Actor = audit.Actor{Kind: audit.Kind(session.Realm), ID: session.Subject, Name: session.Name, Address: session.Visitor.Address}
	record.After = map[string]any{"agent": session.Visitor.Agent, "second_factor": session.Enrolled}
	return audit.Write(ctx, tx, record)
}

// Peek is the session of a token, for a call that nobody's hand has made: it is
// not noted, and the session goes on to its end. It fails with no_session.
func (s *Service) Peek(ctx context.Context, realm Realm, token Token) (Session, error) {
	return s.find(ctx, s.deps.DB, realm, token)
}

// Find is Peek for a call that somebody has made. It is noted, and keeps the
// session from ending of idleness.
func (s *Service) Find(ctx context.Context, realm Realm, token Token) (Session, error) {
	session, err := s.find(ctx, s.deps.DB, realm, token)
	now := s.now()
	if err != nil || !session.Verified || now.Sub(session.SeenAt) < touch {
		return session, err
	}
	session.SeenAt, session.ExpiresAt = now, deadline(session.CreatedAt, now, true)
	if _, err := s.deps.DB.Exec(ctx, touchSession, token.hash(), now, session.ExpiresAt); err != nil {
		return Session{}, fmt.Errorf("signin: touch: %w", err)
	}
	return session, nil
}

func (s *Service) find(ctx context.Context, db querier, realm Realm, token Token) (Session, error) {
	if !publicid.ValidToken(tokenPrefix, string(token)) {
		return Session{}, ErrNoSession
	}
	rows, err := collect[sessionRow](ctx, db, selectSession, token.hash(), string(realm), s.now())
	if err != nil {
		return Session{}, fmt.Errorf("signin: find: %w", err)
	}
	if len(rows) == 0 {
		return Session{}, ErrNoSession
	}
	return rows[0].session(), nil
}

// Sessions lists the sessions of one person, the one seen last first.
func (s *Service) Sessions(ctx context.Context, realm Realm, subject string) ([]Session, error) {
	rows, err := collect[sessionRow](ctx, s.deps.DB, selectSessions, string(realm), subject, s.now())
	if err != nil {
		return nil, fmt.Errorf("signin: sessions: %w", err)
	}
	sessions := make([]Session, len(rows))
	for i, r := range rows {
		sessions[i] = r.session()
	}
	return sessions, nil
}

// Standings tells how people of a realm stand; who was never in and has no
// second factor is not among them.
func (s *Service) Standings(ctx context.Context, realm Realm, subjects []string) (map[string]Standing, error) {
	rows, err := collect[standingRow](ctx, s.deps.DB, selectStandings, string(realm), subjects)
	if err != nil {
		return nil, fmt.Errorf("signin: standings: %w", err)
	}
	all := make(map[string]Standing, len(rows))
	for _, r := range rows {
		all[r.Subject] = r.standing()
	}
	return all, nil
}

// Tidy removes sessions, failures and browsers that are over, a batch at a time, and
// returns how many.
func (s *Service) Tidy(ctx context.Context) (int, error) {
	now := s.now()
	sessions, err := s.deps.DB.Exec(ctx, deleteOutOfTime, now)
	if err != nil {
		return 0, fmt.Errorf("signin: tidy: %w", err)
	}
	failures, err := s.deps.DB.Exec(ctx, deleteOldFailures, now.Add(-2*forgetAfter))
	if err != nil {
		return 0, fmt.Errorf("signin: tidy: %w", err)
	}
	browsers, err := s.deps.DB.Exec(ctx, deleteOldBrowsers, now)
	if err != nil {
		return 0, fmt.Errorf("signin: tidy: %w", err)
	}
	return int(sessions.RowsAffected() + failures.RowsAffected() + browsers.RowsAffected()), nil
}

func (s *Service) unlocked(ctx context.Context, realm Realm, counted string) error {
	var until time.Time
	now := s.now()
	err := s.deps.DB.QueryRow(ctx, selectLock, string(realm), counted, now).Scan(&until)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("signin: lock: %w", err)
	default:
		return ErrLocked.After(until.Sub(now))
	}
}

// failed counts a failure when that is what cause is, and returns cause.
func (s *Service) failed(ctx context.Context, realm Realm, counted string, cause error) error {
	var known *fault.Error
	if !errors.As(cause, &known) || known.Kind != fault.Unauthenticated {
		return cause
	}
	now := s.now()
	_, err := s.deps.DB.Exec(ctx, countFailure, string(realm), counted, now, now.Add(-forgetAfter), maxFailures, now.Add(lockedFor))
	if err != nil {
		return fmt.Errorf("signin: count: %w", err)
	}
	return cause
}

// counted is the name as failures are counted: no trick of spelling makes two
// of one, and none is longer than an address can be.
func counted(name string) string {
	name = strings.ToValidUTF8(strings.ToLower(strings.TrimSpace(name)), "")
	name = strings.ReplaceAll(name, "\x00", "")
	return cut(name, maxAgent)
}

func (v Visitor) bounded() Visitor {
	v.Browser = "" // sessions need not know it
	v.Agent = cut(strings.ReplaceAll(strings.ToValidUTF8(v.Agent, ""), "\x00", ""), maxAgent)
	return v
}

// cut shortens text to at most limit bytes, at a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
