package portal

import (
	"errors"
	"slices"
	"strings"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
)

func (p *portal) keyRoutes() []site.Route {
	return []site.Route{
		{Method: get, Path: "/keys", Handle: p.keys},
		{Method: post, Path: "/keys", Handle: p.rotate},
	}
}

// keyring is the keys without their secrets, and the form that rotates them.
type keyring struct {
	Keys   []merchant.KeyInfo
	Newest string // the keys as they stand
	Kinds  []kind
	Graces []grace
}

type kind struct {
	merchant.KeyKind
	Chosen bool
}

type grace struct {
	Value, Name string
	Chosen      bool
}

// secrets is a page with new keys, at the only moment when they are shown.
type secrets struct {
	Sandbox string // the name of a merchant that was made with them
	merchant.Secrets
	Grace string
}

func (p *portal) keys(v *site.Visit) error {
	ring, err := p.keyring(v)
	if err != nil {
		return err
	}
	return v.Render("keys", ring)
}

func (p *portal) keyring(v *site.Visit) (keyring, error) {
	m, err := p.merchant(v)
	if err != nil {
		return keyring{}, err
	}
	ring := keyring{Keys: slices.Clone(m.Keys), Newest: newest(m.Keys)}
	slices.SortStableFunc(ring.Keys, func(a, b merchant.KeyInfo) int {
		return slices.Index(merchant.KeyKinds(), a.Kind) - slices.Index(merchant.KeyKinds(), b.Kind)
	})
	for _, k := range merchant.KeyKinds() {
		ring.Kinds = append(ring.Kinds, kind{k, slices.Contains(v.FormAll("only"), string(k))})
	}
	chosen := v.Form("grace")
	if chosen == "" {
		chosen = "24h"
	}
	for _, g := range [][2]string{{"24h", "a day"}, {"168h", "a week"}, {"1h", "an hour"}, {"0s", "they end at once"}} {
		ring.Graces = append(ring.Graces, grace{g[0], g[1], g[0] == chosen})
	}
	return ring, nil
}

// newest tells states of keys apart, and the keys of one merchant from another's.
func newest(keys []merchant.KeyInfo) string {
	var ids []string
	for _, key := range keys {
		if key.ExpiresAt == nil {
			ids = append(ids, key.ID)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

// rotate makes new keys for who gives the password once more: a page that was
// left open is not enough to take a merchant's keys.
func (p *portal) rotate(v *site.Visit) error {
	made, err := p.newKeys(v)
	switch {
	case err == nil:
		return v.Render("secrets", secrets{Secrets: made.Secrets, Grace: v.Form("grace")})
	case !site.Invalid(err):
		return err
	}
	ring, listErr := p.keyring(v)
	if listErr != nil {
		return listErr
	}
	return v.RenderInvalid("keys", ring, err)
}

func (p *portal) newKeys(v *site.Visit) (merchant.Rotated, error) {
	var faults []fault.Field
	var kinds []merchant.KeyKind
	for _, text := range v.FormAll("only") {
		kinds = append(kinds, merchant.KeyKind(text))
	}
	if len(kinds) == 0 {
		faults = append(faults, fault.Field{Name: "only", Why: "choose at least one kind"})
	}
	keep, err := time.ParseDuration(v.Form("grace"))
	if err != nil {
		faults = append(faults, fault.Field{Name: "grace", Why: "is required"})
	}
	if len(faults) > 0 {
		return merchant.Rotated{}, fault.Invalid(faults...)
	}
	if err := p.sameHand(v); err != nil {
		return merchant.Rotated{}, err
	}
	d, err := p.Merchants.Show(v.Ctx, seatOf(v).At())
	switch {
	case err != nil:
		return merchant.Rotated{}, err
	case v.Form("newest") != newest(d.Merchant.Keys):
		return merchant.Rotated{}, errKeysChanged
	}
	return p.Merchants.RotateKeys(v.Ctx, seatOf(v).At(), kinds, keep)
}

// errKeysChanged refuses a form of before another rotation, such as a page of new
// keys that is loaded again: the keys in use would end, being in their grace. It
// refuses as well one that was opened at the other side of the sandbox.
var errKeysChanged = fault.New(fault.Conflict, "keys_changed", "the keys were changed since this page was opened, look at it again")

var errBusy = fault.New(fault.RateLimited, "rate_limited", "too many failures from this address, wait a minute")

// sameHand checks the password of who is signed in once more. Failures count as
// those of signing in do.
func (p *portal) sameHand(v *site.Visit) error {
	who, from := seatOf(v), v.Person.Actor.Address
	if wait, blocked := p.Gate.Blocked(from); blocked {
		return errBusy.After(wait)
	}
	_, err := p.People.CheckPassword(v.Ctx, who.Email, v.Form("password"))
	if errors.Is(err, merchant.ErrInvalidPassword) {
		p.Gate.Fail(v.Ctx, from)
		return fault.Invalid(fault.Field{Name: "password", Why: "is not your password"})
	}
	return err
}
