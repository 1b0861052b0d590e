package site

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"time"

	"disburse/gateway/fault"
)

//go:embed templates/*.html
var common embed.FS

// templates are the pages of a site in one language, each with the frame and
// the parts around it.
type templates struct {
	pages map[string]*template.Template
}

// parse reads the templates of a site: files of its own whose names begin with
// an underscore hold parts that its pages share.
func parse(pages fs.FS, lang Lang, base string, texts map[string]string, more map[string]any) (*templates, error) {
	root := template.New("").Funcs(funcs(lang, base, texts)).Funcs(more)
	root, err := root.ParseFS(common, "templates/_*.html")
	if err != nil {
		return nil, err
	}
	if shared, _ := fs.Glob(pages, "_*.html"); len(shared) > 0 {
		if root, err = root.ParseFS(pages, "_*.html"); err != nil {
			return nil, err
		}
	}
	own, err := fs.Sub(common, "templates")
	if err != nil {
		return nil, err
	}
	t := &templates{pages: make(map[string]*template.Template)}
	for _, from := range []fs.FS{own, pages} {
		files, err := fs.Glob(from, "*.html")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasPrefix(file, "_") {
				continue
			}
			page, err := template.Must(root.Clone()).ParseFS(from, file)
			if err != nil {
				return nil, err
			}
			t.pages[strings.TrimSuffix(path.Base(file), ".html")] = page
		}
	}
	return t, nil
}

func (t *templates) render(w io.Writer, page, part string, v *View) error {
	p, known := t.pages[page]
	if !known {
		return fmt.Errorf("site: no page %q", page)
	}
	return p.ExecuteTemplate(w, part, v)
}

// View is what a template sees: what the page's function gave as Data, and what
// the frame needs.
type View struct {
	Data    any
	Problem *fault.Error // why the form must be mended, or what the page is about

	Lang      Lang
	Theme     string
	Site      string
	Base      string
	Path      string // of this page, below the base
	CSRF      string
	Person    Person
	Menu      []MenuItem
	Note      string
	RequestID string
	Now       time.Time
	Live      bool
}

func (v *Visit) view(data any, problem *fault.Error) *View {
	view := &View{
		Data: data, Problem: problem, Lang: v.lang(), Theme: v.theme(), Site: v.site.Title, Base: v.site.Base,
		Path: strings.TrimPrefix(v.c.Path(), v.site.Base), Person: v.Person, Note: v.takeNote(), RequestID: v.RequestID,
		Now: v.Now().UTC(), Live: v.site.Live != nil,
	}
	if problem == nil {
		if p, ok := data.(*fault.Error); ok {
			view.Problem = p
		}
	}
	if v.token != "" {
		view.CSRF = v.token.CSRF()
	}
	for _, item := range v.site.Menu {
		if v.Person.ID != "" && (item.Role == "" || v.Person.May(item.Role)) {
			view.Menu = append(view.Menu, item)
		}
	}
	return view
}

// Here reports that an entry of the menu is the page, or one above it.
func (v *View) Here(item MenuItem) bool {
	if item.Path == "/" {
		return v.Path == "" || v.Path == "/"
	}
	return v.Path == item.Path || strings.HasPrefix(v.Path, item.Path+"/")
}

// May reports whether who is signed in has the role.
func (v *View) May(role string) bool { return v.Person.May != nil && v.Person.May(role) }

// Fault is why a field of the form must be mended, empty when it need not be.
func (v *View) Fault(field string) string {
	if v.Problem == nil {
		return ""
	}
	for _, f := range v.Problem.Fields {
		if f.Name == field {
			return f.Why
		}
	}
	return ""
}

func funcs(lang Lang, base string, texts map[string]string) template.FuncMap {
	return template.FuncMap{
		"t":     func(text any, args ...any) string { return translate(texts, fmt.Sprint(text), args...) },
		"title": func(name string) string { return title(texts, name) },
		"why":   func(text string) string { return why(texts, text) },
		"asset": func(name string) (string, error) { return assetPath(base, name) },
		"path":  func(parts ...any) string { return base + joined(parts) },
		"query": query,
		"when":  when,
		"age":   age,
		"left":  left,
		"badge": badge,
		"dict":  dict,
		"words": func(text any) string { return strings.ReplaceAll(fmt.Sprint(text), "_", " ") },
		"default": func(otherwise string, text any) any {
			if text == nil || text == "" {
				return otherwise
			}
			return text
		},
	}
}

