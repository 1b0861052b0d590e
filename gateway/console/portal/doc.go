// Package portal is the pages of a merchant: its balance, payouts, statement and
// callbacks, its keys, its sandbox, and how to integrate with the gateway.
//
//	portal.go      who may come in, the menu, all routes
//	<subject>.go   the pages of one subject: their routes, what they show and do
//	pages/         their templates
//	ru.go          the Russian of their texts
//
// A person belongs to one merchant, and what a page shows or does is that
// merchant's: no id in an address or a form leads to another's, which is not
// found. What operators write about a payout, and who of them worked on it, is
// not shown. The pages call the services that the merchant's API calls, and obey
// the same rules.
package portal
