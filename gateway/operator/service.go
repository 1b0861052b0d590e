package operator

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/password"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
)

const (
	maxHeld     = 10_000
	defaultPage = 50
	maxPage     = 500
)

// Deps is what a Service needs; nothing may be missing.
type Deps struct {
	DB       *pgxpool.Pool
	Watcher  *epoch.Watcher
	Sessions Sessions
	Now      func() time.Time
}

// Sessions are those that operators have in the console.
type Sessions interface {
	// EndAll ends every session of an operator.
	EndAll(ctx context.Context, tx pgx.Tx, operatorID string) error
}

// Service keeps operators. Where a method takes ref, it is an email or an id.
// Besides the codes that each method names, all of them can fail with internal.
// It is safe for concurrent use.
type Service struct {
	deps   Deps
	tokens *epoch.Cache[[sha256.Size]byte, holder]
}

// holder is who a token belongs to and until when it works.
type holder struct {
	operator  Operator
	expiresAt time.Time
	revoked   bool
}

// New makes a service, and refuses a missing dependency by name.
func New(d Deps) (*Service, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("operator: DB is missing")
	case d.Watcher == nil:
		return nil, errors.New("operator: Watcher is missing")
	case d.Sessions == nil:
		return nil, errors.New("operator: Sessions is missing")
	case d.Now == nil:
		return nil, errors.New("operator: Now is missing")
	}
	s := &Service{deps: d}
	s.tokens = epoch.NewCache(d.Watcher, maxHeld, s.loadHolder)
	return s, nil
}

// NewOperator describes an operator to be made.
type NewOperator struct {
	Email string
	Role  Role
}

// Created is a new operator with the password and the token, shown this once.
type Created struct {
	Operator Operator  `json:"operator"`
	Password Secret    `json:"password"`
	Token    Secret    `json:"token"`
	Expires  time.Time `json:"token_expires_at"`
}

// Create makes an operator with a generated password and a first token that
// works for 90 days. It fails with invalid_request and email_taken.
func (s *Service) Create(ctx context.Context, n NewOperator) (Created, error) {
	var faults []fault.Field
	email, ok := normalEmail(n.Email)
	if !ok {
		faults = append(faults, fault.Field{Name: "email", Why: "must be an email address"})
	}
	if !slices.Contains(Roles(), n.Role) {
		faults = append(faults, fault.Field{Name: "role", Why: "must be viewer, operator, approver or admin"})
	}
	if len(faults) > 0 {
		return Created{}, fault.Invalid(faults...)
	}
	now := s.now()
	made := Created{
		Operator: Operator{ID: publicid.At(idPrefix, now), Email: email, Role: n.Role, CreatedAt: now},
		Password: Secret(publicid.Token("pw")), Expires: now.Add(DefaultTTL),
	}
	hash, err := password.Hash(ctx, string(made.Password))
	if err != nil {
		return Created{}, fmt.Errorf("operator: create: %w", err)
	}
	err = s.inTx(ctx, "create", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertOperator, made.Operator.ID, email, string(n.Role), hash, now); err != nil {
			return err
		}
		if _, made.Token, err = issue(ctx, tx, made.Operator.ID, Token{Name: "first", CreatedAt: now, ExpiresAt: made.Expires}); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "operator.create", "operator", made.Operator.ID)
		record.After = made.Operator
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Created{}, err
	}
	return made, nil
}

// IssueToken makes another token of an operator: name says what it is for, ttl
// (up to two years; 90 days when zero) how long it works. It fails with
// not_found and invalid_request.
func (s *Service) IssueToken(ctx context.Context, ref, name string, ttl time.Duration) (Token, Secret, error) {
	if ttl == 0 {
		ttl = DefaultTTL
	}
	var faults []fault.Field
	if !validTokenName(name) {
		faults = append(faults, fault.Field{Name: "name", Why: "must be 1 to 64 characters without control characters"})
	}
	if ttl < time.Minute || ttl > MaxTTL {
		faults = append(faults, fault.Field{Name: "ttl", Why: "must be a minute to two years"})
	}
	if len(faults) > 0 {
		return Token{}, "", fault.Invalid(faults...)
	}
	var made Token
	var secret Secret
	err := s.inTx(ctx, "issue token", func(tx pgx.Tx) error {
		o, err := find(ctx, tx, ref)
		if err != nil {
			return err
		}
		now := s.now()
		if made, secret, err = issue(ctx, tx, o.ID, Token{Name: name, CreatedAt: now, ExpiresAt: now.Add(ttl)}); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "operator.issue-token", "operator", o.ID)
		record.After = made
		return audit.Write(ctx, tx, record)
	})
	return made, secret, err
}

