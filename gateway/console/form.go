package console

import (
	"net/http"
	"strings"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/ledger/money"
)

// form is a page that asks for a few things and does one: what it shows is in
// the visitor's language.
type form struct {
	Title   string
	Intro   string
	Warning string // what to think of before
	Back    string // the page before, below the base
	Submit  string
	Grave   bool // what it does is hard to undo
	Inputs  []input
}

// input is one field of a form.
type input struct {
	Name, Label, Value, Hint string
	Kind                     string // text when empty; number, email, url, area, check, select, hidden, heading
	Required                 bool
	Options                  []option
}

type option struct{ Value, Name string }

// Checked reports a box that is ticked.
func (i input) Checked() bool { return i.Value == on }

// on is the value of a ticked box.
const on = "yes"

func ticked(is bool) string {
	if is {
		return on
	}
	return ""
}

// asking is the two routes of a page with one form: one shows it, the other
// does what do does, or shows the form again with what is wrong.
func asking(path, role string, build func(*site.Visit) (form, error), do func(*site.Visit) error) []site.Route {
	show := func(v *site.Visit, problem error) error {
		f, err := build(v)
		switch {
		case err != nil:
			return err
		case problem != nil:
			return v.RenderInvalid("form", f, problem)
		default:
			return v.Render("form", f)
		}
	}
	return []site.Route{
		{Method: http.MethodGet, Path: path, Role: role, Handle: func(v *site.Visit) error { return show(v, nil) }},
		{Method: http.MethodPost, Path: path, Role: role, Handle: func(v *site.Visit) error {
			err := do(v)
			if err != nil && site.Invalid(err) {
				return show(v, err)
			}
			return err
		}},
	}
}

// typed is what was put into a field, and what stands there before anybody did.
func typed(v *site.Visit, name, before string) string {
	if posted(v) {
		return v.Form(name)
	}
	return before
}

func posted(v *site.Visit) bool { return v.Form("csrf") != "" }

// once is a page with secrets, at the only moment when they are shown.
type once struct {
	Title, Intro string
	Secrets      []secret
	Facts        []secret // what belongs to them and is no secret
	Back, Next   string
}

type secret struct{ Name, Value string }

// amountOf reads an amount. Text that is none is a fault of the field.
func amountOf(name, text string, c money.Currency) (money.Money, error) {
	m, err := money.Parse(text, c)
	if err != nil {
		return money.Money{}, fault.Invalid(fault.Field{Name: name, Why: "must be an amount such as 100.00"})
	}
	return m, nil
}

// spanOf reads a span such as 24h or 90m. Text that is none becomes a negative
// span, which services name with whatever else is wrong.
func spanOf(text string, absent time.Duration) time.Duration {
	if text == "" {
		return absent
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return -1
	}
	return d
}

// spanText writes a span as people type it: 24h, 1h30m.
func spanText(d time.Duration) string {
	text := d.String()
	if d >= time.Minute && strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if d >= time.Hour && strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
