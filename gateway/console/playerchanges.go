package console

import (
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/ledger/money"
)

// limitInputs are the limits of a player; empty is none.
func limitInputs(v *site.Visit, bet, loss, check string) []input {
	return []input{
		{Name: "bet_limit", Label: v.T("The largest bet"), Value: typed(v, "bet_limit", bet), Hint: v.T("Empty for none.")},
		{Name: "loss_limit_day", Label: v.T("The most that may be lost in a day"), Value: typed(v, "loss_limit_day", loss), Hint: v.T("Empty for none. Days are UTC.")},
		{Name: "reality_check", Label: v.T("Play stops to tell the time after"), Value: typed(v, "reality_check", check), Hint: v.T("Such as 60m; empty for never.")},
	}
}

// limitsOf reads the limits that were typed.
func limitsOf(v *site.Visit, c money.Currency) (gameprovider.LimitsChange, error) {
	var change gameprovider.LimitsChange
	var faults []fault.Field
	read := func(name string) *int64 {
		minor := gameprovider.NoLimit
		if text := v.Form(name); text != "" {
			m, err := money.Parse(text, c)
			if err != nil {
				faults = append(faults, fault.Field{Name: name, Why: "must be an amount such as 100.00"})
			}
			minor = m.Minor()
		}
		return &minor
	}
	change.BetLimit, change.LossLimitDay = read("bet_limit"), read("loss_limit_day")
	every := spanOf(v.Form("reality_check"), 0)
	change.RealityCheck = &every
	if len(faults) > 0 {
		return change, fault.Invalid(faults...)
	}
	return change, nil
}

func (k *desk) playerForm(v *site.Visit) (form, error) {
	p, err := k.GameProviders.ByName(v.Ctx, v.Param("provider"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("A player of %s", p.Name), Back: providerPath(p.Name), Submit: v.T("Bind the player"),
		Intro: v.T("The provider's name for one of our users in one currency. What it is bound to never changes."),
		Inputs: append([]input{
			{Name: "player_id", Label: v.T("Player id"), Value: v.Form("player_id"), Required: true, Hint: v.T("As the provider calls the player.")},
			{Name: "user", Label: v.T("User id"), Value: v.Form("user"), Required: true},
			{Name: "currency", Label: v.T("Currency"), Value: typed(v, "currency", "RUB"), Required: true},
		}, limitInputs(v, "", "", "")...),
	}, nil
}

func (k *desk) bindPlayer(v *site.Visit) error {
	currency, known := money.Lookup(v.Form("currency"))
	if !known {
		return fault.Invalid(fault.Field{Name: "currency", Why: "must be a known currency, such as RUB"})
	}
	change, err := limitsOf(v, currency)
	if err != nil {
		return err
	}
	limits := gameprovider.Limits{RealityCheck: *change.RealityCheck}
	if *change.BetLimit != gameprovider.NoLimit {
		limits.BetLimit = change.BetLimit
	}
	if *change.LossLimitDay != gameprovider.NoLimit {
		limits.LossLimitDay = change.LossLimitDay
	}
	p, err := k.GameProviders.BindPlayer(v.Ctx, gameprovider.Binding{
		Provider: v.Param("provider"), PlayerID: v.Form("player_id"), UserID: userID(v.Form("user")), Currency: currency, Limits: limits,
	})
	if err != nil {
		return err
	}
	return v.Goto(playerPath(p), v.T("The player is bound."))
}

// answered goes to a player's page with a note, unless the change failed.
func answered(v *site.Visit, p gameprovider.Player, err error, note string) error {
	if err != nil {
		return err
	}
	return v.Goto(playerPath(p), note)
}

func (k *desk) blockPlayer(v *site.Visit) error {
	p, err := k.GameProviders.BlockPlayer(v.Ctx, v.Param("provider"), v.Param("player"))
	return answered(v, p, err, v.T("Blocked: no new bets; wins and rollbacks go through."))
}

func (k *desk) unblockPlayer(v *site.Visit) error {
	p, err := k.GameProviders.UnblockPlayer(v.Ctx, v.Param("provider"), v.Param("player"))
	return answered(v, p, err, v.T("Not blocked any more."))
}

func (k *desk) playerLimitsForm(v *site.Visit) (form, error) {
	p, err := k.GameProviders.Player(v.Ctx, v.Param("provider"), v.Param("player"))
	if err != nil {
		return form{}, err
	}
	view, text := p.View(), func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	check := ""
	if p.RealityCheck > 0 {
		check = spanText(p.RealityCheck)
	}
	return form{
		Title: v.T("Limits of the player %s", p.PlayerID), Back: playerPath(p), Submit: v.T("Save"),
		Inputs: limitInputs(v, text(view.BetLimit), text(view.LossLimitDay), check),
	}, nil
}

func (k *desk) setPlayerLimits(v *site.Visit) error {
	p, err := k.GameProviders.Player(v.Ctx, v.Param("provider"), v.Param("player"))
	if err != nil {
		return err
	}
	change, err := limitsOf(v, p.Currency)
	if err != nil {
		return err
	}
	p, err = k.GameProviders.SetLimits(v.Ctx, p.Provider, p.PlayerID, change)
	return answered(v, p, err, v.T("Saved."))
}

func (k *desk) sessionForm(v *site.Visit) (form, error) {
	p, err := k.GameProviders.Player(v.Ctx, v.Param("provider"), v.Param("player"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("New session of the player %s", p.PlayerID), Back: playerPath(p), Submit: v.T("Open the session"),
		Inputs: []input{
			{Name: "session_id", Label: v.T("Session id"), Value: v.Form("session_id"), Hint: v.T("Made when empty.")},
			{Name: "ttl", Label: v.T("Lasts"), Value: typed(v, "ttl", spanText(gameprovider.DefaultTTL)), Required: true, Hint: v.T("Such as 12h, up to 720h.")},
		},
	}, nil
}

func (k *desk) openSession(v *site.Visit) error {
	s, err := k.GameProviders.OpenSession(v.Ctx, gameprovider.SessionSpec{
		Provider: v.Param("provider"), PlayerID: v.Param("player"), SessionID: v.Form("session_id"), TTL: spanOf(v.Form("ttl"), gameprovider.DefaultTTL),
	})
	if err != nil {
		return err
	}
	return answered(v, gameprovider.Player{Provider: s.Provider, PlayerID: s.PlayerID}, nil, v.T("The session is open."))
}

// closeSession and checkSession take the session's id from the form: it is a
// secret of the player's and does not belong into addresses.
func (k *desk) closeSession(v *site.Visit) error {
	if _, err := k.GameProviders.CloseSession(v.Ctx, v.Param("provider"), v.Form("session_id")); err != nil {
		return err
	}
	return v.Back("/games/sessions", v.T("The session is closed."))
}

func (k *desk) checkSession(v *site.Visit) error {
	if _, err := k.GameProviders.AcknowledgeSession(v.Ctx, v.Param("provider"), v.Form("session_id")); err != nil {
		return err
	}
	return v.Back("/games/sessions", v.T("Noted: the player was told how long it has been."))
}
