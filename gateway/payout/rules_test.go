package payout

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"disburse/callbacks"
	"disburse/gateway/fault"
	"disburse/ledger/money"
)

func testRules() rules {
	return rules{
		currency: "RUB", min: money.New(10_000, "RUB"), max: money.New(100_000_000, "RUB"),
		checkURL: func(target string) error { return callbacks.CheckURL(target, callbacks.AllowList{}) },
	}
}

func goodRequest(m Method) CreateRequest {
	r := CreateRequest{
		OrderID: "order123", PaymentMethod: string(m), FiatAmount: "1500.00", FiatCurrency: "rub",
		SuccessCallbackURL: "https://shop.example.com/success", ErrorCallbackURL: "http://shop.example.com:8080/error?x=1",
	}
	switch m {
	case Card:
		r.NumberCard = "4276345439581234"
	case SBP:
		r.PhoneNumber, r.BankName = "+79161234567", "Sberbank"
	case Score:
		r.NumberScore = "40817810099910004312"
	case IBAN:
		r.IBANNumber = "DE89370400440532013000"
	}
	return r
}

func names(fields []fault.Field) []string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Name)
	}
	return out
}

func TestEveryMethodHasAGoodRequest(t *testing.T) {
	t.Parallel()
	for _, m := range Methods() {
		r := goodRequest(m)
		amount, faults := r.check(testRules())
		if len(faults) > 0 || amount != money.New(150_000, "RUB") {
			t.Errorf("%s: %v, faults %v", m, amount, faults)
		}
	}
}

