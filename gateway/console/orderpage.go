package console

import (
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/operator"
)

// What the pages of orders have in common that people talk about: card orders,
// and P2P orders in dispute.

// orderPage is the part that such pages share.
type orderPage struct {
	Path       string // below the base
	Lines      []line
	Transfers  []bookTransfer
	Talk       talk
	Colleagues []operator.Operator
	seen

	about subject
}

// seen tells a page that is kept up to date from one that has changed under the
// visitor: no form is taken away from somebody who fills it in.
type seen struct {
	Shown   string // the version that the visitor sees
	Changed bool   // it is another one by now
	Part    bool   // only what is kept up to date is shown
}

// again compares with what the visitor was shown.
func (s *seen) again(v *site.Visit) {
	if shown := v.Query("shown"); shown != "" {
		s.Changed, s.Shown = shown != s.Shown, shown
	}
	s.Part = true
}

// shared is how orderPages reach their part of a page.
func (p *orderPage) shared() *orderPage { return p }

// anOrder is the page of an order, without its chat until that is filled in.
type anOrder interface {
	shared() *orderPage
	// typed keeps what a form was sent with, which must be mended.
	typed(v *site.Visit)
}

// orderPages serve one kind of orders.
type orderPages[P anOrder] struct {
	k     *desk
	name  string // of the template
	queue string // where they are worked on, below the base
	role  operator.Role
	none  *fault.Error
	read  func(*site.Visit) (P, error)
	say   func(v *site.Visit, id int64, text string) error
}

// whole reads a page with its chat.
func (o orderPages[P]) whole(v *site.Visit, since int64) (P, error) {
	p, err := o.read(v)
	if err == nil {
		err = o.fill(v, p, since)
	}
	return p, err
}

func (o orderPages[P]) fill(v *site.Visit, p P, since int64) error {
	return o.k.fill(v, &p.shared().Talk, p.shared().about, since)
}

func (o orderPages[P]) page(v *site.Visit) error {
	p, err := o.whole(v, 0)
	if err != nil {
		return err
	}
	return v.Render(o.name, p)
}

// now is the part of the page that is kept up to date.
func (o orderPages[P]) now(v *site.Visit) error {
	p, err := o.read(v)
	if err != nil {
		return err
	}
	p.shared().again(v)
	return v.Fragment(o.name, "now", p)
}

// chat is kept up to date too.
func (o orderPages[P]) chat(v *site.Visit) error {
	p, err := o.whole(v, sinceOf(v))
	if err != nil {
		return err
	}
	return v.Fragment(o.name, "chat", p)
}

// message adds one to the chat.
func (o orderPages[P]) message(v *site.Visit) error {
	p, err := o.read(v)
	if err != nil {
		return err
	}
	refused := o.say(v, p.shared().about.Order, v.Form("message"))
	switch {
	case refused != nil && !site.Invalid(refused):
		return refused
	case refused != nil:
		p.shared().Talk.Draft = v.Form("message")
	case !v.Partial():
		return v.Goto(p.shared().Path+"#talk", "")
	}
	if err := o.fill(v, p, 0); err != nil {
		return err
	}
	if refused != nil && !v.Partial() {
		return v.RenderInvalid(o.name, p, refused)
	}
	return v.Fragment(o.name, "talk", p)
}

// again shows the page with why something could not be done.
func (o orderPages[P]) again(v *site.Visit, cause error) error {
	if !site.Invalid(cause) {
		return cause
	}
	p, err := o.whole(v, 0)
	if err != nil {
		return err
	}
	p.typed(v)
	return v.RenderInvalid(o.name, p, cause)
}

// do does something to the order of the path, and goes on to its page, or to
// another.
func (o orderPages[P]) do(v *site.Visit, then, note string, do func(id int64) error) error {
	id, ok := rowID(v)
	if !ok {
		return o.none
	}
	if err := do(id); err != nil {
		return o.again(v, err)
	}
	if then == "" {
		then = o.queue + "/" + v.Param("id")
	}
	return v.Goto(then, note)
}

// pass gives the order back, or to a colleague who was named.
func (o orderPages[P]) pass(v *site.Visit, release func(id int64, note string) error, handOver func(id int64, to, note string) error) error {
	return o.do(v, o.queue, v.T("It is in other hands now."), func(id int64) error {
		to, err := o.k.colleague(v, v.Form("to"), o.role)
		switch {
		case err != nil:
			return err
		case to == "":
			return release(id, v.Form("note"))
		default:
			return handOver(id, to, v.Form("note"))
		}
	})
}

// requisite shows where money goes, masked or as show makes it.
func (o orderPages[P]) requisite(v *site.Visit, show func(P)) error {
	p, err := o.read(v)
	if err != nil {
		return err
	}
	show(p)
	if !v.Partial() {
		if err := o.fill(v, p, 0); err != nil {
			return err
		}
	}
	return showRequisite(v, o.name, p)
}

// hidden is the requisite, masked again.
func (o orderPages[P]) hidden(v *site.Visit) error { return o.requisite(v, func(P) {}) }
