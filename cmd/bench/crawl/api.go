package crawl

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// API is what a document of the OpenAPI says can be read.
type API struct {
	Document []byte // as JSON
	// Values are those of parameters, by "/the/path name" or by the name alone.
	Values Values
	// Get asks as somebody whom the named scheme of the document lets in; it is
	// empty where everybody is.
	Get  func(address, scheme string) (Answer, error)
	Skip func(path string) bool // optional: what not to ask for
}

type document struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Parameters map[string]parameter `json:"parameters"`
		Schemas    map[string]schema    `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	Parameters []parameter           `json:"parameters"`
	Security   []map[string][]string `json:"security"`
}

type parameter struct {
	Ref      string `json:"$ref"`
	Name     string `json:"name"`
	In       string `json:"in"`
	Required bool   `json:"required"`
	Schema   schema `json:"schema"`
}

type schema struct {
	Ref  string `json:"$ref"`
	Enum []any  `json:"enum"`
}

// Walk asks for everything below prefix, each parameter by itself.
func (a API) Walk(prefix string) (all []Visited, err error) {
	var d document
	if err := json.Unmarshal(a.Document, &d); err != nil {
		return nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		raw, reads := d.Paths[path]["get"]
		if !reads || !strings.HasPrefix(path, prefix) || a.Skip != nil && a.Skip(path) {
			continue
		}
		var o, shared operation
		if err := errors.Join(json.Unmarshal(raw, &o), d.shared(path, &shared)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		o.Parameters = append(o.Parameters, shared.Parameters...)
		found, failed := a.read(d, path, o)
		all, err = append(all, found...), errors.Join(err, failed)
	}
	return all, err
}

func (d document) shared(path string, o *operation) error {
	raw, there := d.Paths[path]["parameters"]
	if !there {
		return nil
	}
	return json.Unmarshal(raw, &o.Parameters)
}

func (a API) read(d document, path string, o operation) (all []Visited, err error) {
	scheme := ""
	for _, s := range o.Security {
		for name := range s {
			scheme = name
		}
	}
	filled, fixed, asked := path, url.Values{}, url.Values{}
	for _, p := range o.Parameters {
		p = d.parameter(p)
		values := a.values(d, path, p)
		switch {
		case p.In == "header" || p.Name == "limit" || p.Name == "cursor":
		case len(values) == 0:
			err = errors.Join(err, fmt.Errorf("%s: no value for %s", path, p.Name))
		case p.In == "path":
			filled = strings.ReplaceAll(filled, "{"+p.Name+"}", url.PathEscape(values[0]))
		case p.Required:
			fixed.Set(p.Name, values[0])
		default:
			asked[p.Name] = values
		}
	}
	if err != nil {
		return nil, err
	}
	for _, to := range (question{path: filled, fixed: fixed, asked: asked}).addresses() {
		for further := 0; to != "" && further < 2; further++ {
			answer, failed := a.Get(to, scheme)
			if failed != nil {
				return all, errors.Join(err, fmt.Errorf("%s: %w", to, failed))
			}
			all = append(all, Visited{to, answer})
			to = after(to, answer.Text)
		}
	}
	return all, nil
}

// after is the address of the page that follows.
func after(to, text string) string {
	var page struct {
		Next *string `json:"next_cursor"`
	}
	if json.Unmarshal([]byte(text), &page) != nil || page.Next == nil || *page.Next == "" {
		return ""
	}
	path, query, _ := strings.Cut(to, "?")
	values, _ := url.ParseQuery(query) // it is ours
	values.Set("cursor", *page.Next)
	return address(path, values)
}

func (d document) parameter(p parameter) parameter {
	if name, refers := strings.CutPrefix(p.Ref, "#/components/parameters/"); refers {
		return d.Components.Parameters[name]
	}
	return p
}

func (a API) values(d document, path string, p parameter) (values []string) {
	if v, known := a.Values[path+" "+p.Name]; known {
		return v
	}
	s := p.Schema
	if name, refers := strings.CutPrefix(s.Ref, "#/components/schemas/"); refers {
		s = d.Components.Schemas[name]
	}
	for _, v := range s.Enum {
		values = append(values, fmt.Sprint(v))
	}
	if len(values) == 0 {
		values = a.Values[p.Name]
	}
	return values
}
