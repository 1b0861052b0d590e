package site

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image/png"
	"net/http"
	"time"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/signin"
)

type entrance struct {
	Name, Next string
	Ended      bool // there was a session until now
}

func signInPage(v *Visit) error {
	return v.Render("sign-in", entrance{Next: v.next(v.Query("next")), Ended: v.Query("ended") != ""})
}

var errBusy = fault.New(fault.RateLimited, "rate_limited", "too many failures from this address, wait a minute")

// signIn checks a name and a password, and goes on to the second factor.
func signIn(v *Visit) error {
	form := entrance{Name: v.Form("name"), Next: v.next(v.Form("next"))}
	key := v.from.String()
	if wait, blocked := v.site.Gate.Blocked(key); blocked {
		return v.RenderInvalid("sign-in", form, errBusy.After(wait))
	}
	token, session, err := v.site.Sessions.Enter(v.Ctx, v.site.Realm, form.Name, v.visitor(), func(ctx context.Context) (string, error) {
		return v.site.Check(ctx, form.Name, v.Form("password"))
	})
	if err != nil {
		if known := fault.From(err); known.Kind == fault.Unauthenticated {
			v.site.Gate.Fail(v.Ctx, key)
		}
		return v.RenderInvalid("sign-in", form, err)
	}
	if err := v.endBefore(); err != nil {
		return err
	}
	if session.Verified {
		if err := v.entered(token); err != nil {
			return err
		}
		return v.goTo(form.Next)
	}
	v.setSession(token)
	v.setCookie("next", form.Next, 10*time.Minute)
	return v.Goto("/sign-in/code", "")
}

// endBefore ends the session that the browser came with.
func (v *Visit) endBefore() error {
	if v.token == "" {
		return nil
	}
	// Whose it was is not known here: the trail says where it was ended from.
	ctx := audit.WithActor(v.Ctx, audit.Actor{Kind: audit.System, Address: v.from.String()})
	return v.site.Sessions.Leave(ctx, v.token)
}

func (v *Visit) visitor() signin.Visitor {
	return signin.Visitor{Address: v.from.String(), Agent: v.c.Get("User-Agent"), Browser: v.browser()}
}

// factor is what the page of the second factor shows: the code alone, or how to
// set it up.
type factor struct {
	SetUp  bool
	Secret string
	QR     template.URL
	Action string
}

// codePage asks for the code, or sets a second factor up first.
func codePage(v *Visit) error {
	if v.Session.Verified {
		return v.Goto("/", "")
	}
	return v.factorForm("/sign-in/code", nil)
}

func factorPage(v *Visit) error {
	if v.Session.Enrolled {
		return v.Goto("/account", "")
	}
	return v.factorForm("/account/factor", nil)
}

func (v *Visit) factorForm(action string, wrong error) error {
	form := factor{Action: action}
	if !v.Session.Enrolled {
		e, err := v.site.Sessions.Enrol(v.Ctx, v.site.Realm, v.token)
		if err != nil {
			return err
		}
		if form.QR, err = picture(e); err != nil {
			return err
		}
		form.SetUp, form.Secret = true, e.Secret
	}
	if wrong != nil {
		return v.RenderInvalid("code", form, wrong)
	}
	return v.Render("code", form)
}

// picture is the secret as a camera reads it.
func picture(e signin.Enrolment) (template.URL, error) {
	image, err := e.Key.Image(240, 240)
	if err != nil {
		return "", fmt.Errorf("site: picture: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, image); err != nil {
		return "", fmt.Errorf("site: picture: %w", err)
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes())), nil //nolint:gosec // an image that was made here
}

// giveCode takes the code of the second factor.
func giveCode(v *Visit) error {
	key := v.from.String()
	if wait, blocked := v.site.Gate.Blocked(key); blocked {
		return errBusy.After(wait)
	}
	token, _, err := v.site.Sessions.Verify(v.Ctx, v.site.Realm, v.token, v.Form("code"))
	switch {
	case errors.Is(err, signin.ErrWrongCode):
		v.site.Gate.Fail(v.Ctx, key)
		if v.Session.Enrolled {
			return v.factorForm(v.route.Path, err)
		}
		return v.RenderInvalid("code", factor{Action: v.route.Path, SetUp: true}, err)
	case err != nil:
		return err
	}
	if err := v.entered(token); err != nil {
		return err
	}
	if v.Session.Verified {
		return v.Goto("/account", v.T("Your second factor is set up."))
	}
	return v.goTo(v.next(v.c.Cookies(v.site.Base[1:] + "_next")))
}

func signOut(v *Visit) error {
	if err := v.site.Sessions.Leave(v.Ctx, v.token); err != nil {
		return err
	}
	v.putCookie(v.site.cookie(), "", -time.Second)
	return v.Goto("/sign-in", v.T("You are signed out."))
}

// setLook keeps the language and the colours that somebody chose.
func setLook(v *Visit) error {
	const year = 365 * 24 * time.Hour
	if lang := Lang(v.Form("lang")); known(lang) {
		v.setCookie("lang", string(lang), year)
	}
	switch theme := v.Form("theme"); theme {
	case "light", "dark", "auto":
		v.setCookie("theme", theme, year)
	}
	if v.Partial() {
		v.c.Set("Hx-Refresh", "true")
		v.c.Status(http.StatusNoContent)
		return nil
	}
	return v.Back("/", "")
}
