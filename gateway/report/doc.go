// Package report reads what stands across features: the figures of the
// dashboard, what changed since a page was shown, and where something is that a
// person looks for. It writes nothing and decides nothing.
//
//	report.go         what a Reader is made of
//	pulse.go          a version of every list, so that pages know when to read anew
//	merchantpulse.go  the same of what one merchant may see
//	figures.go        money, and work that waits
//	course.go         what ended in each step of a span
//	topay.go          how long payouts took
//	cache.go          how long figures are kept
//	search.go         where something is
//	store.go          the SQL; searchstore.go, that of search
//
// Features own their tables; this package reads them because a figure over all
// of them belongs to none. Every statement is served by an index, or reads a
// table that stays small: the dashboard costs the same with a million payouts
// as with a hundred.
package report
