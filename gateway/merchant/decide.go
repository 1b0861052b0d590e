package merchant

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/transact"
)

// The decisions about merchants as package approval hands them on.

// GrantAsked approves an adjustment and makes it, or approves new keys, which
// who asked for them then makes.
func (s *Service) GrantAsked(ctx context.Context, a approval.Approval, note string) error {
	if a.Kind == approval.Adjustment {
		return s.grantAdjustment(ctx, a, note)
	}
	return s.decided(ctx, a, approval.Approved, note)
}

// RefuseAsked refuses; nothing follows.
func (s *Service) RefuseAsked(ctx context.Context, a approval.Approval, reason string) error {
	return s.decided(ctx, a, approval.Refused, reason)
}

func (s *Service) decided(ctx context.Context, a approval.Approval, state approval.State, note string) error {
	d := approval.Decision{Approval: a, State: state, Note: note, At: s.deps.Now().UTC().Truncate(time.Microsecond)}
	if err := d.Refusal(ctx); err != nil && !errors.Is(err, approval.ErrDecided) {
		return err
	}
	return named(transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		_, err := approval.Decide(ctx, tx, d)
		return err
	}), "decide")
}

// WithdrawAsked takes back what the actor asked for.
func (s *Service) WithdrawAsked(ctx context.Context, a approval.Approval) error {
	now := s.deps.Now().UTC().Truncate(time.Microsecond)
	return named(transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error { return approval.Withdraw(ctx, tx, a, now) }), "withdraw")
}
