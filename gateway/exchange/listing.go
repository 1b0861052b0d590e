package exchange

import (
	"context"
	"fmt"
	"strings"
)

// Sorts of the listing. Ads that are equal in what is sorted by come in the
// order of their ids.
const (
	SortRating      = "rating"       // of the author, best first
	SortOrdersCount = "orders_count" // that the author completed, most first
	SortBestPrice   = "best_price"   // for who answers; buy ads before sell ads
)

// sortKeys are the columns of the sorts, each of which an index is in order of.
var sortKeys = map[string]string{
	SortRating:      "a.author_rating desc",
	SortOrdersCount: "a.author_orders desc",
	SortBestPrice:   "a.price_rank",
}

// maxNamesakes is how many users of one nickname the filter looks at.
const maxNamesakes = 100

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
func (s *Service) Ads(ctx context.Context, f AdFilter) ([]AdView, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	var authors []int64
	if f.AuthorNickname != "" {
		var err error
		if authors, err = selectIDs(ctx, s.d.DB, selectIDsByNickname, f.AuthorNickname, maxNamesakes); err != nil {
			return nil, fmt.Errorf("exchange: ads: %w", err)
		}
		if len(authors) == 0 {
			return []AdView{}, nil
		}
	}
	sql, args := f.statement(authors)
	ads, err := selectAds(ctx, s.d.DB, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("exchange: ads: %w", err)
	}
	out := make([]AdView, len(ads))
	for i, ad := range ads {
		out[i] = ad.View()
	}
	return out, nil
}

// check judges the filter and fills in what is not said.
func (f *AdFilter) check() error {
	var bad faults
	if f.Type != "" && !Side(f.Type).Valid() {
		bad.add("type", "must be buy or sell")
	}
	if f.FiatCurrency != "" && !validFiat(f.FiatCurrency) {
		bad.add("fiat_currency", "must be three capital letters")
	}
	if f.Amount != nil && (*f.Amount < 1 || *f.Amount > maxAmount) {
		bad.add("amount", "must be 1 to %d", int64(maxAmount))
	}
	if !plain(f.PaymentMethod, maxMethod) {
		bad.add("payment_method", "must have at most %d characters", maxMethod)
	}
	if f.MaxPaymentDuration != nil && *f.MaxPaymentDuration < 1 {
		bad.add("max_payment_duration", "must be minutes, 1 or more")
	}
	if !plain(f.AuthorNickname, maxNickname) {
		bad.add("author_nickname", "must have at most %d characters", maxNickname)
	}
	if f.SortBy == "" {
		f.SortBy = SortRating
	}
	if _, known := sortKeys[f.SortBy]; !known {
		bad.add("sort_by", "must be %s, %s or %s", SortRating, SortOrdersCount, SortBestPrice)
	}
	pageBounds(&bad, &f.Limit, f.Offset, defaultPage)
	return bad.err()
}

const maxNickname = 128

// statement is the query of a filter that check has passed. A market is a type
// and a currency, and has indexes of its own; a filter that names the currency
// alone reads both of its markets and merges them.
func (f *AdFilter) statement(authors []int64) (sql string, args []any) {
	shelf := "'listed'"
	if f.IsActive != nil && !*f.IsActive {
		shelf = "'inactive'"
	}
	var where strings.Builder
	and := func(condition string, value any) {
		args = append(args, value)
		fmt.Fprintf(&where, condition, len(args))
	}
	if f.FiatCurrency != "" {
		and(listFiat, f.FiatCurrency)
	}
	if f.Amount != nil {
		and(listAmount, *f.Amount)
	}
	if f.PaymentMethod != "" {
		and(listMethod, f.PaymentMethod)
	}
	if f.MaxPaymentDuration != nil {
		and(listDuration, *f.MaxPaymentDuration)
	}
	if authors != nil {
		and(listAuthors, authors)
	}
	types := []string{f.Type}
	if f.Type == "" && f.FiatCurrency != "" {
		types = []string{string(Buy), string(Sell)}
	}
	branches := make([]string, len(types))
	for i, side := range types {
		branches[i] = listingBranch + shelf
		if side != "" {
			branches[i] += fmt.Sprintf(listType, side)
		}
		branches[i] = fmt.Sprintf(listingOrdered, branches[i]+where.String(), sortKeys[f.SortBy], f.Offset+f.Limit)
	}
	return listingHead + strings.Join(branches, listingUnion) + fmt.Sprintf(listingTail, sortKeys[f.SortBy], f.Limit, f.Offset), args
}
