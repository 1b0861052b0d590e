package httpapi

import "disburse/gateway/enduser"

func myBalance(r *request) error {
	b, err := r.api.EndUsers.Balance(r.ctx, r.user.ID)
	if err != nil {
		return err
	}
	return r.json(b.View())
}

type transactionsAnswer struct {
	Transactions []enduser.TransactionView `json:"transactions"`
	Total        int                       `json:"total"`
}

func myTransactions(r *request) error {
	q := r.query()
	limit, offset := q.window(pageLimit)
	if err := q.err(); err != nil {
		return err
	}
	found, total, err := r.api.EndUsers.Transactions(r.ctx, r.user.ID, limit, offset)
	if err != nil {
		return err
	}
	return r.json(transactionsAnswer{Transactions: views(found, enduser.Transaction.View), Total: total})
}

// views shows every row of a list.
func views[Row, T any](rows []Row, view func(Row) T) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = view(row)
	}
	return out
}

// success is the answer to a call that has nothing to tell.
type success struct {
	Success bool `json:"success"`
}

// done answers a call that has nothing to tell.
func (r *request) done(err error) error {
	if err != nil {
		return err
	}
	return r.json(success{Success: true})
}

// created is the answer to a call that makes something.
type created struct {
	ID int64 `json:"id"`
}

// made answers a call that made something, or had made it before.
func (r *request) made(id int64, err error) error {
	if err != nil {
		return err
	}
	return r.json(created{ID: id})
}
