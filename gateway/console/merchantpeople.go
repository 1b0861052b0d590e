package console

import (
	"errors"
	"net/http"
	"slices"

	"disburse/gateway/console/site"
	"disburse/gateway/merchant"
	"disburse/gateway/signin"
)

func (k *desk) peopleRoutes() []site.Route {
	const post = http.MethodPost
	return slices.Concat(
		asking("/merchants/:name/people/new", admin, k.personForm, k.addPerson),
		asking("/merchants/:name/people/:id/reset-password", admin, k.personPasswordForm, k.resetPersonPassword),
		[]site.Route{
			{Method: post, Path: "/merchants/:name/people/approved", Role: admin, Handle: k.doApproved},
			{Method: post, Path: "/merchants/:name/people/:id/disable", Role: admin, Handle: k.disablePerson},
			{Method: post, Path: "/merchants/:name/people/:id/enable", Role: admin, Handle: k.enablePerson},
			{Method: post, Path: "/merchants/:name/people/:id/reset-factor", Role: admin, Handle: k.resetPersonFactor},
		},
	)
}

// personRow is somebody who signs in to a merchant's own pages.
type personRow struct {
	merchant.Person
	signin.Standing
}

func (k *desk) peopleOf(v *site.Visit, name string) ([]personRow, error) {
	people, err := k.People.List(v.Ctx, name)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	standings, err := k.Sessions.Standings(v.Ctx, signin.Merchants, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]personRow, len(people))
	for i, p := range people {
		rows[i] = personRow{p, standings[p.ID]}
	}
	return rows, nil
}

// backToPeople is where a merchant's people are listed.
func backToPeople(v *site.Visit, note string) error {
	return v.Goto(merchantPath(v, "#people"), note)
}

func (k *desk) personForm(v *site.Visit) (form, error) {
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return form{}, err
	}
	return k.letsIn(v, form{
		Title: v.T("New person of %s", d.Merchant.Name), Back: merchantPath(v, ""), Submit: v.T("Make the person"),
		Intro: v.T("The password is shown once, on the next page. The second factor is set up at the first sign-in."),
		Inputs: []input{
			{Name: "email", Label: v.T("Email"), Kind: "email", Value: v.Form("email"), Required: true, Hint: v.T("The address that the person signs in with.")},
		},
	})
}

func (k *desk) addPerson(v *site.Visit) error {
	who, password, err := k.People.Add(v.Ctx, v.Param("name"), v.Form("email"))
	if err != nil {
		return k.orAsk(v, err, merchant.AddPerson, v.Form("email"))
	}
	return k.showPersonPassword(v, who, password)
}

// showPersonPassword is the only page that shows it.
func (k *desk) showPersonPassword(v *site.Visit, who merchant.Person, password merchant.Password) error {
	return v.Render("once", once{
		Title: v.T("The password of %s", who.Email), Secrets: []secret{{v.T("Password"), string(password)}},
		Facts: []secret{{v.T("Merchant"), v.Param("name")}, {v.T("Signs in at"), k.PublicURL + "/merchant"}},
		Back:  merchantPath(v, ""), Next: v.T("To the merchant"),
	})
}

func (k *desk) personPasswordForm(v *site.Visit) (form, error) {
	who, err := k.People.Show(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return form{}, err
	}
	return k.letsIn(v, form{
		Title: v.T("New password of %s", who.Email), Back: merchantPath(v, ""), Submit: v.T("Make a new password"), Grave: true,
		Intro:   v.T("It is shown once, on the next page."),
		Warning: v.T("The present password stops working at once, and every session of this person ends."),
	})
}

func (k *desk) resetPersonPassword(v *site.Visit) error {
	who, password, err := k.People.ResetPassword(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return k.orAsk(v, err, merchant.NewPassword, v.Param("id"))
	}
	return k.showPersonPassword(v, who, password)
}

func (k *desk) disablePerson(v *site.Visit) error {
	who, err := k.People.Disable(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return err
	}
	return backToPeople(v, v.T("%s is shut out, with every session.", who.Email))
}

func (k *desk) enablePerson(v *site.Visit) error {
	who, err := k.People.Enable(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return k.orAsk(v, err, merchant.LetPersonIn, v.Param("id"))
	}
	return k.letInAgain(v, who)
}

// resetPersonFactor is for a device that is lost: the next sign-in sets a new
// second factor up.
func (k *desk) resetPersonFactor(v *site.Visit) error {
	who, err := k.People.ResetFactor(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return k.orAsk(v, err, merchant.NoFactor, v.Param("id"))
	}
	return k.factorGone(v, who)
}

func (k *desk) factorGone(v *site.Visit, who merchant.Person) error {
	return backToPeople(v, v.T("The second factor of %s is gone, and every session is ended.", who.Email))
}

func (k *desk) letInAgain(v *site.Visit, who merchant.Person) error {
	return backToPeople(v, v.T("%s is let in again.", who.Email))
}

// letsIn tells on a form that a second person is needed, where one is.
func (k *desk) letsIn(v *site.Visit, f form) (form, error) {
	needs, err := k.People.NeedsSecond(v.Ctx, v.Param("name"))
	if err == nil && needs {
		f.Submit, f.Grave, f.Intro = v.T("Ask for it"), false, ""
		f.Warning = v.T("This merchant is live: another person must approve it first. Then you do it, on the merchant's page, and only you see the password.")
	}
	return f, err
}

// orAsk asks a second person where one is needed.
func (k *desk) orAsk(v *site.Visit, err error, change merchant.PersonChange, ref string) error {
	if !errors.Is(err, merchant.ErrSecondPerson) {
		return err
	}
	if _, err := k.People.Ask(v.Ctx, v.Param("name"), change, ref); err != nil {
		return err
	}
	return v.Goto(merchantPath(v, ""), v.T("This waits for a second person. Once it is approved, you do it here."))
}

// doApproved does what the visitor asked for and another person approved.
func (k *desk) doApproved(v *site.Visit) error {
	done, err := k.People.Do(v.Ctx, v.Param("name"), v.Form("approval"))
	if err != nil {
		return err
	}
	switch done.Change {
	case merchant.NoFactor:
		return k.factorGone(v, done.Person)
	case merchant.LetPersonIn:
		return k.letInAgain(v, done.Person)
	default:
		return k.showPersonPassword(v, done.Person, done.Password)
	}
}
