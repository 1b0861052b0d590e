package exchange

import "context"

// EndOverdue ends an order as the sweep does, by a row that is out of date: its
// window was over.
func (s *Service) EndOverdue(ctx context.Context, id int64) error {
	o, err := selectOneOrder(ctx, s.d.DB, selectOrder, id)
	if err != nil {
		return err
	}
	o.PayBy = o.CreatedAt
	return s.end(ctx, o, end{kind: byWindow, by: byWindowOf, at: s.now()})
}

// ListingSQL is the query of a listing, for tests that explain it.
func ListingSQL(f AdFilter, authors []int64) (string, []any, error) {
	if err := f.check(); err != nil {
		return "", nil, err
	}
	sql, args := f.statement(authors)
	return sql, args, nil
}
