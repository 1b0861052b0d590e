package payout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"disburse/gateway/fault"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
)

// IDPrefix is the prefix of payout ids.
const IDPrefix = "po"

// Created is the answer to create_pay_out as it was given the first time.
type Created struct {
	Payout    Payout // in its state at creation: expectation, whatever came after
	RejectURL string // where the merchant cancels
}

// priced is a request that passed the field rules, with what it comes to.
type priced struct {
	method    Method
	fiat      money.Money
	rate      decimal.Decimal
	usdt, fee money.Money
	timeout   time.Duration
}

// Create makes a payout for a merchant whose signature was verified, and holds
// what it costs. A request that was accepted before is answered as the first
// time, with replayed true.
//
// Faults, in the order of the checks: invalid_request, method_disabled,
// order_id_reused, rate_unavailable, overloading_requisite, low_balance,
// unavailable.
func (s *Service) Create(ctx context.Context, m merchant.Merchant, req CreateRequest) (_ Created, replayed bool, err error) {
	limited := false
	terms, err := s.price(ctx, m, &req)
	if err == nil {
		limited, err = s.precheckCapacity(ctx, m.Mode, terms)
	}
	if err != nil {
		return s.refused(ctx, m, &req, err)
	}
	p, err := s.draft(m, &req, terms)
	if err != nil {
		return Created{}, false, err
	}
	receipt, err := s.d.Ledger.Post(ctx,
		ledger.PayoutHold(holdReference(m.ID, req.OrderID), m.Mode, m.ID, p.Spent()), createRiders(p, limited)...)
	if err != nil || receipt.Replayed {
		return s.refused(ctx, m, &req, err)
	}
	if s.d.Observe.Created != nil {
		s.d.Observe.Created(p.Mode, p.currency(), p.Method)
	}
	return s.created(m, p), false, nil
}

// Validate judges a request by the field rules and by the merchant's methods
// without making anything. Faults: invalid_request with every faulty field,
// method_disabled, rate_unavailable.
func (s *Service) Validate(ctx context.Context, m merchant.Merchant, req CreateRequest) error {
	_, err := s.price(ctx, m, &req)
	return err
}

// price applies the field rules, then asks whether the method is on, then
// converts. Nothing here reads the database once the caches are warm.
func (s *Service) price(ctx context.Context, m merchant.Merchant, req *CreateRequest) (priced, error) {
	by := rules{luhn: m.Luhn, checkURL: s.d.CheckURL}
	var rate fx.Rate
	var rateErr error
	if currency, known := money.Lookup(req.FiatCurrency); known && currency != money.USDT && asciiLetters(req.FiatCurrency) {
		served, err := s.d.Rates.Known(ctx, currency.Lower())
		if err != nil {
			return priced{}, fmt.Errorf("payout: rates: %w", err)
		}
		if served {
			by.currency = currency
			rate, rateErr = s.d.Rates.Current(ctx, currency.Lower())
		}
	}
	terms := priced{method: Method(req.PaymentMethod), rate: rate.Value, timeout: m.Timeout}
	method := m.Methods[merchant.MethodKey{Currency: by.currency.Lower(), Method: req.PaymentMethod}]
	by.min, by.max = method.Min, method.Max
	fiat, faults := req.check(by)
	if len(faults) == 0 && rateErr == nil {
		terms.fiat = fiat
		faults = terms.convert(m)
	}
	switch {
	case len(faults) > 0:
		return priced{}, fault.Invalid(faults...)
	case !method.Enabled:
		return priced{}, ErrMethodDisabled
	case rateErr != nil:
		return priced{}, rateErr
	}
	if req.Timeout != nil {
		terms.timeout = time.Duration(*req.Timeout) * time.Minute
	}
	return terms, nil
}

// asciiLetters keeps out letters of other alphabets that upper-case to ASCII.
func asciiLetters(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
}

// convert fills in what the payout costs.
func (t *priced) convert(m merchant.Merchant) []fault.Field {
	const name = "fiat_amount"
	var err error
	if t.usdt, err = ledger.Convert(t.fiat, t.rate); err == nil {
		if t.usdt.IsZero() {
			return []fault.Field{{Name: name, Why: "is worth less than 0.0001 USDT"}}
		}
		if t.fee, err = ledger.FeeOf(t.usdt, m.FeeBPS, m.FeeFixed); err == nil {
			_, err = t.usdt.Add(t.fee)
		}
	}
	if err != nil {
		return []fault.Field{{Name: name, Why: "is out of range"}}
	}
	return nil
}

