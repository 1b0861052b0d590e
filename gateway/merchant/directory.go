package merchant

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/signing"
)

// Faults of this package that callers compare with errors.Is.
var (
	ErrNotFound      = fault.New(fault.NotFound, "not_found", "merchant not found")
	ErrInvalidAPIKey = fault.New(fault.Unauthenticated, "invalid_api_key", "invalid api key")
)

// maxHeld bounds the merchants in memory, at a few kilobytes each.
const maxHeld = 20_000

// DirectoryDeps is what a Directory needs; nothing may be missing.
type DirectoryDeps struct {
	DB      *pgxpool.Pool
	Vault   *vault.Vault
	Watcher *epoch.Watcher
	Now     func() time.Time
}

// Directory finds merchants, from memory as long as the configuration has not
// moved. It is safe for concurrent use.
type Directory struct {
	deps    DirectoryDeps
	index   *epoch.Cache[struct{}, index]
	records *epoch.Cache[string, *record]
	decoy   record
}

// index holds the names of all merchants, so that a made-up name is told from
// a real one without a query.
type index struct {
	byName map[string]string
	byID   map[string]struct{}
}

// NewDirectory makes a directory, and refuses a missing dependency by name.
func NewDirectory(d DirectoryDeps) (*Directory, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("merchant: directory: DB is missing")
	case d.Vault == nil:
		return nil, errors.New("merchant: directory: Vault is missing")
	case d.Watcher == nil:
		return nil, errors.New("merchant: directory: Watcher is missing")
	case d.Now == nil:
		return nil, errors.New("merchant: directory: Now is missing")
	}
	dir := &Directory{deps: d, decoy: makeDecoy(d.Now())}
	dir.index = epoch.NewCache(d.Watcher, 1, dir.loadIndex)
	dir.records = epoch.NewCache(d.Watcher, maxHeld, dir.loadRecord)
	return dir, nil
}

// ByName finds a merchant by its name, disabled ones included. It fails with
// not_found.
func (d *Directory) ByName(ctx context.Context, name string) (Merchant, error) {
	all, err := d.index.Get(ctx, struct{}{})
	if err != nil {
		return Merchant{}, err
	}
	id, known := all.byName[name]
	if !known {
		return Merchant{}, ErrNotFound
	}
	return d.record(ctx, id)
}

// ByID finds a merchant by its id, disabled ones included. It fails with
// not_found.
func (d *Directory) ByID(ctx context.Context, id string) (Merchant, error) {
	all, err := d.index.Get(ctx, struct{}{})
	if err != nil {
		return Merchant{}, err
	}
	if _, known := all.byID[id]; !known {
		return Merchant{}, ErrNotFound
	}
	return d.record(ctx, id)
}

// Authenticating finds the merchant that a request claims to come from. For an
// unknown name, and for a disabled merchant, it gives a decoy with random keys
// and false: check the signature against it all the same, so that the answer
// takes the same work, and then refuse. The error is never about the name.
func (d *Directory) Authenticating(ctx context.Context, name string) (Merchant, bool, error) {
	m, err := d.ByName(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Merchant{}, false, err
	}
	if err != nil || m.Disabled {
		decoy := d.decoy.at(d.deps.Now())
		decoy.Name = name
		return decoy, false, nil
	}
	return m, true, nil
}

// AuthenticateAPIKey finds the merchant that has this name and this API key. An
// unknown or disabled merchant, a wrong key and another merchant's key take the
// same work and give the same invalid_api_key.
func (d *Directory) AuthenticateAPIKey(ctx context.Context, name, key string) (Merchant, error) {
	m, known, err := d.Authenticating(ctx, name)
	if err != nil {
		return Merchant{}, err
	}
	sum := hashOf(key)
	match := 0
	// Unused places hold a hash that no key has: always the same comparisons.
	for _, hash := range m.apiHashes {
		match |= subtle.ConstantTimeCompare(sum[:], hash[:])
	}
	if match != 1 || !known {
		return Merchant{}, ErrInvalidAPIKey
	}
	return m, nil
}

// WebhookSecrets are the active webhook secrets of a merchant, newest first. It
// fails with not_found.
func (d *Directory) WebhookSecrets(ctx context.Context, merchantID string) ([]string, error) {
	m, err := d.ByID(ctx, merchantID)
	if err != nil {
		return nil, err
	}
	return m.WebhookSecrets, nil
}

func (d *Directory) record(ctx context.Context, id string) (Merchant, error) {
	r, err := d.records.Get(ctx, id)
	if err != nil {
		return Merchant{}, err
	}
	return r.at(d.deps.Now()), nil
}

func (d *Directory) loadIndex(ctx context.Context, _ struct{}) (index, error) {
	rows, err := collect[nameRow](ctx, d.deps.DB, selectIndex)
	if err != nil {
		return index{}, fmt.Errorf("merchant: load names: %w", err)
	}
	all := index{byName: make(map[string]string, len(rows)), byID: make(map[string]struct{}, len(rows))}
	for _, r := range rows {
		all.byName[r.Name] = r.ID
		all.byID[r.ID] = struct{}{}
	}
	return all, nil
}

func (d *Directory) loadRecord(ctx context.Context, id string) (*record, error) {
	records, keys, err := load(ctx, d.deps.DB, id)
	if err != nil {
		return nil, err
	}
	r := records[id]
	if r == nil {
		return nil, ErrNotFound
	}
	for _, row := range keys[id] {
		k := storedKey{info: row.info()}
		if row.Kind == string(APIKey) {
			copy(k.hash[:], row.Hash)
		} else {
			plain, err := d.deps.Vault.Open(additionalData(row.ID), vault.Sealed{Key: row.SecretKey, Box: row.SecretBox})
			if err != nil {
				return nil, fmt.Errorf("merchant: %s: open key: %w", r.merchant.Name, err)
			}
			k.secret = string(plain)
		}
		r.keys = append(r.keys, k)
	}
	return r, nil
}

// at is the merchant with the keys that are active at a moment. The grace of a
// key may end while the record is held, so this is decided on every read.
func (r *record) at(now time.Time) Merchant {
	m := r.merchant
	m.Keys = make([]KeyInfo, 0, len(r.keys))
	hashes := 0
	for _, k := range r.keys {
		if !k.activeAt(now) {
			continue
		}
		m.Keys = append(m.Keys, k.info)
		switch k.info.Kind {
		case SignKey:
			m.SignKeys = append(m.SignKeys, k.secret)
		case WebhookSecret:
			m.WebhookSecrets = append(m.WebhookSecrets, k.secret)
		case APIKey:
			if hashes < maxActive {
				m.apiHashes[hashes] = k.hash
				hashes++
			}
		}
	}
	return m
}

// makeDecoy is nobody, with keys that nobody knows.
func makeDecoy(now time.Time) record {
	r := record{merchant: Merchant{
		ID: publicid.At(IDPrefix, now), Mode: ledger.Live, Disabled: true, Timeout: defaultTimeout,
		FeeFixed: money.New(0, money.USDT), StandartSign: signing.OrderKey,
		Methods: defaultMethods(), Limits: DefaultLimits(), CreatedAt: now,
	}}
	for _, kind := range KeyKinds() {
		k := makeKey(r.merchant.ID, kind, now)
		r.keys = append(r.keys, storedKey{
			info:   KeyInfo{ID: k.id, Kind: kind, Prefix: k.prefix(), CreatedAt: now},
			secret: k.secret, hash: hashOf(k.secret),
		})
	}
	return r
}
