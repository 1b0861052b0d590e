package main

import "strconv"

// pageByID makes a page of at most limit items from rows, of which one more
// than limit was asked for to see whether another page follows.
func pageByID[Row, T any](rows []Row, limit int, id func(Row) int64, view func(Row) T) list[T] {
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = strconv.FormatInt(id(rows[limit-1]), 36)
	}
	return pageOf(rows, next, view)
}

// rowCursor reads a cursor that pageByID made, 0 for none.
func rowCursor(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 36, 64)
	if err != nil || n < 1 {
		return 0, usagef("--cursor is not one that a list printed")
	}
	return n, nil
}
