package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"disburse/callbacks"
	"disburse/gateway/console/site"
	"disburse/gateway/payout"
)

func (k *desk) exceptionRoutes() []site.Route {
	return []site.Route{{Method: http.MethodGet, Path: "/exceptions", Role: viewer, Handle: k.exceptions}}
}

// What exceptions are about. The whole page shows the first of each; the page of
// one shows all of it.
const (
	aboutPayouts = "payouts"
	aboutCards   = "cards"
)

// exceptionsShown is how many of each the whole page shows.
const exceptionsShown = 50

// idBegins is how much of an operation's id tells it from the others of a list.
const idBegins = 8

// exception is one thing that a person must settle, whatever it is about.
type exception struct {
	Kind   string // what is wrong
	Means  string // the same for somebody who meets it for the first time
	Next   string // what to do about it
	Since  time.Time
	About  string // what kind of thing it is
	Name   string // the thing
	Path   string // its page, below the base
	Whose  string
	Owner  string // the page of whose it is
	Amount string
	Note   string // what somebody else said about it
	Asked  string // the page of what waits for a second person about it
}

// advice says what has happened, and what to do next.
type advice struct{ means, next string }

var advices = map[string]advice{
	"unknown": {
		"the executor does not know whether it was paid",
		"Ask the executor or the bank. Then claim it, and report it as paid or reject it.",
	},
	"stuck": {
		"the executor works on it beyond its time",
		"Ask the executor why. If it does not know, claim the payout and end it by what the bank says.",
	},
	"unapproved": {
		"no second person has decided in time",
		"Find out whether it was paid. Then reject it, or take the report back and make it anew.",
	},
	"late_paid": {
		"the executor paid it after it had ended otherwise",
		"The merchant has the money back although it was paid: get it back, or correct the balance with a second person.",
	},
	"late_refused": {
		"the executor refused it after it had ended otherwise",
		"It counts as paid: see that it was, by other means, or correct the balance with a second person.",
	},
	"no answer": {
		"the card provider has not said how it ended",
		"It is asked again by itself. If that does not help, ask the provider and have it ended as it says.",
	},
	"mismatched": {
		"the card provider took back what it had said",
		"Compare with the provider's statement, and settle the difference with the provider.",
	},
	"stale rate": {"payouts in this currency are refused", "Set the rate anew, and see why its source was silent."},
	"dead letters": {
		"callbacks were given up",
		"See why their receivers refused them, tell the merchant, and send them again.",
	},
	"late callbacks":     {"callbacks wait longer than they should", "See whether the workers run and what the receivers answer."},
	"addresses given up": {"receivers fail, and get fewer attempts for now", "Tell the merchants that their addresses do not answer."},
}

func newException(kind string, since time.Time) exception {
	return exception{Kind: kind, Means: advices[kind].means, Next: advices[kind].next, Since: since}
}

type exceptionsPage struct {
	*listing
	Items  []exception // the one first that has waited longest
	MoreOf []string    // what there is more of than is shown
	Proof  proofView
}

// late is how long a due callback may wait before it is an exception.
const late = time.Minute

// BooksWrong reports that the last proof of this process found a fault.
func (p exceptionsPage) BooksWrong() bool {
	return p.Proof.Ended && !p.Proof.Failed && !p.Proof.Report.Clean
}

// Whole reports that nothing is left out but by length.
func (p exceptionsPage) Whole() bool { return p.Asked("about") == "" }

// None reports that there is nothing to see to.
func (p exceptionsPage) None() bool { return len(p.Items) == 0 && !p.BooksWrong() }

// exceptions shows everything that a person must settle: what has no known
// result, what is stuck, what came late and what does not match.
func (k *desk) exceptions(v *site.Visit) error {
	l := listed(v, "/exceptions")
	data := exceptionsPage{listing: l, Proof: k.proof.view(k.Now())}
	about, limit, cursor := l.choice("about", aboutPayouts, aboutCards), exceptionsShown, ""
	if about != "" {
		limit, cursor = listLength, l.cursor()
	}
	var next string
	var err error
	if about != aboutCards {
		if next, err = k.payoutExceptions(v, &data, cursor, limit); err != nil {
			return l.show("exceptions", data, err)
		}
	}
	if about != aboutPayouts {
		if next, err = k.cardExceptions(v, &data, cursor, limit); err != nil {
			return l.show("exceptions", data, err)
		}
	}
	if about != "" {
		l.turn(next)
	} else if err := k.otherExceptions(v, &data); err != nil {
		return err
	}
	slices.SortStableFunc(data.Items, func(a, b exception) int { return a.Since.Compare(b.Since) })
	if v.Partial() {
		return v.Fragment("exceptions", "exceptions-now", data)
	}
	return v.Render("exceptions", data)
}

