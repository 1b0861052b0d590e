package ledger

import (
	"errors"

	"github.com/shopspring/decimal"

	"disburse/ledger/money"
)

// USDTPlaces is the number of decimals at which payouts are priced. The
// published API prints merchant_spent_usdt with four; the books keep six.
const USDTPlaces = 4

// ErrRate reports an exchange rate that is not above zero.
var ErrRate = errors.New("ledger: exchange rate must be above zero")

// Convert prices a fiat amount in USDT at a rate of fiat units per USDT,
// rounded half up to USDTPlaces. The result may be zero; callers refuse it.
func Convert(fiat money.Money, rate decimal.Decimal) (money.Money, error) {
	if rate.Sign() <= 0 {
		return money.Money{}, ErrRate
	}
	// DivRound rounds half away from zero, which is half up for amounts.
	return money.FromDecimal(fiat.Decimal().DivRound(rate, USDTPlaces), money.USDT)
}

// FeeOf is what a payout of the given USDT amount costs on top: basis points
// of it rounded up to USDTPlaces (in the house's favour), plus a fixed part.
func FeeOf(usdt money.Money, bps int64, fixed money.Money) (money.Money, error) {
	share := usdt.Decimal().Mul(decimal.New(bps, -4)).RoundCeil(USDTPlaces) // a basis point is 1e-4
	fee, err := money.FromDecimal(share, usdt.Currency())
	if err != nil {
		return money.Money{}, err
	}
	return fee.Add(fixed)
}
