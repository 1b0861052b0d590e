// Package money holds exact amounts: an int64 count of a currency's minor
// units together with the currency.
//
// Amounts enter as text and leave as text; nothing in between is a binary
// floating-point number. Arithmetic reports overflow instead of wrapping.
// Exchange rates and fees, which need fractions of a minor unit on the way,
// are the ledger's business (ledger/fee.go).
package money