// RevokeToken ends a token by its id. Repeating it changes nothing. It fails
// with not_found when the operator has no such token.
func (s *Service) RevokeToken(ctx context.Context, ref, tokenID string) error {
	return s.inTx(ctx, "revoke token", func(tx pgx.Tx) error {
		o, err := find(ctx, tx, ref)
		if err != nil {
			return err
		}
		tokens, err := tokensOf(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(tokens, func(t Token) bool { return t.ID == tokenID })
		if at < 0 {
			return ErrNotFound
		}
		now := s.now()
		tag, err := tx.Exec(ctx, revokeToken, o.ID, tokenID, now)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		record := audit.Of(ctx, now, "operator.revoke-token", "operator", o.ID)
		record.Before = tokens[at]
		return audit.Write(ctx, tx, record)
	})
}

// Tokens lists the tokens of an operator, newest first. It fails with
// not_found.
func (s *Service) Tokens(ctx context.Context, ref string) ([]Token, error) {
	o, err := find(ctx, s.deps.DB, ref)
	if err != nil {
		return nil, err
	}
	return tokensOf(ctx, s.deps.DB, o.ID)
}

// Page is one page of operators by email. Next is where the next one begins,
// empty on the last.
type Page struct {
	Items []Operator
	Next  string
}

// List reads operators in the order of their emails, from after the one given.
// limit is 1 to 500, and 50 when zero or below. It fails with invalid_request
// on a beginning that is no email.
func (s *Service) List(ctx context.Context, after string, limit int) (Page, error) {
	if _, ok := normalEmail(after); after != "" && !ok {
		return Page{}, fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})
	}
	limit = min(limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	// One more than asked tells whether another page follows.
	rows, err := collect[row](ctx, s.deps.DB, selectPage, after, limit+1)
	if err != nil {
		return Page{}, fmt.Errorf("operator: list: %w", err)
	}
	page := Page{Items: make([]Operator, 0, min(len(rows), limit))}
	for i, r := range rows {
		if i == limit {
			page.Next = rows[i-1].Email
			break
		}
		page.Items = append(page.Items, r.operator())
	}
	return page, nil
}

// Disable shuts an operator out, tokens and password alike, and ends every
// session: who is let in again has to sign in. Repeating it changes nothing. It fails with not_found and last_admin.
func (s *Service) Disable(ctx context.Context, ref string) (Operator, error) {
	return s.change(ctx, ref, "operator.disable", func(tx pgx.Tx, o Operator) (pgconn.CommandTag, error) {
		if err := spare(ctx, tx, o); err != nil {
			return pgconn.CommandTag{}, err
		}
		return s.ending(ctx, tx, o, disableOperator, o.ID, s.now())
	})
}

// Enable lets a disabled operator in again. It fails with not_found.
func (s *Service) Enable(ctx context.Context, ref string) (Operator, error) {
	return s.change(ctx, ref, "operator.enable", func(tx pgx.Tx, o Operator) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, enableOperator, o.ID)
	})
}

// SetRole gives an operator another role, and ends every session where that is a
// lower one. It fails with not_found,
// invalid_request and last_admin.
func (s *Service) SetRole(ctx context.Context, ref string, role Role) (Operator, error) {
	if !slices.Contains(Roles(), role) {
		return Operator{}, fault.Invalid(fault.Field{Name: "role", Why: "must be viewer, operator, approver or admin"})
	}
	return s.change(ctx, ref, "operator.set-role", func(tx pgx.Tx, o Operator) (pgconn.CommandTag, error) {
		if role != RoleAdmin {
			if err := spare(ctx, tx, o); err != nil {
				return pgconn.CommandTag{}, err
			}
		}
		if slices.Index(Roles(), role) < slices.Index(Roles(), o.Role) {
			return s.ending(ctx, tx, o, setRole, o.ID, string(role))
		}
		return tx.Exec(ctx, setRole, o.ID, string(role))
	})
}

// ResetPassword gives an operator a new generated password, returns it this once
// and ends every session. It fails with not_found.
func (s *Service) ResetPassword(ctx context.Context, ref string) (Secret, error) {
	fresh := Secret(publicid.Token("pw"))
	hash, err := password.Hash(ctx, string(fresh))
	if err != nil {
		return "", fmt.Errorf("operator: reset password: %w", err)
	}
	_, err = s.change(ctx, ref, "operator.reset-password", func(tx pgx.Tx, o Operator) (pgconn.CommandTag, error) {
		return s.ending(ctx, tx, o, setPassword, o.ID, hash)
	})
	if err != nil {
		return "", err
	}
	return fresh, nil
}

