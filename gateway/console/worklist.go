package console

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
)

// What the work queues have in common: who holds an item, and who did what to it.

// people tells the names of who acts, each looked up once a page.
type people struct {
	k     *desk
	v     *site.Visit
	names map[string]string
}

func (k *desk) people(v *site.Visit) *people {
	return &people{k: k, v: v, names: make(map[string]string)}
}

// me is the visitor as claims name him.
func me(v *site.Visit) string { return string(v.Person.Actor.Kind) + ":" + v.Person.Actor.ID }

// name is how a person knows an actor such as "operator:opr_...". One that is
// not found keeps its id.
func (p *people) name(actor string) string {
	if actor == "" {
		return ""
	}
	if known, ok := p.names[actor]; ok {
		return known
	}
	kind, id, _ := strings.Cut(actor, ":")
	text := id
	switch kind {
	case "operator":
		if o, err := p.k.Operators.ByID(p.v.Ctx, id); err == nil {
			text = o.Email
		}
	case "merchant":
		text = p.v.T("merchant %s", p.merchant(id))
	case "executor":
		text = p.v.T("executor %s", id)
	case "user":
		text = p.v.T("user")
		if n := userID(id); n > 0 {
			text = p.user(n)
		}
	case "cli":
		text = strings.TrimSpace(p.v.T("command line") + " " + id)
	case "system":
		text = p.v.T("the system")
	}
	p.names[actor] = text
	return text
}

// merchant is the name of a merchant.
func (p *people) merchant(id string) string {
	if m, err := p.k.Directory.ByID(p.v.Ctx, id); err == nil {
		return m.Name
	}
	return id
}

// holder is who has an item in hand.
type holder struct {
	Name  string // empty: nobody
	Mine  bool
	Live  bool // the lease runs
	Until time.Time
}

func (p *people) holder(by string, until time.Time) holder {
	if by == "" {
		return holder{}
	}
	return holder{Name: p.name(by), Mine: by == me(p.v), Live: until.After(p.v.Now()), Until: until}
}

// lease is holder for claims as views have them.
func (p *people) lease(by, until *string) holder {
	if by == nil || until == nil {
		return holder{}
	}
	end, err := time.Parse(time.RFC3339, *until)
	if err != nil {
		return holder{}
	}
	return p.holder(*by, end)
}

// user is the name of an end user, with the id.
func (p *people) user(id int64) string {
	actor := "user:" + strconv.FormatInt(id, 10)
	if known, ok := p.names[actor]; ok {
		return known
	}
	text := "#" + strconv.FormatInt(id, 10)
	if u, err := p.k.EndUsers.ByID(p.v.Ctx, id); err == nil {
		text = u.Name + " " + text
	}
	p.names[actor] = text
	return text
}

// Here reports that the visitor can work on the item.
func (h holder) Here() bool { return h.Mine && h.Live }

// Free reports that anybody may take the item.
func (h holder) Free() bool { return !h.Live }

// colleagues are those whom the visitor can hand an item to.
func (k *desk) colleagues(v *site.Visit, role operator.Role) ([]operator.Operator, error) {
	found, err := k.Operators.List(v.Ctx, "", 500)
	if err != nil {
		return nil, err
	}
	var others []operator.Operator
	for _, o := range found.Items {
		if !o.Disabled && o.Role.Covers(role) && o.ID != v.Person.ID {
			others = append(others, o)
		}
	}
	return others, nil
}

// colleague is the claimant of somebody whom an item can be handed to; empty
// when nobody was named.
func (k *desk) colleague(v *site.Visit, id string, role operator.Role) (string, error) {
	if id == "" {
		return "", nil
	}
	o, err := k.Operators.ByID(v.Ctx, id)
	if errors.Is(err, operator.ErrNotFound) || err == nil && (o.Disabled || !o.Role.Covers(role)) {
		return "", fault.Invalid(fault.Field{Name: "to", Why: "may not do this work"})
	}
	return "operator:" + o.ID, err
}

// merchantNamed is the id of a merchant that was typed by name or id.
func (k *desk) merchantNamed(v *site.Visit, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	m, err := k.merchantBy(v, ref)
	if errors.Is(err, merchant.ErrNotFound) {
		err = fault.Invalid(fault.Field{Name: "merchant", Why: "is not a merchant"})
	}
	return m.ID, err
}

// took goes to an item that was taken from a queue, or says that there was none.
func took(v *site.Visit, queue, item string, found bool) error {
	if !found {
		return v.Goto(queue, v.T("Nothing is waiting for you to take."))
	}
	return v.Goto(item, "")
}

// said refuses an empty text.
func said(name, text string) error {
	if text == "" {
		return fault.Invalid(fault.Field{Name: name, Why: "is required"})
	}
	return nil
}
