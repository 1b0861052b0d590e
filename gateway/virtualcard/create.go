package virtualcard

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/ledger"
	"disburse/ledger/money"
)

// CreateRequest is what a user asks for with a new card, as it was sent.
type CreateRequest struct {
	BINID, Name, PlanID, CouponID Literal
}

// Create makes a card for a user, who pays the fee of the plan and the first
// balance of the BIN.
//
// Faults, in the order of the checks: *InvalidError, IDEMPOTENCY_KEY_REUSED,
// FORBIDDEN, BIN_NOT_FOUND, PLAN_NOT_FOUND, COUPON_NOT_FOUND,
// INSUFFICIENT_BALANCE; then DECLINED, PROVIDER_UNAVAILABLE; unavailable.
func (s *Service) Create(ctx context.Context, u enduser.User, r CreateRequest, key idempotency.Key) (Card, error) {
	wanted, err := r.card()
	if err != nil {
		return Card{}, err
	}
	asked := operation{UserID: u.ID, Kind: KindCreate, request: requestOf(key)}
	for range attempts {
		o, err := s.repeatable(ctx, asked, func() (operation, error) { return s.create(ctx, u, wanted, asked.request) })
		if errors.Is(err, errAgain) {
			continue
		}
		if err == nil {
			err = o.outcome()
		}
		if err != nil {
			return Card{}, err
		}
		return s.card(context.WithoutCancel(ctx), u.ID, o.CardID) // the provider may have taken all of the request's time
	}
	return Card{}, ErrBusy.With(errAgain)
}

// wanted is a card that is asked for.
type wanted struct {
	bin, coupon string
	plan        int64
	name        string
}

// card reads a request, and tells everything that is wrong with it.
func (r CreateRequest) card() (wanted, error) {
	var w wanted
	var issues, more []Issue
	w.bin, issues = r.BINID.text("bin_id", longestName)
	w.name, more = r.Name.text("name", longestName)
	issues = append(issues, more...)
	w.plan, more = r.PlanID.whole("planId")
	issues = append(issues, more...)
	if kind := r.CouponID.kind(); kind != "undefined" && kind != "null" {
		w.coupon, more = r.CouponID.text("coupon_id", longestName)
		issues = append(issues, more...)
	}
	if len(issues) > 0 {
		return wanted{}, &InvalidError{issues}
	}
	return w, nil
}

// create tries it once.
func (s *Service) create(ctx context.Context, u enduser.User, w wanted, r request) (operation, error) {
	if err := s.d.Users.CheckActive(u); err != nil {
		return operation{}, err
	}
	c := Card{UserID: u.ID, Name: w.name, PlanID: w.plan}
	var err error
	if c.BIN, err = s.bin(ctx, w.bin); err != nil {
		return operation{}, err
	}
	plan, err := one(ctx, s.d.DB, toPlan, selectPlan, w.plan)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return operation{}, ErrPlanNotFound
	case err != nil:
		return operation{}, fmt.Errorf("virtualcard: plan: %w", err)
	case w.coupon != "": // no coupon was ever given out
		return operation{}, ErrCoupon
	}
	o := operation{UserID: u.ID, Kind: KindCreate, Amount: c.BIN.InitialBalance, Fee: plan.CreationFee, request: r}
	wallet, err := s.balance(ctx, u.ID)
	if err != nil {
		return o, err
	}
	if wallet.Cmp(o.total()) < 0 {
		return o, short(o)
	}
	b, err := s.beginCard(ctx, o, c, nil)
	switch {
	case errors.Is(err, ledger.ErrInsufficientFunds):
		return o, short(o)
	case err != nil:
		return o, named("create", err)
	case b.repeated:
		return b.operation, nil
	}
	return s.issueAtProvider(ctx, b.operation, c)
}

func (s *Service) issueAtProvider(ctx context.Context, o operation, c Card) (operation, error) {
	return s.perform(ctx, o, func(ctx context.Context, p Provider) (ending, error) {
		a, err := p.Create(ctx, CreateOrder{Key: o.TransactionID, NotAfter: o.NotAfter, BIN: c.BIN.Digits, Name: c.Name, Initial: o.Amount})
		return ending{moved: o.Amount, account: a}, err
	})
}

func (s *Service) bin(ctx context.Context, id string) (BIN, error) {
	if !validUUID(id) {
		return BIN{}, ErrBINNotFound
	}
	b, err := one(ctx, s.d.DB, toBIN, selectBIN, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return BIN{}, ErrBINNotFound
	}
	return b, named("bin", err)
}

// Issue makes a card for a user with money of the platform on it, under the
// plan that bounds least, and leaves an audit record. Faults: invalid_request,
// NOT_FOUND; then DECLINED, PROVIDER_UNAVAILABLE; unavailable.
func (s *Service) Issue(ctx context.Context, userID int64, balance money.Money) (Card, error) {
	if balance.Currency() != USD || balance.Minor() < 0 {
		return Card{}, fault.Invalid(fault.Field{Name: "balance", Why: "must be US dollars such as 100.00, 0 or above"})
	}
	u, err := s.d.Users.ByID(ctx, userID)
	if err != nil {
		return Card{}, err
	}
	plan, err := one(ctx, s.d.DB, toPlan, selectWidest)
	if err != nil {
		return Card{}, fmt.Errorf("virtualcard: plan: %w", err)
	}
	bins, err := s.BINs(ctx)
	if err != nil || len(bins) == 0 {
		return Card{}, fmt.Errorf("virtualcard: no BIN to issue from: %w", err)
	}
	c := Card{UserID: u.ID, Name: "Card of " + u.Name, PlanID: plan.ID, BIN: bins[0]}
	asked := operation{UserID: u.ID, Kind: KindIssue, Amount: balance, Fee: usd(0)}
	b, err := s.beginCard(ctx, asked, c, func(tx pgx.Tx, o operation) error {
		record := audit.Of(ctx, o.CreatedAt, "virtual-card.create", "virtual_card", o.CardID)
		record.After = map[string]any{"user_id": u.ID, "balance": balance.String(), "transaction_id": o.TransactionID}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Card{}, named("issue", err)
	}
	o, err := s.issueAtProvider(ctx, b.operation, c)
	if err == nil {
		err = o.outcome()
	}
	if err != nil {
		return Card{}, err
	}
	return s.card(ctx, u.ID, o.CardID)
}
