package operator

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"disburse/gateway/password"
	"disburse/gateway/publicid"
)

// Authenticate finds the operator that a token belongs to. It fails with
// invalid_token, the same for a token that is malformed, unknown, expired or
// revoked and for one of a disabled operator.
func (s *Service) Authenticate(ctx context.Context, token string) (Operator, error) {
	if !publicid.ValidToken(tokenPrefix, token) {
		return Operator{}, ErrInvalidToken
	}
	h, err := s.tokens.Get(ctx, sha256.Sum256([]byte(token)))
	if err != nil {
		return Operator{}, err
	}
	if h.revoked || h.operator.Disabled || !h.expiresAt.After(s.deps.Now()) {
		return Operator{}, ErrInvalidToken
	}
	return h.operator, nil
}

// loadHolder finds a token by its hash. Looking up a hash of 200 random bits in
// an index gives nothing away by its time. An unknown token is an error, which
// the cache does not keep: made-up tokens take no memory.
func (s *Service) loadHolder(ctx context.Context, hash [sha256.Size]byte) (holder, error) {
	rows, err := collect[holderRow](ctx, s.deps.DB, selectByToken, hash[:])
	if err != nil {
		return holder{}, fmt.Errorf("operator: authenticate: %w", err)
	}
	if len(rows) == 0 {
		return holder{}, ErrInvalidToken
	}
	return holder{operator: rows[0].operator(), expiresAt: rows[0].ExpiresAt, revoked: rows[0].Revoked}, nil
}

// CheckPassword finds the operator that an email and a password belong to. It
// fails with invalid_credentials, the same, after the same work, for an unknown
// email, a wrong password and a disabled operator. Few passwords are worked on
// at a time; the others wait as long as ctx lets them.
func (s *Service) CheckPassword(ctx context.Context, email, given string) (Operator, error) {
	r, err := findRow(ctx, s.deps.DB, email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Operator{}, err
	}
	match, err := password.Matches(ctx, given, r.PasswordHash)
	if err != nil {
		return Operator{}, fmt.Errorf("operator: check password: %w", err)
	}
	if !match || r.Disabled {
		return Operator{}, ErrInvalidPassword
	}
	return r.operator(), nil
}
