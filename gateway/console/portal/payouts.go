package portal

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"disburse/callbacks"
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/ledger"
)

func (p *portal) payoutRoutes() []site.Route {
	return []site.Route{
		{Method: get, Path: "/payouts", Handle: p.payouts},
		{Method: get, Path: "/payouts/:id", Handle: p.payout},
		{Method: post, Path: "/payouts/:id/cancel", Handle: p.cancel},
	}
}

// line is a payout as its merchant may see it: nothing of who works on it.
type line struct {
	ID, OrderID, Status, Method   string
	FiatAmount, Currency          string
	USDT, Fee, Spent              string
	Requisite                     string
	CreatedAt, ExpiresAt, EndedAt time.Time
	Rate                          string
	FullName, BankName, BIK       string
	Customer, Description         string
	SuccessURL, ErrorURL          string
}

func lineOf(p payout.Payout) line {
	return line{
		ID: p.ID, OrderID: p.OrderID, Status: string(p.Status), Method: string(p.Method),
		FiatAmount: p.FiatAmount(), Currency: string(p.Fiat.Currency()),
		USDT: p.USDTAmount(), Fee: usdt(p.Fee), Spent: p.SpentAmount(), Requisite: p.Masked(),
		CreatedAt: p.CreatedAt, ExpiresAt: p.ExpiresAt, EndedAt: p.EndedAt, Rate: p.ExchangeRate(),
		FullName: p.FullName, BankName: p.BankName, BIK: p.BIK, Customer: p.Customer, Description: p.Description,
		SuccessURL: p.SuccessURL, ErrorURL: p.ErrorURL,
	}
}

func lines(items []payout.Payout) []line {
	out := make([]line, len(items))
	for i, p := range items {
		out[i] = lineOf(p)
	}
	return out
}

// payoutList is the page of payouts with its filters.
type payoutList struct {
	Items []line
	Query url.Values
	Here  string // this list as it is
	site.Pager
	Statuses   []payout.Status
	Methods    []payout.Method
	Currencies []string
}

// Asked is the value of a filter.
func (l payoutList) Asked(name string) string { return l.Query.Get(name) }

func (p *portal) payouts(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	q := asked(v, "status", "method", "currency", "q", "from", "to")
	period, err := periodOf(q)
	if err != nil {
		return err
	}
	found, err := p.Payouts.List(v.Ctx, payout.Filter{
		MerchantID: m.ID, Status: payout.Status(q.Get("status")), Method: payout.Method(q.Get("method")), Currency: q.Get("currency"),
		Query: q.Get("q"), From: period.From, To: period.To, Cursor: v.Query("cursor"),
	})
	if err != nil {
		return err
	}
	l := payoutList{Items: lines(found.Items), Query: q, Statuses: payout.Statuses(), Methods: payout.Methods(), Currencies: currencies(m)}
	l.Pager, l.Here = v.Pager("/payouts", q, found.NextCursor), here(v, "/payouts", q)
	return live(v, "payouts", "payouts-now", l)
}

// currencies are those that a merchant has methods in.
func currencies(m merchant.Merchant) []string {
	var out []string
	for _, method := range m.View().Methods {
		if len(out) == 0 || out[len(out)-1] != method.Currency {
			out = append(out, method.Currency)
		}
	}
	return out
}

// moment is a line of a timeline that the merchant may see.
type moment struct {
	At   time.Time
	Kind string
}

// movement is a transfer of the merchant's own money.
type movement struct {
	At                     time.Time
	Flow, Amount, From, To string
}

// payoutPage is one payout with what followed from it.
type payoutPage struct {
	line
	Open      bool
	Expected  bool // a callback is on its way
	Timeline  []moment
	Movements []movement
	Receipts  []string
	Callbacks []callbacks.Detail
}

func (p *portal) payout(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	standing, err := p.ownPayout(v, m)
	if err != nil {
		return err
	}
	d, err := p.Payouts.Detail(v.Ctx, standing.Payout.ID)
	if err != nil {
		return err
	}
	found := payoutPage{line: lineOf(d.Payout), Open: !d.Payout.Status.Final(), Receipts: standing.ChequeURLs}
	for _, e := range d.Timeline {
		if e.Kind == "created" || e.Kind == "receipt" || payout.Status(e.Kind).Final() {
			found.Timeline = append(found.Timeline, moment{At: e.At, Kind: e.Kind})
		}
	}
	for _, t := range d.Transfers {
		found.Movements = append(found.Movements, movement{At: t.At, Flow: t.Flow, Amount: usdt(t.Amount), From: t.From.Purpose, To: t.To.Purpose})
	}
	if found.Callbacks, err = p.Callbacks.About(v.Ctx, d.Payout.ID); err != nil {
		return err
	}
	found.Expected = slices.ContainsFunc(found.Callbacks, func(c callbacks.Detail) bool { return c.State == callbacks.Pending })
	return live(v, "payout", "payout-now", found)
}

// ownPayout is the payout of the path, by its id alone: an order_id may be
// another's id.
func (p *portal) ownPayout(v *site.Visit, m merchant.Merchant) (payout.Standing, error) {
	id := v.Param("id")
	if !publicid.Valid(payout.IDPrefix, id) {
		return payout.Standing{}, payout.ErrNotFound
	}
	standing, err := p.Payouts.Status(v.Ctx, m, id)
	if err == nil && standing.Payout.ID != id {
		err = payout.ErrNotFound
	}
	return standing, err
}

// cancel ends a payout as the merchant's API does.
func (p *portal) cancel(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	standing, err := p.ownPayout(v, m)
	if err != nil {
		return err
	}
	if _, err := p.Payouts.Cancel(v.Ctx, m, standing.Payout.OrderID); err != nil {
		return err
	}
	return v.Goto("/payouts/"+standing.Payout.ID, v.T("The payout is cancelled and its money is yours again."))
}

// asked are the filters of a list as they stand in its address.
func asked(v *site.Visit, names ...string) url.Values {
	q := url.Values{}
	for _, name := range names {
		if text := v.Query(name); text != "" {
			q.Set(name, text)
		}
	}
	return q
}

// periodOf reads two days, both included.
func periodOf(q url.Values) (ledger.Period, error) {
	var p ledger.Period
	var faults []fault.Field
	day := func(name string) time.Time {
		text := strings.TrimSpace(q.Get(name))
		if text == "" {
			return time.Time{}
		}
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			faults = append(faults, fault.Field{Name: name, Why: "must be a day such as 2026-01-31"})
		}
		return t
	}
	p.From, p.To = day("from"), day("to")
	if !p.To.IsZero() {
		p.To = p.To.AddDate(0, 0, 1)
	}
	if len(faults) > 0 {
		return ledger.Period{}, fault.Invalid(faults...)
	}
	return p, nil
}
