package console

import (
	"net/http"

	"disburse/gateway/chat"
	"disburse/gateway/console/site"
	"disburse/gateway/exchange"
	"disburse/ledger/money"
)

func (k *desk) disputeRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	one := k.disputePages()
	return []site.Route{
		{Method: get, Path: "/disputes", Role: viewer, Handle: wholeList("disputes", k.disputeList)},
		{Method: get, Path: "/disputes/list", Role: viewer, Handle: listRows("disputes", k.disputeList)},
		{Method: post, Path: "/disputes/claim", Role: approver, Handle: k.claimNextDispute},
		{Method: get, Path: "/disputes/:id", Role: viewer, Handle: one.page},
		{Method: get, Path: "/disputes/:id/now", Role: viewer, Handle: one.now},
		{Method: get, Path: "/disputes/:id/chat", Role: viewer, Handle: one.chat},
		{Method: post, Path: "/disputes/:id/messages", Role: approver, Handle: one.message},
		{Method: get, Path: "/disputes/:id/requisite", Role: viewer, Handle: one.hidden},
		{Method: post, Path: "/disputes/:id/requisite", Role: approver, Handle: k.revealDetails},
		{Method: post, Path: "/disputes/:id/claim", Role: approver, Handle: k.claimDispute},
		{Method: post, Path: "/disputes/:id/pass", Role: approver, Handle: k.passDispute},
		{Method: post, Path: "/disputes/:id/resolve", Role: approver, Handle: k.resolveDispute},
	}
}

// disputeList is a page of open disputes.
type disputeList struct {
	*listing
	View string
	Rows []disputeRow
}

type disputeRow struct {
	exchange.DisputeView
	Buyer, Seller string
	Sum, Price    string // what is traded, and for what
	Held          holder
	Unread        int
	Free          bool
}

func (k *desk) disputeList(v *site.Visit) (disputeList, error) {
	list := disputeList{listing: listed(v, "/disputes", "view"), View: v.Query("view")}
	var items []exchange.DisputeView
	if list.View == viewMine {
		held, err := k.Exchange.HeldDisputes(v.Ctx, me(v))
		if err != nil {
			return list, err
		}
		items = held
	} else {
		found, err := k.Exchange.Disputes(v.Ctx, exchange.DisputeFilter{Cursor: list.cursor(), Limit: listLength})
		if err != nil {
			return list, err
		}
		items = found.Items
		list.turnTo(found.NextCursor)
	}
	ids := make([]int64, len(items))
	for i, d := range items {
		ids[i] = d.OrderID
	}
	unread, err := k.Chat.Unread(v.Ctx, chat.P2P, ids...)
	if err != nil {
		return list, err
	}
	who := k.people(v)
	for _, d := range items {
		list.Rows = append(list.Rows, rowOfDispute(d, who, unread[d.OrderID]))
	}
	return list, nil
}

func rowOfDispute(d exchange.DisputeView, who *people, unread int) disputeRow {
	row := disputeRow{
		DisputeView: d, Buyer: who.user(d.BuyerID), Seller: who.user(d.SellerID), Sum: rub(d.USDTAmount), Price: fiat(d.FiatAmount, d.FiatCurrency),
		Held: who.lease(d.ClaimedBy, d.LeaseExpiresAt), Unread: unread,
	}
	row.Free = d.Status == exchange.Disputed && row.Held.Free()
	return row
}

// fiat is an amount of minor units with its currency.
func fiat(minor int64, currency string) string {
	c, known := money.Lookup(currency)
	if !known {
		return currency
	}
	return money.New(minor, c).String() + " " + string(c)
}

// claimNextDispute takes the dispute of the oldest order.
func (k *desk) claimNextDispute(v *site.Visit) error {
	d, found, err := k.Exchange.ClaimNextDispute(v.Ctx)
	if err != nil {
		return err
	}
	return took(v, "/disputes", disputePath(d.OrderID), found)
}
