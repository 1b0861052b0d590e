package merchant

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/ledger"
	"disburse/ledger/money"
)

const maxReference = 128

// ErrReferenceReused is the fault of a top-up whose reference was used with
// another amount.
var ErrReferenceReused = fault.New(fault.Conflict, "reference_reused", "this reference was already used with another amount")

var errTooLarge = fault.Invalid(fault.Field{Name: "amount", Why: "is too large"})

// TopUp is a top-up that was made, or that would be.
type TopUp struct {
	Merchant  Merchant
	Amount    money.Money
	Available money.Money // after it
	// Replayed: the reference was there before with the same amount, and
	// nothing moved now. Available is then the balance of this moment.
	Replayed bool
}

// TopUp adds USDT to what a merchant can spend. One reference adds once per
// merchant, however often and from wherever it comes. It fails with not_found,
// invalid_request, reference_reused and unavailable (retry with the same
// reference).
func (s *Service) TopUp(ctx context.Context, ref string, amount money.Money, reference string) (TopUp, error) {
	m, err := s.toppable(ctx, ref, amount, reference)
	if err != nil {
		return TopUp{}, err
	}
	record := audit.Of(ctx, s.deps.Now(), "merchant.topup", "merchant", m.ID)
	record.After = map[string]string{"amount": amount.Fixed(ledger.USDTPlaces), "ref": reference, "mode": string(m.Mode)}
	receipt, err := s.deps.Ledger.Post(ctx, entry(m, amount, reference), ledger.Rider(audit.Row(record)))
	switch {
	case errors.Is(err, ledger.ErrReferenceReused):
		return TopUp{}, ErrReferenceReused.With(err)
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrUnavailable):
		return TopUp{}, fault.New(fault.Unavailable, "unavailable", "temporarily unavailable, retry with the same reference").
			With(err).After(time.Second)
	case errors.Is(err, ledger.ErrOverflow):
		return TopUp{}, errTooLarge
	case err != nil:
		return TopUp{}, fmt.Errorf("merchant: topup: %w", err)
	}
	available, _, err := s.Balances(ctx, m)
	if err != nil {
		return TopUp{}, err
	}
	return TopUp{Merchant: m, Amount: amount, Available: available, Replayed: receipt.Replayed}, nil
}

// PreviewTopUp says what TopUp would do and does nothing. Whether the reference
// was used before is not looked at. It fails with not_found and
// invalid_request.
func (s *Service) PreviewTopUp(ctx context.Context, ref string, amount money.Money, reference string) (TopUp, error) {
	m, err := s.toppable(ctx, ref, amount, reference)
	if err != nil {
		return TopUp{}, err
	}
	available, _, err := s.Balances(ctx, m)
	if err != nil {
		return TopUp{}, err
	}
	after, err := available.Add(amount)
	if err != nil {
		return TopUp{}, errTooLarge
	}
	return TopUp{Merchant: m, Amount: amount, Available: after}, nil
}

func (s *Service) toppable(ctx context.Context, ref string, amount money.Money, reference string) (Merchant, error) {
	var faults []fault.Field
	if !fourDecimals(amount) || !amount.Positive() {
		faults = append(faults, fault.Field{Name: "amount", Why: "must be USDT above zero with at most 4 decimals"})
	}
	if !validReference(reference) {
		faults = append(faults, fault.Field{Name: "ref", Why: "must be 1 to 128 characters, none of them a control character or U+FFFD"})
	}
	if len(faults) > 0 {
		return Merchant{}, fault.Invalid(faults...)
	}
	return s.find(ctx, s.deps.DB, ref)
}

func entry(m Merchant, amount money.Money, reference string) ledger.Entry {
	return ledger.MerchantTopUp("topup:"+m.ID+":"+reference, m.Mode, m.ID, amount)
}

// validReference is as strict as the ledger is with references, and takes no
// blank for one. The replacement of a character that was lost on the way would
// make two references one.
func validReference(text string) bool {
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxReference {
		return false
	}
	for _, r := range text {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return false
		}
	}
	return true
}
