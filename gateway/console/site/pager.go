package site

import (
	"maps"
	"net/url"
)

// Pager is the addresses of a list's first and next page; either may be empty.
// The part "pager" shows it.
type Pager struct{ First, Next string }

// Pager leads from this page of a list to the others. path is the list's, below
// the base, narrow what its filters say, and next the cursor of the page that
// follows, empty on the last.
func (v *Visit) Pager(path string, narrow url.Values, next string) (p Pager) {
	if v.Query("cursor") != "" {
		p.First = v.site.Base + listAddress(path, narrow, "")
	}
	if next != "" {
		p.Next = v.site.Base + listAddress(path, narrow, next)
	}
	return p
}

func listAddress(path string, narrow url.Values, cursor string) string {
	values := maps.Clone(narrow)
	if values == nil {
		values = url.Values{}
	}
	values.Del("cursor")
	if cursor != "" {
		values.Set("cursor", cursor)
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}