// ending runs a statement about an operator and ends every session that the
// operator has.
func (s *Service) ending(ctx context.Context, tx pgx.Tx, o Operator, statement string, args ...any) (pgconn.CommandTag, error) {
	tag, err := tx.Exec(ctx, statement, args...)
	if err != nil {
		return tag, err
	}
	return tag, s.deps.Sessions.EndAll(ctx, tx, o.ID)
}

// change runs one change of one operator with its audit row, and returns the
// state after it. A change that touches no row leaves no trace.
func (s *Service) change(ctx context.Context, ref, action string,
	mutate func(tx pgx.Tx, before Operator) (pgconn.CommandTag, error),
) (Operator, error) {
	var after Operator
	err := s.inTx(ctx, action, func(tx pgx.Tx) error {
		before, err := find(ctx, tx, ref)
		if err != nil {
			return err
		}
		after = before
		tag, err := mutate(tx, before)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if after, err = find(ctx, tx, before.ID); err != nil {
			return err
		}
		record := audit.Of(ctx, s.now(), action, "operator", before.ID)
		record.Before, record.After = before, after
		return audit.Write(ctx, tx, record)
	})
	return after, err
}

// spare fails with last_admin when nobody but o is an admin who is let in. tx
// holds the lock of the epoch, as every change of operators does, so two admins
// cannot take each other for the one who stays.
func spare(ctx context.Context, tx pgx.Tx, o Operator) error {
	if o.Role != RoleAdmin || o.Disabled {
		return nil
	}
	var others bool
	if err := tx.QueryRow(ctx, selectOtherAdmins, o.ID).Scan(&others); err != nil {
		return err
	}
	if !others {
		return ErrLastAdmin
	}
	return nil
}

// inTx runs a change of operators in a transaction that counts the epoch, which
// puts all of them in a row.
func (s *Service) inTx(ctx context.Context, doing string, do func(tx pgx.Tx) error) error {
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if err := epoch.Bump(ctx, tx); err != nil {
			return err
		}
		return do(tx)
	})
	if err == nil {
		s.deps.Watcher.Invalidate()
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == emailConstraint {
		return ErrEmailTaken.With(err)
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("operator: %s: %w", doing, err)
}

func (s *Service) now() time.Time { return s.deps.Now().UTC().Truncate(time.Microsecond) }

// issue stores a new token of the name and times of t.
func issue(ctx context.Context, tx pgx.Tx, operatorID string, t Token) (Token, Secret, error) {
	secret := publicid.Token(tokenPrefix)
	t.ID, t.Prefix = publicid.At(tokenIDPrefix, t.CreatedAt), secret[:8]
	sum := sha256.Sum256([]byte(secret))
	_, err := tx.Exec(ctx, insertToken, t.ID, operatorID, t.Name, sum[:], t.Prefix, t.CreatedAt, t.ExpiresAt)
	return t, Secret(secret), err
}

func findRow(ctx context.Context, db querier, ref string) (row, error) {
	key, isEmail := normalEmail(ref)
	if !isEmail && !publicid.Valid(idPrefix, key) {
		return row{}, ErrNotFound // also keeps text out that the database cannot hold
	}
	rows, err := collect[row](ctx, db, selectByRef, key)
	if err != nil {
		return row{}, fmt.Errorf("operator: find: %w", err)
	}
	if len(rows) == 0 {
		return row{}, ErrNotFound
	}
	return rows[0], nil
}

func find(ctx context.Context, db querier, ref string) (Operator, error) {
	r, err := findRow(ctx, db, ref)
	return r.operator(), err
}

func tokensOf(ctx context.Context, db querier, operatorID string) ([]Token, error) {
	rows, err := collect[tokenRow](ctx, db, selectTokens, operatorID)
	if err != nil {
		return nil, fmt.Errorf("operator: tokens: %w", err)
	}
	tokens := make([]Token, len(rows))
	for i, r := range rows {
		tokens[i] = Token{ID: r.ID, Name: r.Name, Prefix: r.Prefix, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC()}
		if r.RevokedAt != nil {
			at := r.RevokedAt.UTC()
			tokens[i].RevokedAt = &at
		}
	}
	return tokens, nil
}

// ByID is an operator by id or email. It fails with not_found.
func (s *Service) ByID(ctx context.Context, ref string) (Operator, error) {
	return find(ctx, s.deps.DB, ref)
}
