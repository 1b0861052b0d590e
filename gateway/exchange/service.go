package exchange

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
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

	Observe Observer // optional
}

// Observer is told of what happens, for metrics. Every field is optional, and
// called on the path of the request: it must be quick.
type Observer struct {
	Created func(ad Side)
	Ended   func(to Status, age time.Duration)
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

// errAgain says that what stood in the way of a request is gone by now.
var errAgain = errors.New("exchange: try again")

// tries is how often a request is judged again when what it was judged by
// changes under it.
const tries = 4

// once answers a request that has a key: as the first time when the key has
// made something, whatever became of it since. It looks only when create fails,
// so that what succeeds costs nothing; a twin that was faster has committed by
// the time that its effects are in the way.
func (s *Service) once(ctx context.Context, key idempotency.Key, create func() (int64, error)) (int64, error) {
	for range tries {
		id, err := create()
		if err == nil {
			return id, nil
		}
		var f *fault.Error
		if malformed := errors.As(err, &f) && f.Kind == fault.InvalidInput; key.Given() && !malformed {
			id, found, look := idempotency.Find(ctx, s.d.DB, key)
			switch {
			case errors.Is(look, idempotency.ErrReused):
				return 0, ErrKeyReused.With(look)
			case look != nil:
				return 0, fmt.Errorf("exchange: key: %w", look)
			case found:
				return id, nil
			}
		}
		if !errors.Is(err, errAgain) {
			return 0, err
		}
	}
	return 0, ErrBusy
}

// named says what was being done, unless the error is a fault.
func named(err error, doing string) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("exchange: %s: %w", doing, err)
}

// user is how the books of orders name a user who acts.
func user(id int64) string { return enduser.Owner(id) }

// byUser is the context in which a user acts, for records.
func byUser(ctx context.Context, u enduser.User) context.Context {
	actor := audit.ActorFrom(ctx)
	return audit.WithActor(ctx, audit.Actor{Kind: audit.User, ID: strconv.FormatInt(u.ID, 10), Name: u.Name, Address: actor.Address})
}

// pageBounds judges a limit and an offset; a limit of 0 is the default.
func pageBounds(f *faults, limit *int, offset, preset int) {
	if *limit == 0 {
		*limit = preset
	}
	if *limit < 1 || *limit > maxPage {
		f.add("limit", "must be 1 to %d", maxPage)
	}
	if offset < 0 || offset > maxOffset {
		f.add("offset", "must be 0 to %d", maxOffset)
	}
}

// Bounds of lists.
const (
	defaultPage     = 20
	defaultMessages = 50
	maxPage         = 100
	maxOffset       = 10_000
)
