package httpapi

import "strconv"

// Bounds of a page of an end user's list.
const (
	pageLimit    = 20
	chatLimit    = 50
	maxPageLimit = 100
	maxOffset    = 10_000
)

// window is the part of a list that limit and offset ask for.
func (q *query) window(standard int) (limit, offset int) {
	return int(q.between("limit", int64(standard), 1, maxPageLimit)), int(q.between("offset", 0, 0, maxOffset))
}

// between is a whole number from least to most.
func (q *query) between(name string, absent, least, most int64) int64 {
	v := q.r.c.Query(name)
	if v == "" {
		return absent
	}
	n, ok := wholeNumber(v)
	if !ok || n < least || n > most {
		q.refuse(name, "must be a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10))
		return absent
	}
	return n
}

// wholeNumber reads digits as they are usually written: no sign, no zeros in
// front.
func wholeNumber(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == text
}

// number is the path parameter of that name, 0 when it is no id: rows are
// counted from 1, so 0 names none of them.
func (r *request) number(name string) int64 {
	n, ok := wholeNumber(r.param(name))
	if !ok || n < 0 {
		return 0
	}
	return n
}
