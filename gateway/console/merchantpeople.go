package console

import (
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
	return form{
		Title: v.T("New person of %s", d.Merchant.Name), Back: merchantPath(v, ""), Submit: v.T("Make the person"),
		Intro: v.T("The password is shown once, on the next page. The second factor is set up at the first sign-in."),
		Inputs: []input{
			{Name: "email", Label: v.T("Email"), Kind: "email", Value: v.Form("email"), Required: true, Hint: v.T("The address that the person signs in with.")},
		},
	}, nil
}

func (k *desk) addPerson(v *site.Visit) error {
	who, password, err := k.People.Add(v.Ctx, v.Param("name"), v.Form("email"))
	if err != nil {
		return err
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
	return form{
		Title: v.T("New password of %s", who.Email), Back: merchantPath(v, ""), Submit: v.T("Make a new password"), Grave: true,
		Intro:   v.T("It is shown once, on the next page."),
		Warning: v.T("The present password stops working at once, and every session of this person ends."),
	}, nil
}

func (k *desk) resetPersonPassword(v *site.Visit) error {
	who, password, err := k.People.ResetPassword(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return err
	}
	if _, err := k.Sessions.EndOthers(v.Ctx, signin.Merchants, who.ID, ""); err != nil {
		return err
	}
	return k.showPersonPassword(v, who, password)
}

func (k *desk) disablePerson(v *site.Visit) error {
	who, err := k.People.Disable(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return err
	}
	// Who is let in again has to sign in: one of the sessions may be a thief's.
	if _, err := k.Sessions.EndOthers(v.Ctx, signin.Merchants, who.ID, ""); err != nil {
		return err
	}
	return backToPeople(v, v.T("%s is shut out, with every session.", who.Email))
}

func (k *desk) enablePerson(v *site.Visit) error {
	who, err := k.People.Enable(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return err
	}
	return backToPeople(v, v.T("%s is let in again.", who.Email))
}

// resetPersonFactor is for a device that is lost: the next sign-in sets a new
// second factor up.
func (k *desk) resetPersonFactor(v *site.Visit) error {
	who, err := k.People.Show(v.Ctx, v.Param("name"), v.Param("id"))
	if err != nil {
		return err
	}
	if err := k.Sessions.Reset(v.Ctx, signin.Merchants, who.ID); err != nil {
		return err
	}
	return backToPeople(v, v.T("The second factor of %s is gone, and every session is ended.", who.Email))
}
