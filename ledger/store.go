package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/ledger/money"
)

const (
	sqlOpenAccounts = `
insert into ledger_accounts (mode, owner, purpose, currency, floor, created_at)
select mode, owner, purpose, currency, floor, $6
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) as k (mode, owner, purpose, currency, floor)
order by mode, owner, purpose, currency
on conflict on constraint ledger_accounts_key do nothing`

	sqlAccountIDs = `
select a.id, a.mode, a.owner, a.purpose, a.currency
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as k (mode, owner, purpose, currency)
join ledger_accounts a on a.mode = k.mode and a.owner = k.owner and a.purpose = k.purpose and a.currency = k.currency`

	// A process that stops in the middle must not hold locks for long.
	sqlGroupSettings = `select set_config('lock_timeout', '5s', true),
set_config('idle_in_transaction_session_timeout', '10s', true)`

	// All of a group that was decided already, in one statement: balances that
	// are what it was decided on become what it made of them, in the order of the
	// ids given, or it ends here.
	//
	// The numbers of a row lie side by side in one array and a flow is an index
	// into a short list: what one array a column costs to unnest is a tenth of
	// what the whole group does. Nobody waits long for a lock here; off the line
	// patience differs by what is waited for.
	sqlMoveGuessed = `
with patience as materialized (
    select set_config('lock_timeout', '250ms', true)
), moved as (
    update ledger_accounts a set balance = n.balance
    from patience, unnest($1::bigint[], $2::bigint[], $3::bigint[]) as n (id, guess, balance)
    where a.id = n.id and a.balance = n.guess returning 1
), row as (
    select reference, (n::int - 1) * 7 as i from unnest($4::text[]) with ordinality as t (reference, n)
)
insert into ledger_transfers (reference, leg, flow, from_account, to_account, amount, from_balance, to_balance, at)
select reference, ($5::bigint[])[i + 1], ($6::text[])[($5::bigint[])[i + 2]], ($5::bigint[])[i + 3], ($5::bigint[])[i + 4],
    ($5::bigint[])[i + 5], ($5::bigint[])[i + 6], ($5::bigint[])[i + 7], $7::timestamptz
from row where (select ledger_expect((select count(*) from moved) = cardinality($1), $8))`

	// Guarded riders touch rows that others lock for a moment. Who finds one
	// locked for longer gives up instead of holding up everybody's money.
	sqlRiderPatience = `select set_config('lock_timeout', '250ms', true)`

	// Always in id order, so that no two groups can wait for each other. The
	// join instead of = any() lets the server keep one plan.
	sqlLockAccounts = `
select a.id, a.balance, a.floor from unnest($1::bigint[]) as k (id) join ledger_accounts a on a.id = k.id
order by a.id for update of a`

	sqlByReference = `
select reference, flow, from_account, to_account, amount, from_balance, to_balance, at
from ledger_transfers where reference = any($1::text[]) order by reference, leg`

	// Rows get their ids in the order of the arrays, which is the order of the
	// balances. A sort would say so, and cost; Verify would tell.
	sqlInsertTransfers = `
insert into ledger_transfers (reference, leg, flow, from_account, to_account, amount, from_balance, to_balance, at)
select reference, leg, flow, from_account, to_account, amount, from_balance, to_balance, $9::timestamptz
from unnest($1::text[], $2::smallint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    as t (reference, leg, flow, from_account, to_account, amount, from_balance, to_balance)`

	sqlUpdateBalances = `
update ledger_accounts a set balance = n.balance
from unnest($1::bigint[], $2::bigint[]) as n (id, balance) where a.id = n.id`
)

// transferRows are the transfers of a group, column by column.
type transferRows struct {
	reference, flow        []string
	leg                    []int16
	from, to, amount       []int64
	fromBalance, toBalance []int64
	at                     int64 // microseconds, one for the group
}

func (t *transferRows) len() int { return len(t.reference) }

// transferRow is one leg of an entry and the balances it leaves.
type transferRow struct {
	leg                    int
	from, to, amount       int64
	fromBalance, toBalance int64
}

func (t *transferRows) add(e Entry, r transferRow) {
	t.reference = append(t.reference, e.Reference)
	t.leg = append(t.leg, int16(r.leg)) //nolint:gosec // entries have a handful of legs
	t.flow = append(t.flow, e.Flow)
	t.from = append(t.from, r.from)
	t.to = append(t.to, r.to)
	t.amount = append(t.amount, r.amount)
	t.fromBalance = append(t.fromBalance, r.fromBalance)
	t.toBalance = append(t.toBalance, r.toBalance)
}

func (t *transferRows) columns() []any {
	return []any{t.reference, t.leg, t.flow, t.from, t.to, t.amount, t.fromBalance, t.toBalance, fromMicros(t.at)}
}

