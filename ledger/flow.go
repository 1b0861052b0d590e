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

	FlowUserDeposit     = "user_deposit"
	FlowBonusGrant      = "bonus_grant"
	FlowCardOrderHold   = "card_order_hold"
	FlowCardOrderSettle = "card_order_settle"
	FlowCardOrderReturn = "card_order_return"
	FlowCardOrderCredit = "card_order_credit"
	FlowEscrowLock      = "escrow_lock"
	FlowEscrowRelease   = "escrow_release"
	FlowEscrowReturn    = "escrow_return"

	FlowBet            = "bet"
	FlowWin            = "win"
	FlowBetRollback    = "bet_rollback"
	FlowCardLoad       = "card_load"
	FlowCardLoadSettle = "card_load_settle"
	FlowCardLoadReturn = "card_load_return"
	FlowCardUnload     = "card_unload"
	FlowCardGift       = "card_gift"
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

// UserDeposit credits an end user with money that reached the platform.
func UserDeposit(reference, owner string, amount money.Money) Entry {
	return one(reference, FlowUserDeposit, house(Live, PurposeExternal, amount.Currency()), UserAvailable(owner, amount.Currency()), amount)
}

// BonusGrant gives an end user bonus money.
func BonusGrant(reference, owner string, amount money.Money) Entry {
	return one(reference, FlowBonusGrant, house(Live, PurposeBonuses, amount.Currency()), UserBonus(owner, amount.Currency()), amount)
}

// CardOrderHold reserves what a card withdrawal will pay out.
func CardOrderHold(reference, owner string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowCardOrderHold, UserAvailable(owner, c), UserOrderHeld(owner, c), amount)
}

// CardOrderSettle ends a hold: the operator has paid the user's card.
func CardOrderSettle(reference, owner string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowCardOrderSettle, UserOrderHeld(owner, c), house(Live, PurposeSettlement, c), amount)
}

// CardOrderReturn ends a hold by giving it back.
func CardOrderReturn(reference, owner string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowCardOrderReturn, UserOrderHeld(owner, c), UserAvailable(owner, c), amount)
}

// CardOrderCredit ends a card deposit: the user's money has arrived.
func CardOrderCredit(reference, owner string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowCardOrderCredit, house(Live, PurposeExternal, c), UserAvailable(owner, c), amount)
}

// EscrowLock takes a seller's money into escrow for one order.
func EscrowLock(reference, seller string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowEscrowLock, UserAvailable(seller, c), UserEscrow(seller, c), amount)
}

// EscrowRelease gives a seller's escrow to the buyer.
func EscrowRelease(reference, seller, buyer string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowEscrowRelease, UserEscrow(seller, c), UserAvailable(buyer, c), amount)
}

// EscrowReturn gives a seller's escrow back.
func EscrowReturn(reference, seller string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowEscrowReturn, UserEscrow(seller, c), UserAvailable(seller, c), amount)
}

// Stake is what a bet is made of: the player's own money and bonus money, of
// one currency. Either may be zero, not both.
type Stake struct {
	Cash, Bonus money.Money
}

// Bet takes a player's stake.
func Bet(reference, player, provider string, s Stake) Entry {
	return Entry{reference, FlowBet, s.legs(func(player, games Account, amount money.Money) leg {
		return leg{player, games, amount}
	}, player, provider)}
}

// BetRollback gives a stake back to where it came from.
func BetRollback(reference, player, provider string, s Stake) Entry {
	return Entry{reference, FlowBetRollback, s.legs(func(player, games Account, amount money.Money) leg {
		return leg{games, player, amount}
	}, player, provider)}
}

func (s Stake) legs(direction func(player, games Account, amount money.Money) leg, player, provider string) []leg {
	var legs []leg
	if c := s.Cash.Currency(); !s.Cash.IsZero() {
		legs = append(legs, direction(UserAvailable(player, c), Games(provider, c), s.Cash))
	}
	if c := s.Bonus.Currency(); !s.Bonus.IsZero() {
		legs = append(legs, direction(UserBonus(player, c), Games(provider, c), s.Bonus))
	}
	return legs
}

// Win pays a player what a game round won.
func Win(reference, player, provider string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowWin, Games(provider, c), UserAvailable(player, c), amount)
}

// CardLoad reserves what putting money on a virtual card will cost its user,
// fee included.
func CardLoad(reference, owner string, spent money.Money) Entry {
	c := spent.Currency()
	return one(reference, FlowCardLoad, UserAvailable(owner, c), UserCardHeld(owner, c), spent)
}

// CardLoadSettle ends a load: the amount is at the card provider, the fee is
// the house's. Either may be zero, not both.
func CardLoadSettle(reference, owner string, amount, fee money.Money) Entry {
	c := amount.Currency()
	held := UserCardHeld(owner, c)
	var legs []leg
	if !amount.IsZero() {
		legs = append(legs, leg{held, house(Live, PurposeCards, c), amount})
	}
	if !fee.IsZero() {
		legs = append(legs, leg{held, house(Live, PurposeFees, c), fee})
	}
	return Entry{reference, FlowCardLoadSettle, legs}
}

// CardLoadReturn ends a load by giving all of it back.
func CardLoadReturn(reference, owner string, spent money.Money) Entry {
	c := spent.Currency()
	return one(reference, FlowCardLoadReturn, UserCardHeld(owner, c), UserAvailable(owner, c), spent)
}

// CardUnload credits a user with what the card provider took off a card.
func CardUnload(reference, owner string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowCardUnload, house(Live, PurposeCards, c), UserAvailable(owner, c), amount)
}

// CardGift is money of the platform that a card was made with.
func CardGift(reference string, amount money.Money) Entry {
	c := amount.Currency()
	return one(reference, FlowCardGift, house(Live, PurposeExternal, c), house(Live, PurposeCards, c), amount)
}

func one(reference, flow string, from, to Account, amount money.Money) Entry {
	return Entry{reference, flow, []leg{{from, to, amount}}}
}
