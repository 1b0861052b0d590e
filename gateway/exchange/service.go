package exchange

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/vault"
	"disburse/ledger"
)

// Deps is what a Service needs. All fields are required unless said otherwise.
type Deps struct {
	DB     *pgxpool.Pool
	Ledger *ledger.Ledger
	Users  *enduser.Service
	Chat   *chat.Store
	Vault  *vault.Vault
	Now    func() time.Time // default time.Now
	Log    *slog.Logger     // default slog.Default
}

// Service is the use cases of P2P trade. It is safe for concurrent use, by any
// number of processes on one database.
type Service struct{ d Deps }

// NewService makes a Service, and refuses missing dependencies by name.
func NewService(d Deps) (*Service, error) {
	var missing []string
	for _, dependency := range []struct {
		name   string
		absent bool
	}{
		{"DB", d.DB == nil}, {"Ledger", d.Ledger == nil}, {"Users", d.Users == nil}, {"Chat", d.Chat == nil}, {"Vault", d.Vault == nil},
	} {
		if dependency.absent {
			missing = append(missing, dependency.name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("exchange: %s missing", strings.Join(missing, ", "))
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	return &Service{d: d}, nil
}

// now is the present moment at the precision that the database keeps.
func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

var errNotYet = errors.New("exchange: not yet")
