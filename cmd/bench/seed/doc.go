// Package seed fills a database with payouts as if the gateway had run for a
// month: rows, books, histories and callbacks agree, requisites and bodies can
// be opened, and `disburse ledger verify` finds nothing.
//
//	seed.go      who is paid for, and the order of work
//	history.go   what happened, moment by moment
//	load.go      its way into the tables
//
// It writes past the services, by COPY, because a million payouts through them
// take an hour. So it must be alone: it holds the accounts it moves from its
// first row to its last.
package seed