func TestFieldRules(t *testing.T) {
	t.Parallel()
	type change func(*CreateRequest)
	long := func(n int) string { return strings.Repeat("я", n) }
	minutes := func(n int64) change { return func(r *CreateRequest) { r.Timeout = &n } }
	for _, tc := range []struct {
		name   string
		method Method
		change change
		faulty string // "" for none
	}{
		{"OrderIDMissing", Card, func(r *CreateRequest) { r.OrderID = "" }, "order_id"},
		{"OrderIDLongest", Card, func(r *CreateRequest) { r.OrderID = long(255) }, ""},
		{"OrderIDTooLong", Card, func(r *CreateRequest) { r.OrderID = long(256) }, "order_id"},
		{"OrderIDWithColon", Card, func(r *CreateRequest) { r.OrderID = "a:b" }, "order_id"},
		{"OrderIDWithNewline", Card, func(r *CreateRequest) { r.OrderID = "a\n" }, "order_id"},
		{"OrderIDWithNUL", Card, func(r *CreateRequest) { r.OrderID = "a\x00" }, "order_id"},
		{"OrderIDWithDirectionMark", Card, func(r *CreateRequest) { r.OrderID = "a\u202e" }, "order_id"},
		{"OrderIDWithLostCharacter", Card, func(r *CreateRequest) { r.OrderID = "a\ufffd" }, "order_id"},
		{"OrderIDWithC1ControlCharacter", Card, func(r *CreateRequest) { r.OrderID = "a\u0085" }, "order_id"},
		{"OrderIDNotUTF8", Card, func(r *CreateRequest) { r.OrderID = "a\xff" }, "order_id"},
		{"OrderIDWithSpace", Card, func(r *CreateRequest) { r.OrderID = "a b/ё" }, ""},
		{"MethodMissing", "", func(*CreateRequest) {}, "payment_method"},
		{"MethodUnknown", "cash", func(*CreateRequest) {}, "payment_method"},
		{"MethodUpperCase", Card, func(r *CreateRequest) { r.PaymentMethod = "CARD" }, "payment_method"},

		{"AmountMissing", Card, func(r *CreateRequest) { r.FiatAmount = "" }, "fiat_amount"},
		{"AmountOneDecimal", Card, func(r *CreateRequest) { r.FiatAmount = "1500.0" }, "fiat_amount"},
		{"AmountNoDecimals", Card, func(r *CreateRequest) { r.FiatAmount = "1500" }, "fiat_amount"},
		{"AmountThreeDecimals", Card, func(r *CreateRequest) { r.FiatAmount = "1500.000" }, "fiat_amount"},
		{"AmountLeadingZero", Card, func(r *CreateRequest) { r.FiatAmount = "01500.00" }, "fiat_amount"},
		{"AmountPlus", Card, func(r *CreateRequest) { r.FiatAmount = "+1500.00" }, "fiat_amount"},
		{"AmountMinus", Card, func(r *CreateRequest) { r.FiatAmount = "-1.00" }, "fiat_amount"},
		{"AmountSpace", Card, func(r *CreateRequest) { r.FiatAmount = " 1500.00" }, "fiat_amount"},
		{"AmountGrouped", Card, func(r *CreateRequest) { r.FiatAmount = "1,500.00" }, "fiat_amount"},
		{"AmountComma", Card, func(r *CreateRequest) { r.FiatAmount = "1500,00" }, "fiat_amount"},
		{"AmountExponent", Card, func(r *CreateRequest) { r.FiatAmount = "1e3" }, "fiat_amount"},
		{"AmountNewline", Card, func(r *CreateRequest) { r.FiatAmount = "1500.00\n" }, "fiat_amount"},
		{"AmountZero", Card, func(r *CreateRequest) { r.FiatAmount = "0.00" }, "fiat_amount"},
		{"AmountThousandth", Card, func(r *CreateRequest) { r.FiatAmount = "0.001" }, "fiat_amount"},
		{"AmountFullWidth", Card, func(r *CreateRequest) { r.FiatAmount = "１５００.00" }, "fiat_amount"},
		{"AmountNaN", Card, func(r *CreateRequest) { r.FiatAmount = "NaN" }, "fiat_amount"},
		{"AmountHex", Card, func(r *CreateRequest) { r.FiatAmount = "0x1.00" }, "fiat_amount"},
		{"AmountThirteenDigits", Card, func(r *CreateRequest) { r.FiatAmount = "1000000000000.00" }, "fiat_amount"},
		{"AmountBelowMinimum", Card, func(r *CreateRequest) { r.FiatAmount = "99.99" }, "fiat_amount"},
		{"AmountMinimum", Card, func(r *CreateRequest) { r.FiatAmount = "100.00" }, ""},
		{"AmountMaximum", Card, func(r *CreateRequest) { r.FiatAmount = "1000000.00" }, ""},
		{"AmountAboveMaximum", Card, func(r *CreateRequest) { r.FiatAmount = "1000000.01" }, "fiat_amount"},

		{"CardMissing", Card, func(r *CreateRequest) { r.NumberCard = "" }, "number_card"},
		{"CardFifteen", Card, func(r *CreateRequest) { r.NumberCard = "427634543958123" }, "number_card"},
		{"CardEighteen", Card, func(r *CreateRequest) { r.NumberCard = "427634543958123412" }, "number_card"},
		{"CardSpaces", Card, func(r *CreateRequest) { r.NumberCard = "4276 3454 3958 1" }, "number_card"},
		{"CardArabicDigits", Card, func(r *CreateRequest) { r.NumberCard = strings.Repeat("٤", 16) }, "number_card"},
		{"PhoneEleven", SBP, func(r *CreateRequest) { r.PhoneNumber = "79161234567" }, ""},
		{"PhoneThirteen", SBP, func(r *CreateRequest) { r.PhoneNumber = "+791612345678" }, ""},
		{"PhoneTen", SBP, func(r *CreateRequest) { r.PhoneNumber = "+791612345" }, "phone_number"},
		{"PhoneFourteen", SBP, func(r *CreateRequest) { r.PhoneNumber = "+7916123456789" }, "phone_number"},
		{"PhoneTwoPlus", SBP, func(r *CreateRequest) { r.PhoneNumber = "++79161234567" }, "phone_number"},
		{"PhoneLetters", SBP, func(r *CreateRequest) { r.PhoneNumber = "+7916123456a" }, "phone_number"},
		{"ScoreNineteen", Score, func(r *CreateRequest) { r.NumberScore = "4081781009991000431" }, "number_score"},
		{"ScoreTwentyOne", Score, func(r *CreateRequest) { r.NumberScore = "408178100999100043120" }, "number_score"},
		{"IBANShortest", IBAN, func(r *CreateRequest) { r.IBANNumber = "NO9386011117947" }, ""},
		{"IBANLowerCase", IBAN, func(r *CreateRequest) { r.IBANNumber = "de89370400440532013000" }, ""},
		{"IBANLong", IBAN, func(r *CreateRequest) { r.IBANNumber = "MT84MALT011000012345MTLCAST001S" }, ""},
		{"IBANCheckDigits", IBAN, func(r *CreateRequest) { r.IBANNumber = "DE88370400440532013000" }, "iban_number"},
		{"IBANLengthOfCountry", IBAN, func(r *CreateRequest) { r.IBANNumber = "DE8937040044053201300" }, "iban_number"},
		{"IBANUnknownCountry", IBAN, func(r *CreateRequest) { r.IBANNumber = "US89370400440532013000" }, "iban_number"},
		{"IBANSpaces", IBAN, func(r *CreateRequest) { r.IBANNumber = "DE89 3704 0044 0532 0130 00" }, "iban_number"},
		{"IBANDotlessI", IBAN, func(r *CreateRequest) { r.IBANNumber = "ıT60X0542811101000000123456" }, "iban_number"},
		{"TwoRequisites", Card, func(r *CreateRequest) { r.PhoneNumber = "79161234567" }, "phone_number"},
		{"WrongRequisiteOnly", SBP, func(r *CreateRequest) { r.PhoneNumber, r.NumberCard = "", "4276345439581234" }, "number_card phone_number"},

		{"BankMissingForSBP", SBP, func(r *CreateRequest) { r.BankName = "" }, "bank_name"},
		{"BankBlankForSBP", SBP, func(r *CreateRequest) { r.BankName = " \u00a0" }, "bank_name"},
		{"BankLongest", SBP, func(r *CreateRequest) { r.BankName = long(72) }, ""},
		{"BankTooLong", SBP, func(r *CreateRequest) { r.BankName = long(73) }, "bank_name"},
		{"BIKNine", Card, func(r *CreateRequest) { r.BIK = "044525225" }, ""},
		{"BIKEight", Card, func(r *CreateRequest) { r.BIK = "04452522" }, "bik"},
		{"BIKLetters", Card, func(r *CreateRequest) { r.BIK = "04452522a" }, "bik"},
		{"NameLongest", Card, func(r *CreateRequest) { r.FullName = long(128) }, ""},
		{"NameTooLong", Card, func(r *CreateRequest) { r.FullName = long(129) }, "full_name"},
		{"NameWithNUL", Card, func(r *CreateRequest) { r.FullName = "a\x00b" }, "full_name"},
		{"NameReversed", Card, func(r *CreateRequest) { r.FullName = "a\u202eb" }, "full_name"},
		{"CustomerTooLong", Card, func(r *CreateRequest) { r.Customer = long(129) }, "customer"},
		{"DescriptionLongest", Card, func(r *CreateRequest) { r.OrderDescription = long(7990) + "\r\n\t=+-@\n!" }, ""},
		{"DescriptionTooLong", Card, func(r *CreateRequest) { r.OrderDescription = long(8001) }, "order_description"},
		{"DescriptionWithNUL", Card, func(r *CreateRequest) { r.OrderDescription = "\x00" }, "order_description"},

		{"SuccessURLMissing", Card, func(r *CreateRequest) { r.SuccessCallbackURL = "" }, "success_callback_url"},
		{"SuccessURLRelative", Card, func(r *CreateRequest) { r.SuccessCallbackURL = "/x" }, "success_callback_url"},
		{"SuccessURLScheme", Card, func(r *CreateRequest) { r.SuccessCallbackURL = "file:///etc/passwd" }, "success_callback_url"},
		{"ErrorURLMissing", Card, func(r *CreateRequest) { r.ErrorCallbackURL = "" }, "error_callback_url"},
		{"ErrorURLUser", Card, func(r *CreateRequest) { r.ErrorCallbackURL = "https://a@shop.example.com/" }, "error_callback_url"},
		{"ErrorURLFragment", Card, func(r *CreateRequest) { r.ErrorCallbackURL = "https://shop.example.com/#x" }, "error_callback_url"},
		{"ErrorURLLoopback", Card, func(r *CreateRequest) { r.ErrorCallbackURL = "http://127.0.0.1/x" }, "error_callback_url"},
		{"ErrorURLPrivate", Card, func(r *CreateRequest) { r.ErrorCallbackURL = "http://[fd00::1]/x" }, "error_callback_url"},
		{"ErrorURLLinkLocal", Card, func(r *CreateRequest) { r.ErrorCallbackURL = "http://169.254.169.254/x" }, "error_callback_url"},
		{"URLLongest", Card, func(r *CreateRequest) { r.ErrorCallbackURL = "https://s.example/" + strings.Repeat("a", 494) }, ""},
		{"URLTooLong", Card, func(r *CreateRequest) { r.ErrorCallbackURL = "https://s.example/" + strings.Repeat("a", 495) }, "error_callback_url"},

		{"TimeoutZero", Card, minutes(0), "timeout"},
		{"TimeoutNegative", Card, minutes(-1), "timeout"},
		{"TimeoutShortest", Card, minutes(1), ""},
		{"TimeoutLongest", Card, minutes(10080), ""},
		{"TimeoutTooLong", Card, minutes(10081), "timeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := goodRequest(tc.method)
			tc.change(&r)
			_, faults := r.check(testRules())
			if got := strings.Join(names(faults), " "); got != tc.faulty {
				t.Errorf("faulty %q, want %q", got, tc.faulty)
			}
		})
	}
}

