package merchant

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/signing"
)

const (
	defaultTimeout = time.Hour
	maxFeeBPS      = 10_000
	defaultPage    = 50
	maxPage        = 500
	maxBatch       = 10_000
)

// ErrNameTaken is the fault of a second merchant of one name.
var ErrNameTaken = fault.New(fault.Conflict, "name_taken", "a merchant of this name exists already")

// Books is the part of the ledger that merchants need.
type Books interface {
	Post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error)
	Balances(ctx context.Context, accounts ...ledger.Account) ([]money.Money, error)
}

// Deps is what a Service needs; nothing may be missing.
type Deps struct {
	DB      *pgxpool.Pool
	Ledger  Books
	Vault   *vault.Vault
	Watcher *epoch.Watcher
	Now     func() time.Time
}

// Service changes merchants. Where a method takes ref, it is a name or an id.
// The merchants it returns carry no secrets. Besides the codes that each method
// names, all of them can fail with internal.
type Service struct {
	deps Deps
}

// NewService makes a service, and refuses a missing dependency by name.
func NewService(d Deps) (*Service, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("merchant: service: DB is missing")
	case d.Ledger == nil:
		return nil, errors.New("merchant: service: Ledger is missing")
	case d.Vault == nil:
		return nil, errors.New("merchant: service: Vault is missing")
	case d.Watcher == nil:
		return nil, errors.New("merchant: service: Watcher is missing")
	case d.Now == nil:
		return nil, errors.New("merchant: service: Now is missing")
	}
	return &Service{deps: d}, nil
}

// New describes a merchant to be made. The zero FeeFixed is no fee. It begins
// with card, sbp and score on for rub and iban on for eur, 100 to 1,000,000 a
// payout, a timeout of 60 minutes and the default limits; Set changes that.
type New struct {
	Name     string
	Mode     ledger.Mode // live when empty
	FeeBPS   int64
	FeeFixed money.Money
}

// Created is a new merchant and its keys, shown this once.
type Created struct {
	Merchant Merchant
	Secrets  Secrets
}

// Create makes a merchant with one key of every kind. It fails with
// invalid_request and name_taken.
func (s *Service) Create(ctx context.Context, n New) (Created, error) {
	made, err := s.CreateMany(ctx, []New{n})
	if err != nil {
		return Created{}, err
	}
	return made[0], nil
}

// CreateMany makes up to 10,000 merchants in one transaction, all or none, in
// the order given. It fails as Create does.
func (s *Service) CreateMany(ctx context.Context, many []New) ([]Created, error) {
	if len(many) == 0 || len(many) > maxBatch {
		return nil, fault.Invalid(fault.Field{Name: "merchants", Why: "must be 1 to " + strconv.Itoa(maxBatch)})
	}
	var faults []fault.Field
	many = slices.Clone(many)
	for i := range many {
		if many[i].Mode == "" {
			many[i].Mode = ledger.Live
		}
		if many[i].FeeFixed == (money.Money{}) {
			many[i].FeeFixed = money.New(0, money.USDT)
		}
		faults = append(faults, many[i].faults()...)
	}
	if len(faults) > 0 {
		return nil, fault.Invalid(faults...)
	}
	var made []Created
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) (err error) {
		made, err = s.insert(ctx, tx, many)
		return err
	})
	if err != nil {
		return nil, named(err, "create")
	}
	s.deps.Watcher.Invalidate()
	return made, nil
}

func (n New) faults() []fault.Field {
	var faults []fault.Field
	if !ValidName(n.Name) {
		faults = append(faults, fault.Field{Name: "name", Why: "must be 1 to 64 of a-z, 0-9, _ and -"})
	}
	if !n.Mode.Valid() {
		faults = append(faults, fault.Field{Name: "mode", Why: "must be live or sandbox"})
	}
	return append(faults, feeFaults(n.FeeBPS, n.FeeFixed)...)
}