// joined is a path made of parts, each of which is text of its own: a slash in
// an id stays part of the id.
func joined(parts []any) string {
	var out strings.Builder
	for _, part := range parts {
		text := fmt.Sprint(part)
		if strings.HasPrefix(text, "/") { // written in the template
			out.WriteString(text)
			continue
		}
		out.WriteString("/" + url.PathEscape(text))
	}
	return out.String()
}

// query is a query string of names and values, without the empty ones.
func query(pairs ...any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", errors.New("query: a name without a value")
	}
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if text := fmt.Sprint(pairs[i+1]); text != "" {
			values.Set(fmt.Sprint(pairs[i]), text)
		}
	}
	if len(values) == 0 {
		return "", nil
	}
	return "?" + values.Encode(), nil
}

// dict gives a part more than one value.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name without a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

const nothing = template.HTML(`<span class="none">–</span>`)

// moment is a time of any form that pages come by: a time, a pointer to one, or
// its text.
func moment(at any) (time.Time, bool) {
	switch at := at.(type) {
	case time.Time:
		return at.UTC(), !at.IsZero()
	case *time.Time:
		if at == nil {
			return time.Time{}, false
		}
		return at.UTC(), true
	case string:
		parsed, err := time.Parse(time.RFC3339Nano, at)
		return parsed.UTC(), err == nil
	case *string:
		if at == nil {
			return time.Time{}, false
		}
		parsed, err := time.Parse(time.RFC3339Nano, *at)
		return parsed.UTC(), err == nil
	default:
		return time.Time{}, false
	}
}

// when shows a moment, in UTC.
func when(at any) template.HTML {
	t, ok := moment(at)
	if !ok {
		return nothing
	}
	return timeElement("", t, t.Format("2006-01-02 15:04:05"))
}

// age shows how long ago something was; a script keeps it going.
func age(at any) template.HTML {
	t, ok := moment(at)
	if !ok {
		return nothing
	}
	return timeElement("age", t, t.Format("2006-01-02 15:04"))
}

// left shows how long there still is; a script keeps it going.
func left(at any) template.HTML {
	t, ok := moment(at)
	if !ok {
		return nothing
	}
	return timeElement("left", t, t.Format("15:04:05"))
}

func timeElement(class string, t time.Time, text string) template.HTML {
	stamp := t.Format(time.RFC3339)
	attribute := ""
	if class != "" {
		attribute = ` data-` + class
	}
	//nolint:gosec // made of a time alone
	return template.HTML(`<time datetime="` + stamp + `" title="` + t.Format("2006-01-02 15:04:05") + ` UTC"` + attribute + `>` + text + `</time>`)
}

// tones of states, as colours of badges.
var tones = map[string]string{
	"successful": "good", "completed": "good", "delivered": "good", "active": "good", "enabled": "good", "live": "good", "done": "good",
	"approved": "good", "open": "plain", "finished": "plain", "healthy": "good", "settled": "good",
	"expectation": "busy", "pending": "busy", "processing": "busy", "waiting": "busy", "paid_by_user": "busy", "paid_by_buyer": "busy",
	"claimed": "busy", "awaiting_approval": "warn", "disputed": "warn", "late": "warn", "stuck": "warn", "unknown": "warn", "frozen": "warn",
	"stale": "warn", "rejected_timeout": "bad", "rejected_merchant": "bad", "rejected_gate": "bad", "cancelled": "bad", "dead": "bad", "declined": "bad",
	"disabled": "bad", "blocked": "bad", "failed": "bad", "mismatched": "bad", "refused": "bad", "closed": "plain", "sandbox": "plain", "rolled_back": "plain",
}

// badge is the colour of a state.
func badge(state any) string {
	if tone, known := tones[fmt.Sprint(state)]; known {
		return tone
	}
	return "plain"
}
