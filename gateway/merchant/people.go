package merchant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/password"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
)

// PersonPrefix is the prefix of the ids of merchants' people.
const PersonPrefix = "mpe"

const maxEmail = 254

// Faults about people that callers compare with errors.Is.
var (
	ErrNoPerson        = fault.New(fault.NotFound, "not_found", "person not found")
	ErrEmailTaken      = fault.New(fault.Conflict, "email_taken", "a person of this email exists already")
	ErrInvalidPassword = fault.New(fault.Unauthenticated, "invalid_credentials", "invalid email or password")
)

// Person is somebody who signs in to a merchant's own pages, as they stand.
type Person struct {
	ID         string    `json:"id"` // mpe_...
	MerchantID string    `json:"merchant_id"`
	Email      string    `json:"email"`
	Disabled   bool      `json:"disabled"`
	CreatedAt  time.Time `json:"created_at"`

	sandboxID string // of the merchant, when it has one that is let in
	inSandbox bool
	shut      bool // the merchant is disabled
}

// LetIn reports somebody who may come in: neither the person nor the merchant is
// disabled.
func (p Person) LetIn() bool { return !p.Disabled && !p.shut }

// At is the merchant whose pages the person looks at: their own, or its sandbox.
func (p Person) At() string {
	if p.InSandbox() {
		return p.sandboxID
	}
	return p.MerchantID
}

// InSandbox reports that the person has gone over to the merchant's sandbox.
func (p Person) InSandbox() bool { return p.inSandbox && p.sandboxID != "" }

// HasSandbox reports that there is a sandbox to go over to.
func (p Person) HasSandbox() bool { return p.sandboxID != "" }

// Password is a person's password in clear, at the only moment when it is shown.
// Printing it with fmt shows nothing; converting it to a string and JSON do.
type Password string

// Format keeps the password out of every fmt verb.
func (Password) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[hidden]") }

// PeopleDeps is what People needs; nothing may be missing.
type PeopleDeps struct {
	DB  *pgxpool.Pool
	Now func() time.Time
}

// People keeps the people of merchants: who may sign in to a merchant's own
// pages. Where a method takes ref, it is an email or an id; where it takes a
// merchant, people of others are not found. Besides the codes that each method
// names, all of them can fail with internal. It is safe for concurrent use.
type People struct {
	deps   PeopleDeps
	hasher *password.Hasher
}

// NewPeople makes People, and refuses a missing dependency by name.
func NewPeople(d PeopleDeps) (*People, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("merchant: people: DB is missing")
	case d.Now == nil:
		return nil, errors.New("merchant: people: Now is missing")
	}
	hasher, err := password.NewHasher()
	if err != nil {
		return nil, err
	}
	return &People{deps: d, hasher: hasher}, nil
}

func (p *People) now() time.Time { return p.deps.Now().UTC().Truncate(time.Microsecond) }

// Add makes a person of a merchant with a generated password, shown this once.
// It fails with invalid_request, not_found when there is no such merchant, and
// email_taken.
func (p *People) Add(ctx context.Context, merchantRef, email string) (Person, Password, error) {
	address, ok := normalEmail(email)
	if !ok {
		return Person{}, "", fault.Invalid(fault.Field{Name: "email", Why: "must be an email address"})
	}
	merchantID, err := p.merchant(ctx, merchantRef)
	if err != nil {
		return Person{}, "", err
	}
	secret, hash, err := p.fresh(ctx)
	if err != nil {
		return Person{}, "", err
	}
	now := p.now()
	made := Person{ID: publicid.At(PersonPrefix, now), MerchantID: merchantID, Email: address, CreatedAt: now}
	err = transact.Run(ctx, p.deps.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertPerson, made.ID, merchantID, address, hash, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, p.record(ctx, now, "add-person", nil, &made))
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == emailConstraint {
		return Person{}, "", ErrEmailTaken.With(err)
	}
	if err != nil {
		return Person{}, "", doing(err, "add person")
	}
	return made, secret, nil
}

// fresh is a new password and what is stored of it.
func (p *People) fresh(ctx context.Context) (Password, string, error) {
	secret := publicid.Token("pw")
	hash, err := p.hasher.Hash(ctx, secret)
	if err != nil {
		return "", "", fmt.Errorf("merchant: hash: %w", err)
	}
	return Password(secret), hash, nil
}

// List reads the people of a merchant by email, 500 at most. It fails with
// not_found.
func (p *People) List(ctx context.Context, merchantRef string) ([]Person, error) {
	merchantID, err := p.merchant(ctx, merchantRef)
	if err != nil {
		return nil, err
	}
	rows, err := collect[personRow](ctx, p.deps.DB, selectPeople, merchantID, maxPage)
	if err != nil {
		return nil, fmt.Errorf("merchant: list people: %w", err)
	}
	people := make([]Person, len(rows))
	for i, r := range rows {
		people[i] = r.person()
	}
	return people, nil
}

