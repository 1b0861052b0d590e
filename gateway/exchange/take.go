package exchange

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/ledger"
	"disburse/ledger/money"
)

// OrderRequest is the answer to an ad, as on the wire.
type OrderRequest struct {
	AdID           int64             `json:"ad_id"`
	USDTAmount     int64             `json:"usdt_amount"`
	PaymentMethod  string            `json:"payment_method"`
	PaymentDetails map[string]string `json:"payment_details"`
}

// CreateOrder answers an ad and locks the seller's money, and returns the
// order's id. A request whose key made an order before is answered with that
// order's id.
//
// Faults, in the order of the checks: invalid_request, FORBIDDEN (a blocked
// user), AD_NOT_ACTIVE, OWN_AD, INVALID_PAYMENT_METHOD, AMOUNT_TOO_LOW,
// AMOUNT_TOO_HIGH, AMOUNT_EXCEEDS_AVAILABLE, AMOUNT_TOO_SMALL,
// MIN_DEPOSIT_REQUIRED, WAGERING_REQUIREMENT_NOT_MET,
// ACTIVE_WITHDRAW_ORDER_EXISTS or ACTIVE_DEPOSIT_ORDER_EXISTS,
// SELLER_INSUFFICIENT_BALANCE; and IDEMPOTENCY_KEY_REUSED, unavailable.
func (s *Service) CreateOrder(ctx context.Context, u enduser.User, req OrderRequest, key idempotency.Key) (int64, error) {
	var f faults
	if req.AdID < 1 {
		f.add("ad_id", "is required")
	}
	if req.USDTAmount < 1 || req.USDTAmount > maxAmount {
		f.add("usdt_amount", "must be 1 to %d", int64(maxAmount))
	}
	if strings.TrimSpace(req.PaymentMethod) == "" || !plain(req.PaymentMethod, maxMethod) {
		f.add("payment_method", "must have 1 to %d characters", maxMethod)
	}
	details, why := checkDetails(req.PaymentDetails)
	if why != "" {
		f.add("payment_details", "%s", why)
	}
	if err := f.err(); err != nil {
		return 0, err
	}
	req.PaymentDetails = details
	id, err := s.once(ctx, key, func() (int64, error) { return s.take(ctx, u, req, key) })
	return id, named(err, "create order")
}

// take judges the request by the ad as it stands and posts the order. What
// stands in the way is worked out only then: whoever succeeds reads once.
func (s *Service) take(ctx context.Context, u enduser.User, req OrderRequest, key idempotency.Key) (int64, error) {
	ad, id, hindered, err := selectToTake(ctx, s.d.DB, req.AdID, u.ID, req.USDTAmount)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := s.d.Users.CheckActive(u); err != nil {
			return 0, err
		}
		return 0, ErrAdNotActive
	}
	if err != nil {
		return 0, err
	}
	if err := s.judge(ctx, u, ad, req); err != nil {
		return 0, err
	}
	o, err := s.draft(id, u, ad, req)
	if err != nil {
		return 0, err
	}
	// The rows decide when they are written; but what is known to fail there, and
	// what is a repetition, must not be posted, where it would spoil the group of
	// everybody else's money.
	if hindered {
		if err := s.prerequisites(ctx, ad, o); err != nil {
			return 0, err
		}
	}
	if _, found, err := idempotency.Find(ctx, s.d.DB, key); found || errors.Is(err, idempotency.ErrReused) {
		return 0, errAgain // once finds it too
	} else if err != nil {
		return 0, err
	}
	riders, err := o.createRiders(ad.Version, key)
	if err != nil {
		return 0, err
	}
	entry := ledger.EscrowLock(o.reference()+":lock", enduser.Owner(o.SellerID), money.New(o.Amount, currency))
	_, err = s.d.Ledger.Post(ctx, entry, riders...)
	if err != nil {
		return 0, s.refused(ctx, u, req, o, err)
	}
	if s.d.Observe.Created != nil {
		s.d.Observe.Created(o.AdSide)
	}
	return id, nil
}

// judge asks what the ad itself says to a request. An ad whose owner may not
// sell is not active: who sees another refusal first is told that one.
func (s *Service) judge(ctx context.Context, u enduser.User, ad Ad, req OrderRequest) error {
	if ad.Side == Buy && len(req.PaymentDetails) == 0 {
		var f faults
		f.add("payment_details", "is required to answer a buy ad")
		return f.err()
	}
	if err := s.d.Users.CheckActive(u); err != nil {
		return err
	}
	if !ad.Active || ad.author.blocked {
		return ErrAdNotActive
	}
	refusal := ad.refuse(u, req)
	if refusal != nil && ad.Side == Sell {
		if err := s.ownerMaySell(ctx, ad, req.USDTAmount); err != nil {
			return err
		}
	}
	return refusal
}

