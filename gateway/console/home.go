package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/payout"
	"disburse/gateway/report"
	"disburse/ledger"
)

func (k *desk) homeRoutes() []site.Route {
	const get = http.MethodGet
	return []site.Route{
		{Method: get, Path: "/", Role: viewer, Handle: k.home},
		{Method: get, Path: "", Role: viewer, Handle: k.home},
		{Method: get, Path: "/figures", Role: viewer, Handle: k.figures},
		{Method: get, Path: "/charts/:chart", Role: viewer, Handle: k.chart},
		{Method: get, Path: "/search", Role: viewer, Handle: k.search},
	}
}

// dashboard is what the first page shows.
type dashboard struct {
	Mode    string
	Span    string
	Spans   []report.Span
	Charts  []chartLink
	Alerts  []alert
	Queues  []queueLine
	Funds   []report.Funds
	Result  result
	Deliver report.Delivery
}

type chartLink struct{ Name, Hint, Path string }

// queueLine is a queue with where it is worked on.
type queueLine struct {
	report.Queue
	Name, Path string
	Late       bool
}

// Full reports that there is more than is counted.
func (q queueLine) Full() bool { return q.Open >= report.CountsAtMost }

// result is what became of the payouts of a span.
type result struct {
	Ended, Paid   int64
	Rate          string // percent of what ended
	ToPay, ToMost string
	Newest        int // of how many, where there are more than are looked at
}

// alert is something that must not wait, and where to see to it.
type alert struct {
	Tone string // "bad" or "warn"
	Text string
	Path string
}

// views of a queue: its name and its page.
var queuePages = map[report.Topic]struct{ name, path string }{
	report.Payouts: {"Payouts", "/payouts"}, report.CardOrders: {"Card orders", "/card-orders"},
	report.Disputes: {"Disputes", "/disputes"}, report.Approvals: {"Approvals", "/approvals"},
}

func (k *desk) home(v *site.Visit) error { return k.showFigures(v, v.Render) }

// figures is the part of the dashboard that is kept up to date.
func (k *desk) figures(v *site.Visit) error {
	return k.showFigures(v, func(name string, data any) error { return v.Fragment(name, "figures", data) })
}

func (k *desk) showFigures(v *site.Visit, show func(name string, data any) error) error {
	mode, span := askedMode(v), report.SpanNamed(v.Query("span"))
	d := dashboard{Mode: string(mode), Span: span.Name, Spans: report.Spans}
	work, err := k.Figures.Work(v.Ctx)
	if err != nil {
		return err
	}
	for _, q := range work.Queues {
		page := queuePages[q.Topic]
		d.Queues = append(d.Queues, queueLine{q, page.name, page.path, q.IsLate(work.At)})
	}
	d.Deliver, d.Alerts = work.Delivery, alerts(v, work)
	if d.Funds, err = k.Figures.Funds(v.Ctx); err != nil {
		return err
	}
	if d.Result, err = k.result(v.Ctx, mode, span); err != nil {
		return err
	}
	for _, c := range charts {
		d.Charts = append(d.Charts, chartLink{c.name, c.hint, "/charts/" + c.path + "?mode=" + d.Mode + "&span=" + d.Span})
	}
	return show("home", d)
}

func askedMode(v *site.Visit) ledger.Mode {
	if mode := ledger.Mode(v.Query("mode")); mode.Valid() {
		return mode
	}
	return ledger.Live
}

func (k *desk) result(ctx context.Context, mode ledger.Mode, span report.Span) (result, error) {
	course, err := k.Figures.Course(ctx, mode, span)
	if err != nil {
		return result{}, err
	}
	ended := course.Ended()
	r := result{Paid: ended[payout.Successful], Rate: "–"}
	for _, n := range ended {
		r.Ended += n
	}
	if r.Ended > 0 {
		r.Rate = percent(r.Paid, r.Ended)
	}
	pay, err := k.Figures.ToPay(ctx, mode, span)
	r.ToPay, r.ToMost = spell(pay.Half), spell(pay.Most)
	if pay.Newest() {
		r.Newest = pay.Of
	}
	return r, err
}

// percent has one decimal, and is never rounded up to all.
func percent(part, whole int64) string {
	tenths := part * 1000 / whole
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}

// spell is a duration as people say it.
func spell(d time.Duration) string {
	switch {
	case d <= 0:
		return "–"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m %02d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %02d m", int(d.Hours()), int(d.Minutes())%60)
	}
}

// Lag is the usual delay of callbacks in words, LagMost that of the slowest.
func (d dashboard) Lag() string     { return spell(d.Deliver.Lag) }
func (d dashboard) LagMost() string { return spell(d.Deliver.LagMost) }

// Arrived is which part of the newest callbacks was delivered.
func (d dashboard) Arrived() string {
	if d.Deliver.Newest == 0 {
		return "–"
	}
	return percent(d.Deliver.Delivered, d.Deliver.Newest)
}

// overdue is how late a callback may be before that is an alert.
const overdue = 5 * time.Minute

// alerts are what must not wait, the worst first.
func alerts(v *site.Visit, w report.Work) (all []alert) {
	add := func(on bool, tone, path, text string, args ...any) {
		if on {
			all = append(all, alert{tone, v.T(text, args...), path})
		}
	}
	add(w.Expiring > 0, "bad", "/payouts", "Payouts that end within 5 minutes and nobody has taken: %d", w.Expiring)
	for _, r := range w.Stale {
		add(true, "bad", "/rates", "The rate of %s is too old: payouts in it are refused", r.Currency)
	}
	add(w.Delivery.OpenCircuits > 0, "bad", "/callbacks?state=pending", "Addresses that take no callbacks: %d", w.Delivery.OpenCircuits)
	add(w.Delivery.OldestDueAge > overdue, "bad", "/callbacks?state=pending", "The oldest callback is overdue by %s", spell(w.Delivery.OldestDueAge))
	add(w.Lost > 0, "warn", "/exceptions", "Exceptions to look into: %d", w.Lost)
	add(w.Delivery.Dead > 0, "warn", "/callbacks?state=dead", "Callbacks that were given up: %d", w.Delivery.Dead)
	for _, q := range w.Queues {
		if q.IsLate(w.At) {
			add(true, "warn", queuePages[q.Topic].path, "%s: the oldest has waited %s", v.T(queuePages[q.Topic].name), spell(w.At.Sub(q.Oldest)))
		}
	}
	return all
}
