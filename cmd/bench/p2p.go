package main

import (
	"context"
	"fmt"
)

// runP2P measures P2P orders over HTTP, from the buyer's take (escrow locked,
// the ad's remaining amount taken down) through confirm-paid to the seller's
// confirm-received (escrow released): on one ad that everybody wants, and on an
// ad for each client.
func runP2P(ctx context.Context, b *bench) error {
	if err := b.needReference(ctx); err != nil {
		return err
	}
	if err := b.needPeople(ctx); err != nil {
		return err
	}
	c := b.options.Clients
	hot, err := b.offerAd(b.people[0])
	if err != nil {
		return err
	}
	own := make([]int64, c)
	for i := range own {
		if own[i], err = b.offerAd(b.people[1+c+i]); err != nil {
			return err
		}
	}
	return b.alternate(ctx,
		b.reference("sql-naive hot", c, 1, "one transaction a transfer", b.naive(1)),
		b.load("p2p hot ad", func(_ context.Context, client, n int) error {
			return b.trade(hot, b.people[0], b.people[1+client], client, n)
		}),
		b.reference("sql-naive spread", c, 1, "one transaction a transfer", b.naive(b.options.Merchants)),
		b.load("p2p spread", func(_ context.Context, client, n int) error {
			return b.trade(own[client], b.people[1+c+client], b.people[1+client], client, n)
		}),
	)
}

// offerAd makes an ad that no run exhausts.
func (b *bench) offerAd(seller person) (int64, error) {
	var made struct {
		ID int64 `json:"id"`
	}
	err := b.post(seller, 0, "/p2p/ads", map[string]any{
		"type": "sell", "fiat_currency": "RUB", "exchange_rate": 100, "min_amount": 100, "max_amount": 100_000_000_000,
		"payment_methods": []string{"sbp"}, "payment_details": map[string]string{"phone": "79161234567"},
	}, &made)
	return made.ID, err
}

// trade is one order from its take to its end. Each client uses its own of the
// seller's tokens.
func (b *bench) trade(ad int64, seller, buyer person, client, n int) error {
	var made struct {
		ID int64 `json:"id"`
	}
	err := b.post(buyer, n, "/p2p/orders", map[string]any{"ad_id": ad, "usdt_amount": 100, "payment_method": "sbp"}, &made)
	if err != nil {
		return err
	}
	order := fmt.Sprintf("/p2p/orders/%d", made.ID)
	if err := b.post(buyer, n, order+"/confirm-paid", struct{}{}, nil); err != nil {
		return err
	}
	return b.post(seller, client+n*b.options.Clients, order+"/confirm-received", struct{}{}, nil)
}
