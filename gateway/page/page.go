package page

import "strconv"

// Page is a part of a list: its items, and the cursor of the next page, null on
// the last.
type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// Of shows every row of a page; next is empty on the last.
func Of[Row, T any](rows []Row, next string, view func(Row) T) Page[T] {
	p := Page[T]{Items: make([]T, len(rows))}
	for i, row := range rows {
		p.Items[i] = view(row)
	}
	if next != "" {
		p.NextCursor = &next
	}
	return p
}

// As is the view of rows that are shown as they are.
func As[T any](row T) T { return row }

// ByID makes a page of at most limit items from rows, of which one more than
// limit was asked for to see whether another page follows.
func ByID[Row, T any](rows []Row, limit int, id func(Row) int64, view func(Row) T) Page[T] {
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = strconv.FormatInt(id(rows[limit-1]), 36)
	}
	return Of(rows, next, view)
}

// ID reads a cursor that ByID made; 0 for none.
func ID(cursor string) (id int64, ok bool) {
	if cursor == "" {
		return 0, true
	}
	id, err := strconv.ParseInt(cursor, 36, 64)
	return id, err == nil && id > 0
}
