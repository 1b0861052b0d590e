package enduser

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
	"disburse/ledger"
	"disburse/ledger/money"
)

const (
	maxName     = 128
	defaultPage = 50
	maxPage     = 1000
)

// Books is the part of the ledger that users need.
type Books interface {
	Post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error)
	Balances(ctx context.Context, accounts ...ledger.Account) ([]money.Money, error)
	Activity(ctx context.Context, a ledger.Account, limit, offset int) ([]ledger.StatementLine, int, error)
	TransfersByReference(ctx context.Context, references ...string) ([]ledger.TransferRow, error)
}

// Deps is what a Service needs; nothing may be missing.
type Deps struct {
	DB     *pgxpool.Pool
	Ledger Books
	Now    func() time.Time
}

// Service keeps end users. Besides the codes that each method names, all of
// them can fail with internal, and those that change something with
// unavailable. It is safe for concurrent use.
type Service struct {
	deps Deps
}

// NewService makes a service, and refuses a missing dependency by name.
func NewService(d Deps) (*Service, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("enduser: DB is missing")
	case d.Ledger == nil:
		return nil, errors.New("enduser: Ledger is missing")
	case d.Now == nil:
		return nil, errors.New("enduser: Now is missing")
	}
	return &Service{deps: d}, nil
}

// Spec describes a user to be made. Without a nickname the name is shown to
// other users.
type Spec struct {
	Name     string
	Nickname string
}

// Create makes a user. It fails with invalid_request.
func (s *Service) Create(ctx context.Context, n Spec) (User, error) {
	if n.Nickname == "" {
		n.Nickname = n.Name
	}
	var faults []fault.Field
	for _, field := range []fault.Field{{Name: "name", Why: n.Name}, {Name: "nickname", Why: n.Nickname}} {
		if !validName(field.Why) {
			faults = append(faults, fault.Field{Name: field.Name, Why: "must be 1 to 128 characters, none of them a control character"})
		}
	}
	if len(faults) > 0 {
		return User{}, fault.Invalid(faults...)
	}
	var made User
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		now := s.now()
		users, err := collect(ctx, tx, insertUser, n.Name, n.Nickname, now)
		if err != nil {
			return err
		}
		made = users[0]
		record := audit.Of(ctx, now, "user.create", "user", idText(made.ID))
		record.After = made.View()
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return User{}, named(err, "create")
	}
	return made, nil
}

func validName(text string) bool {
	n := utf8.RuneCountInString(text)
	if n == 0 || n > maxName || !utf8.ValidString(text) {
		return false
	}
	blank := true
	for _, r := range text {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return false
		}
		blank = blank && unicode.IsSpace(r)
	}
	return !blank
}

// ByID reads a user. It fails with NOT_FOUND.
func (s *Service) ByID(ctx context.Context, id int64) (User, error) {
	return find(ctx, s.deps.DB, selectByID, id)
}

// List reads users in the order of their ids, from after the one given. limit
// is 1 to 1000, and 50 when zero or below.
func (s *Service) List(ctx context.Context, after int64, limit int) ([]User, error) {
	limit = min(limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	users, err := collect(ctx, s.deps.DB, selectPage, after, limit)
	if err != nil {
		return nil, fmt.Errorf("enduser: list: %w", err)
	}
	return users, nil
}

// CheckActive fails with FORBIDDEN when the user is blocked.
func (s *Service) CheckActive(u User) error {
	if u.Blocked {
		return ErrBlocked
	}
	return nil
}

// Block keeps a user from beginning anything new. Repeating it changes nothing.
// It fails with NOT_FOUND.
func (s *Service) Block(ctx context.Context, id int64) error {
	return s.change(ctx, id, "user.block", func(tx pgx.Tx, now time.Time) error {
		_, err := tx.Exec(ctx, blockUser, id, now)
		return err
	})
}

// Unblock ends that. It fails with NOT_FOUND.
func (s *Service) Unblock(ctx context.Context, id int64) error {
	return s.change(ctx, id, "user.unblock", func(tx pgx.Tx, _ time.Time) error {
		_, err := tx.Exec(ctx, unblockUser, id)
		return err
	})
}

// SetWagering sets the turnover, in kopecks, that a user who got a cashback
// bonus must reach before more can be withdrawn than was deposited. It fails
// with NOT_FOUND and invalid_request.
func (s *Service) SetWagering(ctx context.Context, id, required int64) error {
	if required < 0 {
		return fault.Invalid(fault.Field{Name: "wagering", Why: "must be kopecks, 0 or above"})
	}
	return s.change(ctx, id, "user.set-wagering", func(tx pgx.Tx, _ time.Time) error {
		_, err := tx.Exec(ctx, setWagering, id, required)
		return err
	})
}

// change runs one change of one user with its audit row. A change that changes
// nothing leaves no trace.
func (s *Service) change(ctx context.Context, id int64, action string, mutate func(tx pgx.Tx, now time.Time) error) error {
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		before, err := find(ctx, tx, selectForUpdate, id)
		if err != nil {
			return err
		}
		now := s.now()
		if err := mutate(tx, now); err != nil {
			return err
		}
		after, err := find(ctx, tx, selectByID, id)
		if err != nil || reflect.DeepEqual(before, after) {
			return err
		}
		record := audit.Of(ctx, now, action, "user", idText(id))
		record.Before, record.After = before.View(), after.View()
		return audit.Write(ctx, tx, record)
	})
	return named(err, action)
}

func find(ctx context.Context, db querier, sql string, id int64) (User, error) {
	users, err := collect(ctx, db, sql, id)
	if err != nil {
		return User{}, fmt.Errorf("enduser: find: %w", err)
	}
	if len(users) == 0 {
		return User{}, ErrNotFound
	}
	return users[0], nil
}

// now is of the precision that the database keeps.
func (s *Service) now() time.Time { return s.deps.Now().UTC().Truncate(time.Microsecond) }

func idText(id int64) string { return strconv.FormatInt(id, 10) }

// named says what was being done, unless the error is a fault.
func named(err error, doing string) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("enduser: %s: %w", doing, err)
}
