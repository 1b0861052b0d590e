// Package page is one page of a list as the operator API and the command line
// print it, and the cursors of lists that are ordered by a row number. It leaves
// to others how rows are found and what cursors of other lists look like.
package page
