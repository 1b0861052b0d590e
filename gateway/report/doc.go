// Package report reads what stands across features: the figures of the
// dashboard, what changed since a page was shown, and where something is that a
// person looks for. It writes nothing and decides nothing.
//
//	pulse.go    a version of every list, so that pages know when to read anew
//	report.go   what a Reader is made of
//	store.go    its SQL
//
// Features own their tables; this package reads them because a figure over all
// of them belongs to none. Every statement is served by an index, or reads a
// table that stays small: the dashboard costs the same with a million payouts
// as with a hundred.
package report
