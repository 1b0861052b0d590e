package chat

// The statements about who has read what.

const (
	countUnread = `
select m.order_id, count(*) from chat_messages m
left join chat_reads r on r.reader = $1 and r.subject = m.subject and r.order_id = m.order_id
where m.subject = $2 and m.order_id = any($3::bigint[]) and m.user_id is not null and m.id > coalesce(r.last_id, 0)
group by m.order_id`

	selectRead = `
select coalesce((select last_id from chat_reads where reader = $1 and subject = $2 and order_id = $3), 0)`

	upsertRead = `
insert into chat_reads as c (reader, subject, order_id, last_id, read_at) values ($1, $2, $3, $4, $5)
on conflict (reader, subject, order_id) do update set last_id = excluded.last_id, read_at = excluded.read_at
where c.last_id < excluded.last_id`

	countMessages = `select count(*) from chat_messages where subject = $1 and order_id = $2`
)
