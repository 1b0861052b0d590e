package crawl

import (
	"errors"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Values are what free fields can be, by their name.
type Values map[string][]string

// Answer is what the gateway said.
type Answer struct {
	Text string        // as it reads; empty for a file
	Size int           // as it was sent
	Took time.Duration // until all of it was there
}

func never(string) bool { return false }

// Visited is an address, as it is asked for, with its first answer.
type Visited struct {
	Address string
	Answer  Answer
}

// Site is a set of web pages.
type Site struct {
	Base   string   // "/console"
	Start  []string // where to begin, and what no page leads to
	Values Values
	Get    func(address string) (Answer, error)
	Skip   func(address string) bool // optional: what not to ask for
}

// instances is how many of the things of a kind are looked at.
const instances = 3

// Walk asks for everything that can be reached. What cannot be asked for is an
// error at the end, with all the rest done.
func (s Site) Walk() (all []Visited, err error) {
	if s.Skip == nil {
		s.Skip = never
	}
	seen, looks := map[string]bool{}, map[string]int{}
	next := slices.Clone(s.Start)
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if seen[at] || s.Skip(at) {
			continue
		}
		seen[at] = true
		answer, failed := s.Get(at)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", at, failed))
			continue
		}
		all = append(all, Visited{at, answer})
		path, _, _ := strings.Cut(at, "?")
		asked := questions(answer.Text, path, s.Values)
		slices.SortStableFunc(asked, func(a, b question) int { return strings.Compare(a.path, b.path) })
		for _, q := range asked {
			if len(q.bare) > 0 {
				err = errors.Join(err, fmt.Errorf("%s: no value for %s", at, strings.Join(q.bare, ", ")))
			}
			found := q.addresses()
			slices.Sort(found)
			next = append(next, found...)
		}
		for _, found := range link.FindAllStringSubmatch(answer.Text, -1) {
			to, _, _ := strings.Cut(html.UnescapeString(found[1]), "#")
			if look := shape(to); s.ours(to) && looks[look] < instances && !seen[to] {
				if looks[look]++; strings.Contains(look, "?") || !strings.Contains(look, ":") {
					looks[look] = instances
				}
				next = append(next, to)
			}
		}
	}
	return all, err
}

// ours reports a page of the site that can be read to its end.
func (s Site) ours(to string) bool {
	rest, below := strings.CutPrefix(to, s.Base)
	return below && (rest == "" || rest[0] == '/' || rest[0] == '?') && !strings.HasPrefix(rest, "/static/") && !strings.HasPrefix(rest, "/live")
}

// shape is an address with what tells one thing of a kind from another taken
// out: the same shape is the same list.
func shape(address string) string {
	path, query, _ := strings.Cut(address, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = alike(p)
	}
	path = strings.Join(parts, "/")
	values, err := url.ParseQuery(query)
	if err != nil || len(values) == 0 {
		return path
	}
	further := values.Has("cursor")
	for name := range values {
		if name == "cursor" || !further {
			values.Set(name, alike(values.Get(name)))
		}
	}
	return path + "?" + values.Encode()
}

func alike(part string) string {
	if strings.ContainsAny(part, "0123456789") {
		return ":"
	}
	return part
}
