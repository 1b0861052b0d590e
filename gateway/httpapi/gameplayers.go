package httpapi

import (
	"net/http"
	"slices"

	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
	"disburse/ledger/money"
)

// playerView is a player as operators see it; limits that it has not are null.
type playerView struct {
	Provider     string         `json:"provider"`
	PlayerID     string         `json:"player_id"`
	UserID       int64          `json:"user_id"`
	Currency     money.Currency `json:"currency"`
	Blocked      bool           `json:"blocked"`
	BetLimit     *string        `json:"bet_limit"`
	LossLimitDay *string        `json:"loss_limit_day"`
	RealityCheck *string        `json:"reality_check"`
	CreatedAt    string         `json:"created_at"`
}

func viewPlayer(p gameprovider.Player) playerView {
	amount := func(minor *int64) *string {
		if minor == nil {
			return nil
		}
		text := money.New(*minor, p.Currency).String()
		return &text
	}
	v := playerView{
		Provider: p.Provider, PlayerID: p.PlayerID, UserID: p.UserID, Currency: p.Currency, Blocked: p.Blocked,
		BetLimit: amount(p.BetLimit), LossLimitDay: amount(p.LossLimitDay), CreatedAt: stamp(p.CreatedAt),
	}
	if p.RealityCheck > 0 {
		text := p.RealityCheck.String()
		v.RealityCheck = &text
	}
	return v
}

func listPlayers(r *request) error {
	q := r.query()
	f, after, limit := gameprovider.PlayerFilter{Provider: q.text("provider"), UserID: q.id("user")}, q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.GameProviders.Players(r.ctx, f, after, limit)
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.Next, viewPlayer))
}

// id is the number of a row, 0 when absent.
func (q *query) id(name string) int64 {
	v := q.r.c.Query(name)
	if v == "" {
		return 0
	}
	n, ok := wholeNumber(v)
	if !ok || n < 1 {
		q.refuse(name, "must be an id such as 42")
	}
	return n
}

// limitsBody sets limits of a player. Text that is empty takes a limit away.
type limitsBody struct{ BetLimit, LossLimitDay, RealityCheck *string }

func (b *limitsBody) member(name string) any {
	switch name {
	case "bet_limit":
		return &b.BetLimit
	case "loss_limit_day":
		return &b.LossLimitDay
	case "reality_check":
		return &b.RealityCheck
	default:
		return nil
	}
}

// change turns texts into values. What is none is named here; which values are
// allowed is the service's to say.
func (b *limitsBody) change(currency money.Currency) (gameprovider.LimitsChange, []fault.Field) {
	var c gameprovider.LimitsChange
	var faults []fault.Field
	for _, l := range []struct {
		name string
		text *string
		into **int64
	}{{"bet_limit", b.BetLimit, &c.BetLimit}, {"loss_limit_day", b.LossLimitDay, &c.LossLimitDay}} {
		if l.text == nil {
			continue
		}
		minor := gameprovider.NoLimit
		if *l.text != "" {
			m, err := money.Parse(*l.text, currency)
			if err != nil {
				faults = append(faults, fault.Field{Name: l.name, Why: "must be an amount such as 100.00"})
				continue
			}
			minor = m.Minor()
		}
		*l.into = &minor
	}
	if b.RealityCheck != nil {
		every := duration(*b.RealityCheck, 0)
		c.RealityCheck = &every
	}
	return c, faults
}

// playerBody binds a player to a user.
type playerBody struct {
	limitsBody
	Provider, PlayerID, Currency string
	UserID                       *int64
}

func (b *playerBody) member(name string) any {
	switch name {
	case "provider":
		return &b.Provider
	case "player_id":
		return &b.PlayerID
	case "user_id":
		return &b.UserID
	case "currency":
		return &b.Currency
	default:
		return b.limitsBody.member(name)
	}
}

func bindPlayer(r *request) error {
	var b playerBody
	if err := r.decode(&b); err != nil {
		return err
	}
	currency, known := money.Lookup(b.Currency)
	if !known {
		return fault.Invalid(fault.Field{Name: "currency", Why: "must be a known currency, such as RUB"})
	}
	limits, faults := b.change(currency)
	if len(faults) > 0 {
		return fault.Invalid(faults...)
	}
	n := gameprovider.Binding{Provider: b.Provider, PlayerID: b.PlayerID, Currency: currency, Limits: fresh(limits)}
	if b.UserID != nil {
		n.UserID = *b.UserID
	}
	p, err := r.api.GameProviders.BindPlayer(r.ctx, n)
	if err != nil {
		return renamed(err, "user", "user_id")
	}
	return r.jsonStatus(http.StatusCreated, viewPlayer(p))
}

// renamed names a faulty field as it is called here, where the service has
// another name for it.
func renamed(err error, from, to string) error {
	f := fault.From(err)
	if f.Kind != fault.InvalidInput {
		return err
	}
	fields := slices.Clone(f.Fields)
	for i := range fields {
		if fields[i].Name == from {
			fields[i].Name = to
		}
	}
	return fault.Invalid(fields...).With(f.Cause)
}

// fresh are the limits of a player that had none.
func fresh(c gameprovider.LimitsChange) gameprovider.Limits {
	given := func(minor *int64) *int64 {
		if minor != nil && *minor == gameprovider.NoLimit {
			return nil
		}
		return minor
	}
	l := gameprovider.Limits{BetLimit: given(c.BetLimit), LossLimitDay: given(c.LossLimitDay)}
	if c.RealityCheck != nil {
		l.RealityCheck = *c.RealityCheck
	}
	return l
}

// answerPlayer answers with a player.
func (r *request) answerPlayer(p gameprovider.Player, err error) error {
	if err != nil {
		return err
	}
	return r.json(viewPlayer(p))
}

func showPlayer(r *request) error {
	return r.answerPlayer(r.api.GameProviders.Player(r.ctx, r.param("provider"), r.param("player_id")))
}

func changePlayer(r *request) error {
	var b limitsBody
	if err := r.decode(&b); err != nil {
		return err
	}
	provider, name := r.param("provider"), r.param("player_id")
	p, err := r.api.GameProviders.Player(r.ctx, provider, name)
	if err != nil {
		return err
	}
	limits, faults := b.change(p.Currency)
	if len(faults) > 0 {
		return fault.Invalid(faults...)
	}
	return r.answerPlayer(r.api.GameProviders.SetLimits(r.ctx, provider, name, limits))
}

func blockPlayer(r *request) error {
	return r.answerPlayer(r.api.GameProviders.BlockPlayer(r.ctx, r.param("provider"), r.param("player_id")))
}

func unblockPlayer(r *request) error {
	return r.answerPlayer(r.api.GameProviders.UnblockPlayer(r.ctx, r.param("provider"), r.param("player_id")))
}
