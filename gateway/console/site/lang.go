package site

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Lang is a language of the pages.
type Lang string

// The languages. English is the one that templates are written in.
const (
	English Lang = "en"
	Russian Lang = "ru"
)

// Languages lists them.
var Languages = []Lang{English, Russian}

func known(lang Lang) bool { return slices.Contains(Languages, lang) }

// texts are the texts of a language, by the English ones.
func (c *Config) texts(lang Lang) map[string]string {
	if lang != Russian {
		return nil
	}
	all := maps.Clone(russian)
	maps.Copy(all, russianFaults)
	maps.Copy(all, c.Russian)
	return all
}

// translate gives a text of a template in another language; what has no
// translation stays as it is. Args are put in as fmt does.
func translate(texts map[string]string, text string, args ...any) string {
	if other, known := texts[text]; known {
		text = other
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// T is a text in the visitor's language.
func (v *Visit) T(text string, args ...any) string {
	return translate(v.site.words[v.lang()], text, args...)
}

// lang is the language that was chosen, or the first one that the browser asks
// for and the pages have.
func (v *Visit) lang() Lang {
	if lang := Lang(v.c.Cookies(strings.Trim(v.site.Base, "/") + "_lang")); known(lang) {
		return lang
	}
	for part := range strings.SplitSeq(v.c.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(tag, "-")
		if lang := Lang(strings.ToLower(tag)); known(lang) {
			return lang
		}
	}
	return English
}

func (v *Visit) theme() string {
	switch theme := v.c.Cookies(strings.Trim(v.site.Base, "/") + "_theme"); theme {
	case "light", "dark":
		return theme
	default:
		return "auto"
	}
}
