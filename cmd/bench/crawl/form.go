package crawl

import (
	"html"
	"net/url"
	"regexp"
	"strings"
)

var (
	link    = regexp.MustCompile(`(?:href|hx-get|data-chart)="([^"]*)"`)
	form    = regexp.MustCompile(`(?s)<form\b([^>]*)>(.*?)</form>`)
	control = regexp.MustCompile(`(?s)<select\b([^>]*)>(.*?)</select>|<(?:input|button)\b([^>]*)>`)
	action  = regexp.MustCompile(`formaction="[^"]*"`)
	option  = regexp.MustCompile(`<option\b([^>]*)>`)
)

// optionsAtMost is how many of a list's values are tried.
const optionsAtMost = 16

func attribute(tag, name string) string {
	found := regexp.MustCompile(`(?:^|\s)` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// question is a form that narrows a list.
type question struct {
	path  string
	fixed url.Values          // always sent
	asked map[string][]string // what each of the other fields can be
	bare  []string            // fields that nobody knows a value of
}

// questions are the forms of a page that only read.
func questions(page, path string, known Values) (all []question) {
	for _, found := range form.FindAllStringSubmatch(page, -1) {
		if !strings.EqualFold(attribute(found[1], "method"), "get") {
			continue
		}
		q := question{path: attribute(found[1], "action"), fixed: url.Values{}, asked: map[string][]string{}}
		if q.path == "" {
			q.path = path
		}
		for _, c := range control.FindAllStringSubmatch(found[2], -1) {
			if c[3] == "" {
				q.list(c[1], c[2])
			} else {
				q.field(c[3], known)
			}
		}
		all = append(all, q)
		if other := action.FindString(found[2]); other != "" { // a button that sends the same elsewhere
			q.path = attribute(" "+other, "formaction")
			all = append(all, q)
		}
	}
	return all
}

func (q *question) list(tag, options string) {
	name := attribute(tag, "name")
	for _, o := range option.FindAllStringSubmatch(options, optionsAtMost) {
		if value := attribute(o[1], "value"); value != "" {
			q.asked[name] = append(q.asked[name], value)
		}
	}
}

func (q *question) field(tag string, known Values) {
	name, value := attribute(tag, "name"), attribute(tag, "value")
	switch sort := attribute(tag, "type"); {
	case name == "":
	case sort == "hidden":
		q.fixed.Set(name, value)
	case sort == "checkbox", sort == "radio":
		if value == "" {
			value = "on"
		}
		q.asked[name] = append(q.asked[name], value)
	case value != "" && !strings.Contains(tag, "autocomplete") && known[name] == nil: // a button with a value of its own
		q.fixed.Set(name, value)
	case known[name] == nil:
		q.bare = append(q.bare, name)
	case strings.Contains(tag, " required"):
		q.fixed.Set(name, known[name][0])
	default:
		q.asked[name] = known[name]
	}
}

// addresses are what the form can ask for, one field at a time.
func (q question) addresses() []string {
	all := []string{address(q.path, q.fixed)}
	for name, values := range q.asked {
		for _, value := range values {
			with := url.Values{name: {value}}
			for fixed := range q.fixed {
				if fixed != name {
					with[fixed] = q.fixed[fixed]
				}
			}
			all = append(all, address(q.path, with))
		}
	}
	return all
}

func address(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}
