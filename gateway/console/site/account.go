package site

import (
	"errors"

	"disburse/gateway/fault"
	"disburse/gateway/password"
	"disburse/gateway/signin"
)

type account struct {
	Sessions []signin.Session
	Current  string
	Enrolled bool
	Shortest int // a new password, in characters
}

func accountPage(v *Visit) error {
	a, err := v.account()
	if err != nil {
		return err
	}
	return v.Render("account", a)
}

func (v *Visit) account() (account, error) {
	sessions, err := v.site.Sessions.Sessions(v.Ctx, v.site.Realm, v.Session.Subject)
	return account{Sessions: sessions, Current: v.Session.ID, Enrolled: v.Session.Enrolled, Shortest: password.Shortest}, err
}

// changePassword takes a new password from who gives the present one and, where
// it is set up, a code of the second factor.
func changePassword(v *Visit) error {
	ended, err := v.newPassword()
	switch {
	case err == nil:
		return v.Goto("/account", v.T("Your password is changed. Other sessions ended: %d", ended))
	case errors.Is(err, signin.ErrNoSession), !Invalid(err):
		return err
	}
	a, otherwise := v.account()
	if otherwise != nil {
		return otherwise
	}
	return v.RenderInvalid("account", a, err)
}

func (v *Visit) newPassword() (ended int, err error) {
	given := signin.Change{Present: v.Form("present"), Fresh: v.Form("fresh"), Code: v.Form("code")}
	if err := v.complete(given); err != nil {
		return 0, err
	}
	key := v.from.String()
	if wait, blocked := v.site.Gate.Blocked(key); blocked {
		return 0, errBusy.After(wait)
	}
	token, ended, err := v.site.Sessions.ChangePassword(v.Ctx, v.site.Realm, v.token, given, v.site.Replace)
	switch known := fault.From(err); {
	case err == nil:
		return ended, v.entered(token)
	case errors.Is(err, signin.ErrNoSession), known.Kind != fault.Unauthenticated:
		return 0, err
	case errors.Is(err, signin.ErrWrongCode):
		v.site.Gate.Fail(v.Ctx, key)
		return 0, fault.Invalid(fault.Field{Name: "code", Why: known.Message})
	default:
		v.site.Gate.Fail(v.Ctx, key)
		return 0, fault.Invalid(fault.Field{Name: "present", Why: "is not your password"})
	}
}

// complete refuses a form that cannot be right, before anything of it is tried.
func (v *Visit) complete(given signin.Change) error {
	var faults []fault.Field
	for _, field := range []struct {
		name, value string
		needed      bool
	}{
		{"present", given.Present, true}, {"fresh", given.Fresh, true}, {"repeat", v.Form("repeat"), true}, {"code", given.Code, v.Session.Enrolled},
	} {
		if field.needed && field.value == "" {
			faults = append(faults, fault.Field{Name: field.name, Why: "is required"})
		}
	}
	if len(faults) == 0 && v.Form("repeat") != given.Fresh {
		faults = append(faults, fault.Field{Name: "repeat", Why: "is not the same"})
	}
	if len(faults) > 0 {
		return fault.Invalid(faults...)
	}
	return nil
}

func endSession(v *Visit) error {
	if err := v.site.Sessions.End(v.Ctx, v.site.Realm, v.Session.Subject, v.Param("id")); err != nil {
		return err
	}
	return v.Goto("/account", v.T("The session is ended."))
}

func endOtherSessions(v *Visit) error {
	n, err := v.site.Sessions.EndOthers(v.Ctx, v.site.Realm, v.Session.Subject, v.Session.ID)
	if err != nil {
		return err
	}
	return v.Goto("/account", v.T("Sessions ended: %d", n))
}
