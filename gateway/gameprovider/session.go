package gameprovider

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
)

// DefaultTTL is how long a session lasts unless told otherwise, MaxTTL the
// longest that can be asked for.
const (
	DefaultTTL = 12 * time.Hour
	MaxTTL     = 30 * 24 * time.Hour
)

// Faults of sessions.
var (
	ErrUnknownSession = fault.New(fault.NotFound, "unknown_session", "session not found")
	ErrSessionTaken   = fault.New(fault.Conflict, "session_taken", "the provider has a session of this id already")
)

// SessionSpec describes a session to be opened.
type SessionSpec struct {
	Provider  string
	PlayerID  string
	SessionID string        // up to 600 characters; empty: made
	TTL       time.Duration // a second to 30 days; 0: DefaultTTL
}

// OpenSession opens a session of a player. It fails with not_found,
// unknown_player, invalid_request, and session_taken when the provider has one
// of this id already.
func (s *Service) OpenSession(ctx context.Context, n SessionSpec) (Session, error) {
	if n.TTL == 0 {
		n.TTL = DefaultTTL
	}
	if n.SessionID == "" {
		n.SessionID = publicid.Token("gs")
	}
	var faults []fault.Field
	if !validID(n.SessionID, maxSessionID) {
		faults = append(faults, idFault("session_id", maxSessionID))
	}
	if n.TTL < time.Second || n.TTL > MaxTTL {
		faults = append(faults, fault.Field{Name: "ttl", Why: "must be a span such as 12h or 90m, 1s to 720h"})
	}
	if len(faults) > 0 {
		return Session{}, fault.Invalid(faults...)
	}
	var made Session
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		p, err := s.findPlayer(ctx, tx, selectPlayer, n.Provider, n.PlayerID)
		if err != nil {
			return err
		}
		now := s.now()
		if _, err := tx.Exec(ctx, insertSession, p.ProviderID, n.SessionID, p.ID, now, now.Add(n.TTL)); err != nil {
			return err
		}
		row, err := session(ctx, tx, selectSession, n.Provider, n.SessionID)
		if err != nil {
			return err
		}
		made = row.session()
		record := audit.Of(ctx, now, "session.open", "player", p.subject())
		record.After = made.trace()
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Session{}, named(err, "open session")
	}
	return made, nil
}

// CloseSession ends a session. Repeating it changes nothing. It fails with
// not_found and unknown_session.
func (s *Service) CloseSession(ctx context.Context, provider, sessionID string) (Session, error) {
	return s.changeSession(ctx, provider, sessionID, "session.close", closeSession)
}

// AcknowledgeSession notes that the player was told how long play has been
// going on, so that the reality check begins anew. It fails with not_found and
// unknown_session.
func (s *Service) AcknowledgeSession(ctx context.Context, provider, sessionID string) (Session, error) {
	return s.changeSession(ctx, provider, sessionID, "session.check", checkSession)
}

// changeSession runs a statement on one session, with its audit row. A change
// that changes nothing leaves no trace.
func (s *Service) changeSession(ctx context.Context, provider, sessionID, action, statement string) (Session, error) {
	var after Session
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if _, err := s.find(ctx, tx, provider); err != nil {
			return err
		}
		row, err := session(ctx, tx, selectSessionForUpdate, provider, sessionID)
		if err != nil {
			return err
		}
		now := s.now()
		if _, err := tx.Exec(ctx, statement, row.ID, now); err != nil {
			return err
		}
		changed, err := session(ctx, tx, selectSession, provider, sessionID)
		if err != nil {
			return err
		}
		before := row.session()
		if after = changed.session(); reflect.DeepEqual(before, after) {
			return nil
		}
		record := audit.Of(ctx, now, action, "player", provider+"/"+before.PlayerID)
		record.Before, record.After = before.trace(), after.trace()
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Session{}, named(err, action)
	}
	return after, nil
}

func session(ctx context.Context, db database, sql, provider, sessionID string) (sessionRow, error) {
	if !validID(sessionID, maxSessionID) {
		return sessionRow{}, ErrUnknownSession
	}
	rows, err := collect[sessionRow](ctx, db, sql, provider, sessionID)
	if err != nil {
		return sessionRow{}, fmt.Errorf("gameprovider: find session: %w", err)
	}
	if len(rows) == 0 {
		return sessionRow{}, ErrUnknownSession
	}
	return rows[0], nil
}

// SessionFilter says which sessions a list holds.
type SessionFilter struct {
	Provider string // empty: of all
	PlayerID string // empty: of all
	Open     bool   // only those in which bets are taken now
}

// Sessions lists sessions in the order in which they were opened. It fails with
// not_found and invalid_request.
func (s *Service) Sessions(ctx context.Context, f SessionFilter, cursor string, limit int) (Page[Session], error) {
	after, ok := page.ID(cursor)
	if !ok {
		return Page[Session]{}, badCursor
	}
	if f.PlayerID != "" && !validID(f.PlayerID, maxPlayerID) {
		return Page[Session]{}, fault.Invalid(idFault("player_id", maxPlayerID))
	}
	if err := s.known(ctx, f.Provider); err != nil {
		return Page[Session]{}, err
	}
	var openAt *time.Time
	if f.Open {
		now := s.now()
		openAt = &now
	}
	limit = bounded(limit)
	rows, err := collect[sessionRow](ctx, s.deps.DB, selectSessionPage, f.Provider, f.PlayerID, openAt, after, limit+1)
	if err != nil {
		return Page[Session]{}, fmt.Errorf("gameprovider: sessions: %w", err)
	}
	return pageOf(rows, limit, func(r sessionRow) int64 { return r.ID }, sessionRow.session), nil
}
