package console

import (
	"net/url"

	"disburse/gateway/console/site"
	"disburse/gateway/gameprovider"
)

func providerPath(name string) string { return "/games/providers/" + name }

// playerPath is where a player's page is; names are the providers' and may hold
// anything.
func playerPath(p gameprovider.Player) string {
	return "/games/players/" + url.PathEscape(p.Provider) + "/" + url.PathEscape(p.PlayerID)
}

// profileOptions are the profiles that a provider may have.
func (k *desk) profileOptions(v *site.Visit) ([]option, error) {
	found, err := k.GameProviders.Profiles(v.Ctx)
	if err != nil {
		return nil, err
	}
	out := make([]option, len(found))
	for i, p := range found {
		out[i] = option{p.Name, p.Name}
	}
	return out, nil
}

func (k *desk) providerForm(v *site.Visit) (form, error) {
	profiles, err := k.profileOptions(v)
	return form{
		Title: v.T("New provider of games"), Back: "/games", Submit: v.T("Make the provider"),
		Intro: v.T("Its keys are shown once, on the next page."),
		Inputs: []input{
			{Name: "name", Label: v.T("Name"), Value: v.Form("name"), Required: true, Hint: v.T("1 to 64 of a-z, 0-9, _ and -.")},
			{Name: "profile", Label: v.T("Profile"), Kind: "select", Value: typed(v, "profile", gameprovider.DefaultProfile), Options: profiles, Hint: v.T("How it behaves where providers differ.")},
		},
	}, err
}

func (k *desk) createProvider(v *site.Visit) error {
	p, pair, err := k.GameProviders.Create(v.Ctx, gameprovider.Spec{Name: v.Form("name"), Profile: v.Form("profile")})
	if err != nil {
		return err
	}
	return showPair(v, p.Name, pair)
}

func showPair(v *site.Visit, name string, pair gameprovider.Pair) error {
	return v.Render("once", once{
		Title: v.T("The keys of %s", name), Back: providerPath(name), Next: v.T("To the provider"),
		Facts: []secret{{v.T("Public key"), pair.PublicKey}}, Secrets: []secret{{v.T("Private key"), pair.PrivateKey}},
	})
}

// turnProvider lets a provider in or shuts it out.
func (k *desk) turnProvider(active bool) func(*site.Visit) error {
	return func(v *site.Visit) error {
		p, err := k.GameProviders.SetActive(v.Ctx, v.Param("provider"), active)
		if err != nil {
			return err
		}
		note := v.T("%s is shut out: every call of it is refused.", p.Name)
		if active {
			note = v.T("%s is let in again.", p.Name)
		}
		return v.Goto(providerPath(p.Name), note)
	}
}

func (k *desk) providerProfileForm(v *site.Visit) (form, error) {
	p, err := k.GameProviders.ByName(v.Ctx, v.Param("provider"))
	if err != nil {
		return form{}, err
	}
	profiles, err := k.profileOptions(v)
	return form{
		Title: v.T("The profile of %s", p.Name), Back: providerPath(p.Name), Submit: v.T("Save"),
		Inputs: []input{{
			Name: "profile", Label: v.T("Profile"), Kind: "select", Value: typed(v, "profile", p.Profile.Name), Options: profiles,
			Hint: v.T("How it behaves where providers differ."),
		}},
	}, err
}

func (k *desk) setProviderProfile(v *site.Visit) error {
	p, err := k.GameProviders.SetProfile(v.Ctx, v.Param("provider"), v.Form("profile"))
	if err != nil {
		return err
	}
	return v.Goto(providerPath(p.Name), v.T("Saved."))
}

