package site

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// titles are what forms call the fields that are named otherwise on the wire.
var titles = map[string]string{
	"present": "Present password", "fresh": "New password", "repeat": "New password, once more", "code": "Code", "password": "Password",
	"only": "kinds", "ref": "reference", "max_age": "longest age", "ttl": "how long it works", "q": "search", "fee_bps": "fee, basis points",
	"fee_fixed": "fixed fee", "grace": "how long the present ones still work", "open_for": "longest open",
}

// title is what a field is called: a part after the other where it is inside of
// another.
func title(texts map[string]string, name string) string {
	if known, ok := titles[name]; ok {
		return translate(texts, known)
	}
	whole := strings.ReplaceAll(name, "_", " ")
	if other, ok := texts[whole]; ok {
		return other
	}
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = translate(texts, strings.ReplaceAll(part, "_", " "))
	}
	return strings.Join(parts, ", ")
}

// form is a text with values in it.
type form struct {
	like  *regexp.Regexp
	other string
}

// forms are the texts of faults that have values in them, longer ones first.
var forms = func() []form {
	value := strings.NewReplacer("%s", "(.+)")
	all := make([]form, 0, len(russianForms))
	for _, text := range slices.SortedFunc(maps.Keys(russianForms), func(a, b string) int { return len(b) - len(a) }) {
		all = append(all, form{regexp.MustCompile("^" + value.Replace(regexp.QuoteMeta(text)) + "$"), russianForms[text]})
	}
	return all
}()

// why is what a service says of a field, in the language of the texts: none are
// the English ones.
func why(texts map[string]string, text string) string {
	if other, known := texts[text]; known || texts == nil {
		return cmp.Or(other, text)
	}
	for _, f := range forms {
		if found := f.like.FindStringSubmatch(text); found != nil {
			values := make([]any, len(found)-1)
			for i, value := range found[1:] {
				values[i] = translate(texts, value)
			}
			return fmt.Sprintf(f.other, values...)
		}
	}
	return text
}
