package console

import (
	"strconv"

	"disburse/gateway/console/site"
	"disburse/gateway/enduser"
)

func (k *desk) userForm(v *site.Visit) (form, error) {
	return form{
		Title: v.T("New user"), Back: "/users", Submit: v.T("Make the user"),
		Inputs: []input{
			{Name: "name", Label: v.T("Name"), Value: v.Form("name"), Required: true, Hint: v.T("As the platform knows the user.")},
			{Name: "nickname", Label: v.T("Nickname"), Value: v.Form("nickname"), Hint: v.T("What other users see; the name without it.")},
		},
	}, nil
}

func (k *desk) createUser(v *site.Visit) error {
	u, err := k.EndUsers.Create(v.Ctx, enduser.Spec{Name: v.Form("name"), Nickname: v.Form("nickname")})
	if err != nil {
		return err
	}
	return v.Goto(userPath(u.ID), v.T("User %d is made.", u.ID))
}

// changed goes back to the user's page with a note, unless the change failed.
func (k *desk) changed(v *site.Visit, err error, note string) error {
	if err != nil {
		return err
	}
	return v.Goto("/users/"+v.Param("id"), note)
}

func (k *desk) blockUser(v *site.Visit) error {
	return k.changed(v, k.EndUsers.Block(v.Ctx, userID(v.Param("id"))), v.T("Blocked: what is open can be finished, nothing new begins."))
}

func (k *desk) unblockUser(v *site.Visit) error {
	return k.changed(v, k.EndUsers.Unblock(v.Ctx, userID(v.Param("id"))), v.T("Not blocked any more."))
}

func (k *desk) revokeUserTokens(v *site.Visit) error {
	return k.changed(v, k.EndUsers.RevokeTokens(v.Ctx, userID(v.Param("id"))), v.T("Every token of the user is ended."))
}

// userAsks begins a form about the user that the path names.
func (k *desk) userAsks(v *site.Visit, f form) (form, error) {
	u, err := k.pathUser(v)
	f.Back = userPath(u.ID)
	return f, err
}

func amountInput(v *site.Visit, name, label, hint, before string) input {
	return input{Name: name, Label: label, Value: typed(v, name, before), Required: true, Hint: hint}
}

func refInput(v *site.Visit) input {
	return input{Name: "ref", Label: v.T("Reference"), Value: v.Form("ref"), Required: true, Hint: v.T("One reference counts once for the user, however often it is sent.")}
}

func (k *desk) userDepositForm(v *site.Visit) (form, error) {
	return k.userAsks(v, form{
		Title: v.T("Deposit to user %s", v.Param("id")), Submit: v.T("Credit"),
		Intro: v.T("Money that has reached the platform. It can be spent at once, and counts as a deposit."),
		Inputs: []input{
			amountInput(v, "amount", v.T("Amount, RUB"), v.T("Such as 1000.00."), ""), refInput(v),
		},
	})
}

func (k *desk) depositToUser(v *site.Visit) error {
	amount, err := amountOf("amount", v.Form("amount"), enduser.RUB)
	if err != nil {
		return err
	}
	return k.changed(v, k.EndUsers.Deposit(v.Ctx, userID(v.Param("id")), amount, v.Form("ref")), v.T("The deposit %s stands.", v.Form("ref")))
}

func (k *desk) bonusForm(v *site.Visit) (form, error) {
	return k.userAsks(v, form{
		Title: v.T("Bonus to user %s", v.Param("id")), Submit: v.T("Grant"),
		Intro: v.T("Bonus money can be bet and never withdrawn. From then on the user is under the rules of that kind."),
		Inputs: []input{
			{Name: "kind", Label: v.T("Kind"), Kind: "select", Value: v.Form("kind"), Options: []option{
				{string(enduser.Signup), v.T("for signing up")}, {string(enduser.Cashback), v.T("cashback")},
			}},
			amountInput(v, "amount", v.T("Amount, RUB"), v.T("Such as 1000.00."), ""),
			amountInput(v, "wagering", v.T("Turnover asked for, RUB"), v.T("Added to what is asked for already; 0 for none."), "0"),
			refInput(v),
		},
	})
}

func (k *desk) grantBonus(v *site.Visit) error {
	amount, err := amountOf("amount", v.Form("amount"), enduser.RUB)
	if err != nil {
		return err
	}
	wagering, err := amountOf("wagering", v.Form("wagering"), enduser.RUB)
	if err != nil {
		return err
	}
	return k.changed(v, k.EndUsers.GrantBonus(v.Ctx, userID(v.Param("id")), enduser.BonusKind(v.Form("kind")), amount.Minor(), wagering.Minor(), v.Form("ref")),
		v.T("The bonus %s stands.", v.Form("ref")))
}

func (k *desk) wageringForm(v *site.Visit) (form, error) {
	u, err := k.pathUser(v)
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("Turnover asked of user %s", v.Param("id")), Back: userPath(u.ID), Submit: v.T("Save"),
		Intro: v.T("Who got a cashback bonus must bet as much before more can be withdrawn than was deposited. The turnover so far is %s RUB.", rub(u.Turnover)),
		Inputs: []input{
			amountInput(v, "wagering", v.T("Turnover asked for, RUB"), v.T("In all; 0 for none."), rub(u.WageringRequired)),
		},
	}, nil
}

func (k *desk) setWagering(v *site.Visit) error {
	required, err := amountOf("wagering", v.Form("wagering"), enduser.RUB)
	if err != nil {
		return err
	}
	return k.changed(v, k.EndUsers.SetWagering(v.Ctx, userID(v.Param("id")), required.Minor()), v.T("Saved."))
}

func (k *desk) userTokenForm(v *site.Visit) (form, error) {
	return k.userAsks(v, form{
		Title: v.T("New token of user %s", v.Param("id")), Submit: v.T("Make the token"),
		Warning: v.T("Who has the token acts as the user. It is shown once, on the next page."),
		Inputs: []input{
			{Name: "ttl", Label: v.T("Works for"), Value: typed(v, "ttl", spanText(enduser.DefaultTTL)), Required: true, Hint: v.T("Such as 24h or 90m, up to two years.")},
		},
	})
}

func (k *desk) issueUserToken(v *site.Visit) error {
	id := userID(v.Param("id"))
	token, expires, err := k.EndUsers.IssueToken(v.Ctx, id, spanOf(v.Form("ttl"), enduser.DefaultTTL))
	if err != nil {
		return err
	}
	return v.Render("once", once{
		Title: v.T("A token of user %s", strconv.FormatInt(id, 10)), Secrets: []secret{{v.T("Token"), token}}, Back: userPath(id), Next: v.T("To the user"),
		Facts: []secret{{v.T("Works until"), expires.UTC().Format("2006-01-02 15:04:05")}},
	})
}
