package merchant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/fault"
	"disburse/gateway/password"
	"disburse/gateway/publicid"
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
	DB       *pgxpool.Pool
	Sessions Sessions
	Now      func() time.Time
}

// Sessions are how people are signed in.
type Sessions interface {
	// EndAll ends every session of a person.
	EndAll(ctx context.Context, tx pgx.Tx, personID string) error
	// ResetFactor takes the second factor away and ends every session.
	ResetFactor(ctx context.Context, tx pgx.Tx, personID string) error
}

// People keeps the people of merchants: who may sign in to a merchant's own
// pages. Where a method takes ref, it is an email or an id; where it takes a
// merchant, people of others are not found. Besides the codes that each method
// names, all of them can fail with internal. It is safe for concurrent use.
//
// An operator lets nobody in to a live merchant's pages alone: Add, Enable,
// ResetPassword and ResetFactor fail with second_person_needed, and are to be
// asked for by Ask and, once approved, done by Do. Shutting out takes one.
type People struct {
	deps PeopleDeps
}

// NewPeople makes People, and refuses a missing dependency by name.
func NewPeople(d PeopleDeps) (*People, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("merchant: people: DB is missing")
	case d.Sessions == nil:
		return nil, errors.New("merchant: people: Sessions is missing")
	case d.Now == nil:
		return nil, errors.New("merchant: people: Now is missing")
	}
	return &People{deps: d}, nil
}

func (p *People) now() time.Time { return p.deps.Now().UTC().Truncate(time.Microsecond) }

// Add makes a person of a merchant with a generated password, shown this once.
// It fails with invalid_request, not_found when there is no such merchant,
// second_person_needed and email_taken.
func (p *People) Add(ctx context.Context, merchantRef, email string) (made Person, secret Password, err error) {
	address, ok := normalEmail(email)
	if !ok {
		return Person{}, "", errNoEmail
	}
	secret, hash, err := p.fresh(ctx)
	if err != nil {
		return Person{}, "", err
	}
	err = p.alone(ctx, merchantRef, func(tx pgx.Tx, of refRow) error {
		made, err = p.add(ctx, tx, of, address, hash)
		return err
	})
	if err != nil {
		return Person{}, "", doing(err, "add person")
	}
	return made, secret, nil
}

// fresh is a new password and what is stored of it.
func (p *People) fresh(ctx context.Context) (Password, string, error) {
	secret := publicid.Token("pw")
	hash, err := password.Hash(ctx, secret)
	if err != nil {
		return "", "", fmt.Errorf("merchant: hash: %w", err)
	}
	return Password(secret), hash, nil
}

// List reads the people of a merchant by email, 500 at most. It fails with
// not_found.
func (p *People) List(ctx context.Context, merchantRef string) ([]Person, error) {
	of, err := p.merchant(ctx, p.deps.DB, merchantRef)
	if err != nil {
		return nil, err
	}
	rows, err := collect[personRow](ctx, p.deps.DB, selectPeople, of.ID, maxPage)
	if err != nil {
		return nil, fmt.Errorf("merchant: list people: %w", err)
	}
	people := make([]Person, len(rows))
	for i, r := range rows {
		people[i] = r.person()
	}
	return people, nil
}

// Disable shuts a person out and ends every session: who is let in again has to
// sign in. Repeating it changes nothing. It fails with not_found.
func (p *People) Disable(ctx context.Context, merchantRef, ref string) (Person, error) {
	return p.change(ctx, merchantRef, ref, "disable-person", func(tx pgx.Tx, who Person) (pgconn.CommandTag, error) {
		if err := p.deps.Sessions.EndAll(ctx, tx, who.ID); err != nil {
			return pgconn.CommandTag{}, err
		}
		return tx.Exec(ctx, disablePerson, who.ID, p.now())
	})
}

// Enable is the opposite of Disable. It fails with not_found and
// second_person_needed.
func (p *People) Enable(ctx context.Context, merchantRef, ref string) (who Person, err error) {
	err = p.alone(ctx, merchantRef, func(tx pgx.Tx, of refRow) error {
		who, err = p.enable(ctx, tx, of, ref)
		return err
	})
	return who, doing(err, "enable person")
}

// ResetPassword gives a person a new generated password, returns it this once and
// ends every session. It fails with not_found and second_person_needed.
func (p *People) ResetPassword(ctx context.Context, merchantRef, ref string) (who Person, secret Password, err error) {
	secret, hash, err := p.fresh(ctx)
	if err != nil {
		return Person{}, "", err
	}
	err = p.alone(ctx, merchantRef, func(tx pgx.Tx, of refRow) error {
		who, err = p.newPassword(ctx, tx, of, ref, hash)
		return err
	})
	if err != nil {
		return Person{}, "", doing(err, "reset password")
	}
	return who, secret, nil
}

// ResetFactor takes a person's second factor away, when the device is lost, and
// ends every session. It fails with not_found and second_person_needed.
func (p *People) ResetFactor(ctx context.Context, merchantRef, ref string) (who Person, err error) {
	err = p.alone(ctx, merchantRef, func(tx pgx.Tx, of refRow) error {
		who, err = p.noFactor(ctx, tx, of, ref)
		return err
	})
	return who, doing(err, "reset second factor")
}

// Show is one person of a merchant. It fails with not_found.
func (p *People) Show(ctx context.Context, merchantRef, ref string) (Person, error) {
	of, err := p.merchant(ctx, p.deps.DB, merchantRef)
	if err != nil {
		return Person{}, err
	}
	return p.of(ctx, p.deps.DB, of.ID, ref)
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
	match, err := password.Matches(ctx, given, r.PasswordHash)
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
