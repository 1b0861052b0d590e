package merchant

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
	"disburse/ledger"
	"disburse/ledger/money"
)

// ErrLowBalance is the fault of an adjustment that takes more than there is.
var ErrLowBalance = fault.New(fault.Conflict, "low_balance", "the merchant has less than that to spend")

const maxReason = 500

// Adjustment is a correction of what a merchant can spend, by hand.
type Adjustment struct {
	Amount    money.Money // USDT; a negative one takes away
	Reference string      // under which it is made once; one is made up when empty
	Reason    string
}

// ParseAdjustment reads an amount such as "10.50" or "-10.50".
func ParseAdjustment(text string) (money.Money, error) {
	digits, negative := strings.CutPrefix(text, "-")
	m, err := money.Parse(digits, money.USDT)
	if err == nil && negative {
		m = money.New(-m.Minor(), money.USDT)
	}
	return m, err
}

// Adjusted is an adjustment that waits for a second person, or would.
type Adjusted struct {
	Merchant  Merchant
	Approval  approval.Approval // without an id when it is a preview
	Available money.Money       // now
	After     money.Money       // once it is approved, if nothing else moves
	// Replayed: the reference was there before with the same amount and reason.
	Replayed bool
}

// Adjust asks for a correction of a merchant's balance. It is made when a
// second person approves it, in every mode. Repeating it with the same reference
// answers the same. It fails with not_found, invalid_request, low_balance,
// reference_reused, approval_blocked and unavailable.
func (s *Service) Adjust(ctx context.Context, ref string, a Adjustment) (Adjusted, error) {
	made, err := s.PreviewAdjust(ctx, ref, a)
	if errors.Is(err, ErrLowBalance) && a.Reference != "" {
		// Perhaps because it was made already.
		if asked, found, err := approval.Granted(ctx, s.deps.DB, approval.Adjustment, made.Merchant.ID, a.Reference); err == nil && found {
			return made.replayed(asked, a)
		}
	}
	if err != nil {
		return Adjusted{}, err
	}
	now := s.deps.Now().UTC().Truncate(time.Microsecond)
	if a.Reference == "" {
		a.Reference = publicid.At("adj", now)
	}
	err = transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		asked, found, err := approval.Granted(ctx, tx, approval.Adjustment, made.Merchant.ID, a.Reference)
		if err != nil {
			return err
		}
		if found && asked.Standing(now) != approval.Expired {
			made, err = made.replayed(asked, a)
			return err
		}
		if err := approval.Possible(ctx, tx, approval.Adjustment); err != nil {
			return err
		}
		made.Approval, err = approval.Ask(ctx, tx, approval.Request{
			Kind: approval.Adjustment, Subject: made.Merchant.ID, Reference: a.Reference, What: a.what(made.Merchant), Reason: a.Reason, At: now,
		})
		return err
	})
	if err != nil {
		return Adjusted{}, named(err, "adjust")
	}
	return made, nil
}

// replayed answers what was asked for before under the same reference.
func (m Adjusted) replayed(asked approval.Approval, a Adjustment) (Adjusted, error) {
	if asked.What["amount"] != amountText(a.Amount) || asked.Reason != a.Reason {
		return Adjusted{}, ErrReferenceReused
	}
	m.Approval, m.Replayed = asked, true
	return m, nil
}

func (a Adjustment) what(m Merchant) map[string]string {
	return map[string]string{
		"merchant": m.Name, "mode": string(m.Mode), "amount": amountText(a.Amount), "currency": "usdt", "ref": a.Reference,
	}
}

func amountText(m money.Money) string { return m.Fixed(ledger.USDTPlaces) }

// PreviewAdjust says what Adjust would ask for and does nothing. It fails as
// Adjust does, except for what only asking finds out. With low_balance it
// still says of which merchant.
func (s *Service) PreviewAdjust(ctx context.Context, ref string, a Adjustment) (Adjusted, error) {
	var faults []fault.Field
	if !fourDecimals(a.Amount) || a.Amount.IsZero() {
		faults = append(faults, fault.Field{Name: "amount", Why: "must be USDT other than zero with at most 4 decimals, such as 10.50 or -10.50"})
	}
	if a.Reference != "" && !validReference(a.Reference) {
		faults = append(faults, fault.Field{Name: "ref", Why: "must be 1 to 128 characters, none of them a control character or U+FFFD"})
	}
	if reason := strings.TrimSpace(a.Reason); reason == "" || !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > maxReason || strings.ContainsRune(reason, 0) {
		faults = append(faults, fault.Field{Name: "reason", Why: fmt.Sprintf("must be 1 to %d characters", maxReason)})
	}
	if len(faults) > 0 {
		return Adjusted{}, fault.Invalid(faults...)
	}
	m, err := s.find(ctx, s.deps.DB, ref)
	if err != nil {
		return Adjusted{}, err
	}
	made := Adjusted{Merchant: m, Approval: approval.Approval{Kind: approval.Adjustment, Subject: m.ID, What: a.what(m), Reason: a.Reason}}
	if made.Available, _, err = s.Balances(ctx, m); err != nil {
		return Adjusted{}, err
	}
	made.After, err = made.Available.Add(a.Amount)
	switch {
	case err != nil:
		return made, errTooLarge
	case made.After.Minor() < 0:
		return made, ErrLowBalance
	default:
		return made, nil
	}
}

// grantAdjustment makes an adjustment, in the transaction of the approval.
func (s *Service) grantAdjustment(ctx context.Context, a approval.Approval, note string) error {
	amount, err := ParseAdjustment(a.What["amount"])
	if err != nil {
		return fmt.Errorf("merchant: adjustment %s: %w", a.ID, err)
	}
	m, err := s.find(ctx, s.deps.DB, a.Subject)
	if err != nil {
		return err
	}
	d := approval.Decision{Approval: a, State: approval.Approved, Note: note, At: s.deps.Now().UTC().Truncate(time.Microsecond)}
	if err := d.Refusal(ctx); err != nil {
		// A repetition by the same person is answered like the first time.
		if errors.Is(err, approval.ErrDecided) {
			return approval.Why(ctx, s.deps.DB, d)
		}
		return err
	}
	record := audit.Of(ctx, d.At, "merchant.adjust", "merchant", m.ID)
	record.Before = map[string]any{"approval": a.ID, "asked_by": a.RequestedBy}
	record.After = map[string]any{"amount": a.What["amount"], "ref": a.Reference, "reason": a.Reason, "mode": m.Mode, "note": note}
	receipt, err := s.deps.Ledger.Post(ctx, ledger.Adjustment("adjustment:"+a.ID, ledger.MerchantAvailable(m.Mode, m.ID), amount),
		ledger.Rider(d.Statement(ctx)), ledger.Rider(audit.Row(record)))
	var rider *ledger.RiderError
	switch {
	case err == nil && !receipt.Replayed:
		return nil
	case err == nil, errors.As(err, &rider) && rider.Err == nil:
		if err := approval.Why(ctx, s.deps.DB, d); err != nil || receipt.Replayed {
			return err
		}
		return errBusy.With(rider)
	case errors.Is(err, ledger.ErrInsufficientFunds):
		return ErrLowBalance.With(err)
	case errors.Is(err, ledger.ErrOverflow):
		return errTooLarge
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrUnavailable):
		return errBusy.With(err)
	default:
		return fmt.Errorf("merchant: adjust: %w", err)
	}
}

var errBusy = fault.New(fault.Unavailable, "unavailable", "temporarily unavailable").After(time.Second)
