package httpapi

import (
	"net/http"
	"strconv"

	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
)

// sessionView is a session as operators see it.
type sessionView struct {
	Provider  string  `json:"provider"`
	PlayerID  string  `json:"player_id"`
	SessionID string  `json:"session_id"`
	OpenedAt  string  `json:"opened_at"`
	ExpiresAt string  `json:"expires_at"`
	CheckedAt string  `json:"checked_at"`
	ClosedAt  *string `json:"closed_at"`
}

func viewSession(s gameprovider.Session) sessionView {
	v := sessionView{
		Provider: s.Provider, PlayerID: s.PlayerID, SessionID: s.SessionID,
		OpenedAt: stamp(s.OpenedAt), ExpiresAt: stamp(s.ExpiresAt), CheckedAt: stamp(s.CheckedAt),
	}
	if s.ClosedAt != nil {
		text := stamp(*s.ClosedAt)
		v.ClosedAt = &text
	}
	return v
}

func listSessions(r *request) error {
	q := r.query()
	open, _ := strconv.ParseBool(q.oneOf("open", "true", "false"))
	f := gameprovider.SessionFilter{Provider: q.text("provider"), PlayerID: q.text("player"), Open: open}
	after, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.GameProviders.Sessions(r.ctx, f, after, limit)
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.Next, viewSession))
}

// sessionBody opens a session.
type sessionBody struct{ Provider, PlayerID, SessionID, TTL string }

func (b *sessionBody) member(name string) any {
	switch name {
	case "provider":
		return &b.Provider
	case "player_id":
		return &b.PlayerID
	case "session_id":
		return &b.SessionID
	case "ttl":
		return &b.TTL
	default:
		return nil
	}
}

func openSession(r *request) error {
	var b sessionBody
	if err := r.decode(&b); err != nil {
		return err
	}
	opened, err := r.api.GameProviders.OpenSession(r.ctx, gameprovider.SessionSpec{
		Provider: b.Provider, PlayerID: b.PlayerID, SessionID: b.SessionID, TTL: duration(b.TTL, gameprovider.DefaultTTL),
	})
	if err != nil {
		return err
	}
	return r.jsonStatus(http.StatusCreated, viewSession(opened))
}

// answerSession answers with a session.
func (r *request) answerSession(s gameprovider.Session, err error) error {
	if err != nil {
		return err
	}
	return r.json(viewSession(s))
}

func closeSession(r *request) error {
	return r.answerSession(r.api.GameProviders.CloseSession(r.ctx, r.param("provider"), r.param("session_id")))
}

func checkSession(r *request) error {
	return r.answerSession(r.api.GameProviders.AcknowledgeSession(r.ctx, r.param("provider"), r.param("session_id")))
}
