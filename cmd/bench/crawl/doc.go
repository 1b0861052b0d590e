// Package crawl finds every page and every list of a gateway by itself, with
// each filter and a page further on, so that none is forgotten where all of
// them are measured or proved.
//
//	site.go  web pages, by their links and their forms
//	form.go  what a form can ask for
//	api.go   lists of the API, by its document
package crawl