// refuse is the first of the ad's own terms that a request breaks.
func (a Ad) refuse(u enduser.User, req OrderRequest) error {
	switch {
	case a.UserID == u.ID:
		return ErrOwnAd
	case !a.accepts(req.PaymentMethod):
		return ErrMethod
	case req.USDTAmount < a.Min:
		return ErrTooLow
	case req.USDTAmount > a.Max:
		return ErrTooHigh
	case req.USDTAmount > a.Remaining:
		return ErrExceeds
	case fiatOf(req.USDTAmount, a.Rate) == 0:
		return ErrTooSmall
	default:
		return nil
	}
}

// ownerMaySell fails with ErrAdNotActive when the owner of a sell ad may not
// have the amount go out.
func (s *Service) ownerMaySell(ctx context.Context, ad Ad, amount int64) error {
	err := s.d.Users.Refusal(ctx, ad.UserID, enduser.P2P, amount)
	var rule *fault.Error
	if errors.As(err, &rule) {
		return ErrAdNotActive.With(err)
	}
	return err
}

// draft is the order that the request asks for, with the terms of the ad as
// they were judged. The details are the seller's.
func (s *Service) draft(id int64, u enduser.User, ad Ad, req OrderRequest) (Order, error) {
	now := s.now()
	o := Order{
		ID: id, AdID: ad.ID, AdSide: ad.Side, BuyerID: ad.UserID, SellerID: u.ID, Amount: req.USDTAmount,
		FiatAmount: fiatOf(req.USDTAmount, ad.Rate), FiatCurrency: ad.FiatCurrency, Rate: ad.Rate, Method: req.PaymentMethod,
		Status: Pending, CreatedAt: now, UpdatedAt: now, PayBy: now.Add(ad.Window),
	}
	details := req.PaymentDetails
	var err error
	if ad.Side == Sell {
		o.BuyerID, o.SellerID = u.ID, ad.UserID
		if details, err = s.open(adAAD(ad.ID), ad.details); err != nil {
			return Order{}, err
		}
	}
	o.details, err = s.seal(orderAAD(id), details)
	return o, err
}

// reference names the order in the books, and its withdrawal and deposit.
func (o Order) reference() string { return "p2p_order:" + strconv.FormatInt(o.ID, 10) }

// createRiders are what stands or falls with the escrow: that the seller may
// withdraw, the ad's amount and the order, the key.
func (o Order) createRiders(adVersion int64, key idempotency.Key) ([]ledger.Rider, error) {
	detailsKey, box, masked, err := o.details.columns()
	if err != nil {
		return nil, err
	}
	riders := []ledger.Rider{
		ledger.Rider(enduser.Reserve(o.reference(), o.SellerID, enduser.P2P, o.Amount, o.CreatedAt)),
		{SQL: takeAds, Certain: true, Row: []any{
			o.ID, o.AdID, adVersion, o.BuyerID, o.SellerID, o.Amount, o.FiatAmount, o.Rate,
			o.CreatedAt, o.PayBy, string(o.AdSide), o.FiatCurrency, o.Method, detailsKey, box, masked,
		}},
	}
	if key.Given() {
		riders = append(riders, ledger.Rider(idempotency.Claim(key, o.ID, o.CreatedAt)))
	}
	return riders, nil
}

// refused works out, in the order of the checks, what a posting that failed is
// told; errAgain when nothing stands in its way any more.
func (s *Service) refused(ctx context.Context, u enduser.User, req OrderRequest, o Order, cause error) error {
	var rider *ledger.RiderError
	short := errors.Is(cause, ledger.ErrInsufficientFunds)
	missed := errors.As(cause, &rider) && rider.Missed()
	active := violates(cause, activeWithdraw) || violates(cause, activeDeposit)
	switch {
	case idempotency.Taken(cause):
		return errAgain
	case errors.Is(cause, ledger.ErrBusy), errors.Is(cause, ledger.ErrUnavailable):
		return ErrBusy.With(cause)
	case !short && !missed && !active:
		return cause
	}
	ad, err := selectOneAd(ctx, s.d.DB, selectAd, req.AdID)
	if errors.Is(err, ErrAdNotFound) {
		return ErrAdNotActive
	}
	if err != nil {
		return err
	}
	if err := s.judge(ctx, u, ad, req); err != nil {
		return err
	}
	if err := s.prerequisites(ctx, ad, o); err != nil {
		return err
	}
	if short {
		return ErrSellerShort
	}
	return errAgain
}

// prerequisites says what stands against an order now beside the terms of the
// ad and the seller's money.
func (s *Service) prerequisites(ctx context.Context, ad Ad, o Order) error {
	var err error
	if o.AdSide == Sell {
		err = s.ownerMaySell(ctx, ad, o.Amount)
	} else {
		err = s.d.Users.Refusal(ctx, o.SellerID, enduser.P2P, o.Amount)
	}
	if err != nil {
		return err
	}
	var open bool
	if err := s.d.DB.QueryRow(ctx, selectOpenAsTaker, o.Taker(), string(o.AdSide)).Scan(&open); err != nil {
		return fmt.Errorf("exchange: open orders: %w", err)
	}
	switch {
	case open && o.AdSide == Buy:
		return ErrWithdrawOpen
	case open:
		return ErrDepositOpen
	default:
		return nil
	}
}