// packed is the rows as sqlMoveGuessed takes them: seven numbers each, of
// which the second counts in flows from one.
func (t *transferRows) packed() (numbers []int64, flows []string) {
	numbers = make([]int64, 0, 7*t.len())
	for i, flow := range t.flow {
		index := slices.Index(flows, flow)
		if index < 0 {
			index = len(flows)
			flows = append(flows, flow)
		}
		numbers = append(numbers, int64(t.leg[i]), int64(index+1),
			t.from[i], t.to[i], t.amount[i], t.fromBalance[i], t.toBalance[i])
	}
	return numbers, flows
}

func (t *transferRows) truncate(n int) {
	t.reference, t.leg, t.flow = t.reference[:n], t.leg[:n], t.flow[:n]
	t.from, t.to, t.amount = t.from[:n], t.to[:n], t.amount[:n]
	t.fromBalance, t.toBalance = t.fromBalance[:n], t.toBalance[:n]
}

// run takes a group through one transaction: lock and look, write, commit;
// the latter two in one round trip when no rider has to be counted. On an
// error nothing stands, unless the error is a lost connection at the commit.
//
// With look, references are looked up before anything is decided. Without, the
// unique index finds a reference that was posted before, and the group fails.
func (l *Ledger) run(ctx context.Context, g *group, look bool) error {
	if err := l.resolve(ctx, g.ids); err != nil {
		return err
	}
	conn, err := l.cfg.DB.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := g.lock(ctx, conn.Conn(), look); err != nil {
		return rollback(ctx, conn.Conn(), err)
	}
	g.decide(micro(l.cfg.Now()).UnixMicro())
	if !look && g.refused > 0 {
		look := g.reconsider()
		rows, _ := conn.Query(ctx, look.key, look.args...)
		if err := look.take(rows); err != nil {
			return rollback(ctx, conn.Conn(), err)
		}
	}
	if len(g.writers) == 0 {
		return rollback(ctx, conn.Conn(), nil)
	}
	committed, err := g.write(ctx, conn.Conn())
	if err != nil {
		return rollback(ctx, conn.Conn(), err)
	}
	if !committed {
		tag, err := conn.Exec(ctx, "commit")
		return commitError(tag, err)
	}
	return nil
}

// commitError is what a commit's answer means: PostgreSQL answers ROLLBACK,
// and no error, to the commit of a failed transaction.
func commitError(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("ledger: commit answered %s", tag)
	}
	return err
}

// rollback ends the transaction and returns cause, or its own error when
// there was none. A connection on which even that fails is closed by pgx.
func rollback(ctx context.Context, conn *pgx.Conn, cause error) error {
	_, err := conn.Exec(ctx, "rollback")
	if cause != nil {
		return cause
	}
	return err
}

// resolve fills in account ids, opening accounts that do not exist yet. Those
// are opened ahead of the group, so that the group can lock them; an account
// left empty by a posting that is refused does no harm.
func (l *Ledger) resolve(ctx context.Context, ids map[Account]int64) error {
	missing := l.accounts.get(ids)
	if len(missing) == 0 {
		return nil
	}
	n := len(missing)
	modes, owners, purposes := make([]string, n), make([]string, n), make([]string, n)
	currencies, floors := make([]string, n), make([]*int64, n)
	for i, a := range missing {
		modes[i], owners[i], purposes[i], currencies[i] = string(a.Mode), a.Owner, a.Purpose, string(a.Currency)
		floors[i] = a.floor()
	}
	find := func() error {
		rows, err := l.cfg.DB.Query(ctx, sqlAccountIDs, modes, owners, purposes, currencies)
		if err != nil {
			return err
		}
		var id int64
		var a Account
		_, err = pgx.ForEachRow(rows, []any{&id, &a.Mode, &a.Owner, &a.Purpose, &a.Currency}, func() error {
			ids[a] = id
			return nil
		})
		return err
	}
	if err := find(); err != nil {
		return err
	}
	if slices.ContainsFunc(missing, func(a Account) bool { return ids[a] == 0 }) {
		now := micro(l.cfg.Now())
		if _, err := l.cfg.DB.Exec(ctx, sqlOpenAccounts, modes, owners, purposes, currencies, floors, now); err != nil {
			return err
		}
		if err := find(); err != nil {
			return err
		}
	}
	l.accounts.put(ids)
	return nil
}

// lock begins the transaction, locks the accounts and, if told to look, reads
// what the group's references already stand for. Looking comes after locking:
// a twin in another process holds the same accounts, and has committed by now.
func (g *group) lock(ctx context.Context, conn *pgx.Conn, look bool) error {
	ids := make([]int64, 0, len(g.ids))
	for _, id := range g.ids {
		ids = append(ids, id)
	}
	batch := &pgx.Batch{}
	batch.Queue("begin isolation level read committed")
	batch.Queue(sqlGroupSettings)
	batch.Queue(sqlLockAccounts, ids).Query(func(rows pgx.Rows) error {
		g.balances = make(map[int64]*balance, len(ids))
		var id, amount int64
		var floor *int64
		_, err := pgx.ForEachRow(rows, []any{&id, &amount, &floor}, func() error {
			g.balances[id] = &balance{amount: amount, floor: floor}
			floor = nil
			return nil
		})
		return err
	})
	if look {
		batch.Queue(sqlByReference, references(g.postings)).Query(g.readExisting)
	}
	return conn.SendBatch(ctx, batch).Close()
}

