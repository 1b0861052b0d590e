package console

import (
	"slices"
	"strings"

	"disburse/gateway/approval"
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/publicid"
	"disburse/ledger/money"
)

// waiting is what was asked for about a merchant and is not over.
type waiting struct {
	approval.View
	// Usable: it is approved, and who looks at it may have the keys made.
	Usable bool
	Kinds  []string // of keys
}

// waitingFor lists what waits about a merchant, and new keys that were granted
// and not made yet.
func (k *desk) waitingFor(v *site.Visit, merchantID string) ([]waiting, error) {
	var out []waiting
	by, _ := approval.By(v.Ctx)
	for _, state := range []approval.State{approval.Waiting, approval.Approved} {
		found, err := k.Approvals.List(v.Ctx, approval.Filter{State: state, Subject: merchantID, Limit: 100})
		if err != nil {
			return nil, err
		}
		for _, a := range found.Items {
			usable := a.Usable() && a.Standing(v.Now()) == approval.Approved
			if a.Standing(v.Now()) != approval.Waiting && !usable {
				continue
			}
			w := waiting{View: a.View(v.Now()), Usable: usable && a.RequestedBy == by}
			if only := a.What["only"]; only != "" {
				w.Kinds = strings.Split(only, ", ")
			}
			out = append(out, w)
		}
	}
	return out, nil
}

func (k *desk) adjustForm(v *site.Visit) (form, error) {
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("Adjust the balance of %s", d.Merchant.Name), Back: merchantPath(v, ""), Submit: v.T("Ask for it"),
		Intro:   v.T("It can spend %s USDT now.", usdt(d.Available)),
		Warning: v.T("Nothing moves until another person approves it. Who asks can never approve."),
		Inputs: []input{
			{Name: "amount", Label: v.T("Amount, USDT"), Value: v.Form("amount"), Required: true, Hint: v.T("10.50 adds, -10.50 takes away.")},
			{Name: "reason", Label: v.T("Reason"), Kind: "area", Value: v.Form("reason"), Required: true},
			{Name: "ref", Label: v.T("Reference"), Value: v.Form("ref"), Hint: v.T("One reference adjusts once; made when empty.")},
			{Name: "made", Kind: "hidden", Value: typed(v, "made", publicid.At("adj", v.Now()))},
		},
	}, nil
}

func (k *desk) adjust(v *site.Visit) error {
	amount, err := merchant.ParseAdjustment(v.Form("amount"))
	if err != nil {
		amount = money.New(0, money.USDT) // the service names it with whatever else is wrong
	}
	ref := v.Form("ref")
	if ref == "" {
		ref = v.Form("made") // the form's own, so that sending it twice asks once
	}
	asked, err := k.Merchants.Adjust(v.Ctx, v.Param("name"), merchant.Adjustment{Amount: amount, Reference: ref, Reason: v.Form("reason")})
	if err != nil {
		return err
	}
	if asked.Replayed {
		return v.Goto(merchantPath(v, ""), v.T("This was asked for before: nothing new was asked for."))
	}
	return v.Goto(merchantPath(v, ""), v.T("The adjustment waits for a second person."))
}

// errKeysChanged refuses a rotation that was asked for on a page of before
// another one, such as one that is loaded again: it would end the keys that
// were just handed over.
var errKeysChanged = fault.New(fault.Conflict, "keys_changed", "the keys were changed since this page was opened, look at it again")

// newestKeys tells states of a merchant's keys apart.
func newestKeys(keys []merchant.KeyInfo) string {
	text := ""
	for _, key := range keys {
		if key.ExpiresAt == nil {
			text += key.ID + ","
		}
	}
	return text
}

// keyNames are the kinds of keys as people call them.
func keyNames(v *site.Visit) map[merchant.KeyKind]string {
	return map[merchant.KeyKind]string{
		merchant.SignKey: v.T("Sign key"), merchant.APIKey: v.T("API key"), merchant.WebhookSecret: v.T("Webhook secret"),
	}
}

func (k *desk) rotateForm(v *site.Visit) (form, error) {
	m, asks, err := k.Merchants.PreviewRotateKeys(v.Ctx, v.Param("name"), nil, 0)
	if err != nil {
		return form{}, err
	}
	f := form{
		Title: v.T("New keys of %s", m.Name), Back: merchantPath(v, ""), Submit: v.T("Make new keys"), Grave: true,
		Intro:   v.T("The keys of the kinds chosen are replaced. The present ones go on working for the grace; ones that are in a grace already end at once."),
		Warning: v.T("At the end of the grace, requests that are signed with the present keys are refused."),
		Inputs: []input{
			{Name: "newest", Kind: "hidden", Value: newestKeys(m.Keys)},
			{Name: "grace", Label: v.T("Grace"), Value: typed(v, "grace", spanText(merchant.DefaultGrace)), Required: true, Hint: v.T("Such as 24h or 90m; 0s ends the present keys at once.")},
		},
	}
	if asks {
		f.Submit, f.Grave = v.T("Ask for it"), false
		f.Warning = v.T("This merchant is live: another person must approve it first. Then you make the keys, on the merchant's page, and only you see them.")
	}
	names := keyNames(v)
	for _, kind := range merchant.KeyKinds() {
		field := "only." + string(kind)
		f.Inputs = append(f.Inputs, input{Name: field, Kind: "check", Label: names[kind], Value: typed(v, field, on)})
	}
	return f, nil
}

func (k *desk) rotateKeys(v *site.Visit) error {
	var kinds []merchant.KeyKind
	for _, kind := range merchant.KeyKinds() {
		if v.Form("only."+string(kind)) == on {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return fault.Invalid(fault.Field{Name: "only", Why: "choose at least one kind"})
	}
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return err
	}
	if v.Form("newest") != newestKeys(d.Merchant.Keys) {
		return errKeysChanged
	}
	rotated, err := k.Merchants.RotateKeys(v.Ctx, v.Param("name"), kinds, spanOf(v.Form("grace"), merchant.DefaultGrace))
	switch {
	case err != nil:
		return err
	case rotated.Waiting != nil:
		return v.Goto(merchantPath(v, ""), v.T("The new keys wait for a second person."))
	}
	return v.Render("once", once{
		Title: v.T("The keys of %s", rotated.Merchant.Name), Secrets: keysShown(rotated.Secrets),
		Back: merchantPath(v, ""), Next: v.T("To the merchant"),
	})
}

// keysShown names the keys as the merchant's documentation does.
func keysShown(s merchant.Secrets) []secret {
	return slices.DeleteFunc([]secret{{"sign_key", s.SignKey}, {"api_key", s.APIKey}, {"webhook_secret", s.WebhookSecret}},
		func(one secret) bool { return one.Value == "" })
}
