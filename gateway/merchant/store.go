package merchant

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/ratelimit"
	"disburse/signing"
)

// database is what both a pool and a transaction do.
type database interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// nameConstraint is broken by a second merchant of one name.
const nameConstraint = "merchants_name_key"

const (
	selectIndex = `select id, name from merchants`

	selectByRef = `select id, name from merchants where name = $1 or id = $1`

	selectPage = `select id, name from merchants where name > $1 order by name limit $2`

	selectMerchants = `
select id, name, mode, disabled_at is not null as disabled, fee_bps, fee_fixed, timeout_minutes,
       require_v2, mask_requisites, luhn, standart_sign, created_at
from merchants where id = any($1)`

	selectMethods = `
select merchant_id, currency, method, enabled, min_minor, max_minor
from merchant_methods where merchant_id = any($1)`

	selectLimits = `
select merchant_id, name, rate, per_ms, burst
from merchant_limits where merchant_id = any($1)`

	// The one that never expires is the newest, whatever the clock said.
	selectKeys = `
select id, merchant_id, kind, coalesce(secret_key, '') as secret_key, secret_box, hash, prefix, created_at, expires_at
from merchant_keys where merchant_id = any($1)
order by (expires_at is null) desc, created_at desc, id desc`

	insertMerchants = `
insert into merchants (id, name, mode, fee_bps, fee_fixed, timeout_minutes,
                       require_v2, mask_requisites, luhn, standart_sign, created_at)
select n.id, n.name, n.mode, n.fee_bps, n.fee_fixed, $6, false, false, false, $7, $8
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) as n (id, name, mode, fee_bps, fee_fixed)`

	insertKeys = `
insert into merchant_keys (id, merchant_id, kind, secret_key, secret_box, hash, prefix, created_at)
select n.id, n.merchant_id, n.kind, n.secret_key, n.secret_box, n.hash, n.prefix, $8
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[])
     as n (id, merchant_id, kind, secret_key, secret_box, hash, prefix)`

	upsertMethods = `
insert into merchant_methods (merchant_id, currency, method, enabled, min_minor, max_minor)
select n.merchant_id, n.currency, n.method, n.enabled, n.min_minor, n.max_minor
from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[])
     as n (merchant_id, currency, method, enabled, min_minor, max_minor)
on conflict (merchant_id, currency, method)
do update set enabled = excluded.enabled, min_minor = excluded.min_minor, max_minor = excluded.max_minor`

	upsertLimit = `
insert into merchant_limits (merchant_id, name, rate, per_ms, burst) values ($1, $2, $3, $4, $5)
on conflict (merchant_id, name) do update set rate = excluded.rate, per_ms = excluded.per_ms, burst = excluded.burst`

	updateSettings = `
update merchants set fee_bps = $2, fee_fixed = $3, timeout_minutes = $4, require_v2 = $5,
       mask_requisites = $6, luhn = $7, standart_sign = $8
where id = $1`

	disable = `update merchants set disabled_at = $2 where id = $1 and disabled_at is null`
	enable  = `update merchants set disabled_at = null where id = $1`

	// What is in its grace already is the older of two: it makes room.
	dropOlder = `delete from merchant_keys where merchant_id = $1 and kind = any($2) and expires_at is not null`
	dropAll   = `delete from merchant_keys where merchant_id = $1 and kind = any($2)`
	setGrace  = `update merchant_keys set expires_at = $3 where merchant_id = $1 and kind = any($2) and expires_at is null`

	selectSealedOtherwise = `
select id, secret_key, secret_box from merchant_keys
where secret_key is not null and secret_key <> $1 order by id limit $2`

	updateSealed = `
update merchant_keys k set secret_key = n.secret_key, secret_box = n.secret_box
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) as n (id, was, secret_key, secret_box)
where k.id = n.id and k.secret_key = n.was`

	countSealedOtherwise = `select count(*) from merchant_keys where secret_key is not null and secret_key <> $1`
)

type nameRow struct {
	ID   string `db:"id"`
	Name string `db:"name"`
}

type merchantRow struct {
	ID             string    `db:"id"`
	Name           string    `db:"name"`
	Mode           string    `db:"mode"`
	Disabled       bool      `db:"disabled"`
	FeeBPS         int64     `db:"fee_bps"`
	FeeFixed       int64     `db:"fee_fixed"`
	TimeoutMinutes int64     `db:"timeout_minutes"`
	RequireV2      bool      `db:"require_v2"`
	MaskRequisites bool      `db:"mask_requisites"`
	Luhn           bool      `db:"luhn"`
	StandartSign   string    `db:"standart_sign"`
	CreatedAt      time.Time `db:"created_at"`
}

func (r merchantRow) merchant() Merchant {
	return Merchant{
		ID: r.ID, Name: r.Name, Mode: ledger.Mode(r.Mode), Disabled: r.Disabled,
		FeeBPS: r.FeeBPS, FeeFixed: money.New(r.FeeFixed, money.USDT),
		Timeout: time.Duration(r.TimeoutMinutes) * time.Minute, RequireV2: r.RequireV2,
		MaskRequisites: r.MaskRequisites, Luhn: r.Luhn, StandartSign: signing.Form(r.StandartSign),
		CreatedAt: r.CreatedAt.UTC(), Methods: make(map[MethodKey]Method), Limits: DefaultLimits(),
	}
}