func references(postings []*posting) []string {
	list := make([]string, len(postings))
	for i, p := range postings {
		list[i] = p.entry.Reference
	}
	return list
}

func (g *group) readExisting(rows pgx.Rows) error {
	g.existing = make(map[string][]stored)
	var s stored
	var reference string
	var amount int64
	var at time.Time
	into := []any{&reference, &s.flow, &s.fromID, &s.toID, &amount, &s.FromBalance, &s.ToBalance, &at}
	_, err := pgx.ForEachRow(rows, into, func() error {
		s.Amount, s.at = money.New(amount, ""), at.UnixMicro()
		g.existing[reference] = append(g.existing[reference], s)
		return nil
	})
	return err
}

// reconsider looks up the references of the refused: one that was posted
// before is a replay, whatever its accounts hold by now.
func (g *group) reconsider() statement {
	var refused []*posting
	for _, p := range g.postings {
		if g.verdicts[p] != nil {
			refused = append(refused, p)
		}
	}
	return statement{sqlByReference, []any{references(refused)}, func(rows pgx.Rows) error {
		if err := g.readExisting(rows); err != nil {
			return err
		}
		for _, p := range refused {
			if rows, seen := g.existing[p.entry.Reference]; seen {
				g.refused--
				g.verdicts[p] = g.replay(p, rows)
			}
		}
		return nil
	}}
}

// guessed is the whole transaction of a group that was decided on what is
// remembered. What it looks up it looks up under the locks, as run does.
func (g *group) guessed() ([]statement, error) {
	balances := make([]int64, len(g.guess.ids))
	for i, id := range g.guess.ids {
		balances[i] = g.balances[id].amount
	}
	numbers, flows := g.rows.packed()
	list := []statement{{sqlMoveGuessed,
		[]any{g.guess.ids, g.guess.amounts, balances, g.rows.reference, numbers, flows, fromMicros(g.rows.at), balancesMoved},
		affected("transfers written", g.rows.len())}}
	if g.refused > 0 {
		list = append(list, g.reconsider())
	}
	for _, r := range g.riders() {
		columns, err := r.columns()
		if err != nil {
			return nil, err
		}
		if !r.certain {
			columns = append(columns, len(r.rows), ridersMissed)
		}
		list = append(list, statement{r.sql, columns, func(pgx.Rows) error { return nil }})
	}
	return list, nil
}

// guarded is the rider's statement on the line, where the database counts.
func (r Rider) guarded() string {
	if r.Certain {
		return r.SQL
	}
	return fmt.Sprintf("with touched as (%s returning 1) select ledger_expect((select count(*) from touched) = $%d, $%d)",
		r.SQL, len(r.Row)+1, len(r.Row)+2)
}

// transfers are the steps that move the money of the accepted.
func (g *group) transfers() []statement {
	var ids, amounts []int64
	for id, b := range g.balances {
		if b.changed {
			ids = append(ids, id)
			amounts = append(amounts, b.amount)
		}
	}
	return []statement{
		{sqlInsertTransfers, g.rows.columns(), affected("transfers written", g.rows.len())},
		{sqlUpdateBalances, []any{ids, amounts}, affected("balances written", len(ids))},
	}
}

// affected checks what can only differ when the database is not ours.
func affected(what string, meant int) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		rows.Close()
		if got := int(rows.CommandTag().RowsAffected()); rows.Err() == nil && got != meant {
			return fmt.Errorf("ledger: %d %s, %d meant", got, what, meant)
		}
		return rows.Err()
	}
}

// write sends transfers, balances and riders in one round trip, and commits in
// the same one when there is nothing to count first.
func (g *group) write(ctx context.Context, conn *pgx.Conn) (committed bool, err error) {
	riders := g.riders()
	certain := !slices.ContainsFunc(riders, func(r *riderBatch) bool { return !r.certain })
	batch := &pgx.Batch{}
	if !certain {
		batch.Queue(sqlRiderPatience)
	}
	for _, s := range g.transfers() {
		batch.Queue(s.key, s.args...).Query(s.take)
	}
	for _, r := range riders {
		columns, err := r.columns()
		if err != nil {
			return false, err
		}
		batch.Queue(r.sql, columns...).Fn = r.count
	}
	if certain {
		batch.Queue("commit").Exec(func(tag pgconn.CommandTag) error { return commitError(tag, nil) })
	}
	return certain, conn.SendBatch(ctx, batch).Close()
}

// count reads the answer to a statement of riders; its failure names them.
func (b *riderBatch) count(results pgx.BatchResults) error {
	tag, err := results.Exec()
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		return b.fail(err)
	case err != nil:
		return err
	case !b.certain && int(tag.RowsAffected()) != len(b.rows):
		return b.fail(nil)
	}
	return nil
}

func fromMicros(at int64) time.Time { return time.UnixMicro(at).UTC() }
