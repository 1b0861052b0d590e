package chat

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/vault"
)

const (
	// Taken before the message is written: the seal names its row.
	nextID = `select nextval('chat_messages_id_seq')`

	insertMessage = `
insert into chat_messages (id, subject, order_id, user_id, author, text_key, text_box, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)`

	selectMessages = `
select id, user_id, text_key, text_box, created_at from chat_messages
where subject = $1 and order_id = $2 order by id limit $3 offset $4`

	selectForeignKeys = `
select id, text_key, text_box from chat_messages where id > $1 and text_key <> $2 order by id limit $3`

	updateTexts = `
update chat_messages m set text_key = r.key, text_box = r.box
from unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[]) as r (id, was, key, box)
where m.id = r.id and m.text_key = r.was`

	countForeignKeys = `select count(*) from chat_messages where text_key <> $1`
)

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

type row struct {
	ID        int64     `db:"id"`
	UserID    *int64    `db:"user_id"`
	Key       string    `db:"text_key"`
	Box       []byte    `db:"text_box"`
	CreatedAt time.Time `db:"created_at"`
}

func selectRows(ctx context.Context, db querier, args ...any) ([]row, error) {
	rows, err := db.Query(ctx, selectMessages, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[row])
}

func selectSealed(ctx context.Context, db querier, after int64, primary string, limit int) ([]vault.Row, []int64, error) {
	rows, err := db.Query(ctx, selectForeignKeys, after, primary, limit)
	if err != nil {
		return nil, nil, err
	}
	var ids []int64
	sealed, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (vault.Row, error) {
		var id int64
		var v vault.Row
		err := r.Scan(&id, &v.Sealed.Key, &v.Sealed.Box)
		v.AAD = textAAD(id)
		ids = append(ids, id)
		return v, err
	})
	return sealed, ids, err
}
