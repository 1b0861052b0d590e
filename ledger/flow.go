package ledger

import "disburse/ledger/money"

// An Entry is a set of transfers with one reference that stand or fall
// together. Only the flows below make entries, so that every way money can
// move is on this page.
type Entry struct {
	Reference string // unique for ever; the same reference posts once
	Flow      string // the name of the movement, as in the table of doc.go
	legs      []leg
}

type leg struct {
	from, to Account
	amount   money.Money
}

// Names of the flows, as they stand in the books.
const (
	FlowMerchantTopUp = "merchant_top_up"
	FlowPayoutHold    = "payout_hold"
	FlowPayoutSettle  = "payout_settle"
	FlowPayoutRelease = "payout_release"
	FlowAdjustment    = "adjustment"
)

// MerchantTopUp credits a merchant with money that reached the platform.
func MerchantTopUp(reference string, mode Mode, merchantID string, amount money.Money) Entry {
	return Entry{reference, FlowMerchantTopUp, []leg{
		{house(mode, PurposeExternal, amount.Currency()), MerchantAvailable(mode, merchantID), amount},
	}}
}

// PayoutHold reserves what a payout will cost the merchant, fee included.
func PayoutHold(reference string, mode Mode, merchantID string, spent money.Money) Entry {
	return Entry{reference, FlowPayoutHold, []leg{
		{MerchantAvailable(mode, merchantID), MerchantHeld(mode, merchantID), spent},
	}}
}

// PayoutSettle ends a hold by paying: the amount to settlement, the fee to
// the house. A fee of zero makes no transfer.
func PayoutSettle(reference string, mode Mode, merchantID string, amount, fee money.Money) Entry {
	held := MerchantHeld(mode, merchantID)
	legs := []leg{{held, house(mode, PurposeSettlement, amount.Currency()), amount}}
	if !fee.IsZero() {
		legs = append(legs, leg{held, house(mode, PurposeFees, fee.Currency()), fee})
	}
	return Entry{reference, FlowPayoutSettle, legs}
}

// PayoutRelease ends a hold by giving all of it back.
func PayoutRelease(reference string, mode Mode, merchantID string, spent money.Money) Entry {
	return Entry{reference, FlowPayoutRelease, []leg{
		{MerchantHeld(mode, merchantID), MerchantAvailable(mode, merchantID), spent},
	}}
}

// Adjustment corrects an account by a new entry: a positive amount adds to
// it, a negative one takes from it. Who may do so, and with whose approval,
// is the caller's business.
func Adjustment(reference string, account Account, amount money.Money) Entry {
	contra := house(account.Mode, PurposeAdjustment, account.Currency)
	if amount.Minor() < 0 {
		return Entry{reference, FlowAdjustment, []leg{{account, contra, money.New(-amount.Minor(), amount.Currency())}}}
	}
	return Entry{reference, FlowAdjustment, []leg{{contra, account, amount}}}
}
