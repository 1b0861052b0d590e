package gamewallet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/gameprovider"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Books is the part of the ledger that bets need; *ledger.Ledger is it.
type Books interface {
	Post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error)
	Balances(ctx context.Context, accounts ...ledger.Account) ([]money.Money, error)
}

// Directory knows games and players; *gameprovider.Directory does.
type Directory interface {
	Game(ctx context.Context, providerID int64, gameID string) (active, known bool, err error)
	Seat(ctx context.Context, providerID int64, playerID, sessionID string) (gameprovider.Seat, error)
}

// Deps is what a Service needs. All fields are required unless said otherwise.
type Deps struct {
	DB        *pgxpool.Pool
	Ledger    Books
	Directory Directory
	Now       func() time.Time
	Observe   Observer // optional
}

// Observer is told of what happens, for metrics. It is called on the path of
// the request: it must be quick.
type Observer struct {
	// Answered: a call ("balance", "withdraw", "deposit", "rollback") was
	// answered with a code, which is empty when it was not refused.
	Answered func(call, code string)
}

// Service is the calls of game providers. It is safe for concurrent use, by any
// number of processes on one database.
type Service struct{ d Deps }

// NewService makes a Service, and refuses missing dependencies by name.
func NewService(d Deps) (*Service, error) {
	var missing []string
	for name, absent := range map[string]bool{
		"DB": d.DB == nil, "Ledger": d.Ledger == nil, "Directory": d.Directory == nil, "Now": d.Now == nil,
	} {
		if absent {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("gamewallet: %s missing", strings.Join(missing, ", "))
	}
	return &Service{d: d}, nil
}

// now is the present moment at the precision that the database keeps.
func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }
