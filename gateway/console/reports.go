package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"disburse/callbacks"
	"disburse/gateway/cardorder"
	"disburse/gateway/console/site"
	"disburse/gateway/exchange"
	"disburse/gateway/export"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/ledger"
)

func (k *desk) reportRoutes() []site.Route {
	const get = http.MethodGet
	return []site.Route{
		{Method: get, Path: "/reports", Role: viewer, Handle: func(v *site.Visit) error { return k.reports(v, nil) }},
		{Method: get, Path: "/reports/file", Role: viewer, Handle: k.exportFile},
		{Method: get, Path: "/reports/statement", Role: viewer, Handle: k.dailyStatement},
		{Method: get, Path: "/reports/statement/file", Role: viewer, Handle: k.dailyStatementFile},
	}
}

// partTime is how long a part of a file may take to be sent.
const partTime = 30 * time.Second

// exportForm is one list with the filters that people need of it.
type exportForm struct {
	Kind    export.Kind
	Title   string
	About   string
	Filters []exportFilter
}

// exportFilter is one of them: a text where it has no options.
type exportFilter struct {
	Name, Label string
	Options     []string
}

func exportForms() []exportForm {
	merchants := exportFilter{Name: "merchant", Label: "Merchant"}
	currency := exportFilter{Name: "currency", Label: "Currency"}
	user := exportFilter{Name: "user", Label: "User's number"}
	mode := exportFilter{"mode", "Mode", []string{string(ledger.Live), string(ledger.Sandbox)}}
	return []exportForm{
		{export.Payouts, "Payouts", "Every payout with its amounts, its fee and how it ended.",
			[]exportFilter{merchants, mode, {"status", "Status", namesOf(payout.Statuses())}, {"method", "Method", namesOf(payout.Methods())}, currency}},
		{export.Transfers, "Transfers", "The books: every transfer with both accounts and what they held after it.",
			[]exportFilter{merchants, mode, {Name: "flow", Label: "Flow"}, currency}},
		{export.Callbacks, "Callbacks", "What merchants were told, how often it was tried and how it ended.",
			[]exportFilter{merchants, {"state", "State", []string{string(callbacks.Pending), string(callbacks.Delivered), string(callbacks.Dead)}},
				{Name: "order_id", Label: "Order id"}}},
		{export.CardOrders, "Card orders", "Deposits and withdrawals of users by card.",
			[]exportFilter{{"type", "Type", namesOf(cardorder.Types())}, {"status", "Status", namesOf(cardorder.Statuses())}, user}},
		{export.P2P, "P2P orders", "Trades between users, with their disputes.",
			[]exportFilter{{"status", "Status", namesOf(exchange.Statuses())}, currency, user}},
	}
}

func namesOf[T ~string](values []T) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return names
}

type reportsPage struct {
	*listing
	Forms     []exportForm
	Merchants []string
	Yesterday string
}

// reports is what can be taken out, and what was wrong with the last attempt.
func (k *desk) reports(v *site.Visit, problem error) error {
	found, err := k.Merchants.List(v.Ctx, "", 0)
	if err != nil {
		return err
	}
	data := reportsPage{listing: listed(v, "/reports"), Forms: exportForms(), Yesterday: k.yesterday()}
	for _, m := range found.Items {
		data.Merchants = append(data.Merchants, m.Name)
	}
	for _, name := range []string{"kind", "merchant", "from", "to"} {
		data.text(name)
	}
	if problem != nil {
		return v.RenderInvalid("reports", data, problem)
	}
	return v.Render("reports", data)
}

func (k *desk) yesterday() string { return k.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly) }

// exportFile gives a list out as a file. Nobody may ask for what the forms do not
// offer, and what is wrong is told on the page that they are on.
func (k *desk) exportFile(v *site.Visit) error {
	l := listed(v, "/reports")
	f := export.Filter{
		From: l.from("from"), To: l.until("to"), MerchantID: l.merchant(k, "merchant"), Mode: l.text("mode"), Status: l.text("status"),
		State: l.text("state"), Method: l.text("method"), Currency: l.text("currency"), Type: l.text("type"), Flow: l.text("flow"),
		OrderID: l.text("order_id"), UserID: l.number("user"),
	}
	kind, format := export.Kind(l.text("kind")), export.Format(l.text("format"))
	err := l.err()
	if err == nil {
		var file *export.File
		if file, err = k.Exports.Open(v.Ctx, kind, format, f); err == nil {
			return k.send(v, file)
		}
	}
	if site.Invalid(err) {
		return k.reports(v, err)
	}
	return err
}

// number is a filter that is a whole number from 1, 0 when absent.
func (l *listing) number(name string) int64 {
	value := l.text(name)
	n, err := strconv.ParseInt(value, 10, 64)
	if value != "" && (err != nil || n < 1) {
		l.refuse(name, "must be a whole number from 1")
	}
	return n
}

// send answers with a file that is written as it is sent. The server closes it.
func (k *desk) send(v *site.Visit, file *export.File) error {
	c := v.Fiber()
	file.SendWithin(partTime, k.Now, c.Context().Conn())
	c.Response().Header.SetContentType(file.MediaType)
	c.Set(fiber.HeaderContentDisposition, "attachment; filename="+strconv.Quote(file.Name))
	c.Context().SetBodyStream(file, -1)
	return nil
}

// dailyPage is a merchant's statement.
type dailyPage struct {
	*listing
	Merchant merchant.Merchant
	From, To string
	Sum      dailyTable
	Days     []dailyTable // those with movements
	Quiet    int          // those without
	Complete bool
	Made     time.Time
}

// dailyTable is a day, or several as if they were one.
type dailyTable struct {
	export.DayView
	Lines []dailyLine
}

type dailyLine struct {
	Name      string
	Transfers int64
	Moved     export.BalanceView
}

// lineNames are what flows are called on a statement.
var lineNames = map[string]string{
	"merchant_top_up/external": "Top-ups", "payout_hold/": "Held for new payouts", "payout_release/": "Given back from payouts",
	"payout_settle/settlement": "Paid out", "payout_settle/fees": "Fees", "adjustment/adjustment": "Corrections",
}

func tableOf(d export.Day) dailyTable {
	t := dailyTable{DayView: d.View()}
	for _, m := range t.Movements {
		name, known := lineNames[m.Flow+"/"+m.Part]
		if !known {
			name = m.Flow
		}
		t.Lines = append(t.Lines, dailyLine{name, m.Transfers, m.Moved})
	}
	return t
}

// statementOf reads what a statement is asked for, and makes it.
func (k *desk) statementOf(v *site.Visit) (export.Statement, *dailyPage, error) {
	l := listed(v, "/reports/statement")
	page := &dailyPage{listing: l, From: l.text("from"), To: l.text("to"), Made: k.Now()}
	if page.From == "" {
		page.From = k.yesterday()
	}
	if page.To == "" {
		page.To = page.From
	}
	from, err := time.Parse(time.DateOnly, page.From)
	if err != nil {
		l.refuse("from", "must be a day such as 2026-01-31")
	}
	to, err := time.Parse(time.DateOnly, page.To)
	if err != nil {
		l.refuse("to", "must be a day such as 2026-01-31")
	}
	ref := l.text("merchant")
	l.merchant(k, "merchant")
	if ref == "" {
		l.refuse("merchant", "is required")
	}
	if err := l.err(); err != nil {
		return export.Statement{}, page, err
	}
	if page.Merchant, err = k.merchantBy(v, ref); err != nil {
		return export.Statement{}, page, err
	}
	of := export.Account{MerchantID: page.Merchant.ID, Name: page.Merchant.Name, Mode: page.Merchant.Mode}
	st, err := k.Exports.Statement(v.Ctx, of, from, to)
	return st, page, err
}

// dailyStatement shows a merchant's statement, to be read or printed.
func (k *desk) dailyStatement(v *site.Visit) error {
	st, page, err := k.statementOf(v)
	if err != nil {
		if site.Invalid(err) {
			return k.reports(v, err)
		}
		return err
	}
	page.Sum, page.Complete = tableOf(st.Sum), st.Sum.Complete
	for _, d := range st.Days {
		if len(d.Lines) == 0 {
			page.Quiet++
			continue
		}
		page.Days = append(page.Days, tableOf(d))
	}
	return v.Render("daily", page)
}

var errNoFormat = fault.Invalid(fault.Field{Name: "format", Why: "must be csv or xlsx"})

func (k *desk) dailyStatementFile(v *site.Visit) error {
	st, _, err := k.statementOf(v)
	if err != nil {
		return err
	}
	format := export.Format(v.Query("format"))
	if !slices.Contains(export.Formats(), format) {
		return errNoFormat
	}
	file, err := st.File(format)
	if err != nil {
		return err
	}
	return k.send(v, file)
}
