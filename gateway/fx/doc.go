// Package fx keeps the exchange rates: units of a currency for one USDT.
//
// Every rate ever set stays in the table; the one in force is the last of its
// currency. Rates are read through the cache of package epoch and have an age:
// a rate older than its own maximum is not used, because a wrong price costs
// more than a refused payout. A rate that jumps beyond a bound against the one
// before needs a confirmation, and one that looks like the inverse of the one
// before is refused outright.
//
// Each change is one transaction with its audit row and the epoch's count. It
// leaves conversion and rounding to the ledger.
package fx