// more notes that there are more of a kind than the page shows.
func (p *exceptionsPage) more(about, next string) {
	if next != "" {
		p.MoreOf = append(p.MoreOf, about)
	}
}

func (k *desk) payoutExceptions(v *site.Visit, data *exceptionsPage, cursor string, limit int) (next string, err error) {
	found, err := k.Payouts.List(v.Ctx, payout.Filter{Exceptions: true, Cursor: cursor, Limit: limit})
	if err != nil {
		return "", err
	}
	who, now := k.people(v), k.Now()
	for _, p := range found.Items {
		e := newException(p.Exception(now))
		view := p.View(who.merchant(p.MerchantID))
		e.About, e.Name, e.Path = "Payout", p.OrderID, "/payouts/"+p.ID
		e.Whose, e.Owner, e.Amount = view.Merchant, "/merchants/"+p.MerchantID, view.FiatAmount+" "+view.FiatCurrency
		data.Items = append(data.Items, e)
	}
	data.more(aboutPayouts, found.NextCursor)
	return found.NextCursor, nil
}

func (k *desk) cardExceptions(v *site.Visit, data *exceptionsPage, cursor string, limit int) (next string, err error) {
	found, err := k.VirtualCards.Exceptions(v.Ctx, cursor, limit)
	if err != nil {
		return "", err
	}
	who, now := k.people(v), k.Now()
	for _, c := range found.Items {
		kind := "no answer"
		if c.State == "contradicted" {
			kind = "mismatched"
		}
		e := newException(kind, now.Add(-time.Duration(c.AgeSeconds)*time.Second))
		e.About, e.Name, e.Path, e.Note, e.Amount = string(c.Kind), c.ID[:min(len(c.ID), idBegins)], "/exceptions/cards/"+c.ID, c.Note, c.Amount+" USD"
		e.Whose, e.Owner = who.user(c.UserID), userPath(c.UserID)
		if c.ApprovalID != "" {
			e.Asked = "/approvals/" + c.ApprovalID
		}
		data.Items = append(data.Items, e)
	}
	next = orEmpty(found.NextCursor)
	data.more(aboutCards, next)
	return next, nil
}

// otherExceptions are those that have pages of their own.
func (k *desk) otherExceptions(v *site.Visit, data *exceptionsPage) error {
	rates, err := k.Rates.List(v.Ctx)
	if err != nil {
		return err
	}
	now := k.Now()
	for _, r := range rates {
		if r.Stale(now) {
			e := newException("stale rate", r.SetAt)
			e.About, e.Name, e.Path, e.Amount = "Rate", r.Currency, "/rates/"+r.Currency, r.View(now).Rate
			data.Items = append(data.Items, e)
		}
	}
	stats, err := k.Callbacks.Stats(v.Ctx)
	if err != nil {
		return err
	}
	add := func(e exception, count int, path string) {
		e.About, e.Name, e.Path = "Callbacks", strconv.Itoa(count), path
		data.Items = append(data.Items, e)
	}
	if stats.Dead > 0 {
		dead, err := k.Callbacks.Prospect(v.Ctx, callbacks.Filter{State: callbacks.Dead})
		if err != nil {
			return err
		}
		add(newException("dead letters", dead.Oldest), stats.Dead, "/callbacks?state=dead")
	}
	if stats.OldestDueAge > late {
		add(newException("late callbacks", now.Add(-stats.OldestDueAge)), stats.Due, "/callbacks?state=pending")
	}
	if stats.OpenCircuits > 0 {
		add(newException("addresses given up", now.Add(-stats.OldestDueAge)), stats.OpenCircuits, "/callbacks?state=pending")
	}
	return nil
}
