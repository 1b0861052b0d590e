package devmode

import (
	"context"
	"errors"

	"disburse/callbacks"
	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
)

// Senders tells the inspector whose keys a callback should be signed with.
type Senders interface {
	// Of returns the merchant whom the callback of this webhook-id is from, or,
	// when the id is none of ours, every merchant.
	Of(ctx context.Context, webhookID string) ([]merchant.Merchant, error)
}

// senders looks in the gateway itself, so that a callback signed with another
// merchant's keys is found out.
type senders struct{ app *gateway.App }

var _ Senders = senders{}

func (s senders) Of(ctx context.Context, webhookID string) ([]merchant.Merchant, error) {
	if publicid.Valid(payout.EventPrefix, webhookID) { // else it may be text that the database cannot hold
		sent, err := s.app.Callbacks.Get(ctx, webhookID)
		if err == nil {
			m, err := s.app.Directory.ByID(ctx, sent.MerchantID)
			return []merchant.Merchant{m}, err
		}
		if !errors.Is(err, callbacks.ErrNotFound) {
			return nil, err
		}
	}
	return s.all(ctx)
}

func (s senders) all(ctx context.Context) ([]merchant.Merchant, error) {
	var all []merchant.Merchant
	after := ""
	for {
		page, err := s.app.Merchants.List(ctx, after, 0)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			m, err := s.app.Directory.ByID(ctx, item.ID)
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}
