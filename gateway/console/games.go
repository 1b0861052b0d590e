package console

import (
	"net/http"
	"slices"

	"disburse/gateway/console/site"
	"disburse/gateway/enduser"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
)

func (k *desk) gameRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	return slices.Concat(
		[]site.Route{{Method: get, Path: "/games", Role: viewer, Handle: k.providers}},
		asking("/games/providers/new", admin, k.providerForm, k.createProvider),
		[]site.Route{
			{Method: get, Path: "/games/providers/:provider", Role: viewer, Handle: k.provider},
			{Method: post, Path: "/games/providers/:provider/disable", Role: admin, Handle: k.turnProvider(false)},
			{Method: post, Path: "/games/providers/:provider/enable", Role: admin, Handle: k.turnProvider(true)},
		},
		asking("/games/providers/:provider/profile", admin, k.providerProfileForm, k.setProviderProfile),
		asking("/games/providers/:provider/rotate-keys", admin, k.providerRotateForm, k.rotateProvider),
		asking("/games/providers/:provider/game", admin, k.gameForm, k.addGame),
		asking("/games/providers/:provider/player", admin, k.playerForm, k.bindPlayer),
		[]site.Route{
			{Method: get, Path: "/games/catalogue", Role: viewer, Handle: k.catalogue},
			{Method: post, Path: "/games/catalogue", Role: admin, Handle: k.turnGame},
			{Method: get, Path: "/games/players", Role: viewer, Handle: k.players},
			{Method: get, Path: "/games/players/:provider/:player", Role: viewer, Handle: k.player},
			{Method: post, Path: "/games/players/:provider/:player/block", Role: admin, Handle: k.blockPlayer},
			{Method: post, Path: "/games/players/:provider/:player/unblock", Role: admin, Handle: k.unblockPlayer},
		},
		asking("/games/players/:provider/:player/limits", admin, k.playerLimitsForm, k.setPlayerLimits),
		asking("/games/players/:provider/:player/session", admin, k.sessionForm, k.openSession),
		[]site.Route{
			{Method: get, Path: "/games/sessions", Role: viewer, Handle: k.sessions},
			{Method: post, Path: "/games/sessions/:provider/close", Role: admin, Handle: k.closeSession},
			{Method: post, Path: "/games/sessions/:provider/check", Role: admin, Handle: k.checkSession},
			{Method: get, Path: "/games/rounds", Role: viewer, Handle: k.rounds},
			{Method: get, Path: "/games/transactions", Role: viewer, Handle: k.gameTransactions},
			{Method: get, Path: "/games/profiles", Role: viewer, Handle: k.profiles},
		},
		asking("/games/profiles/:profile", admin, k.profileForm, k.putProfile),
	)
}

// gamePage is a list of one of the parts of games.
type gamePage[T any] struct {
	Here     string // which part
	Items    []T
	Provider string // filters, as they were given
	Player   string
	Round    string
	Open     bool
	Pager    pager
}

// gameList begins the page of a part with its filters.
func gameList[T any](v *site.Visit, here string) gamePage[T] {
	return gamePage[T]{Here: here, Provider: v.Query("provider"), Player: v.Query("player"), Round: v.Query("round"), Open: v.Query("open") == on}
}

// shown renders the list, or why its filters find nothing.
func (p gamePage[T]) shown(v *site.Visit, name string, err error) error {
	switch {
	case err == nil:
		return v.Render(name, p)
	case site.Invalid(err):
		return v.RenderInvalid(name, p, err)
	default:
		return err
	}
}

func (k *desk) providers(v *site.Visit) error {
	p := gameList[gameprovider.View](v, "providers")
	found, err := k.GameProviders.List(v.Ctx, v.Query("cursor"), 0)
	p.Pager = pagerOf(v, found.Next)
	for _, one := range found.Items {
		p.Items = append(p.Items, one.View())
	}
	return p.shown(v, "games", err)
}

type providerPage struct {
	Here string
	gameprovider.View
	Rules gameprovider.Profile
	Games []gameprovider.Game
	More  bool // there are more of them
	Trail trail
}

func (k *desk) provider(v *site.Visit) error {
	one, err := k.GameProviders.ByName(v.Ctx, v.Param("provider"))
	if err != nil {
		return err
	}
	p := providerPage{Here: "providers", View: one.View(), Rules: one.Profile}
	games, err := k.GameProviders.Games(v.Ctx, gameprovider.GameFilter{Provider: one.Name}, "", 20)
	if err != nil {
		return err
	}
	p.Games, p.More = games.Items, games.Next != ""
	if p.Trail, err = k.trailOf(v, "provider", one.Name); err != nil {
		return err
	}
	return v.Render("provider", p)
}

