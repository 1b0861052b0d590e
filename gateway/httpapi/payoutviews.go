package httpapi

import (
	"errors"

	"disburse/gateway/merchant"
	"disburse/gateway/payout"
)

// viewPayout shows a payout, its requisite masked.
func (r *request) viewPayout(p payout.Payout) (payout.View, error) {
	m, err := r.api.Directory.ByID(r.ctx, p.MerchantID)
	return p.View(m.Name), err
}

func (r *request) viewPayouts(items []payout.Payout) ([]payout.View, error) {
	out := make([]payout.View, len(items))
	for i, p := range items {
		var err error
		if out[i], err = r.viewPayout(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// answerPayout answers with one payout, its requisite masked.
func (r *request) answerPayout(p payout.Payout, err error) error {
	if err != nil {
		return err
	}
	view, err := r.viewPayout(p)
	if err != nil {
		return err
	}
	return r.json(view)
}

// merchantID is the id behind a parameter that takes a merchant's name or id.
func (q *query) merchantID(name string) string {
	ref := q.text(name)
	if ref == "" {
		return ""
	}
	return q.lookUp(name, ref)
}

// lookUp finds a merchant's id; what names nobody is a fault of the field.
func (q *query) lookUp(name, ref string) string {
	id, err := q.r.merchantID(ref)
	switch {
	case errors.Is(err, merchant.ErrNotFound):
		q.refuse(name, "is not a merchant")
	case err != nil:
		q.cause = err
	}
	return id
}

func (r *request) merchantID(ref string) (string, error) {
	m, err := r.api.Directory.ByName(r.ctx, ref)
	if errors.Is(err, merchant.ErrNotFound) {
		m, err = r.api.Directory.ByID(r.ctx, ref)
	}
	return m.ID, err
}
