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
		if err := g.reconsider(ctx, conn.Conn()); err != nil {
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
func (g *group) reconsider(ctx context.Context, conn *pgx.Conn) error {
	var refused []*posting
	for _, p := range g.postings {
		if g.verdicts[p] != nil {
			refused = append(refused, p)
		}
	}
	rows, err := conn.Query(ctx, sqlByReference, references(refused))
	if err != nil {
		return err
	}
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
}

// write sends transfers, balances and riders in one round trip, and commits in
// the same one when there is nothing to count first.
func (g *group) write(ctx context.Context, conn *pgx.Conn) (committed bool, err error) {
	var ids, amounts []int64
	for id, b := range g.balances {
		if b.changed {
			ids = append(ids, id)
			amounts = append(amounts, b.amount)
		}
	}
	t := &g.rows
	riders := g.riders()
	certain := !slices.ContainsFunc(riders, func(r *riderBatch) bool { return !r.certain })
	batch := &pgx.Batch{}
	if !certain {
		batch.Queue(sqlRiderPatience)
	}
	batch.Queue(sqlInsertTransfers, t.reference, t.leg, t.flow, t.from, t.to, t.amount, t.fromBalance, t.toBalance,
		fromMicros(t.at))
	batch.Queue(sqlUpdateBalances, ids, amounts)
	for _, r := range riders {
		columns, err := r.columns()
		if err != nil {
			return false, err
		}
		batch.Queue(r.sql, columns...)
	}
	if certain {
		batch.Queue("commit")
	}
	results := conn.SendBatch(ctx, batch)
	if !certain {
		_, err = results.Exec()
	}
	if err == nil {
		err = g.readResults(results, len(ids), riders)
	}
	if err == nil && certain {
		tag, failed := results.Exec()
		err = commitError(tag, failed)
	}
	return certain, errors.Join(err, closeUnless(results, err))
}

// closeUnless closes the results; after an error, that same error would come
// again and is left out.
func closeUnless(results pgx.BatchResults, err error) error {
	if closing := results.Close(); err == nil {
		return closing
	}
	return nil
}

func (g *group) readResults(results pgx.BatchResults, accounts int, riders []*riderBatch) error {
	tag, err := results.Exec()
	if err != nil {
		return err
	}
	if int(tag.RowsAffected()) != g.rows.len() {
		return fmt.Errorf("ledger: %d transfers written, %d meant", tag.RowsAffected(), g.rows.len())
	}
	if tag, err = results.Exec(); err != nil {
		return err
	}
	if int(tag.RowsAffected()) != accounts {
		return fmt.Errorf("ledger: %d balances written, %d meant", tag.RowsAffected(), accounts)
	}
	for _, r := range riders {
		tag, err := results.Exec()
		var pg *pgconn.PgError
		switch {
		case errors.As(err, &pg):
			return r.fail(err)
		case err != nil:
			return err
		case int(tag.RowsAffected()) != len(r.rows):
			return r.fail(nil)
		}
	}
	return nil
}

func fromMicros(at int64) time.Time { return time.UnixMicro(at).UTC() }
