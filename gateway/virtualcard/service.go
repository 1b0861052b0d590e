package virtualcard

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/enduser"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Books is the part of the ledger that cards need.
type Books interface {
	Post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error)
	Balances(ctx context.Context, accounts ...ledger.Account) ([]money.Money, error)
	Activity(ctx context.Context, a ledger.Account, limit, offset int) ([]ledger.StatementLine, int, error)
	TransfersByReference(ctx context.Context, references ...string) ([]ledger.TransferRow, error)
}

// Users knows the end users; *enduser.Service does.
type Users interface {
	// CheckActive refuses users who are blocked.
	CheckActive(u enduser.User) error
	// ByID reads a user.
	ByID(ctx context.Context, id int64) (enduser.User, error)
}

// The terms of cards.
const (
	cooldown    = 15 * time.Minute // between attempts to withdraw from a card, as ErrCooldown says
	topUpFeeBPS = 100              // basis points of a top-up, on top of it
)

// Deps is what a Service needs. All fields are required unless said otherwise.
type Deps struct {
	DB       *pgxpool.Pool
	Ledger   Books
	Users    Users
	Provider Provider
	Now      func() time.Time // default time.Now
	Log      *slog.Logger     // default discards
	Observe  Observer         // optional
}

// Observer is told of what happens, for metrics. Every field is optional, and
// called on the path of the request: it must be quick.
type Observer struct {
	// Called: an order was asked of the provider. outcome is "done", "declined",
	// "not_sent" or "unknown".
	Called func(kind Kind, outcome string, took time.Duration)
	// Ended: an operation ended, by its own call or by recovery.
	Ended func(kind Kind, state State, recovered bool, age time.Duration)
}

// Service is the use cases of virtual cards. It is safe for concurrent use, by
// any number of processes on one database.
type Service struct{ d Deps }

// NewService makes a Service, and refuses missing dependencies by name.
func NewService(d Deps) (*Service, error) {
	var missing []string
	for name, absent := range map[string]bool{
		"DB": d.DB == nil, "Ledger": d.Ledger == nil, "Users": d.Users == nil, "Provider": d.Provider == nil,
	} {
		if absent {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("virtualcard: %s missing", strings.Join(missing, ", "))
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{d: d}, nil
}

// now is the present moment at the precision that the database keeps.
func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }
