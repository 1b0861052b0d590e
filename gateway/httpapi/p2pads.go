package httpapi

import (
	"strconv"

	"disburse/gateway/exchange"
)

// adBody publishes an ad.
type adBody struct {
	exchange.AdRequest
	Min, Max *kopecks
}

func (b *adBody) member(name string) any {
	switch name {
	case "type":
		return &b.Type
	case "fiat_currency":
		return &b.FiatCurrency
	case "exchange_rate":
		return &b.ExchangeRate
	case "min_amount":
		return &b.Min
	case "max_amount":
		return &b.Max
	case "payment_methods":
		return &b.PaymentMethods
	case "payment_details":
		return &b.PaymentDetails
	case "instructions":
		return &b.Instructions
	case "payment_window_minutes":
		return &b.PaymentWindowMinutes
	default:
		return nil
	}
}

func createAd(r *request) error {
	var b adBody
	if err := r.decode(&b); err != nil {
		return err
	}
	b.MinAmount, b.MaxAmount = b.Min.orZero(), b.Max.orZero()
	key, err := r.key(0, b.AdRequest)
	if err != nil {
		return err
	}
	return r.made(r.api.Exchange.CreateAd(r.ctx, r.user, b.AdRequest, key))
}

type adsAnswer struct {
	Ads []exchange.AdView `json:"ads"`
}

func listAds(r *request) error {
	q := r.query()
	f := exchange.AdFilter{
		Type:         q.oneOf("type", string(exchange.Buy), string(exchange.Sell)),
		FiatCurrency: q.text("fiat_currency"), Amount: q.amount("amount"),
		PaymentMethod: q.text("payment_method"), MaxPaymentDuration: q.amount("max_payment_duration"),
		IsActive: q.flag("is_active"), AuthorNickname: q.text("author_nickname"),
		SortBy: q.oneOf("sort_by", exchange.SortRating, exchange.SortOrdersCount, exchange.SortBestPrice),
	}
	f.Limit, f.Offset = q.window(pageLimit)
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Exchange.Ads(r.ctx, f)
	if err != nil {
		return err
	}
	return r.json(adsAnswer{Ads: found})
}

func showAd(r *request) error {
	ad, err := r.api.Exchange.AdByID(r.ctx, r.number("id"))
	if err != nil {
		return err
	}
	return r.json(ad)
}

// adChangeBody changes an ad; what is absent stays.
type adChangeBody struct {
	exchange.AdChange
	Min, Max *kopecks
}

func (b *adChangeBody) member(name string) any {
	switch name {
	case "exchange_rate":
		return &b.ExchangeRate
	case "min_amount":
		return &b.Min
	case "max_amount":
		return &b.Max
	case "payment_methods":
		return &b.PaymentMethods
	case "payment_details":
		return &b.PaymentDetails
	case "instructions":
		return &b.Instructions
	case "payment_window_minutes":
		return &b.PaymentWindowMinutes
	case "is_active":
		return &b.IsActive
	default:
		return nil
	}
}

func changeAd(r *request) error {
	var b adChangeBody
	if err := r.decode(&b); err != nil {
		return err
	}
	b.MinAmount, b.MaxAmount = (*int64)(b.Min), (*int64)(b.Max)
	return r.done(r.api.Exchange.UpdateAd(r.ctx, r.user, r.number("id"), b.AdChange))
}

func deleteAd(r *request) error {
	return r.done(r.api.Exchange.DeleteAd(r.ctx, r.user, r.number("id")))
}

// amount is a whole number that is not negative, nil when absent.
func (q *query) amount(name string) *int64 {
	v := q.r.c.Query(name)
	if v == "" {
		return nil
	}
	n, ok := wholeNumber(v)
	if !ok || n < 0 {
		q.refuse(name, "must be a whole number that is not negative")
		return nil
	}
	return &n
}

// flag is true or false, nil when absent.
func (q *query) flag(name string) *bool {
	v := q.oneOf(name, "true", "false")
	if v == "" {
		return nil
	}
	is, _ := strconv.ParseBool(v) // what is neither was refused
	return &is
}
