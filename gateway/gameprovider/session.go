package gameprovider

import (
	"context"
	"time"
)

// DefaultTTL is how long a session lasts unless told otherwise.
const DefaultTTL = 12 * time.Hour

// SessionSpec describes a session to be opened.
type SessionSpec struct {
	Provider  string
	PlayerID  string
	SessionID string        // up to 600 characters; empty: made
	TTL       time.Duration // a minute to 30 days; 0: DefaultTTL
}

// OpenSession opens a session of a player. It fails with not_found,
// unknown_player, invalid_request, and session_taken when the provider has one
// of this id already.
func (s *Service) OpenSession(ctx context.Context, n SessionSpec) (Session, error) {
	return Session{}, errUnbuilt
}

// CloseSession ends a session. Repeating it changes nothing. It fails with
// not_found and unknown_session.
func (s *Service) CloseSession(ctx context.Context, provider, sessionID string) (Session, error) {
	return Session{}, errUnbuilt
}

// AcknowledgeSession notes that the player was told how long play has been
// going on, so that the reality check begins anew. It fails with not_found and
// unknown_session.
func (s *Service) AcknowledgeSession(ctx context.Context, provider, sessionID string) (Session, error) {
	return Session{}, errUnbuilt
}

// SessionFilter says which sessions a list holds.
type SessionFilter struct {
	Provider string // empty: of all
	PlayerID string // empty: of all; needs Provider
	Open     bool   // only those in which bets are taken now
}

// Sessions lists sessions in the order in which they were opened. It fails with
// not_found, unknown_player and invalid_request.
func (s *Service) Sessions(ctx context.Context, f SessionFilter, cursor string, limit int) (Page[Session], error) {
	return Page[Session]{}, errUnbuilt
}
