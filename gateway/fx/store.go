package fx

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	selectCurrent = `
select id, currency, value, source, max_age_seconds, set_at
from rates where currency = $1 order by id desc limit 1`

	selectAllCurrent = `
select distinct on (currency) id, currency, value, source, max_age_seconds, set_at
from rates order by currency, id desc`

	selectHistory = `
select id, currency, value, source, max_age_seconds, set_at
from rates where currency = $1 and ($2 = 0 or id < $2) order by id desc limit $3`

	insertRate = `
insert into rates (currency, value, source, max_age_seconds, set_at) values ($1, $2, $3, $4, $5)`
)

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

type row struct {
	ID            int64     `db:"id"`
	Currency      string    `db:"currency"`
	Value         int64     `db:"value"`
	Source        string    `db:"source"`
	MaxAgeSeconds int64     `db:"max_age_seconds"`
	SetAt         time.Time `db:"set_at"`
}

func (r row) rate() Rate {
	return Rate{
		Currency: r.Currency, Value: fromMinor(r.Value), Source: r.Source,
		MaxAge: time.Duration(r.MaxAgeSeconds) * time.Second, SetAt: r.SetAt.UTC(),
	}
}

func collect(ctx context.Context, db querier, sql string, args ...any) ([]row, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[row])
}
