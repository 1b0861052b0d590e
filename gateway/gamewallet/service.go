package gamewallet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
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
	// Answered: a call of a kind was answered with a code, "OK" when it was not
	// refused.
	Answered func(k Kind, code string)
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

var errUnbuilt = errors.New("gamewallet: not there yet")

// Balance tells what a player can bet: cash and bonus together. A session that
// is over does not matter.
func (s *Service) Balance(_ context.Context, _ gameprovider.Provider, _ BalanceRequest) (money.Money, error) {
	return money.Money{}, errUnbuilt
}

// Withdraw takes a bet.
func (s *Service) Withdraw(_ context.Context, _ gameprovider.Provider, _ BetRequest) (money.Money, error) {
	return money.Money{}, errUnbuilt
}

// Deposit pays a win.
func (s *Service) Deposit(_ context.Context, _ gameprovider.Provider, _ WinRequest) (money.Money, error) {
	return money.Money{}, errUnbuilt
}

// Rollback undoes a withdraw.
func (s *Service) Rollback(_ context.Context, _ gameprovider.Provider, _ RollbackRequest) (money.Money, error) {
	return money.Money{}, errUnbuilt
}

// Filter narrows Transactions; empty fields do not.
type Filter struct {
	Provider string // its name
	Player   string // the provider's name for it
	Round    string
	From, To time.Time // From is included, To is not
}

// Transactions lists transactions, newest first. Faults: invalid_request.
func (s *Service) Transactions(_ context.Context, _ Filter, _ string, _ int) (page.Page[TransactionView], error) {
	return page.Page[TransactionView]{}, errUnbuilt
}

// RoundFilter narrows Rounds; empty fields do not.
type RoundFilter struct {
	OpenOlderThan time.Duration // only rounds that are open and began longer ago
	Open          bool          // only rounds that are open
	Provider      string        // its name
}

// Rounds lists rounds, oldest first. Faults: invalid_request.
func (s *Service) Rounds(_ context.Context, _ RoundFilter, _ string, _ int) (page.Page[RoundView], error) {
	return page.Page[RoundView]{}, errUnbuilt
}
