package portal

import (
	"maps"
	"net/url"

	"disburse/gateway/console/site"
)

// about is what a person's pages follow: their merchant, on the side of it where
// the person is. Nobody is told of anything else.
func about(p site.Person) string {
	s, _ := p.Of.(seat)
	return s.At()
}

// live shows a page, or to a script the part of it that is kept up to date.
func live(v *site.Visit, page, part string, data any) error {
	if v.Partial() {
		return v.Fragment(page, part, data)
	}
	return v.Render(page, data)
}

// here is the address of a list as it is narrowed and turned to now.
func here(v *site.Visit, path string, narrow url.Values) string {
	values := maps.Clone(narrow)
	if cursor := v.Query("cursor"); cursor != "" {
		values.Set("cursor", cursor)
	}
	if len(values) == 0 {
		return base + path
	}
	return base + path + "?" + values.Encode()
}
