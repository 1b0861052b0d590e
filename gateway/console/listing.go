package console

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
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

	site.Pager
}

// listed reads the free filters of those names; others are read one by one.
func listed(v *site.Visit, path string, names ...string) *listing {
	l := &listing{v: v, path: path, values: url.Values{}}
	for _, name := range names {
		l.text(name)
	}
	return l
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
func (l *listing) turn(next string) { l.Pager = l.v.Pager(l.path, l.values, next) }

// turnTo is turn for lists that end with a null.
func (l *listing) turnTo(next *string) { l.turn(orEmpty(next)) }

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

type pager = site.Pager

// pagerOf is the pages around one of a list that keeps its whole query.
func pagerOf(v *site.Visit, next string) pager {
	all := url.Values{}
	for name, value := range v.Fiber().Queries() {
		all.Set(name, value)
	}
	return v.Pager(strings.TrimPrefix(v.Fiber().Path(), base), all, next)
}

// Query is the query string of this page of the list.
func (l *listing) Query() string {
	values := maps.Clone(l.values)
	if cursor := l.cursor(); cursor != "" {
		values.Set("cursor", cursor)
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// Here is the address of this page of the list, below the base.
func (l *listing) Here() string { return l.path + l.Query() }

// Claim is what narrows a queue, for the form that takes the next of it.
func (l *listing) Claim() map[string]string {
	narrow := make(map[string]string)
	for name := range l.values {
		if name != "view" {
			narrow[name] = l.values.Get(name)
		}
	}
	return narrow
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

// wholeList serves a list as a page. With an error, what was read is shown around
// it.
func wholeList[L interface {
	show(name string, data any, err error) error
}](name string, read func(*site.Visit) (L, error),
) func(*site.Visit) error {
	return func(v *site.Visit) error {
		list, err := read(v)
		return list.show(name, list, err)
	}
}

// listRows serves the part of a list that is kept up to date.
func listRows[L any](name string, read func(*site.Visit) (L, error)) func(*site.Visit) error {
	return func(v *site.Visit) error {
		list, err := read(v)
		if err != nil {
			return err
		}
		return v.Fragment(name, "rows", list)
	}
}
