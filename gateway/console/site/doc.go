// Package site is what the operators' console and the merchants' pages have in
// common: signing in, the frame of a page, forms, languages, files and live
// updates. It knows no payout and no merchant.
//
// A page is a Go function and a template. The function gets a Visit: it reads
// the query or the form, asks one service, and renders. Every page works without
// scripts, except for what is live; scripts add to it.
//
//	Config.Routes    which function serves a path, and who may
//	Config.Pages     the templates, one file a page: {{define "title"}} and {{define "main"}}
//	Config.Menu      what the frame lists, by role
//	templates/       the frame and the parts that pages are made of
//	static/          style, scripts and what is vendored, with its licences
//	ru.go            the Russian text of every English one
//
// # What it promises
//
// No page runs or loads anything from elsewhere: the content security policy
// allows this origin alone, and nothing inline. What a page asks for by itself,
// its stream and all that carries X-Background, keeps no session from ending; a
// tab whose session has ended goes to sign-in. Every POST must carry its
// session's token and come from this origin. A page is shown only to who is
// signed in with both factors and whose role covers the route's. Text in
// templates is escaped by html/template. Failures become a page, or a note in a
// live part of one, with the request's id, and never the cause.
//
// Vendored, unchanged: htmx 2.0.11 (0BSD), Pico CSS 2.1.1 (MIT), uPlot 1.6.32
// (MIT).
package site
