package console

import (
	"net/http"
	"slices"
	"time"

	"disburse/callbacks"
	"disburse/gateway/console/site"
	"disburse/gateway/fx"
	"disburse/gateway/payout"
	"disburse/gateway/virtualcard"
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
const exceptionsShown = 10

// payoutException is a payout whose execution no machine could settle.
type payoutException struct {
	payout.View
	Exception string // "unknown", "stuck", "late_paid" or "late_refused"
	Since     time.Time
}

// Means is what has happened, for somebody who meets it for the first time.
func (e payoutException) Means() string {
	switch e.Exception {
	case "unknown":
		return "the executor does not know whether it was paid"
	case "stuck":
		return "the executor works on it beyond its time"
	case "late_paid":
		return "the executor paid it after it had ended otherwise"
	case "late_refused":
		return "the executor refused it after it had ended otherwise"
	default:
		return ""
	}
}

// cardException is an operation on a virtual card that has no answer, or two.
type cardException struct {
	virtualcard.Exception
	Since time.Time
}

// State is what is wrong, in the words of the page.
func (e cardException) State() string {
	if e.Exception.State == "contradicted" {
		return "mismatched"
	}
	return "unknown"
}

type exceptionsPage struct {
	*listing
	Payouts     []payoutException
	PayoutsMore bool
	Cards       []cardException
	CardsMore   bool
	CardsCount  int
	Rates       []fx.View
	Callbacks   callbacks.Stats
	CallbackAge time.Time // since when the oldest waits that is due
	Proof       proofView
}

// late is how long a due callback may wait before it is an exception.
const late = time.Minute

// CallbacksLate reports that callbacks wait longer than they should.
func (p exceptionsPage) CallbacksLate() bool { return p.Callbacks.OldestDueAge > late }

// BooksWrong reports that the last proof of this process found a fault.
func (p exceptionsPage) BooksWrong() bool {
	return p.Proof.Ended && !p.Proof.Failed && !p.Proof.Report.Clean
}

// Shows reports that exceptions about something are part of the page.
func (p exceptionsPage) Shows(about string) bool {
	asked := p.Asked("about")
	return asked == "" || asked == about
}

// Whole reports that nothing is left out but by length.
func (p exceptionsPage) Whole() bool { return p.Asked("about") == "" }

// None reports that there is nothing to see to.
func (p exceptionsPage) None() bool {
	return len(p.Payouts) == 0 && len(p.Cards) == 0 && len(p.Rates) == 0 && p.Callbacks.Dead == 0 && p.Callbacks.OpenCircuits == 0 &&
		!p.CallbacksLate() && !p.BooksWrong()
}

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
	if v.Partial() {
		return v.Fragment("exceptions", "exceptions-now", data)
	}
	return v.Render("exceptions", data)
}

func (k *desk) payoutExceptions(v *site.Visit, data *exceptionsPage, cursor string, limit int) (next string, err error) {
	found, err := k.Payouts.List(v.Ctx, payout.Filter{Exceptions: true, Cursor: cursor, Limit: limit})
	if err != nil {
		return "", err
	}
	now := k.Now()
	for _, p := range found.Items {
		kind, since := p.Exception(now)
		data.Payouts = append(data.Payouts, payoutException{View: p.View(k.nameOf(v, p.MerchantID)), Exception: kind, Since: since})
	}
	data.PayoutsMore = found.NextCursor != ""
	return found.NextCursor, nil
}

func (k *desk) cardExceptions(v *site.Visit, data *exceptionsPage, cursor string, limit int) (next string, err error) {
	found, err := k.VirtualCards.Exceptions(v.Ctx, cursor, limit)
	if err != nil {
		return "", err
	}
	now := k.Now()
	for _, e := range found.Items {
		data.Cards = append(data.Cards, cardException{Exception: e, Since: now.Add(-time.Duration(e.AgeSeconds) * time.Second)})
	}
	if found.NextCursor != nil {
		data.CardsMore, next = true, *found.NextCursor
	}
	data.CardsCount, _, err = k.VirtualCards.Unresolved(v.Ctx)
	return next, err
}

// otherExceptions are those that have pages of their own.
func (k *desk) otherExceptions(v *site.Visit, data *exceptionsPage) error {
	rates, err := k.Rates.List(v.Ctx)
	if err != nil {
		return err
	}
	now := k.Now()
	rates = slices.DeleteFunc(rates, func(r fx.Rate) bool { return !r.Stale(now) })
	for _, r := range rates {
		data.Rates = append(data.Rates, r.View(now))
	}
	if data.Callbacks, err = k.Callbacks.Stats(v.Ctx); err != nil {
		return err
	}
	data.CallbackAge = now.Add(-data.Callbacks.OldestDueAge)
	return nil
}