func (s *Service) insert(ctx context.Context, tx pgx.Tx, many []New) ([]Created, error) {
	if err := epoch.Bump(ctx, tx); err != nil {
		return nil, err
	}
	now := s.deps.Now().UTC().Truncate(time.Microsecond)
	n := len(many)
	made, ids := make([]Created, n), make([]string, n)
	names, modes, bps, fixed := make([]string, n), make([]string, n), make([]int64, n), make([]int64, n)
	keys := make([]newKey, 0, n*len(KeyKinds()))
	for i, m := range many {
		ids[i], names[i], modes[i] = publicid.At(IDPrefix, now), m.Name, string(m.Mode)
		bps[i], fixed[i] = m.FeeBPS, m.FeeFixed.Minor()
		for _, kind := range KeyKinds() {
			k := makeKey(ids[i], kind, now)
			made[i].Secrets.add(k)
			keys = append(keys, k)
		}
	}
	if _, err := tx.Exec(ctx, insertMerchants, ids, names, modes, bps, fixed,
		int64(defaultTimeout/time.Minute), string(signing.OrderKey), now); err != nil {
		return nil, err
	}
	if err := storeMethods(ctx, tx, ids, defaultMethods()); err != nil {
		return nil, err
	}
	if err := storeKeys(ctx, tx, s.deps.Vault, now, keys); err != nil {
		return nil, err
	}
	loaded, err := s.read(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	records := make([]audit.Record, n)
	for i, id := range ids {
		made[i].Merchant = loaded[id]
		records[i] = audit.Of(ctx, now, "merchant.create", "merchant", id)
		records[i].After = loaded[id].View()
	}
	return made, audit.Write(ctx, tx, records...)
}

// Details is a merchant with its balances: what it can spend, and what open
// payouts hold.
type Details struct {
	Merchant  Merchant
	Available money.Money
	Held      money.Money
}

// DetailsView is a merchant with its balances in the shape of JSON output.
type DetailsView struct {
	View
	Available string `json:"available_usdt"`
	Held      string `json:"held_usdt"`
}

// View gives the state without secrets.
func (d Details) View() DetailsView {
	return DetailsView{
		View: d.Merchant.View(), Available: d.Available.Fixed(ledger.USDTPlaces), Held: d.Held.Fixed(ledger.USDTPlaces),
	}
}

// Show reads a merchant and its balances. It fails with not_found.
func (s *Service) Show(ctx context.Context, ref string) (Details, error) {
	m, err := s.find(ctx, s.deps.DB, ref)
	if err != nil {
		return Details{}, err
	}
	available, held, err := s.Balances(ctx, m)
	return Details{Merchant: m, Available: available, Held: held}, err
}

// Balances reads what a merchant can spend and what its open payouts hold, at
// one moment.
func (s *Service) Balances(ctx context.Context, m Merchant) (available, held money.Money, err error) {
	has, err := s.deps.Ledger.Balances(ctx, ledger.MerchantAvailable(m.Mode, m.ID), ledger.MerchantHeld(m.Mode, m.ID))
	if err != nil {
		return money.Money{}, money.Money{}, fmt.Errorf("merchant: balance: %w", err)
	}
	return has[0], has[1], nil
}

// Page is one page of merchants by name. Next is where the next one begins,
// empty on the last.
type Page struct {
	Items []Merchant
	Next  string
}

// List reads merchants in the order of their names, from after the name given.
// limit is 1 to 500, and 50 when zero or below. It fails with invalid_request
// on a beginning that is no name.
func (s *Service) List(ctx context.Context, after string, limit int) (Page, error) {
	if after != "" && !namePattern.MatchString(after) {
		return Page{}, fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})
	}
	limit = min(limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	// One more than asked tells whether another page follows.
	rows, err := collect[nameRow](ctx, s.deps.DB, selectPage, after, limit+1)
	if err != nil {
		return Page{}, fmt.Errorf("merchant: list: %w", err)
	}
	page := Page{Items: make([]Merchant, 0, len(rows))}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = rows[limit-1].Name
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	loaded, err := s.read(ctx, s.deps.DB, ids...)
	if err != nil {
		return Page{}, err
	}
	for _, id := range ids {
		page.Items = append(page.Items, loaded[id])
	}
	return page, nil
}

// Disable shuts a merchant out: every call of it is refused as if it did not
// exist. Its open payouts go on to their ends. Repeating it changes nothing. It
// fails with not_found.
func (s *Service) Disable(ctx context.Context, ref string) (Merchant, error) {
	return s.change(ctx, ref, "merchant.disable", func(tx pgx.Tx, m Merchant, now time.Time) error {
		_, err := tx.Exec(ctx, disable, m.ID, now)
		return err
	})
}

// Enable lets a disabled merchant in again. It fails with not_found.
func (s *Service) Enable(ctx context.Context, ref string) (Merchant, error) {
	return s.change(ctx, ref, "merchant.enable", func(tx pgx.Tx, m Merchant, _ time.Time) error {
		_, err := tx.Exec(ctx, enable, m.ID)
		return err
	})
}

// change runs one change of one merchant with its audit row, and returns the
// state after it. A change that changes nothing leaves no trace.
func (s *Service) change(ctx context.Context, ref, action string,
	mutate func(tx pgx.Tx, before Merchant, now time.Time) error,
) (Merchant, error) {
	var after Merchant
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if err := epoch.Bump(ctx, tx); err != nil {
			return err
		}
		before, err := s.find(ctx, tx, ref)
		if err != nil {
			return err
		}
		now := s.deps.Now().UTC().Truncate(time.Microsecond)
		if err := mutate(tx, before, now); err != nil {
			return err
		}
		if after, err = s.find(ctx, tx, before.ID); err != nil {
			return err
		}
		record := audit.Of(ctx, now, action, "merchant", before.ID)
		record.Before, record.After = before.View(), after.View()
		if reflect.DeepEqual(record.Before, record.After) {
			return nil
		}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Merchant{}, named(err, action)
	}
	s.deps.Watcher.Invalidate()
	return after, nil
}

// find reads one merchant by name or id.
func (s *Service) find(ctx context.Context, db database, ref string) (Merchant, error) {
	if !namePattern.MatchString(ref) {
		return Merchant{}, ErrNotFound // also keeps text out that the database cannot hold
	}
	rows, err := collect[nameRow](ctx, db, selectByRef, ref)
	if err != nil {
		return Merchant{}, fmt.Errorf("merchant: find: %w", err)
	}
	if len(rows) == 0 {
		return Merchant{}, ErrNotFound
	}
	loaded, err := s.read(ctx, db, rows[0].ID)
	return loaded[rows[0].ID], err
}

// read loads merchants with what may be told about their keys.
func (s *Service) read(ctx context.Context, db database, ids ...string) (map[string]Merchant, error) {
	records, keys, err := load(ctx, db, ids...)
	if err != nil {
		return nil, err
	}
	now := s.deps.Now()
	merchants := make(map[string]Merchant, len(records))
	for id, r := range records {
		m := r.merchant
		m.Keys = make([]KeyInfo, 0, len(keys[id]))
		for _, row := range keys[id] {
			if k := (storedKey{info: row.info()}); k.activeAt(now) {
				m.Keys = append(m.Keys, k.info)
			}
		}
		merchants[id] = m
	}
	return merchants, nil
}

// named turns what the database refused into the fault that callers know, and
// says what was being done otherwise.
func named(err error, doing string) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == nameConstraint {
		return ErrNameTaken.With(err)
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("merchant: %s: %w", doing, err)
}
