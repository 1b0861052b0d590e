package exchange

import "context"

// Sorts of the listing.
const (
	SortRating      = "rating"
	SortOrdersCount = "orders_count"
	SortBestPrice   = "best_price"
)

// AdFilter narrows the listing of ads; zero fields do not count.
type AdFilter struct {
	Type               string
	FiatCurrency       string
	Amount             *int64 // only ads that take this amount
	PaymentMethod      string
	MaxPaymentDuration *int64 // minutes
	IsActive           *bool  // default true; false lists what its owners switched off
	AuthorNickname     string
	SortBy             string // default SortRating
	Limit              int    // 1 to 100, default 20
	Offset             int    // 0 to 10000
}

// Ads lists ads for everybody, exhausted ones left out. Faults: invalid_request.
func (s *Service) Ads(ctx context.Context, f AdFilter) ([]AdView, error) { return nil, errNotYet }