func (k *desk) providerRotateForm(v *site.Visit) (form, error) {
	p, err := k.GameProviders.ByName(v.Ctx, v.Param("provider"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("New keys of %s", p.Name), Back: providerPath(p.Name), Submit: v.T("Make new keys"), Grave: true,
		Intro:   v.T("The present pair goes on working for the grace; one that is in a grace already ends at once."),
		Warning: v.T("At the end of the grace, calls that are signed with the present pair are refused."),
		Inputs: []input{
			{Name: "newest", Kind: "hidden", Value: newestPair(p)},
			{Name: "grace", Label: v.T("Grace"), Value: typed(v, "grace", spanText(gameprovider.DefaultGrace)), Required: true, Hint: v.T("Such as 24h or 90m; 0s ends the present keys at once.")},
		},
	}, nil
}

func newestPair(p gameprovider.Provider) string {
	for _, key := range p.Keys {
		if key.ExpiresAt == nil {
			return key.PublicKey
		}
	}
	return ""
}

func (k *desk) rotateProvider(v *site.Visit) error {
	p, err := k.GameProviders.ByName(v.Ctx, v.Param("provider"))
	if err != nil {
		return err
	}
	if v.Form("newest") != newestPair(p) {
		return errKeysChanged
	}
	p, pair, err := k.GameProviders.Rotate(v.Ctx, p.Name, spanOf(v.Form("grace"), gameprovider.DefaultGrace))
	if err != nil {
		return err
	}
	return showPair(v, p.Name, pair)
}

func (k *desk) gameForm(v *site.Visit) (form, error) {
	p, err := k.GameProviders.ByName(v.Ctx, v.Param("provider"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("A game of %s", p.Name), Back: providerPath(p.Name), Submit: v.T("Save"),
		Inputs: []input{
			{Name: "game_id", Label: v.T("Game id"), Value: v.Form("game_id"), Required: true, Hint: v.T("As the provider calls it.")},
			{Name: "active", Kind: "check", Label: v.T("It can be played"), Value: typed(v, "active", on)},
		},
	}, nil
}

func (k *desk) addGame(v *site.Visit) error {
	g, err := k.GameProviders.SetGame(v.Ctx, v.Param("provider"), v.Form("game_id"), v.Form("active") == on)
	if err != nil {
		return err
	}
	return v.Goto(providerPath(g.Provider), v.T("The game %s is saved.", g.GameID))
}

// turnGame switches a game on or off, in the list.
func (k *desk) turnGame(v *site.Visit) error {
	if _, err := k.GameProviders.SetGame(v.Ctx, v.Form("provider"), v.Form("game_id"), v.Form("active") == on); err != nil {
		return err
	}
	return v.Back("/games/catalogue", v.T("Saved."))
}

// ruleFields are the rules of a profile, each with what it may be.
func ruleFields(v *site.Visit, p *gameprovider.Profile) []struct {
	Name, Label string
	At          *string
	Values      []string
} {
	accept := []string{string(gameprovider.Accept), string(gameprovider.Refuse)}
	return []struct {
		Name, Label string
		At          *string
		Values      []string
	}{
		{"duplicate", v.T("A transaction comes again"), (*string)(&p.Duplicate), []string{string(gameprovider.Replay), string(gameprovider.RefuseDuplicate)}},
		{"unknown_rollback", v.T("A rollback of what never came"), (*string)(&p.UnknownRollback), accept},
		{"repeated_rollback", v.T("A rollback of what is rolled back"), (*string)(&p.RepeatedRollback), accept},
		{"id_scope", v.T("Transaction ids are unique for"), (*string)(&p.IDScope), []string{string(gameprovider.PerProvider), string(gameprovider.PerPlayer)}},
		{"win_without_bet", v.T("A win without a bet"), (*string)(&p.WinWithoutBet), accept},
		{"late_bet", v.T("A bet after its rollback"), (*string)(&p.LateBet), accept},
	}
}

// newProfile is what the path says where a profile is to be made; none can have
// this name.
const newProfile = "+"

func (k *desk) profileForm(v *site.Visit) (form, error) {
	name, p := v.Param("profile"), gameprovider.Default()
	f := form{Title: v.T("New profile"), Back: "/games/profiles", Submit: v.T("Save")}
	if name == newProfile {
		f.Inputs = []input{{Name: "name", Label: v.T("Name"), Value: v.Form("name"), Required: true, Hint: v.T("1 to 64 of a-z, 0-9, _ and -.")}}
	} else {
		var err error
		if p, err = k.GameProviders.ProfileByName(v.Ctx, name); err != nil {
			return form{}, err
		}
		f.Title, f.Warning = v.T("The profile %s", name), v.T("It changes for every provider that has it.")
	}
	for _, rule := range ruleFields(v, &p) {
		i := input{Name: rule.Name, Label: rule.Label, Kind: "select", Value: typed(v, rule.Name, *rule.At)}
		for _, value := range rule.Values {
			i.Options = append(i.Options, option{value, v.T(value)})
		}
		f.Inputs = append(f.Inputs, i)
	}
	return f, nil
}

func (k *desk) putProfile(v *site.Visit) error {
	p := gameprovider.Default()
	if p.Name = v.Param("profile"); p.Name == newProfile {
		p.Name = v.Form("name")
	}
	for _, rule := range ruleFields(v, &p) {
		*rule.At = v.Form(rule.Name)
	}
	put, err := k.GameProviders.PutProfile(v.Ctx, p)
	if err != nil {
		return err
	}
	return v.Goto("/games/profiles", v.T("The profile %s is saved.", put.Name))
}
