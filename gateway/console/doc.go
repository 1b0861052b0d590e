// Package console is the operators' desk in a browser: what waits to be done, the
// parties, the books and the trail of who did what. Its pages call the same
// services as the operator API, so they cannot do anything that it could not, and
// obey the same rules.
//
//	console.go     who may come in, the menu, all routes
//	home.go        the dashboard; charts.go, its charts
//	<subject>.go   the pages of one subject: its routes, what they show and do
//	pages/         their templates
//	ru_*.go        the Russian of their texts
//
// How a page is served, and what keeps strangers and scripts out, is in package
// site.
package console
