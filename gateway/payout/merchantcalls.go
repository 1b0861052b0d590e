package payout

import (
	"context"
	"fmt"
	"unicode/utf8"

	"disburse/gateway/merchant"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Standing is one payout as its merchant sees it.
type Standing struct {
	Payout     Payout
	Requisite  string   // in full, or masked by the merchant's setting
	ChequeURLs []string // with links to uploaded receipts that were signed now
}

// Status finds a merchant's payout by the merchant's order_id, else by our id.
// Another merchant's payout is not found. Faults: not_found.
func (s *Service) Status(ctx context.Context, m merchant.Merchant, id string) (Standing, error) {
	p, err := s.find(ctx, m.ID, id)
	if err != nil {
		return Standing{}, err
	}
	return s.standing(m, p)
}

func (s *Service) standing(m merchant.Merchant, p Payout) (Standing, error) {
	requisite, err := s.merchantRequisite(m, p)
	if err != nil {
		return Standing{}, err
	}
	links, err := s.chequeURLs(p.Cheques)
	return Standing{Payout: p, Requisite: requisite, ChequeURLs: links}, err
}

func (s *Service) find(ctx context.Context, merchantID, id string) (Payout, error) {
	// Such a text is in no row, and the database would refuse it.
	if id == "" || len(id) > maxOrderID*utf8.UTFMax || !utf8.ValidString(id) || hasNUL(id) {
		return Payout{}, ErrNotFound
	}
	p, err := selectPayout(ctx, s.d.DB, selectByOrderID, id, merchantID)
	if isNotFound(err) && publicid.Valid(IDPrefix, id) {
		p, err = selectPayout(ctx, s.d.DB, selectByID, id)
		if err == nil && p.MerchantID != merchantID {
			err = ErrNotFound
		}
	}
	if err != nil && !isNotFound(err) {
		err = fmt.Errorf("payout: find: %w", err)
	}
	return p, err
}

func hasNUL(s string) bool {
	for i := range len(s) {
		if s[i] == 0 {
			return true
		}
	}
	return false
}

// Cancel ends a merchant's payout as rejected_merchant; again for the same
// payout it answers the same. Faults: not_found, already_final, in_progress,
// unavailable.
func (s *Service) Cancel(ctx context.Context, m merchant.Merchant, orderID string) (Payout, error) {
	p, err := s.find(ctx, m.ID, orderID)
	if err != nil {
		return Payout{}, err
	}
	return s.finish(ctx, p, end{to: RejectedMerchant, by: "merchant:" + m.ID, at: s.now(), kind: byMerchant})
}

// Balances is what a merchant has at one moment, in USDT.
type Balances struct {
	Balance   money.Money // Available and Held together
	Held      money.Money // reserved for open payouts
	Available money.Money
}

// Balance reads a merchant's money.
func (s *Service) Balance(ctx context.Context, m merchant.Merchant) (Balances, error) {
	has, err := s.d.Ledger.Balances(ctx, ledger.MerchantAvailable(m.Mode, m.ID), ledger.MerchantHeld(m.Mode, m.ID))
	if err != nil {
		return Balances{}, fmt.Errorf("payout: balance: %w", err)
	}
	b := Balances{Available: has[0], Held: has[1]}
	b.Balance, err = b.Available.Add(b.Held)
	return b, err
}
