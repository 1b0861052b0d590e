package console

import (
	"net/url"

	"disburse/gateway/console/site"
)

// pager is the way to the first and to the next page of a list, with the
// filters of this one.
type pager struct{ First, Next string }

// pagerOf has no first page where this is it, and no next one without a cursor.
func pagerOf(v *site.Visit, next string) pager {
	here := url.Values{}
	for name, value := range v.Fiber().Queries() {
		here.Set(name, value)
	}
	link := func(cursor string) string {
		values := url.Values{}
		for name := range here {
			if name != "cursor" {
				values.Set(name, here.Get(name))
			}
		}
		if cursor != "" {
			values.Set("cursor", cursor)
		}
		if len(values) == 0 {
			return v.Fiber().Path()
		}
		return v.Fiber().Path() + "?" + values.Encode()
	}
	var p pager
	if here.Get("cursor") != "" {
		p.First = link("")
	}
	if next != "" {
		p.Next = link(next)
	}
	return p
}
