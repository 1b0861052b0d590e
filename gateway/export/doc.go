// Package export gives lists out as files, CSV and XLSX, and makes the daily
// statement of a merchant.
//
//	export.go     what can be exported, by which filters, and who runs it
//	stream.go     a file that is written as it is read
//	cell.go       what stands in a cell, and what must not
//	csv.go        the two formats
//	xlsx.go
//	sources.go    the columns of each list; scan.go, its rows
//	statement.go  a merchant's days: what it had, what moved, what it has
//	sheet.go      a statement as a file; view.go, as JSON
//	room.go       how many may run at once
//	store.go      the SQL
//
// # What it promises
//
// A file shows the database as it was when the export began, and costs the same
// memory whatever its length: rows come through a cursor, some hundred at a
// time, and leave before the next are fetched. Who reads slowly is given up
// after a while, and nobody has more than two of the three that run at once. A
// file that could not be finished ends in a broken connection, never as if it were
// whole.
//
// No cell can start a formula in a spreadsheet: a text that would has an
// apostrophe in front. Amounts, counts and times are numbers in XLSX. Of numbers
// to pay to there are the last four digits, and texts that people wrote have
// theirs hidden. Every export leaves an audit record.
//
// A statement is made of the books alone: its days are cut between two transfers,
// so what a day opens with is what the day before closed with, and opening and
// movements are the closing. One that does not add up is not given out.
package export
