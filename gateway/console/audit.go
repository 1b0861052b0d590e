package console

import (
	"errors"
	"net/http"
	"net/url"

	"disburse/gateway/audit"
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/operator"
)

func (k *desk) auditRoutes() []site.Route {
	return []site.Route{{Method: http.MethodGet, Path: "/audit", Role: viewer, Handle: k.auditTrail}}
}

const aboutOperator = "operator"

// subjects are the kinds of things that the trail is about, and where those that
// have pages of their own have them.
var subjects = []struct{ Name, Path string }{
	{"approval", "/approvals/"}, {"approval_rule", ""}, {"callback", "/callbacks/"}, {"capacity", ""}, {"card_order", "/card-orders/"},
	{"card_settings", ""}, {"game", ""}, {"merchant", "/merchants/"}, {"merchant_person", ""}, {aboutOperator, "/operators/"}, {"p2p_ad", ""},
	{"p2p_order", "/disputes/"}, {"payout", "/payouts/"}, {"player", ""}, {"provider", "/games/providers/"}, {"provider-profile", ""},
	{"rate", "/rates/"}, {"session", ""}, {"user", "/users/"}, {"virtual_card", ""},
}

// actorsOffered is how many operators the filter of actors offers.
const actorsOffered = 200

type auditPage struct {
	*listing
	Actors []operator.Operator
	Items  []auditItem
}

// Subjects are what the filter offers.
func (auditPage) Subjects() []string {
	names := make([]string, len(subjects))
	for i, s := range subjects {
		names[i] = s.Name
	}
	return names
}

// auditItem is one record of the trail.
type auditItem struct {
	change
	Path string // of the page of its subject, empty when it has none
}

// audited leads to the page of a subject only who may see it.
func audited(v *site.Visit, item audit.Item) auditItem {
	shown := auditItem{change: change{Item: item, Differences: differences(item.Before, item.After)}}
	for _, s := range subjects {
		if s.Name == aboutOperator && !v.Person.May(admin) {
			continue
		}
		if s.Name == item.Subject && s.Path != "" && item.SubjectID != "" {
			shown.Path = s.Path + url.PathEscape(item.SubjectID)
		}
	}
	return shown
}

// auditTrail lists who did what, newest first.
func (k *desk) auditTrail(v *site.Visit) error {
	l := listed(v, "/audit")
	f := audit.Filter{
		ActorID: l.text("actor"), Action: l.text("action"), Subject: l.text("subject"), SubjectID: l.text("subject_id"),
		From: l.from("from"), To: l.until("to"), Cursor: l.cursor(), Limit: listLength,
	}
	people, err := k.Operators.List(v.Ctx, "", actorsOffered)
	if err != nil {
		return err
	}
	data := auditPage{listing: l, Actors: people.Items}
	// A person may be named by what the trail shows of them.
	for _, o := range people.Items {
		if o.Email == f.ActorID {
			f.ActorID = o.ID
		}
	}
	if err := l.err(); err != nil {
		return l.show("audit", data, err)
	}
	found, err := k.Audit(v.Ctx, f)
	if errors.Is(err, audit.ErrCursor) {
		err = fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})
	}
	if err != nil {
		return l.show("audit", data, err)
	}
	for _, item := range found.Items {
		data.Items = append(data.Items, audited(v, item))
	}
	l.turn(found.NextCursor)
	return v.Render("audit", data)
}
