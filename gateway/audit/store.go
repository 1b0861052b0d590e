package audit

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Execer runs a statement: a pool, a connection or a transaction of pgx.
type Execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Querier reads rows: a pool, a connection or a transaction of pgx.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

const insertRecords = `
insert into audit_log (at, actor_kind, actor_id, actor_name, address, action, subject, subject_id, before, after, request_id)
select coalesce(r.at, now()), r.actor_kind, r.actor_id, r.actor_name, r.address,
       r.action, r.subject, r.subject_id, r.before::jsonb, r.after::jsonb, r.request_id
from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[],
            $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
     with ordinality
     as r (at, actor_kind, actor_id, actor_name, address, action, subject, subject_id, before, after, request_id, place)
order by r.place`

const (
	selectNarrowed = `
select id, at, actor_kind, actor_id, actor_name, address, action, subject, subject_id, before, after, request_id
from audit_log
where ($1 = '' or actor_id = $1)
  and ($2 = '' or action = $2)
  and ($3 = '' or subject = $3)
  and ($4 = '' or subject_id = $4)`

	selectPage = selectNarrowed + `
  and ($5 = 0 or id < $5)
order by id desc
limit $6`

	// A period has an index in the order of time, in which it is read.
	selectPeriod = selectNarrowed + `
  and ($5 = 0 or (at, id) < ((select at from audit_log where id = $5), $5))
  and ($7::timestamptz is null or at >= $7)
  and ($8::timestamptz is null or at < $8)
order by at desc, id desc
limit $6`
)

func insert(ctx context.Context, db Execer, records []Record) error {
	n := len(records)
	at, before, after := make([]*time.Time, n), make([]*string, n), make([]*string, n)
	var texts [8][]string
	for i := range texts {
		texts[i] = make([]string, n)
	}
	for i, r := range records {
		row := Row(r).Row
		at[i] = row[0].(*time.Time)
		for column, place := range []int{1, 2, 3, 4, 5, 6, 7, 10} {
			texts[column][i] = row[place].(string)
		}
		before[i], after[i] = row[8].(*string), row[9].(*string)
	}
	_, err := db.Exec(ctx, insertRecords, at, texts[0], texts[1], texts[2], texts[3],
		texts[4], texts[5], texts[6], before, after, texts[7])
	return err
}

type row struct {
	ID        int64           `db:"id"`
	At        time.Time       `db:"at"`
	ActorKind string          `db:"actor_kind"`
	ActorID   string          `db:"actor_id"`
	ActorName string          `db:"actor_name"`
	Address   string          `db:"address"`
	Action    string          `db:"action"`
	Subject   string          `db:"subject"`
	SubjectID string          `db:"subject_id"`
	Before    json.RawMessage `db:"before"`
	After     json.RawMessage `db:"after"`
	RequestID string          `db:"request_id"`
}

func selectRows(ctx context.Context, db Querier, f Filter, before int64, limit int) ([]row, error) {
	// Planned for the filters that are given: each has an index of its own.
	sql, args := selectPage, []any{pgx.QueryExecModeCacheDescribe, f.ActorID, f.Action, f.Subject, f.SubjectID, before, limit}
	if !f.From.IsZero() || !f.To.IsZero() {
		sql, args = selectPeriod, append(args, orNull(f.From), orNull(f.To))
	}
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[row])
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
