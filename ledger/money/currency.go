package money

import "strings"

// Currency is an upper-case currency code, as in "RUB".
type Currency string

// USDT is the currency merchants keep their balances in. It is no ISO code;
// its scale of 6 is the one of the token's contracts.
const USDT Currency = "USDT"

// scales lists ISO 4217 active codes by the digits of their minor unit.
// Source: ISO 4217 table A.1 (SIX Group, list of current currencies); codes
// without a minor unit there (metals, testing, funds) are left out.
var scales = map[Currency]int{USDT: 6}

func init() {
	for scale, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
		2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD " +
			"CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS " +
			"GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP " +
			"LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK " +
			"NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS " +
			"SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST " +
			"XCD XCG YER ZAR ZMW ZWG",
	} {
		for code := range strings.FieldsSeq(codes) {
			scales[Currency(code)] = scale
		}
	}
}

// Lookup finds a currency by its code in any letter case.
func Lookup(code string) (Currency, bool) {
	c := Currency(strings.ToUpper(code))
	_, ok := scales[c]
	return c, ok
}

// Scale is the number of decimal digits of the minor unit: 2 for RUB, 0 for
// JPY, 6 for USDT. It panics on a currency that Lookup does not know, since
// an amount in an unknown unit has no meaning.
func (c Currency) Scale() int {
	scale, ok := scales[c]
	if !ok {
		panic("money: unknown currency " + string(c))
	}
	return scale
}

// Lower is the code as it stands on the wire of the merchant API.
func (c Currency) Lower() string { return strings.ToLower(string(c)) }
