package exchange

// ListingSQL is the query of a listing, for tests that explain it.
func ListingSQL(f AdFilter, authors []int64) (string, []any, error) {
	if err := f.check(); err != nil {
		return "", nil, err
	}
	sql, args := f.statement(authors)
	return sql, args, nil
}
