package httpapi

import (
	"net/http"
	"time"

	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
)

// providerGrace is how long the key pair before works after a rotation, unless
// told otherwise.
const providerGrace = 24 * time.Hour

// providerKeys is the answer that shows a new key pair, this once.
type providerKeys struct {
	Provider gameprovider.View `json:"provider"`
	Keys     gameprovider.Pair `json:"keys"`
}

func listProviders(r *request) error {
	q := r.query()
	after, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.GameProviders.List(r.ctx, after, limit)
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.Next, gameprovider.Provider.View))
}

// providerBody makes a provider, or gives one another profile.
type providerBody struct{ Name, Profile string }

func (b *providerBody) member(name string) any {
	switch name {
	case "name":
		return &b.Name
	case "profile":
		return &b.Profile
	default:
		return nil
	}
}

func createProvider(r *request) error {
	var b providerBody
	if err := r.decode(&b); err != nil {
		return err
	}
	p, pair, err := r.api.GameProviders.Create(r.ctx, gameprovider.Spec{Name: b.Name, Profile: b.Profile})
	if err != nil {
		return err
	}
	return r.jsonStatus(http.StatusCreated, providerKeys{Provider: p.View(), Keys: pair})
}

// answerProvider answers with a provider.
func (r *request) answerProvider(p gameprovider.Provider, err error) error {
	if err != nil {
		return err
	}
	return r.json(p.View())
}

func showProvider(r *request) error {
	return r.answerProvider(r.api.GameProviders.ByName(r.ctx, r.param("name")))
}

func changeProvider(r *request) error {
	var b providerBody
	if err := r.decode(&b); err != nil {
		return err
	}
	return r.answerProvider(r.api.GameProviders.SetProfile(r.ctx, r.param("name"), b.Profile))
}

func disableProvider(r *request) error {
	return r.answerProvider(r.api.GameProviders.SetActive(r.ctx, r.param("name"), false))
}

func enableProvider(r *request) error {
	return r.answerProvider(r.api.GameProviders.SetActive(r.ctx, r.param("name"), true))
}

// providerRotateBody asks for a new key pair.
type providerRotateBody struct{ Grace string }

func (b *providerRotateBody) member(name string) any {
	if name == "grace" {
		return &b.Grace
	}
	return nil
}

func rotateProviderKeys(r *request) error {
	var b providerRotateBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	p, pair, err := r.api.GameProviders.Rotate(r.ctx, r.param("name"), duration(b.Grace, providerGrace))
	if err != nil {
		return err
	}
	return r.json(providerKeys{Provider: p.View(), Keys: pair})
}

// profilesAnswer is a list that is never long enough for pages.
type profilesAnswer struct {
	Items []gameprovider.Profile `json:"items"`
}

func listProviderProfiles(r *request) error {
	found, err := r.api.GameProviders.Profiles(r.ctx)
	if err != nil {
		return err
	}
	return r.json(profilesAnswer{Items: views(found, page.As)})
}

// profileBody says how providers of a profile behave; what is absent is as in
// the default profile.
type profileBody struct{ gameprovider.Profile }

func (b *profileBody) member(name string) any {
	switch name {
	case "duplicate":
		return (*string)(&b.Duplicate)
	case "unknown_rollback":
		return (*string)(&b.UnknownRollback)
	case "repeated_rollback":
		return (*string)(&b.RepeatedRollback)
	case "id_scope":
		return (*string)(&b.IDScope)
	case "win_without_bet":
		return (*string)(&b.WinWithoutBet)
	case "late_bet":
		return (*string)(&b.LateBet)
	default:
		return nil
	}
}

func putProviderProfile(r *request) error {
	b := profileBody{gameprovider.Default()}
	if err := r.decode(&b); err != nil {
		return err
	}
	b.Name = r.param("profile")
	put, err := r.api.GameProviders.PutProfile(r.ctx, b.Profile)
	if err != nil {
		return err
	}
	return r.json(put)
}

func listGames(r *request) error {
	q := r.query()
	f, after, limit := gameprovider.GameFilter{Provider: q.text("provider")}, q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.GameProviders.Games(r.ctx, f, after, limit)
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.Next, page.As))
}

// gameBody makes a game known, active or not.
type gameBody struct {
	Provider, GameID string
	Active           *bool
}

func (b *gameBody) member(name string) any {
	switch name {
	case "provider":
		return &b.Provider
	case "game_id":
		return &b.GameID
	case "active":
		return &b.Active
	default:
		return nil
	}
}

func setGame(r *request) error {
	var b gameBody
	if err := r.decode(&b); err != nil {
		return err
	}
	active := b.Active == nil || *b.Active
	g, err := r.api.GameProviders.SetGame(r.ctx, b.Provider, b.GameID, active)
	if err != nil {
		return err
	}
	return r.json(g)
}
