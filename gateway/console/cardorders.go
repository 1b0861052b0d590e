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
	return []site.Route{
		{Method: get, Path: "/card-orders", Role: viewer, Handle: k.cardOrders},
		{Method: get, Path: "/card-orders/list", Role: viewer, Handle: k.cardOrderRows},
		{Method: post, Path: "/card-orders/claim", Role: executor, Handle: k.claimNextCardOrder},
		{Method: get, Path: "/card-orders/:id", Role: viewer, Handle: k.cardOrder},
		{Method: get, Path: "/card-orders/:id/now", Role: viewer, Handle: k.cardOrderNow},
		{Method: get, Path: "/card-orders/:id/chat", Role: viewer, Handle: k.cardOrderChat},
		{Method: post, Path: "/card-orders/:id/messages", Role: executor, Handle: k.sayAboutCardOrder},
		{Method: get, Path: "/card-orders/:id/requisite", Role: viewer, Handle: k.hideCard},
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
	Asked    wanted
	View     string
	Rows     []orderRow
	Pages    pageLinks
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

func (k *desk) cardOrders(v *site.Visit) error {
	list, err := k.orderList(v)
	if err != nil && site.Invalid(err) {
		return v.RenderInvalid("cardorders", list, err)
	}
	if err != nil {
		return err
	}
	return v.Render("cardorders", list)
}

// cardOrderRows is the part of the list that is kept up to date.
func (k *desk) cardOrderRows(v *site.Visit) error {
	list, err := k.orderList(v)
	if err != nil {
		return err
	}
	return v.Fragment("cardorders", "rows", list)
}

func (k *desk) orderList(v *site.Visit) (orderList, error) {
	list := orderList{
		Asked: wantedOf(v, "/card-orders", "view", "type", "status", "user", "cursor"), View: v.Query("view"),
		Types: cardorder.Types(), Statuses: cardorder.Statuses(),
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
	if found.NextCursor != nil {
		list.Pages.Next = list.Asked.at(base, *found.NextCursor)
	}
	list.Pages.First = list.Asked.pages("").First
	return list, nil
}

func (k *desk) findCardOrders(v *site.Visit, list orderList) (page.Page[cardorder.DeskView], error) {
	a := list.Asked
	kind := cardorder.Type(a.Get("type"))
	switch list.View {
	case viewAll:
		return k.CardOrders.Desk(v.Ctx, cardorder.DeskFilter{
			Type: kind, Status: cardorder.Status(a.Get("status")), UserID: userID(a.Get("user")), Cursor: a.Get("cursor"),
		})
	case viewMine:
		return k.CardOrders.Queue(v.Ctx, cardorder.QueueFilter{ClaimedBy: me(v), Cursor: a.Get("cursor")})
	case viewUnpaid:
		return k.CardOrders.Queue(v.Ctx, cardorder.QueueFilter{Unpaid: true, Cursor: a.Get("cursor")})
	default:
		return k.CardOrders.Queue(v.Ctx, cardorder.QueueFilter{Type: kind, Ready: true, Cursor: a.Get("cursor")})
	}
}

// claimNextCardOrder takes the oldest order that is ready.
func (k *desk) claimNextCardOrder(v *site.Visit) error {
	o, found, err := k.CardOrders.ClaimNext(v.Ctx, cardorder.Type(v.Form("type")))
	switch {
	case err != nil:
		return err
	case !found:
		return v.Goto("/card-orders", v.T("Nothing is waiting for you to take."))
	default:
		return v.Goto(cardOrderPath(o.ID), "")
	}
}