// Disable shuts a person out, and Enable lets one in again. Repeating them
// changes nothing. They fail with not_found.
func (p *People) Disable(ctx context.Context, merchantRef, ref string) (Person, error) {
	return p.change(ctx, merchantRef, ref, "disable-person", func(tx pgx.Tx, who Person) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, disablePerson, who.ID, p.now())
	})
}

// Enable is the opposite of Disable.
func (p *People) Enable(ctx context.Context, merchantRef, ref string) (Person, error) {
	return p.change(ctx, merchantRef, ref, "enable-person", func(tx pgx.Tx, who Person) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, enablePerson, who.ID)
	})
}

// ResetPassword gives a person a new generated password and returns it this
// once. It fails with not_found.
func (p *People) ResetPassword(ctx context.Context, merchantRef, ref string) (Person, Password, error) {
	secret, hash, err := p.fresh(ctx)
	if err != nil {
		return Person{}, "", err
	}
	who, err := p.change(ctx, merchantRef, ref, "reset-person-password", func(tx pgx.Tx, who Person) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, setPersonPassword, who.ID, hash)
	})
	if err != nil {
		return Person{}, "", err
	}
	return who, secret, nil
}

// Show is one person of a merchant. It fails with not_found.
func (p *People) Show(ctx context.Context, merchantRef, ref string) (Person, error) {
	merchantID, err := p.merchant(ctx, merchantRef)
	if err != nil {
		return Person{}, err
	}
	return p.of(ctx, p.deps.DB, merchantID, ref)
}

// ByID is a person by id, whoever's. It fails with not_found.
func (p *People) ByID(ctx context.Context, id string) (Person, error) {
	r, err := findPerson(ctx, p.deps.DB, id)
	return r.person(), err
}

// CheckPassword finds the person that an email and a password belong to. It
// fails with invalid_credentials, the same, after the same work, for an unknown
// email, a wrong password, a disabled person and one of a disabled merchant.
func (p *People) CheckPassword(ctx context.Context, email, given string) (Person, error) {
	r, err := findPerson(ctx, p.deps.DB, email)
	if err != nil && !errors.Is(err, ErrNoPerson) {
		return Person{}, err
	}
	match, err := p.hasher.Matches(ctx, given, r.PasswordHash)
	if err != nil {
		return Person{}, fmt.Errorf("merchant: check password: %w", err)
	}
	if who := r.person(); match && who.LetIn() {
		return who, nil
	}
	return Person{}, ErrInvalidPassword
}

// GoOver takes a person to the sandbox of their merchant, or back. Where there
// is no sandbox the person stays.
func (p *People) GoOver(ctx context.Context, id string, sandbox bool) error {
	if _, err := p.deps.DB.Exec(ctx, setInSandbox, id, sandbox); err != nil {
		return fmt.Errorf("merchant: go over: %w", err)
	}
	return nil
}

// change runs one change of one person with its audit row, and returns the state
// after it.
func (p *People) change(ctx context.Context, merchantRef, ref, action string,
	mutate func(tx pgx.Tx, who Person) (pgconn.CommandTag, error),
) (Person, error) {
	merchantID, err := p.merchant(ctx, merchantRef)
	if err != nil {
		return Person{}, err
	}
	var after Person
	err = transact.Run(ctx, p.deps.DB, func(tx pgx.Tx) error {
		before, err := p.of(ctx, tx, merchantID, ref)
		if err != nil {
			return err
		}
		tag, err := mutate(tx, before)
		if err != nil {
			return err
		}
		if after, err = p.of(ctx, tx, merchantID, before.ID); err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return audit.Write(ctx, tx, p.record(ctx, p.now(), action, &before, &after))
	})
	return after, doing(err, action)
}

// record belongs to the merchant, so that its trail tells of its people too.
func (p *People) record(ctx context.Context, at time.Time, action string, before, after *Person) audit.Record {
	r := audit.Of(ctx, at, "merchant."+action, "merchant", after.MerchantID)
	if before != nil {
		r.Before = before
	}
	r.After = after
	return r
}

func (p *People) merchant(ctx context.Context, ref string) (string, error) {
	if !namePattern.MatchString(ref) {
		return "", ErrNotFound
	}
	rows, err := collect[nameRow](ctx, p.deps.DB, selectByRef, ref)
	switch {
	case err != nil:
		return "", fmt.Errorf("merchant: find: %w", err)
	case len(rows) == 0:
		return "", ErrNotFound
	}
	return rows[0].ID, nil
}

func (p *People) of(ctx context.Context, db database, merchantID, ref string) (Person, error) {
	r, err := findPerson(ctx, db, ref)
	if err == nil && r.MerchantID != merchantID {
		err = ErrNoPerson
	}
	return r.person(), err
}

// doing says what was being done, unless the fault is one that callers know.
func doing(err error, what string) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("merchant: %s: %w", what, err)
}

var emailPattern = regexp.MustCompile(`^[a-z0-9.!#$%&'*+/=?^_{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)*$`)

// normalEmail brings an address to the one form that is stored.
func normalEmail(text string) (string, bool) {
	email := strings.ToLower(strings.TrimSpace(text))
	return email, len(email) <= maxEmail && emailPattern.MatchString(email)
}