func TestAllFaultsAtOnceInTheOrderOfFields(t *testing.T) {
	t.Parallel()
	bad := int64(0)
	r := CreateRequest{
		PaymentMethod: "sbp", FiatAmount: "1", NumberCard: "1", BIK: "x", FullName: "\x00", Customer: "\x00",
		OrderDescription: "\x00", SuccessCallbackURL: "x", ErrorCallbackURL: "y", Timeout: &bad,
	}
	by := testRules()
	by.currency = ""
	_, faults := r.check(by)
	want := []string{"order_id", "fiat_amount", "fiat_currency", "number_card", "phone_number", "bank_name", "bik", "full_name",
		"customer", "order_description", "success_callback_url", "error_callback_url", "timeout"}
	if diff := cmp.Diff(want, names(faults)); diff != "" {
		t.Error(diff)
	}
}

func TestLuhnIsASetting(t *testing.T) {
	t.Parallel()
	by := testRules()
	by.luhn = true
	for number, want := range map[string]int{"4276345439581234": 1, "4111111111111111": 0, "4111111111111112": 1} {
		r := goodRequest(Card)
		r.NumberCard = number
		if _, faults := r.check(by); len(faults) != want {
			t.Errorf("%s: faults %v", number, faults)
		}
	}
}

func TestSignedRequisite(t *testing.T) {
	t.Parallel()
	all := CreateRequest{NumberCard: "c", PhoneNumber: "p", NumberScore: "s", IBANNumber: "i"}
	for method, want := range map[string]string{"card": "c", "sbp": "p", "score": "s", "iban": "i", "": "", "cash": "", "CARD": ""} {
		all.PaymentMethod = method
		if got := SignedRequisite(all); got != want {
			t.Errorf("%q: %q, want %q", method, got, want)
		}
	}
}

