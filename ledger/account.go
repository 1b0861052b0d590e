package ledger

import (
	"fmt"

	"disburse/ledger/money"
)

// Mode keeps sandbox money apart from live money: no transfer crosses it.
type Mode string

// The two modes.
const (
	Live    Mode = "live"
	Sandbox Mode = "sandbox"
)

// Valid reports a mode that accounts can have.
func (m Mode) Valid() bool { return m == Live || m == Sandbox }

// House owns the accounts that are the platform's own or stand for the world
// outside.
const House = "house"

// Purposes of accounts. An account's purpose decides whether it may go below
// zero: see unbounded.
const (
	PurposeAvailable  = "available"  // a merchant's money, free to spend
	PurposeHeld       = "held"       // a merchant's money, reserved for open payouts
	PurposeExternal   = "external"   // the world money comes from: what was paid in to us, negated
	PurposeSettlement = "settlement" // what was paid out to recipients
	PurposeFees       = "fees"       // what merchants paid for the service
	PurposeAdjustment = "adjustment" // the other side of corrections

	PurposeOrderHeld = "order_held" // a user's money, reserved for open card orders
	PurposeEscrow    = "escrow"     // a user's money, promised to the buyers of open P2P orders
	PurposeBonus     = "bonus"      // a user's bonus, spendable on bets, never withdrawable
	PurposeBonuses   = "bonuses"    // what the platform gave as bonuses, negated

	PurposeGames    = "games"     // what a game provider's bets brought in and its wins took out
	PurposeCardHeld = "card_held" // a user's money, on its way to a virtual card
	PurposeCards    = "cards"     // what lies at the card provider, put there and taken from there by us
)

// unbounded purposes stand for the outside world or the house, and have no
// floor. Everything a customer owns has the floor 0.
var unbounded = map[string]bool{
	PurposeExternal:   true,
	PurposeSettlement: true,
	PurposeFees:       true,
	PurposeAdjustment: true,
	PurposeBonuses:    true,
	PurposeGames:      true,
	PurposeCards:      true,
}

// Account names an account. Post opens an account that is named for the first
// time, with a balance of zero.
type Account struct {
	Mode     Mode
	Owner    string // an id such as "mer_..." or "user:42", or House
	Purpose  string
	Currency money.Currency
}

// String is the account as people read it: "live/mer_01.../held/USDT".
func (a Account) String() string {
	return fmt.Sprintf("%s/%s/%s/%s", a.Mode, a.Owner, a.Purpose, a.Currency)
}

// floor is the lowest balance the account may have, nil for none.
func (a Account) floor() *int64 {
	if unbounded[a.Purpose] {
		return nil
	}
	return new(int64)
}

// MerchantAvailable is what a merchant can spend, in USDT.
func MerchantAvailable(mode Mode, merchantID string) Account {
	return Account{Mode: mode, Owner: merchantID, Purpose: PurposeAvailable, Currency: money.USDT}
}

// MerchantHeld is what a merchant's open payouts reserve, in USDT.
func MerchantHeld(mode Mode, merchantID string) Account {
	return Account{Mode: mode, Owner: merchantID, Purpose: PurposeHeld, Currency: money.USDT}
}

// UserAvailable is what an end user can spend. Owner is the user's name in the
// books, as gateway/enduser gives it. Users' money is live.
func UserAvailable(owner string, c money.Currency) Account {
	return Account{Mode: Live, Owner: owner, Purpose: PurposeAvailable, Currency: c}
}

// UserOrderHeld is what a user's open card withdrawals reserve.
func UserOrderHeld(owner string, c money.Currency) Account {
	return Account{Mode: Live, Owner: owner, Purpose: PurposeOrderHeld, Currency: c}
}

// UserEscrow is what a user sells in open P2P orders.
func UserEscrow(owner string, c money.Currency) Account {
	return Account{Mode: Live, Owner: owner, Purpose: PurposeEscrow, Currency: c}
}

// UserBonus is a user's bonus money.
func UserBonus(owner string, c money.Currency) Account {
	return Account{Mode: Live, Owner: owner, Purpose: PurposeBonus, Currency: c}
}

// UserCardHeld is what a user's open card loads reserve.
func UserCardHeld(owner string, c money.Currency) Account {
	return Account{Mode: Live, Owner: owner, Purpose: PurposeCardHeld, Currency: c}
}

// Games is what the house has won from the players of one game provider, and
// below zero what it has lost to them. Provider is the provider's name in the
// books.
func Games(provider string, c money.Currency) Account {
	return Account{Mode: Live, Owner: provider, Purpose: PurposeGames, Currency: c}
}

func house(mode Mode, purpose string, c money.Currency) Account {
	return Account{Mode: mode, Owner: House, Purpose: purpose, Currency: c}
}
