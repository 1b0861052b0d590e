package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"disburse/gateway/audit"
	"disburse/gateway/console/site"
	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

func (k *desk) operatorRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	return slices.Concat(
		[]site.Route{{Method: get, Path: "/operators", Role: admin, Handle: k.operators}},
		asking("/operators/new", admin, k.operatorForm, k.createOperator),
		[]site.Route{
			{Method: get, Path: "/operators/:id", Role: admin, Handle: k.operator},
			{Method: post, Path: "/operators/:id/disable", Role: admin, Handle: k.disableOperator},
			{Method: post, Path: "/operators/:id/enable", Role: admin, Handle: k.enableOperator},
			{Method: post, Path: "/operators/:id/reset-factor", Role: admin, Handle: k.resetFactor},
			{Method: post, Path: "/operators/:id/tokens/:token/revoke", Role: admin, Handle: k.revokeToken},
		},
		asking("/operators/:id/role", admin, k.roleForm, k.setRole),
		asking("/operators/:id/reset-password", admin, k.passwordForm, k.resetPassword),
		asking("/operators/:id/token", admin, k.tokenForm, k.issueToken),
	)
}

type operatorsPage struct {
	Items []operator.Operator
	Query string
	Lost  bool
	Pager pager
}

// operators lists them by email. An email or an id that is typed leads to its
// operator.
func (k *desk) operators(v *site.Visit) error {
	q := v.Query("q")
	if q != "" {
		o, err := k.Operators.ByID(v.Ctx, q)
		if err == nil {
			return v.Goto("/operators/"+o.ID, "")
		}
		if !errors.Is(err, operator.ErrNotFound) {
			return err
		}
	}
	found, err := k.Operators.List(v.Ctx, v.Query("cursor"), 0)
	if err != nil {
		return err
	}
	return v.Render("operators", operatorsPage{Items: found.Items, Query: q, Lost: q != "", Pager: pagerOf(v, found.Next)})
}

type operatorPage struct {
	operator.Operator
	Self     bool
	Tokens   []tokenRow
	Sessions []signin.Session
	Did      trail // what the operator did
	Trail    trail // what was done to the operator
}

// tokenRow is a token and whether it works now.
type tokenRow struct {
	operator.Token
	Works bool
}

func (k *desk) operator(v *site.Visit) error {
	o, err := k.Operators.ByID(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	p := operatorPage{Operator: o, Self: o.ID == v.Person.ID}
	tokens, err := k.Operators.Tokens(v.Ctx, o.ID)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		p.Tokens = append(p.Tokens, tokenRow{t, t.RevokedAt == nil && t.ExpiresAt.After(v.Now())})
	}
	if p.Sessions, err = k.Sessions.Sessions(v.Ctx, signin.Operators, o.ID); err != nil {
		return err
	}
	if p.Trail, err = k.trailOf(v, "operator", o.ID); err != nil {
		return err
	}
	did, err := k.Audit(v.Ctx, audit.Filter{ActorID: o.ID, Limit: trailLength})
	if err != nil {
		return err
	}
	p.Did.More = "/audit?" + url.Values{"actor": {o.ID}}.Encode()
	for _, item := range did.Items {
		p.Did.Items = append(p.Did.Items, change{Item: item, Differences: differences(item.Before, item.After)})
	}
	return v.Render("operator", p)
}

func operatorPath(v *site.Visit) string { return "/operators/" + v.Param("id") }

// roleOptions say what each role may do.
func roleOptions(v *site.Visit) []option {
	return []option{
		{viewer, v.T("viewer: reads, with numbers masked")},
		{executor, v.T("operator: pays out and answers")},
		{approver, v.T("approver: approves and settles disputes")},
		{admin, v.T("admin: merchants, keys, rates, operators")},
	}
}

func (k *desk) operatorForm(v *site.Visit) (form, error) {
	return form{
		Title: v.T("New operator"), Back: "/operators", Submit: v.T("Make the operator"),
		Intro: v.T("The password and a first token for the API are shown once, on the next page. The second factor is set up at the first sign-in."),
		Inputs: []input{
			{Name: "email", Label: v.T("Email"), Kind: "email", Value: v.Form("email"), Required: true},
			{Name: "role", Label: v.T("Role"), Kind: "select", Value: v.Form("role"), Options: roleOptions(v), Hint: v.T("Each role may do all that the ones before it may.")},
		},
	}, nil
}