// draft is the payout that the request asks for, its requisite sealed.
func (s *Service) draft(m merchant.Merchant, req *CreateRequest, t priced) (Payout, error) {
	now := s.now()
	requisite := req.requisite(t.method)
	kept := newSecret(requisite)
	p := Payout{
		ID: publicid.At(IDPrefix, now), MerchantID: m.ID, OrderID: req.OrderID, Mode: m.Mode,
		Status: Expectation, Stage: StageWaiting,
		Method: t.method, Fiat: t.fiat, Rate: t.rate, USDT: t.usdt, Fee: t.fee, LastFour: requisite[len(requisite)-4:],
		BankName: req.BankName, BIK: req.BIK, FullName: req.FullName, Customer: req.Customer, Description: req.OrderDescription,
		SuccessURL: req.SuccessCallbackURL, ErrorURL: req.ErrorCallbackURL,
		CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(t.timeout),
		fingerprint: req.fingerprint(kept.salt),
	}
	var err error
	p.requisite, err = s.seal(p.ID, kept)
	return p, err
}

func (p Payout) currency() string { return p.Fiat.Currency().Lower() }

// holdReference makes a merchant's order_id the key under which its money is
// held, so that the books themselves refuse a second hold. Ids of merchants
// hold no colon, so no two pairs share a reference.
func holdReference(merchantID, orderID string) string {
	return "payout:" + merchantID + ":" + orderID + ":hold"
}

// endReference is one for all ways to end: only one of them can be posted.
func endReference(id string) string { return "payout:" + id + ":end" }

// createRiders are the row, and where the method has bounds the lock and the
// count that hold it to them.
func createRiders(p Payout, limited bool) []ledger.Rider {
	insert := ledger.Rider{SQL: insertPayouts, Certain: true, Row: []any{
		p.ID, p.MerchantID, p.OrderID, string(p.Mode), p.currency(), string(p.Method),
		p.Fiat.Minor(), p.Rate.Shift(ratePlaces).IntPart(), p.USDT.Minor(), p.Fee.Minor(),
		p.LastFour, p.requisite.Key, p.requisite.Box, p.fingerprint, p.BankName, p.BIK, p.FullName, p.Customer, p.Description,
		p.SuccessURL, p.ErrorURL, p.CreatedAt, p.ExpiresAt,
	}}
	if !limited {
		return []ledger.Rider{insert}
	}
	return []ledger.Rider{
		{SQL: lockCapacity, Row: []any{p.currency(), string(p.Method)}},
		insert,
		{SQL: checkCapacity, Row: []any{string(p.Mode), p.currency(), string(p.Method)}},
	}
}

// refused answers a request that made nothing: as the first time if it is one
// that was accepted before, else with what stood in its way. Only here is the
// database read for a create.
func (s *Service) refused(ctx context.Context, m merchant.Merchant, req *CreateRequest, cause error) (Created, bool, error) {
	cause = createFault(cause)
	var f faults
	if f.orderID(req.OrderID); len(f) > 0 {
		return Created{}, false, cause
	}
	p, err := selectPayout(ctx, s.d.DB, selectByOrderID, req.OrderID, m.ID)
	same := false
	if err == nil {
		same, err = s.asked(p, req)
	}
	switch {
	case err != nil && cause != nil:
		return Created{}, false, cause
	case err != nil:
		return Created{}, false, fmt.Errorf("payout: read back: %w", err)
	case same:
		return s.created(m, p), true, nil
	case cause == nil || !precedesIdempotency(cause):
		return Created{}, false, ErrOrderIDReused
	default:
		return Created{}, false, cause
	}
}

// precedesIdempotency reports the refusals that are told also when the order_id
// is taken by another request.
func precedesIdempotency(cause error) bool {
	kind := fault.From(cause).Kind
	return kind == fault.InvalidInput || kind == fault.Internal || errors.Is(cause, ErrMethodDisabled)
}

// createFault turns what Post answered into what the merchant is told; nil
// when the order_id was posted before.
func createFault(err error) error {
	var rider *ledger.RiderError
	switch {
	case err == nil, errors.Is(err, ledger.ErrReferenceReused):
		return nil
	case errors.Is(err, ledger.ErrInsufficientFunds):
		return ErrLowBalance
	case errors.As(err, &rider) && rider.Err == nil:
		// The insert cannot touch no row: it was a bound of capacity.
		return ErrOverloaded
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrUnavailable):
		return ErrBusy.With(err)
	default:
		return err
	}
}

// created shows a payout as it was answered first, whatever became of it.
func (s *Service) created(m merchant.Merchant, p Payout) Created {
	p.Status, p.Stage, p.UpdatedAt = Expectation, StageWaiting, p.CreatedAt
	p.EndedAt, p.EndedBy, p.Reason, p.Cheques, p.LateOutcome = time.Time{}, "", "", nil, ""
	p.CompletedBy, p.CompletedAt = "", time.Time{}
	p.ClaimedBy, p.LeaseExpiresAt, p.Executor, p.SentAt, p.LookAt = "", time.Time{}, "", time.Time{}, time.Time{}
	return Created{Payout: p, RejectURL: s.d.PublicURL + "/api/merchant/" + m.Name + "/rejected_pay_out/"}
}
