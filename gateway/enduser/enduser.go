package enduser

import (
	"strconv"
	"time"

	"disburse/gateway/fault"
	"disburse/ledger/money"
)

// RUB is the currency of everything that counts.
const RUB money.Currency = "RUB"

// User is one end user, as it stands. Amounts are kopecks.
type User struct {
	ID               int64
	Name             string
	Nickname         string // what other users see
	Blocked          bool
	SignupBonus      bool // got one
	CashbackBonus    bool
	Deposited        int64 // completed
	Withdrawn        int64 // completed
	Withdrawing      int64 // open
	Turnover         int64 // of bets
	WageringRequired int64 // the turnover that is asked for
	CreatedAt        time.Time
}

// WageringRemaining is the turnover that is still missing.
func (u User) WageringRemaining() int64 { return max(u.WageringRequired-u.Turnover, 0) }

// Owner is the name of a user in the books.
func Owner(id int64) string { return "user:" + strconv.FormatInt(id, 10) }

// Kind is the way in which money leaves.
type Kind string

// The kinds of withdrawals.
const (
	Card Kind = "card"
	P2P  Kind = "p2p"
)

// BonusKind is the sort of a bonus. It decides which rules the user is under
// from then on.
type BonusKind string

// The kinds of bonuses.
const (
	Signup   BonusKind = "signup"
	Cashback BonusKind = "cashback"
)

// Faults of this package that callers compare with errors.Is.
var (
	ErrUnauthorized = fault.New(fault.Unauthenticated, "UNAUTHORIZED", "missing or invalid token")
	ErrNotFound     = fault.New(fault.NotFound, "NOT_FOUND", "user not found")
	ErrBlocked      = fault.New(fault.Forbidden, "FORBIDDEN", "the user is blocked")
	ErrMinDeposit   = fault.New(fault.Rule, "MIN_DEPOSIT_REQUIRED",
		"deposits must total at least 1000.00 RUB before money can be withdrawn")
	ErrWagering = fault.New(fault.Rule, "WAGERING_REQUIREMENT_NOT_MET",
		"until the wagering requirement is met, no more can be withdrawn than was deposited")
	ErrReferenceReused = fault.New(fault.Conflict, "reference_reused", "this reference was already used with other content")
)
