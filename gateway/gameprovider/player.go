package gameprovider

import (
	"time"

	"disburse/ledger/money"
)

// Player is a provider's name for one of our users in one currency.
type Player struct {
	ID         int64
	ProviderID int64
	Provider   string // its name; filled in by a Service alone
	PlayerID   string // the provider's name for it
	UserID     int64
	Currency   money.Currency
	Blocked    bool // no new bets; wins and rollbacks go through
	Limits
	CreatedAt time.Time // filled in by a Service alone
}

// Limits bound what a player may do. Amounts are minor units of the player's
// currency.
type Limits struct {
	BetLimit     *int64        // the largest bet; nil: any
	LossLimitDay *int64        // bets minus wins of one UTC day; nil: any
	RealityCheck time.Duration // whole seconds of play until the player must be told; 0: never
}

// Session is a time in which a player may bet.
type Session struct {
	SessionID string
	Provider  string // its name; filled in by a Service alone
	PlayerID  string // the provider's name for the player
	OpenedAt  time.Time
	ExpiresAt time.Time
	CheckedAt time.Time // when the player was last told how long it has been
	ClosedAt  *time.Time
}

// OpenAt reports whether bets are taken in the session at a moment.
func (s Session) OpenAt(now time.Time) bool { return s.ClosedAt == nil && now.Before(s.ExpiresAt) }

// Seat is a player and the session it comes with, as one call needs them.
type Seat struct {
	Player      Player
	UserBlocked bool     // the user behind the player is blocked: no new bets either
	Session     *Session // nil: there is none of this id for this player
}

// RealityCheckDue reports whether play must stop until the player was told how
// long it has been going on.
func (s Seat) RealityCheckDue(now time.Time) bool {
	return s.Player.RealityCheck > 0 && s.Session != nil && now.Sub(s.Session.CheckedAt) >= s.Player.RealityCheck
}
