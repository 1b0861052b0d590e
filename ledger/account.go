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
)

// unbounded purposes stand for the outside world or the house, and have no
// floor. Everything a customer owns has the floor 0.
var unbounded = map[string]bool{
	PurposeExternal:   true,
	PurposeSettlement: true,
	PurposeFees:       true,
	PurposeAdjustment: true,
}

// Account names an account. Post opens an account that is named for the first
// time, with a balance of zero.
type Account struct {
	Mode     Mode
	Owner    string // an id such as "mer_...", or House
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

func house(mode Mode, purpose string, c money.Currency) Account {
	return Account{Mode: mode, Owner: House, Purpose: purpose, Currency: c}
}
