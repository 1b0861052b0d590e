package console

import (
	"net/http"

	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/console/site"
	"disburse/gateway/page"
)

func (k *desk) cardOrderRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	one := k.cardOrderPages()
	return []site.Route{
		{Method: get, Path: "/card-orders", Role: viewer, Handle: wholeList("cardorders", k.orderList)},
		{Method: get, Path: "/card-orders/list", Role: viewer, Handle: listRows("cardorders", k.orderList)},
		{Method: post, Path: "/card-orders/claim", Role: executor, Handle: k.claimNextCardOrder},
		{Method: get, Path: "/card-orders/:id", Role: viewer, Handle: one.page},
		{Method: get, Path: "/card-orders/:id/now", Role: viewer, Handle: one.now},
		{Method: get, Path: "/card-orders/:id/chat", Role: viewer, Handle: one.chat},
		{Method: post, Path: "/card-orders/:id/messages", Role: executor, Handle: one.message},
		{Method: get, Path: "/card-orders/:id/requisite", Role: viewer, Handle: one.hidden},
		{Method: post, Path: "/card-orders/:id/requisite", Role: executor, Handle: k.revealCard},
		{Method: post, Path: "/card-orders/:id/claim", Role: executor, Handle: k.claimCardOrder},
		{Method: post, Path: "/card-orders/:id/pass", Role: executor, Handle: k.passCardOrder},
		{Method: post, Path: "/card-orders/:id/complete", Role: executor, Handle: k.completeCardOrder},
		{Method: post, Path: "/card-orders/:id/cancel", Role: executor, Handle: k.cancelCardOrder},
	}
}

// viewUnpaid is the view of deposits that their users have not paid yet.
const viewUnpaid = "unpaid"

// orderList is a page of card orders.
type orderList struct {
	*listing
	View     string
	Rows     []orderRow
	Types    []cardorder.Type
	Statuses []cardorder.Status
}

type orderRow struct {
	cardorder.DeskView
	User   string
	Sum    string
	Held   holder
	Unread int
	Free   bool
}

func (k *desk) orderList(v *site.Visit) (orderList, error) {
	list := orderList{
		listing: listed(v, "/card-orders", "view", "type", "status", "user"), View: v.Query("view"),
		Types: cardorder.Types(), Statuses: cardorder.Statuses(),
	}
	if err := list.err(); err != nil {
		return list, err
	}
	found, err := k.findCardOrders(v, list)
	if err != nil {
		return list, err
	}
	ids := make([]int64, len(found.Items))
	for i, o := range found.Items {
		ids[i] = o.ID
	}
	unread, err := k.Chat.Unread(v.Ctx, chat.Card, ids...)
	if err != nil {
		return list, err
	}
	who := k.people(v)
	for _, o := range found.Items {
		row := orderRow{DeskView: o, User: who.user(o.UserID), Sum: rub(o.AmountKopecks), Held: who.lease(o.ClaimedBy, o.LeaseExpiresAt), Unread: unread[o.ID]}
		row.Free = !cardorder.Status(o.Status).Final() && row.Held.Free()
		list.Rows = append(list.Rows, row)
	}
	list.turnTo(found.NextCursor)
	return list, nil
}

func (k *desk) findCardOrders(v *site.Visit, list orderList) (page.Page[cardorder.DeskView], error) {
	kind, cursor := cardorder.Type(list.Asked("type")), list.cursor()
	switch list.View {
	case viewAll:
		return k.CardOrders.Desk(v.Ctx, cardorder.DeskFilter{
			Type: kind, Status: cardorder.Status(list.Asked("status")), UserID: userID(list.Asked("user")), Cursor: cursor,
		})
	case viewMine:
		return k.CardOrders.Queue(v.Ctx, cardorder.QueueFilter{ClaimedBy: me(v), Cursor: cursor})
	case viewUnpaid:
		return k.CardOrders.Queue(v.Ctx, cardorder.QueueFilter{Unpaid: true, Cursor: cursor})
	default:
		return k.CardOrders.Queue(v.Ctx, cardorder.QueueFilter{Type: kind, Ready: true, Cursor: cursor})
	}
}

// claimNextCardOrder takes the oldest order that is ready.
func (k *desk) claimNextCardOrder(v *site.Visit) error {
	o, found, err := k.CardOrders.ClaimNext(v.Ctx, cardorder.Type(v.Form("type")))
	if err != nil {
		return err
	}
	return took(v, "/card-orders", cardOrderPath(o.ID), found)
}
