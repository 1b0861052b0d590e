package gameprovider

import (
	"time"

	"disburse/ledger/money"
)

// View is a provider in the shape of audit rows and of JSON output.
type View struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Active    bool      `json:"active"`
	Profile   string    `json:"profile"`
	Keys      []Key     `json:"keys"`
	CreatedAt time.Time `json:"created_at"`
}

// View gives the provider as it is shown to operators.
func (p Provider) View() View {
	return View{ID: p.ID, Name: p.Name, Active: p.Active, Profile: p.Profile.Name, Keys: p.Keys, CreatedAt: p.CreatedAt}
}

// PlayerView is a player in the shape of audit rows and of JSON output. Limits
// are amounts such as "100.00", the reality check a span such as "1h0m0s", and
// null where there is none.
type PlayerView struct {
	Provider     string  `json:"provider"`
	PlayerID     string  `json:"player_id"`
	UserID       int64   `json:"user_id"`
	Currency     string  `json:"currency"`
	Blocked      bool    `json:"blocked"`
	BetLimit     *string `json:"bet_limit"`
	LossLimitDay *string `json:"loss_limit_day"`
	RealityCheck *string `json:"reality_check"`
	CreatedAt    string  `json:"created_at"`
}

// View gives the player as it is shown to operators.
func (p Player) View() PlayerView {
	amount := func(minor *int64) *string {
		if minor == nil {
			return nil
		}
		text := money.New(*minor, p.Currency).String()
		return &text
	}
	v := PlayerView{
		Provider: p.Provider, PlayerID: p.PlayerID, UserID: p.UserID, Currency: string(p.Currency), Blocked: p.Blocked,
		BetLimit: amount(p.BetLimit), LossLimitDay: amount(p.LossLimitDay), CreatedAt: stamp(p.CreatedAt),
	}
	if p.RealityCheck > 0 {
		text := p.RealityCheck.String()
		v.RealityCheck = &text
	}
	return v
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// subject names the player in audit rows: no provider's name has a slash.
func (p Player) subject() string { return p.Provider + "/" + p.PlayerID }

// SessionState is where a session stands at a moment.
type SessionState string

// The states of a session.
const (
	Open    SessionState = "open"
	Expired SessionState = "expired"
	Closed  SessionState = "closed"
)

// StateAt is where the session stands at a moment.
func (s Session) StateAt(now time.Time) SessionState {
	switch {
	case s.ClosedAt != nil:
		return Closed
	case !now.Before(s.ExpiresAt):
		return Expired
	}
	return Open
}

// SessionView is a session in JSON.
type SessionView struct {
	Provider  string       `json:"provider"`
	PlayerID  string       `json:"player_id"`
	SessionID string       `json:"session_id"`
	State     SessionState `json:"state"`
	OpenedAt  string       `json:"opened_at"`
	ExpiresAt string       `json:"expires_at"`
	CheckedAt string       `json:"checked_at"`
	ClosedAt  *string      `json:"closed_at"`
}

// ViewAt gives the session as it is shown to operators at a moment.
func (s Session) ViewAt(now time.Time) SessionView {
	v := SessionView{
		Provider: s.Provider, PlayerID: s.PlayerID, SessionID: s.SessionID, State: s.StateAt(now),
		OpenedAt: stamp(s.OpenedAt), ExpiresAt: stamp(s.ExpiresAt), CheckedAt: stamp(s.CheckedAt),
	}
	if s.ClosedAt != nil {
		text := stamp(*s.ClosedAt)
		v.ClosedAt = &text
	}
	return v
}

// sessionTrace is a session in audit rows. They are kept for ever and read by
// many, so of the id, by which a player is let in, they hold the beginning.
type sessionTrace struct {
	BeginsWith string     `json:"session_begins_with"`
	ExpiresAt  time.Time  `json:"expires_at"`
	CheckedAt  time.Time  `json:"checked_at"`
	ClosedAt   *time.Time `json:"closed_at"`
}

// shownOf is how many characters of a session id are told.
const shownOf = 8

func (s Session) trace() sessionTrace {
	shown := []rune(s.SessionID)
	return sessionTrace{
		BeginsWith: string(shown[:min(len(shown), shownOf)]),
		ExpiresAt:  s.ExpiresAt, CheckedAt: s.CheckedAt, ClosedAt: s.ClosedAt,
	}
}