func (k *desk) createOperator(v *site.Visit) error {
	made, err := k.Operators.Create(v.Ctx, operator.NewOperator{Email: v.Form("email"), Role: operator.Role(v.Form("role"))})
	if err != nil {
		return err
	}
	return v.Render("once", once{
		Title: v.T("The secrets of %s", made.Operator.Email), Back: "/operators/" + made.Operator.ID, Next: v.T("To the operator"),
		Secrets: []secret{{v.T("Password"), string(made.Password)}, {v.T("Token"), string(made.Token)}},
		Facts:   []secret{{v.T("Role"), v.T(string(made.Operator.Role))}, {v.T("The token works until"), made.Expires.UTC().Format("2006-01-02 15:04:05")}},
	})
}

func (k *desk) disableOperator(v *site.Visit) error {
	o, err := k.Operators.Disable(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	return v.Goto(operatorPath(v), v.T("%s is shut out, with every session and token.", o.Email))
}

func (k *desk) enableOperator(v *site.Visit) error {
	o, err := k.Operators.Enable(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	return v.Goto(operatorPath(v), v.T("%s is let in again.", o.Email))
}

// resetFactor is for a device that is lost: the next sign-in sets a new second
// factor up.
func (k *desk) resetFactor(v *site.Visit) error {
	o, err := k.Operators.ByID(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	if err := k.Sessions.Reset(v.Ctx, signin.Operators, o.ID); err != nil {
		return err
	}
	return v.Goto(operatorPath(v), v.T("The second factor of %s is gone, and every session is ended.", o.Email))
}

func (k *desk) roleForm(v *site.Visit) (form, error) {
	o, err := k.Operators.ByID(v.Ctx, v.Param("id"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("The role of %s", o.Email), Back: operatorPath(v), Submit: v.T("Save"),
		Intro: v.T("It counts from the operator's next page or call on. A lower one ends every session."),
		Inputs: []input{{
			Name: "role", Label: v.T("Role"), Kind: "select", Value: typed(v, "role", string(o.Role)), Options: roleOptions(v),
			Hint: v.T("Each role may do all that the ones before it may."),
		}},
	}, nil
}

func (k *desk) setRole(v *site.Visit) error {
	o, err := k.Operators.SetRole(v.Ctx, v.Param("id"), operator.Role(v.Form("role")))
	if err != nil {
		return err
	}
	return v.Goto(operatorPath(v), v.T("%s is now %s.", o.Email, v.T(string(o.Role))))
}

func (k *desk) passwordForm(v *site.Visit) (form, error) {
	o, err := k.Operators.ByID(v.Ctx, v.Param("id"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("New password of %s", o.Email), Back: operatorPath(v), Submit: v.T("Make a new password"), Grave: true,
		Intro:   v.T("It is shown once, on the next page."),
		Warning: v.T("The present password stops working at once, and every session of the operator ends. Tokens go on working."),
	}, nil
}

func (k *desk) resetPassword(v *site.Visit) error {
	o, err := k.Operators.ByID(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	password, err := k.Operators.ResetPassword(v.Ctx, o.ID)
	if err != nil {
		return err
	}
	return v.Render("once", once{
		Title: v.T("The secrets of %s", o.Email), Secrets: []secret{{v.T("Password"), string(password)}}, Back: operatorPath(v), Next: v.T("To the operator"),
	})
}

func (k *desk) tokenForm(v *site.Visit) (form, error) {
	o, err := k.Operators.ByID(v.Ctx, v.Param("id"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("New token of %s", o.Email), Back: operatorPath(v), Submit: v.T("Make the token"),
		Intro: v.T("A token lets a program call the API as this operator. It is shown once, on the next page."),
		Inputs: []input{
			{Name: "name", Label: v.T("What it is for"), Value: v.Form("name"), Required: true},
			{Name: "ttl", Label: v.T("Works for"), Value: typed(v, "ttl", spanText(operator.DefaultTTL)), Required: true, Hint: v.T("Such as 24h or 90m, up to two years.")},
		},
	}, nil
}

func (k *desk) issueToken(v *site.Visit) error {
	t, token, err := k.Operators.IssueToken(v.Ctx, v.Param("id"), v.Form("name"), spanOf(v.Form("ttl"), operator.DefaultTTL))
	if err != nil {
		return err
	}
	return v.Render("once", once{
		Title: v.T("The token %s", t.Name), Secrets: []secret{{v.T("Token"), string(token)}}, Back: operatorPath(v), Next: v.T("To the operator"),
		Facts: []secret{{v.T("Works until"), t.ExpiresAt.UTC().Format("2006-01-02 15:04:05")}},
	})
}

func (k *desk) revokeToken(v *site.Visit) error {
	if err := k.Operators.RevokeToken(v.Ctx, v.Param("id"), v.Param("token")); err != nil {
		return err
	}
	return v.Goto(operatorPath(v), v.T("The token is ended."))
}