func (k *desk) catalogue(v *site.Visit) error {
	p := gameList[gameprovider.Game](v, "catalogue")
	found, err := k.GameProviders.Games(v.Ctx, gameprovider.GameFilter{Provider: p.Provider}, v.Query("cursor"), 0)
	p.Items, p.Pager = found.Items, pagerOf(v, found.Next)
	return p.shown(v, "games-catalogue", err)
}

func (k *desk) players(v *site.Visit) error {
	p := gameList[gameprovider.PlayerView](v, "players")
	if p.Provider != "" && p.Player != "" {
		if one, err := k.GameProviders.Player(v.Ctx, p.Provider, p.Player); err == nil {
			return v.Goto(playerPath(one), "")
		}
	}
	found, err := k.GameProviders.Players(v.Ctx, gameprovider.PlayerFilter{Provider: p.Provider}, v.Query("cursor"), 0)
	p.Pager = pagerOf(v, found.Next)
	for _, one := range found.Items {
		p.Items = append(p.Items, one.View())
	}
	return p.shown(v, "games-players", err)
}

type playerPage struct {
	Here string
	gameprovider.PlayerView
	Sessions     []gameprovider.SessionView
	Transactions []gamewallet.TransactionView
	Trail        trail
}

// Wallet is how the books name whose money the player bets.
func (p playerPage) Wallet() string { return enduser.Owner(p.UserID) }

func (k *desk) player(v *site.Visit) error {
	one, err := k.GameProviders.Player(v.Ctx, v.Param("provider"), v.Param("player"))
	if err != nil {
		return err
	}
	p := playerPage{Here: "players", PlayerView: one.View()}
	sessions, err := k.GameProviders.Sessions(v.Ctx, gameprovider.SessionFilter{Provider: one.Provider, PlayerID: one.PlayerID, Open: true}, "", 20)
	if err != nil {
		return err
	}
	for _, s := range sessions.Items {
		p.Sessions = append(p.Sessions, s.ViewAt(v.Now()))
	}
	moves, err := k.Games.Transactions(v.Ctx, gamewallet.Filter{Provider: one.Provider, Player: one.PlayerID}, "", 20)
	if err != nil {
		return err
	}
	p.Transactions = moves.Items
	if p.Trail, err = k.trailOf(v, "player", one.Provider+"/"+one.PlayerID); err != nil {
		return err
	}
	return v.Render("player", p)
}

func (k *desk) sessions(v *site.Visit) error {
	p := gameList[gameprovider.SessionView](v, "sessions")
	found, err := k.GameProviders.Sessions(v.Ctx, gameprovider.SessionFilter{Provider: p.Provider, PlayerID: p.Player, Open: p.Open}, v.Query("cursor"), 0)
	p.Pager = pagerOf(v, found.Next)
	for _, s := range found.Items {
		p.Items = append(p.Items, s.ViewAt(v.Now()))
	}
	return p.shown(v, "games-sessions", err)
}

// rounds lists those that did not end, unless all are asked for.
func (k *desk) rounds(v *site.Visit) error {
	p := gameList[gamewallet.RoundView](v, "rounds")
	all := v.Query("all") == on
	p.Open = !all
	found, err := k.Games.Rounds(v.Ctx, gamewallet.RoundFilter{Open: !all, Provider: p.Provider}, v.Query("cursor"), 0)
	p.Items, p.Pager = found.Items, pagerOf(v, orEmpty(found.NextCursor))
	return p.shown(v, "games-rounds", err)
}

func (k *desk) gameTransactions(v *site.Visit) error {
	p := gameList[gamewallet.TransactionView](v, "transactions")
	found, err := k.Games.Transactions(v.Ctx, gamewallet.Filter{Provider: p.Provider, Player: p.Player, Round: p.Round}, v.Query("cursor"), 0)
	p.Items, p.Pager = found.Items, pagerOf(v, orEmpty(found.NextCursor))
	return p.shown(v, "games-transactions", err)
}

type profilesPage struct {
	Here  string
	Items []gameprovider.Profile
}

func (k *desk) profiles(v *site.Visit) error {
	found, err := k.GameProviders.Profiles(v.Ctx)
	if err != nil {
		return err
	}
	return v.Render("games-profiles", profilesPage{"profiles", found})
}
