package console

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/page"
)

// base is where the console is served.
const base = "/console"

// listLength is how many rows a page of a list has.
const listLength = 50

// listing reads what a list is asked for, collects what is wrong with it, and
// knows the addresses of the list's pages.
type listing struct {
	v      *site.Visit
	path   string // of the list, below the base
	values url.Values
	faults []fault.Field
	cause  error

	First, Next string // addresses; empty where there is no such page
}

func listed(v *site.Visit, path string) *listing {
	return &listing{v: v, path: path, values: url.Values{}}
}

// text is a free filter of at most 255 bytes.
func (l *listing) text(name string) string {
	value := l.v.Query(name)
	if len(value) > 255 {
		l.refuse(name, "must be text of at most 255 characters")
		return ""
	}
	if value != "" {
		l.values.Set(name, value)
	}
	return value
}

// choice is a filter with listed values; any other counts as none.
func (l *listing) choice(name string, allowed ...string) string {
	value := l.v.Query(name)
	if !slices.Contains(allowed, value) {
		return ""
	}
	l.values.Set(name, value)
	return value
}

// from is the beginning of a period: a day, or a moment.
func (l *listing) from(name string) time.Time { return l.moment(name, 0) }

// until is the end of a period. A day is part of it.
func (l *listing) until(name string) time.Time { return l.moment(name, 1) }

func (l *listing) moment(name string, days int) time.Time {
	value := l.text(name)
	if value == "" {
		return time.Time{}
	}
	if day, err := time.Parse(time.DateOnly, value); err == nil {
		return day.AddDate(0, 0, days)
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		l.refuse(name, "must be a day such as 2026-01-31")
	}
	return at.UTC()
}

// merchant is the id of a merchant that is named by its name or its id.
func (l *listing) merchant(k *desk, name string) string {
	ref := l.text(name)
	if ref == "" {
		return ""
	}
	m, err := k.merchantBy(l.v, ref)
	switch {
	case errors.Is(err, merchant.ErrNotFound):
		l.refuse(name, "is not a merchant")
	case err != nil:
		l.cause = err
	}
	return m.ID
}

// merchantBy finds a merchant by its name or its id.
func (k *desk) merchantBy(v *site.Visit, ref string) (merchant.Merchant, error) {
	m, err := k.Directory.ByName(v.Ctx, ref)
	if errors.Is(err, merchant.ErrNotFound) {
		m, err = k.Directory.ByID(v.Ctx, ref)
	}
	return m, err
}

// nameOf is the name of a merchant, or its id where there is no such merchant.
func (k *desk) nameOf(v *site.Visit, id string) string {
	m, err := k.Directory.ByID(v.Ctx, id)
	if err != nil || m.Name == "" {
		return id
	}
	return m.Name
}

func (l *listing) cursor() string { return l.v.Query("cursor") }

// idCursor is a cursor that stands for a row number.
func (l *listing) idCursor() int64 {
	id, ok := page.ID(l.cursor())
	if !ok {
		l.refuse("cursor", "is not one that a page handed out")
	}
	return id
}

func (l *listing) refuse(name, why string) {
	l.faults = append(l.faults, fault.Field{Name: name, Why: why})
}

// err is what is wrong with the query, nil when nothing is.
func (l *listing) err() error {
	if l.cause != nil || len(l.faults) == 0 {
		return l.cause
	}
	return fault.Invalid(l.faults...)
}

// turn sets the addresses of the pages around this one.
func (l *listing) turn(next string) {
	if l.cursor() != "" {
		l.First = base + l.address(nil)
	}
	if next != "" {
		l.Next = base + l.address(url.Values{"cursor": {next}})
	}
}

// turnTo is turn for lists that end with a null.
func (l *listing) turnTo(next *string) {
	if next == nil {
		next = new(string)
	}
	l.turn(*next)
}

// address is the list's address with its filters and more.
func (l *listing) address(more url.Values) string {
	values := maps.Clone(l.values)
	maps.Copy(values, more)
	if len(values) == 0 {
		return l.path
	}
	return l.path + "?" + values.Encode()
}

// Here is the address of this page of the list, below the base.
func (l *listing) Here() string {
	if cursor := l.cursor(); cursor != "" {
		return l.address(url.Values{"cursor": {cursor}})
	}
	return l.address(nil)
}

// Asked is a filter as it was given.
func (l *listing) Asked(name string) string { return l.values.Get(name) }

// Narrowed reports that there is any filter.
func (l *listing) Narrowed() bool { return len(l.values) > 0 }

// show renders a list, or why it cannot be read.
func (l *listing) show(name string, data any, err error) error {
	switch {
	case err == nil:
		return l.v.Render(name, data)
	case site.Invalid(err):
		return l.v.RenderInvalid(name, data, err)
	default:
		return err
	}
}
