package payout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/epoch"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/vault"
	"disburse/ledger"
)

// Merchants finds merchants by id, from memory; *merchant.Directory does.
type Merchants interface {
	ByID(ctx context.Context, id string) (merchant.Merchant, error)
}

// Rates prices USDT; *fx.Rates does.
type Rates interface {
	// Known reports whether a currency such as "rub" has a rate of any age.
	Known(ctx context.Context, currency string) (bool, error)
	// Current is the rate to use; rate_unavailable when it is too old.
	Current(ctx context.Context, currency string) (fx.Rate, error)
}

// Deps is what a Service needs. All fields are required unless said otherwise.
type Deps struct {
	DB        *pgxpool.Pool
	Ledger    *ledger.Ledger
	Merchants Merchants
	Rates     Rates
	Vault     *vault.Vault
	Watcher   *epoch.Watcher
	CheckURL  func(target string) error // refuses callback addresses; its text goes to the merchant
	PublicURL string                    // "https://pay.example.com", no trailing slash
	Executors []Executor                // optional
	Now       func() time.Time          // default time.Now
	Log       *slog.Logger              // default slog.Default
	Observe   Observer                  // optional
}

// Observer is told of what happens, for metrics. Every field is optional, and
// called on the path of the request: it must be quick.
type Observer struct {
	Created  func(mode ledger.Mode, currency string, method Method)
	Ended    func(mode ledger.Mode, to Status, age time.Duration)
	Executed func(executor string, outcome Outcome, took time.Duration)
}

// Service is the use cases of payouts. It is safe for concurrent use, by any
// number of processes on one database.
type Service struct {
	d        Deps
	capacity *epoch.Cache[merchant.MethodKey, bounds]
	offered  offers
	sweeps   sweeps
}

var executorName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// New makes a Service, and refuses missing dependencies by name.
func New(d Deps) (*Service, error) {
	var missing []string
	for name, absent := range map[string]bool{
		"DB": d.DB == nil, "Ledger": d.Ledger == nil, "Merchants": d.Merchants == nil, "Rates": d.Rates == nil,
		"Vault": d.Vault == nil, "Watcher": d.Watcher == nil, "CheckURL": d.CheckURL == nil,
	} {
		if absent {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("payout: %s missing", strings.Join(missing, ", "))
	}
	if u, err := url.Parse(d.PublicURL); err != nil || u.Host == "" || strings.HasSuffix(d.PublicURL, "/") {
		return nil, errors.New("payout: PublicURL must be absolute and have no trailing slash")
	}
	names := make(map[string]bool)
	for _, e := range d.Executors {
		if !executorName.MatchString(e.Name()) || names[e.Name()] {
			return nil, fmt.Errorf("payout: executor name %q is bad or taken", e.Name())
		}
		names[e.Name()] = true
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	s := &Service{d: d, offered: offers{mu: new(sync.Mutex), after: make(map[ledger.Mode]string)}, sweeps: sweeps{rests: make(map[string]rest)}}
	s.capacity = epoch.NewCache(d.Watcher, 4096, s.loadBounds)
	return s, nil
}

// now is the present moment at the precision that the database keeps.
func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }
