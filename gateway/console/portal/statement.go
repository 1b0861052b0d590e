package portal

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
)

// statementLength is how many lines one page of a statement has.
const statementLength = 50

func (p *portal) statementRoutes() []site.Route {
	return []site.Route{{Method: get, Path: "/statement", Handle: p.statement}}
}

// statement is the movements of one of the merchant's two accounts.
type statement struct {
	Account string // available, held
	Balance string
	Lines   []entry
	Query   url.Values
	site.Pager
}

// Asked is the value of a filter.
func (s statement) Asked(name string) string { return s.Query.Get(name) }

// entry is one line: the balance is the one after it.
type entry struct {
	At              time.Time
	Flow            string
	Amount, Balance string
	Out             bool
	About, Link     string // the payout or the reference, and where it is shown
}

func (p *portal) statement(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	q := asked(v, "account", "from", "to")
	period, err := periodOf(q)
	if err != nil {
		return err
	}
	before, err := positionOf(v.Query("cursor"))
	if err != nil {
		return err
	}
	s := statement{Account: ledger.PurposeAvailable, Query: q}
	if q.Get("account") == ledger.PurposeHeld {
		s.Account = ledger.PurposeHeld
	}
	accounts, err := p.Ledger.Accounts(v.Ctx, ledger.AccountFilter{Owner: m.ID, Purpose: s.Account, Mode: m.Mode}, 0, 1)
	if err != nil {
		return err
	}
	s.Balance = usdt(money.New(0, money.USDT))
	if len(accounts) == 0 { // nothing has moved yet
		return v.Render("statement", s)
	}
	s.Balance = usdt(accounts[0].Balance)
	found, err := p.Ledger.Statement(v.Ctx, accounts[0].ID, period, before, statementLength+1)
	if err != nil {
		return err
	}
	next := ""
	if len(found) > statementLength {
		found = found[:statementLength]
		next = strconv.FormatInt(found[statementLength-1].TransferID, 10)
	}
	for _, l := range found {
		s.Lines = append(s.Lines, entryOf(m, l))
	}
	s.Pager = v.Pager("/statement", q, next)
	return v.Render("statement", s)
}

func positionOf(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})
	}
	return id, nil
}

func entryOf(m merchant.Merchant, l ledger.StatementLine) entry {
	e := entry{At: l.At, Flow: l.Flow, Amount: usdt(l.Amount), Balance: usdt(l.Balance), Out: l.Amount.Minor() < 0}
	if !e.Out {
		e.Amount = "+" + e.Amount
	}
	e.About, e.Link = aboutOf(m, l.Reference)
	return e
}

// aboutOf reads a reference of the books: what it is about, as the merchant
// knows it, and where that is shown.
func aboutOf(m merchant.Merchant, reference string) (about, link string) {
	if rest, ok := strings.CutPrefix(reference, "topup:"+m.ID+":"); ok {
		return rest, ""
	}
	if rest, ok := strings.CutPrefix(reference, "payout:"+m.ID+":"); ok {
		order := strings.TrimSuffix(rest, ":hold")
		return order, base + "/payouts?" + url.Values{"q": {order}}.Encode()
	}
	if rest, ok := strings.CutPrefix(reference, "payout:"); ok {
		if id := strings.TrimSuffix(rest, ":end"); publicid.Valid("po", id) {
			return id, base + "/payouts/" + id
		}
	}
	return reference, ""
}
