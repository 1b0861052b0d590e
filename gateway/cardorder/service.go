package cardorder

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/vault"
	"disburse/ledger"
)

// Users judges what a user may do; *enduser.Service does.
type Users interface {
	// CheckActive refuses users who are blocked.
	CheckActive(u enduser.User) error
	// Refusal tells why a withdrawal would be refused now, nil when it would not.
	Refusal(ctx context.Context, userID int64, kind enduser.Kind, amount int64) error
}

// Deps is what a Service needs. All fields are required unless said otherwise.
type Deps struct {
	DB      *pgxpool.Pool
	Ledger  *ledger.Ledger
	Users   Users
	Chat    *chat.Store
	Vault   *vault.Vault
	Now     func() time.Time // default time.Now
	Observe Observer         // optional
}

// Observer is told of what happens, for metrics. Every field is optional, and
// called on the path of the request: it must be quick.
type Observer struct {
	Created func(t Type)
	Ended   func(t Type, to Status, age time.Duration)
}

// Service is the use cases of card orders. It is safe for concurrent use, by
// any number of processes on one database.
type Service struct{ d Deps }

// NewService makes a Service, and refuses missing dependencies by name.
func NewService(d Deps) (*Service, error) {
	var missing []string
	for name, absent := range map[string]bool{
		"DB": d.DB == nil, "Ledger": d.Ledger == nil, "Users": d.Users == nil, "Chat": d.Chat == nil, "Vault": d.Vault == nil,
	} {
		if absent {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("cardorder: %s missing", strings.Join(missing, ", "))
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{d: d}, nil
}

// now is the present moment at the precision that the database keeps.
func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

// Claimant is the actor of ctx in the form of Order.ClaimedBy: an operator, a
// person at the command line.
func Claimant(ctx context.Context) string {
	a := audit.ActorFrom(ctx)
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}
