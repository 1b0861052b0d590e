package enduser

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/ledger"
	"disburse/ledger/money"
)

var errWageringTooLarge = fault.Invalid(fault.Field{Name: "wagering", Why: "is too large"})

// grant is one bonus, as its row keeps it: what a repetition must say too.
type grant struct {
	UserID    int64     `db:"user_id"`
	Reference string    `db:"reference"`
	Kind      BonusKind `db:"kind"`
	Amount    int64     `db:"amount"`
	Wagering  int64     `db:"wagering"`
}

// GrantBonus gives a user bonus money, and adds wagering (both kopecks) to the
// turnover that is asked for. From then on the user is under the rules for who
// got a bonus of that kind. One reference grants once to a user, whatever its
// kind; repeating it with the same kind, amount and wagering changes nothing. It
// fails with NOT_FOUND, invalid_request and reference_reused.
//
//nolint:revive // four plain values, each of a type or at a place of its own
func (s *Service) GrantBonus(ctx context.Context, id int64, kind BonusKind, amount, wagering int64, ref string) error {
	g := grant{UserID: id, Reference: ref, Kind: kind, Amount: amount, Wagering: wagering}
	if err := s.acceptable(ctx, id, g.faults()); err != nil {
		return err
	}
	now := s.now()
	record := audit.Of(ctx, now, "user.grant-bonus", "user", idText(id))
	record.After = map[string]any{"kind": kind, "amount_kopecks": amount, "wagering_kopecks": wagering, "ref": ref}
	entry := ledger.BonusGrant("bonus_grant:"+idText(id)+":"+ref, Owner(id), money.New(amount, RUB))
	row := ledger.Rider{SQL: grantBonus, Certain: true, Row: []any{id, ref, string(kind), amount, wagering, now}}
	receipt, err := s.deps.Ledger.Post(ctx, entry, row, ledger.Rider(audit.Row(record)))
	var refusal *pgconn.PgError
	switch errors.As(err, &refusal); {
	case receipt.Replayed, errors.Is(err, ledger.ErrReferenceReused),
		refusal != nil && refusal.Code == uniqueViolation && refusal.ConstraintName == grantKey:
		if before, look := s.granted(ctx, g); before || look != nil {
			return look
		}
		return fmt.Errorf("enduser: grant bonus: %q was used, and no row tells for what", entry.Reference)
	case refusal != nil && refusal.Code == outOfRange:
		return errWageringTooLarge.With(err)
	}
	return refused(err, "grant bonus")
}

// PreviewBonus says whether GrantBonus would be refused, and does nothing.
//
//nolint:revive // the arguments of GrantBonus
func (s *Service) PreviewBonus(ctx context.Context, id int64, kind BonusKind, amount, wagering int64, ref string) error {
	g := grant{UserID: id, Reference: ref, Kind: kind, Amount: amount, Wagering: wagering}
	if faults := g.faults(); len(faults) > 0 {
		return fault.Invalid(faults...)
	}
	b, err := s.Balance(ctx, id)
	if err != nil {
		return err
	}
	switch before, err := s.granted(ctx, g); {
	case before || err != nil:
		return err
	case amount > math.MaxInt64-b.Bonus:
		return errTooLarge
	case wagering > math.MaxInt64-b.WageringRequired:
		return errWageringTooLarge
	}
	return nil
}

func (g grant) faults() (faults []fault.Field) {
	if g.Kind != Signup && g.Kind != Cashback {
		faults = append(faults, fault.Field{Name: "kind", Why: "must be signup or cashback"})
	}
	if g.Amount <= 0 {
		faults = append(faults, fault.Field{Name: "amount", Why: "must be kopecks above zero"})
	}
	if g.Wagering < 0 {
		faults = append(faults, fault.Field{Name: "wagering", Why: "must be kopecks, 0 or above"})
	}
	return append(faults, referenceFaults(g.Reference)...)
}

// granted tells whether this very bonus was granted before. It fails with
// reference_reused when the reference granted another.
func (s *Service) granted(ctx context.Context, g grant) (bool, error) {
	rows, err := s.deps.DB.Query(ctx, selectGrant, g.UserID, g.Reference)
	if err != nil {
		return false, fmt.Errorf("enduser: granted: %w", err)
	}
	switch before, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[grant]); {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("enduser: granted: %w", err)
	case before != g:
		return false, ErrReferenceReused
	}
	return true, nil
}