func TestFingerprintSeparatesFields(t *testing.T) {
	t.Parallel()
	a, b := goodRequest(Card), goodRequest(Card)
	a.FullName, a.Customer = "ab", "c"
	b.FullName, b.Customer = "a", "bc"
	salt := newSecret("").salt
	if bytes.Equal(a.fingerprint(salt), b.fingerprint(salt)) {
		t.Error("text moved between fields keeps the fingerprint")
	}
	b = a
	b.Sign = "x"
	if !bytes.Equal(a.fingerprint(salt), b.fingerprint(salt)) {
		t.Error("the sign counts")
	}
	if bytes.Equal(a.fingerprint(salt), a.fingerprint(newSecret("").salt)) {
		t.Error("the salt does not count")
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	const (
		card  = "4276345439581234"
		phone = "+79161234567"
		iban  = "DE89370400440532013000"
		score = "40817810099910004312"
	)
	for _, tt := range []struct{ requisite, in, want string }{
		{card, "paid", "paid"},
		{card, "", ""},
		{card, "to 4276345439581234.", "to ****1234."},
		{card, "4276 3454 3958 1234, 42763454", "****1234, 42763454"},
		{card, "4276-3454-3958-1234", "****1234"},
		{card, "4276  3454 - 3958.1234", "****1234"},
		{card, "4276\u00a03454\u200b3958\n1234", "****1234"},
		{card, "ref 12345678901234567890", "ref 12345678901234567890"},
		{card, "42763454395812344276345439581234", "****1234****1234"},
		{card, "4276 3454 3958 x 1234", "4276 3454 3958 x 1234"},
		{card, "\xff4276345439581234\xff", "\xff****1234\xff"},
		{phone, "sent to +79161234567", "sent to ****4567"},
		{phone, "79161234567 has no account", "****4567 has no account"},
		{phone, "+7 (916) 123-45-67: wrong", "****4567: wrong"},
		{phone, "8 (916) 123-45-67", "8 (****4567"},
		{phone, "9161234567", "****4567"},
		{phone, "23-45-67", "23-45-67"},
		{"79161234567", "+7 916 123 45 67", "****4567"},
		{iban, "iban de89370400440532013000!", "iban ****3000!"},
		{iban, "De89 3704 0044 0532 0130 00", "****3000"},
		{strings.ToLower(iban), "DE89370400440532013000", "****3000"},
		{score, "408.17.810.0.9991.0004312", "****4312"},
		{"", "4276345439581234", "4276345439581234"},
	} {
		masked := mask(tt.requisite[max(0, len(tt.requisite)-4):])
		if got := redact(tt.in, tt.requisite, masked); got != tt.want {
			t.Errorf("%s: %q becomes %q, want %q", tt.requisite, tt.in, got, tt.want)
		}
	}
}

// FuzzCheck holds the rules to what the rest relies on: no panic, reasons that
// never repeat a requisite, and good requests that fit the database and the
// reference of the books.
func FuzzCheck(f *testing.F) {
	for _, m := range Methods() {
		r := goodRequest(m)
		f.Add(r.OrderID, r.PaymentMethod, r.FiatAmount, SignedRequisite(r), r.BankName, r.SuccessCallbackURL, int64(30))
	}
	f.Add("a:b", "cash", "1e3", "４276", "\x00", "http://0x7f.1/", int64(-1))
	f.Fuzz(func(t *testing.T, orderID, method, amount, requisite, bank, target string, timeout int64) {
		r := CreateRequest{
			OrderID: orderID, PaymentMethod: method, FiatAmount: amount, FiatCurrency: "rub", NumberCard: requisite,
			PhoneNumber: requisite, NumberScore: requisite, IBANNumber: requisite, BankName: bank, FullName: bank,
			SuccessCallbackURL: target, ErrorCallbackURL: target, Timeout: &timeout,
		}
		for _, m := range Methods() {
			if Method(method) != m {
				others := map[Method]*string{Card: &r.NumberCard, SBP: &r.PhoneNumber, Score: &r.NumberScore, IBAN: &r.IBANNumber}
				*others[m] = ""
			}
		}
		got, faults := r.check(testRules())
		for _, fault := range faults {
			if len(requisite) >= 11 && strings.Contains(fault.Why, requisite) {
				t.Errorf("%s: %q repeats the requisite", fault.Name, fault.Why)
			}
		}
		if len(faults) > 0 {
			return
		}
		if got.Fixed(2) != amount {
			t.Errorf("%q read as %s", amount, got.Fixed(2))
		}
		if strings.ContainsFunc(orderID, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
			t.Errorf("the books refuse %q", orderID)
		}
		if len(SignedRequisite(r)) < 11 || len(holdReference("mer_00000000000000000000000000", orderID)) > 1400 {
			t.Error("requisite too short or reference too long")
		}
		for _, text := range []string{orderID, bank, target, requisite} {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				t.Errorf("%q passed", text)
			}
		}
	})
}
