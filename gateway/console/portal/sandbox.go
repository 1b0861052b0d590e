package portal

import (
	"errors"
	"strconv"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/ledger"
)

func (p *portal) sandboxRoutes() []site.Route {
	return []site.Route{
		{Method: get, Path: "/sandbox", Handle: p.sandbox},
		{Method: post, Path: "/sandbox/enter", Handle: func(v *site.Visit) error { return p.goOver(v, true) }},
		{Method: post, Path: "/sandbox/leave", Handle: func(v *site.Visit) error { return p.goOver(v, false) }},
		{Method: post, Path: "/sandbox/make", Handle: p.makeSandbox},
		{Method: post, Path: "/sandbox/payouts", Handle: p.testPayout},
	}
}

// playground is the page of the sandbox: what there is, and the form of a test
// payout.
type playground struct {
	Live     bool // the pages are those of a live merchant
	Merchant string
	Has      bool // there is a sandbox to go over to
	Inside   bool // and this is it
	Methods  []merchant.MethodView
	Outcomes []outcome
	Method   string
	Amount   string
	Outcome  string
	URL      string
}

// outcome is how a test payout ends, by the last four digits of its requisite.
type outcome struct{ Digits, Name string }

const neverPaid = "0002"

// usualMethod is chosen in the form, where it is on.
const usualMethod = "rub/card"

var outcomes = []outcome{
	{"4242", "paid at once"}, {"0003", "paid after ten seconds"}, {"0001", "refused"}, {neverPaid, "never paid: out of time after a minute"},
}

func (p *portal) sandbox(v *site.Visit) error {
	shown, err := p.playground(v)
	if err != nil {
		return err
	}
	return v.Render("sandbox", shown)
}

func (p *portal) playground(v *site.Visit) (playground, error) {
	m, err := p.merchant(v)
	if err != nil {
		return playground{}, err
	}
	at := seatOf(v)
	shown := playground{
		Live: m.Mode == ledger.Live, Merchant: m.Name, Has: at.HasSandbox(), Inside: at.InSandbox(), Outcomes: outcomes,
		Method: v.Form("method"), Amount: v.Form("fiat_amount"), Outcome: v.Form("outcome"), URL: v.Form("success_callback_url"),
	}
	for _, method := range m.View().Methods {
		if method.Enabled {
			shown.Methods = append(shown.Methods, method)
		}
	}
	if shown.Method == "" {
		shown.Method = usualMethod
	}
	if shown.Amount == "" {
		shown.Amount = "1500.00"
	}
	if shown.URL == "" && !shown.Live {
		last, err := p.Payouts.List(v.Ctx, payout.Filter{MerchantID: m.ID, Limit: 1})
		if err != nil {
			return playground{}, err
		}
		if len(last.Items) > 0 {
			shown.URL = last.Items[0].SuccessURL
		}
	}
	return shown, nil
}

var errNoSandbox = fault.New(fault.Rule, "no_sandbox", "this merchant has no sandbox yet")

// goOver takes the visitor to the sandbox of their merchant, or back.
func (p *portal) goOver(v *site.Visit, sandbox bool) error {
	at := seatOf(v)
	if sandbox && !at.HasSandbox() {
		return errNoSandbox
	}
	if err := p.People.GoOver(v.Ctx, at.ID, sandbox); err != nil {
		return err
	}
	if sandbox {
		return v.Goto("/sandbox", v.T("You are in the sandbox: no real money moves here."))
	}
	return v.Goto("/", v.T("You are back at your live pages."))
}

// makeSandbox makes the sandbox of the visitor's merchant and goes over to it.
func (p *portal) makeSandbox(v *site.Visit) error {
	at := seatOf(v)
	made, err := p.Merchants.MakeSandbox(v.Ctx, at.MerchantID)
	if err != nil {
		return err
	}
	if err := p.People.GoOver(v.Ctx, at.ID, true); err != nil {
		return err
	}
	return v.Render("secrets", secrets{Sandbox: made.Merchant.Name, Secrets: made.Secrets})
}

var errLive = fault.New(fault.Rule, "live", "test payouts are made in the sandbox alone")

// testPayout makes a payout that ends as the visitor chose.
func (p *portal) testPayout(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	if m.Mode != ledger.Sandbox {
		return errLive
	}
	request, err := p.testRequest(v)
	var made payout.Created
	if err == nil {
		made, _, err = p.Payouts.Create(v.Ctx, m, request)
	}
	switch {
	case err == nil:
		return v.Goto("/payouts/"+made.Payout.ID, v.T("The test payout is made."))
	case !site.Invalid(err):
		return err
	}
	shown, listErr := p.playground(v)
	if listErr != nil {
		return listErr
	}
	return v.RenderInvalid("sandbox", shown, err)
}

func (p *portal) testRequest(v *site.Visit) (payout.CreateRequest, error) {
	key, err := merchant.ParseMethodKey(v.Form("method"))
	if err != nil {
		return payout.CreateRequest{}, fault.Invalid(fault.Field{Name: "method", Why: "choose one of them"})
	}
	digits := v.Form("outcome")
	if len(digits) != 4 || !onlyDigits(digits) {
		return payout.CreateRequest{}, fault.Invalid(fault.Field{Name: "outcome", Why: "choose one of them"})
	}
	r := payout.CreateRequest{
		OrderID: publicid.At("test", v.Now()), PaymentMethod: key.Method, FiatAmount: v.Form("fiat_amount"), FiatCurrency: key.Currency,
		FullName: "Test Recipient", BankName: "Test Bank", OrderDescription: "made on the page of the sandbox",
		SuccessCallbackURL: v.Form("success_callback_url"), ErrorCallbackURL: v.Form("success_callback_url"),
	}
	if digits == neverPaid {
		minute := int64(1)
		r.Timeout = &minute
	}
	switch key.Method {
	case merchant.Card:
		r.NumberCard = testCard(digits)
	case merchant.SBP:
		r.PhoneNumber = "7900000" + digits
	case merchant.Score:
		r.NumberScore = "4081781000000000" + digits
	case merchant.IBAN:
		r.IBANNumber = testIBAN(digits)
	default:
		return payout.CreateRequest{}, errors.New("portal: no test requisite for this method")
	}
	return r, nil
}

func onlyDigits(text string) bool {
	_, err := strconv.ParseUint(text, 10, 64)
	return err == nil
}

// testCard is a card number with a right check digit that ends as it should:
// one digit before the end makes up for the rest.
func testCard(end string) string {
	for filler := range 10 {
		number := "22000000000" + strconv.Itoa(filler) + end
		sum := 0
		for i := range len(number) {
			digit := int(number[i] - '0')
			if i%2 == 0 { // sixteen digits: every other one from the first
				digit *= 2
				if digit > 9 {
					digit -= 9
				}
			}
			sum += digit
		}
		if sum%10 == 0 {
			return number
		}
	}
	return "" // never: the ten sums are ten different ones
}

// testIBAN is a German IBAN with right check digits that ends as it should.
func testIBAN(end string) string {
	account := "37040044" + "000000" + end
	rest := 0
	for _, digit := range account + "131400" { // D, E and two zeros
		rest = (rest*10 + int(digit-'0')) % 97
	}
	check := strconv.Itoa(98 - rest)
	if len(check) < 2 {
		check = "0" + check
	}
	return "DE" + check + account
}
