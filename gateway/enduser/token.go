package enduser

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
)

const (
	tokenPrefix = "uc"
	shownOf     = 8 // characters of a token that are kept to recognise it
	// DefaultTTL is how long a token works unless told otherwise.
	DefaultTTL = 30 * 24 * time.Hour
	// MaxTTL is the longest that can be asked for.
	MaxTTL = 2 * 365 * 24 * time.Hour
)

// IssueToken makes a token of a user: "uc_" and 40 characters, which is told
// this once. ttl is a minute to two years, 30 days when zero. It fails with
// NOT_FOUND and invalid_request.
func (s *Service) IssueToken(ctx context.Context, id int64, ttl time.Duration) (token string, expires time.Time, err error) {
	if ttl == 0 {
		ttl = DefaultTTL
	}
	if ttl < time.Minute || ttl > MaxTTL {
		return "", time.Time{}, fault.Invalid(fault.Field{Name: "ttl", Why: "must be a minute to two years"})
	}
	now := s.now()
	token, expires = publicid.Token(tokenPrefix), now.Add(ttl)
	sum := sha256.Sum256([]byte(token))
	err = transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if _, err := find(ctx, tx, selectByID, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertToken, sum[:], id, token[:shownOf], now, expires); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "user.issue-token", "user", idText(id))
		record.After = map[string]any{"prefix": token[:shownOf], "expires_at": expires}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return "", time.Time{}, named(err, "issue token")
	}
	return token, expires, nil
}

// RevokeTokens ends every token of a user. Repeating it changes nothing. It
// fails with NOT_FOUND.
func (s *Service) RevokeTokens(ctx context.Context, id int64) error {
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if _, err := find(ctx, tx, selectByID, id); err != nil {
			return err
		}
		now := s.now()
		tag, err := tx.Exec(ctx, revokeTokens, id, now)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		record := audit.Of(ctx, now, "user.revoke-tokens", "user", idText(id))
		record.Before = map[string]int64{"tokens": tag.RowsAffected()}
		return audit.Write(ctx, tx, record)
	})
	return named(err, "revoke tokens")
}

// Authenticate tells whose token it is. Blocked users are let in: see
// CheckActive. It fails with UNAUTHORIZED, whatever is wrong with the token.
func (s *Service) Authenticate(ctx context.Context, token string) (User, error) {
	if !publicid.ValidToken(tokenPrefix, token) {
		return User{}, ErrUnauthorized // also spares the database what anybody can make up
	}
	sum := sha256.Sum256([]byte(token))
	users, err := collect(ctx, s.deps.DB, selectByToken, sum[:], s.now())
	if err != nil {
		return User{}, fmt.Errorf("enduser: authenticate: %w", err)
	}
	if len(users) == 0 {
		return User{}, ErrUnauthorized
	}
	return users[0], nil
}
