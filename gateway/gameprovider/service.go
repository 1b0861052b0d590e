package gameprovider

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/gateway/transact"
)

const (
	defaultPage = 50
	maxPage     = 500

	maxPlayerID  = 45
	maxGameID    = 255
	maxSessionID = 600
)

// Service changes providers and what belongs to them. Where a method takes
// provider, it is its name. Besides the codes that each method names, all of
// them can fail with internal, and those that change something with
// unavailable. The providers it returns carry no private keys. It is safe for
// concurrent use.
type Service struct {
	deps Deps
}

// NewService makes a service, and refuses a missing dependency by name.
func NewService(d Deps) (*Service, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return &Service{deps: d}, nil
}

// Page is one page of a list. Next is where the next one begins, empty on the
// last.
type Page[T any] struct {
	Items []T
	Next  string
}

// Spec describes a provider to be made; without a profile it has the default.
type Spec struct {
	Name    string
	Profile string
}

// Create makes an active provider with one key pair, shown this once. It fails
// with invalid_request and name_taken.
func (s *Service) Create(ctx context.Context, n Spec) (Provider, Pair, error) {
	if n.Profile == "" {
		n.Profile = DefaultProfile
	}
	if !namePattern.MatchString(n.Name) {
		return Provider{}, Pair{}, fault.Invalid(nameFault)
	}
	var made Provider
	pair := makePair()
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if err := epoch.Bump(ctx, tx); err != nil {
			return err
		}
		now := s.now()
		if _, err := profileFor(ctx, tx, n.Profile); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertProvider, n.Name, n.Profile, now); err != nil {
			return err
		}
		p, err := s.find(ctx, tx, n.Name)
		if err != nil {
			return err
		}
		if err := s.storePair(ctx, tx, p.ID, pair, now); err != nil {
			return err
		}
		if made, err = s.find(ctx, tx, n.Name); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "provider.create", "provider", made.Name)
		record.After = made.View()
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Provider{}, Pair{}, named(err, "create")
	}
	s.deps.Watcher.Invalidate()
	return made, pair, nil
}

var nameFault = fault.Field{Name: "name", Why: "must be 1 to 64 of a-z, 0-9, _ and -"}

// ByName reads a provider. It fails with not_found.
func (s *Service) ByName(ctx context.Context, provider string) (Provider, error) {
	return s.find(ctx, s.deps.DB, provider)
}

// List reads providers in the order of their names, from where cursor says.
// limit is 1 to 500, and 50 when zero or below. It fails with invalid_request.
func (s *Service) List(ctx context.Context, cursor string, limit int) (Page[Provider], error) {
	if cursor != "" && !namePattern.MatchString(cursor) {
		return Page[Provider]{}, badCursor
	}
	limit = bounded(limit)
	// One more than asked tells whether another page follows.
	rows, err := collect[providerRow](ctx, s.deps.DB, selectProviderPage, cursor, limit+1)
	if err != nil {
		return Page[Provider]{}, fmt.Errorf("gameprovider: list: %w", err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].Name
	}
	items, err := s.withKeys(ctx, s.deps.DB, rows)
	return Page[Provider]{Items: items, Next: next}, err
}

// SetActive lets a provider in, or shuts it out: every call of it is then
// refused as if it did not exist. It fails with not_found.
func (s *Service) SetActive(ctx context.Context, provider string, active bool) (Provider, error) {
	action := "provider.disable"
	if active {
		action = "provider.enable"
	}
	return s.change(ctx, provider, action, func(tx pgx.Tx, p Provider, now time.Time) error {
		if active {
			_, err := tx.Exec(ctx, activate, p.ID)
			return err
		}
		_, err := tx.Exec(ctx, deactivate, p.ID, now)
		return err
	})
}

// change runs one change of one provider with its audit row, and returns the
// state after it. A change that changes nothing leaves no trace.
func (s *Service) change(ctx context.Context, provider, action string,
	mutate func(tx pgx.Tx, before Provider, now time.Time) error,
) (Provider, error) {
	var after Provider
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if err := epoch.Bump(ctx, tx); err != nil {
			return err
		}
		before, err := s.find(ctx, tx, provider)
		if err != nil {
			return err
		}
		now := s.now()
		if err := mutate(tx, before, now); err != nil {
			return err
		}
		if after, err = s.find(ctx, tx, provider); err != nil {
			return err
		}
		record := audit.Of(ctx, now, action, "provider", before.Name)
		record.Before, record.After = before.View(), after.View()
		if reflect.DeepEqual(record.Before, record.After) {
			return nil
		}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Provider{}, named(err, action)
	}
	s.deps.Watcher.Invalidate()
	return after, nil
}

func (s *Service) find(ctx context.Context, db database, provider string) (Provider, error) {
	if !namePattern.MatchString(provider) {
		return Provider{}, ErrNotFound // also keeps text out that the database cannot hold
	}
	rows, err := collect[providerRow](ctx, db, selectProviderByName, provider)
	if err != nil {
		return Provider{}, fmt.Errorf("gameprovider: find: %w", err)
	}
	if len(rows) == 0 {
		return Provider{}, ErrNotFound
	}
	found, err := s.withKeys(ctx, db, rows)
	if err != nil {
		return Provider{}, err
	}
	return found[0], nil
}

// withKeys adds what may be told about the keys that work now.
func (s *Service) withKeys(ctx context.Context, db database, rows []providerRow) ([]Provider, error) {
	keys, err := keysOf(ctx, db, rows)
	if err != nil {
		return nil, err
	}
	now := s.deps.Now()
	providers := make([]Provider, len(rows))
	for i, r := range rows {
		providers[i] = r.provider()
		for _, row := range keys[r.ID] {
			if k := row.key(); k.activeAt(now) {
				providers[i].Keys = append(providers[i].Keys, k)
			}
		}
	}
	return providers, nil
}

// now is of the precision that the database keeps.
func (s *Service) now() time.Time { return s.deps.Now().UTC().Truncate(time.Microsecond) }

var badCursor = fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})

func bounded(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// pageOf cuts rows, of which one more than limit was asked for, to a page.
func pageOf[Row, T any](rows []Row, limit int, id func(Row) int64, view func(Row) T) Page[T] {
	p := page.ByID(rows, limit, id, view)
	if p.NextCursor == nil {
		return Page[T]{Items: p.Items}
	}
	return Page[T]{Items: p.Items, Next: *p.NextCursor}
}

// validID reports whether a text can be the id of something: 1 to limit
// characters, without control characters and without spaces around it.
func validID(text string, limit int) bool {
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > limit {
		return false
	}
	return strings.TrimSpace(text) == text && strings.IndexFunc(text, unicode.IsControl) < 0
}

func idFault(name string, limit int) fault.Field {
	return fault.Field{Name: name, Why: "must be 1 to " + strconv.Itoa(limit) + " characters, without control characters and without spaces around them"}
}

// named turns what the database refused into the fault that callers know, and
// says what was being done otherwise.
func named(err error, doing string) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.ConstraintName {
		case nameConstraint:
			return ErrNameTaken.With(err)
		case sessionConstraint:
			return ErrSessionTaken.With(err)
		case userConstraint:
			return fault.Invalid(fault.Field{Name: "user", Why: "there is no such user"}).With(err)
		}
	}
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("gameprovider: %s: %w", doing, err)
}