type methodRow struct {
	MerchantID string `db:"merchant_id"`
	Currency   string `db:"currency"`
	Method     string `db:"method"`
	Enabled    bool   `db:"enabled"`
	Min        int64  `db:"min_minor"`
	Max        int64  `db:"max_minor"`
}

type limitRow struct {
	MerchantID string `db:"merchant_id"`
	Name       string `db:"name"`
	Rate       int    `db:"rate"`
	PerMS      int64  `db:"per_ms"`
	Burst      int    `db:"burst"`
}

type keyRow struct {
	ID         string     `db:"id"`
	MerchantID string     `db:"merchant_id"`
	Kind       string     `db:"kind"`
	SecretKey  string     `db:"secret_key"`
	SecretBox  []byte     `db:"secret_box"`
	Hash       []byte     `db:"hash"`
	Prefix     string     `db:"prefix"`
	CreatedAt  time.Time  `db:"created_at"`
	ExpiresAt  *time.Time `db:"expires_at"`
}

func (r keyRow) info() KeyInfo {
	info := KeyInfo{ID: r.ID, Kind: KeyKind(r.Kind), Prefix: r.Prefix, CreatedAt: r.CreatedAt.UTC()}
	if r.ExpiresAt != nil {
		at := r.ExpiresAt.UTC()
		info.ExpiresAt = &at
	}
	return info
}

func collect[T any](ctx context.Context, db database, sql string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// record is a merchant with its keys, expired ones included.
type record struct {
	merchant Merchant
	keys     []storedKey
}

// load reads merchants by id, without opening their keys. Ids that do not
// exist are missing from the result.
func load(ctx context.Context, db database, ids ...string) (map[string]*record, map[string][]keyRow, error) {
	records := make(map[string]*record, len(ids))
	merchants, err := collect[merchantRow](ctx, db, selectMerchants, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("merchant: load: %w", err)
	}
	for _, r := range merchants {
		records[r.ID] = &record{merchant: r.merchant()}
	}
	methods, err := collect[methodRow](ctx, db, selectMethods, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("merchant: load methods: %w", err)
	}
	for _, r := range methods {
		currency, known := money.Lookup(r.Currency)
		if at := records[r.MerchantID]; at != nil && known {
			at.merchant.Methods[MethodKey{Currency: r.Currency, Method: r.Method}] = Method{
				Enabled: r.Enabled, Min: money.New(r.Min, currency), Max: money.New(r.Max, currency),
			}
		}
	}
	limits, err := collect[limitRow](ctx, db, selectLimits, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("merchant: load limits: %w", err)
	}
	for _, r := range limits {
		if at := records[r.MerchantID]; at != nil {
			*at.merchant.Limits.at(LimitName(r.Name)) = ratelimit.Limit{
				Rate: r.Rate, Per: time.Duration(r.PerMS) * time.Millisecond, Burst: r.Burst,
			}
		}
	}
	keys, err := collect[keyRow](ctx, db, selectKeys, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("merchant: load keys: %w", err)
	}
	rows := make(map[string][]keyRow, len(ids))
	for _, r := range keys {
		rows[r.MerchantID] = append(rows[r.MerchantID], r)
	}
	return records, rows, nil
}

// storeKeys inserts keys, sealing or hashing their secrets.
func storeKeys(ctx context.Context, db database, v *vault.Vault, now time.Time, keys []newKey) error {
	n := len(keys)
	ids, merchants, kinds, prefixes := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	names, boxes, hashes := make([]*string, n), make([][]byte, n), make([][]byte, n)
	for i, k := range keys {
		ids[i], merchants[i], kinds[i], prefixes[i] = k.id, k.merchantID, string(k.kind), k.prefix()
		if k.kind == APIKey {
			sum := hashOf(k.secret)
			hashes[i] = sum[:]
			continue
		}
		sealed, err := v.Seal(additionalData(k.id), []byte(k.secret))
		if err != nil {
			return err
		}
		names[i], boxes[i] = &sealed.Key, sealed.Box
	}
	_, err := db.Exec(ctx, insertKeys, ids, merchants, kinds, names, boxes, hashes, prefixes, now)
	return err
}

// storeMethods writes the methods of merchants, a map for each id.
func storeMethods(ctx context.Context, db database, ids []string, methods map[MethodKey]Method) error {
	var owners, currencies, names []string
	var enabled []bool
	var least, most []int64
	for _, id := range ids {
		for key, m := range methods {
			owners, currencies, names = append(owners, id), append(currencies, key.Currency), append(names, key.Method)
			enabled = append(enabled, m.Enabled)
			least, most = append(least, m.Min.Minor()), append(most, m.Max.Minor())
		}
	}
	_, err := db.Exec(ctx, upsertMethods, owners, currencies, names, enabled, least, most)
	return err
}
