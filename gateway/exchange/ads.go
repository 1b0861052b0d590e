package exchange

import (
	"context"

	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
)

// AdRequest is an ad that a user wants to publish, as on the wire.
type AdRequest struct {
	Type                 string            `json:"type"`
	FiatCurrency         string            `json:"fiat_currency"`
	ExchangeRate         *int64            `json:"exchange_rate"` // default 100 for RUB
	MinAmount            int64             `json:"min_amount"`
	MaxAmount            int64             `json:"max_amount"`
	PaymentMethods       []string          `json:"payment_methods"`
	PaymentDetails       map[string]string `json:"payment_details"`
	Instructions         string            `json:"instructions"`
	PaymentWindowMinutes *int64            `json:"payment_window_minutes"` // default 30
}

// AdChange is what an owner changes of an ad; what is nil stays.
type AdChange struct {
	ExchangeRate         *int64             `json:"exchange_rate"`
	MinAmount            *int64             `json:"min_amount"`
	MaxAmount            *int64             `json:"max_amount"`
	PaymentMethods       *[]string          `json:"payment_methods"`
	PaymentDetails       *map[string]string `json:"payment_details"`
	Instructions         *string            `json:"instructions"`
	PaymentWindowMinutes *int64             `json:"payment_window_minutes"`
	IsActive             *bool              `json:"is_active"`
}

// CreateAd publishes an ad and returns its id. A request whose key made an ad
// before is answered with that ad's id.
// Faults: invalid_request, FORBIDDEN, DUPLICATE_AD_TYPE, IDEMPOTENCY_KEY_REUSED,
// unavailable.
func (s *Service) CreateAd(ctx context.Context, u enduser.User, req AdRequest, key idempotency.Key) (int64, error) {
	return 0, errNotYet
}

// AdByID reads an ad for everybody. Faults: NOT_FOUND.
func (s *Service) AdByID(ctx context.Context, id int64) (AdView, error) { return AdView{}, errNotYet }

// UpdateAd changes an ad of the user. Orders that answered it before keep its
// old terms. Faults: invalid_request, NOT_FOUND, FORBIDDEN, DUPLICATE_AD_TYPE,
// unavailable.
func (s *Service) UpdateAd(ctx context.Context, u enduser.User, id int64, c AdChange) error {
	return errNotYet
}

// DeleteAd withdraws an ad of the user that has no open orders. Faults:
// NOT_FOUND, FORBIDDEN, HAS_OPEN_ORDERS, unavailable.
func (s *Service) DeleteAd(ctx context.Context, u enduser.User, id int64) error { return errNotYet }
