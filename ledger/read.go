package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/ledger/money"
)

// AccountRow is an account as it stands.
type AccountRow struct {
	ID int64
	Account
	Balance   money.Money
	CreatedAt time.Time
}

// TransferRow is a transfer as it stands in the books.
type TransferRow struct {
	Posted
	ID           int64
	FromID, ToID int64
	Reference    string
	Leg          int
	Flow         string
	At           time.Time
}

// StatementLine is one transfer seen from an account: the amount is signed,
// and Balance is the account's after it.
type StatementLine struct {
	TransferID   int64
	Reference    string
	Flow         string
	Amount       money.Money
	Balance      money.Money
	Counterparty Account
	At           time.Time
}

const (
	sqlBalances = `
select coalesce(a.balance, 0)
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as k (mode, owner, purpose, currency, place)
left join ledger_accounts a on a.mode = k.mode and a.owner = k.owner and a.purpose = k.purpose and a.currency = k.currency
order by k.place`

	sqlAccounts = `
select id, mode, owner, purpose, currency, balance, created_at from ledger_accounts
where id > $1 and ($2 = '' or owner = $2) and ($3 = '' or purpose = $3) and ($4 = '' or mode = $4)
order by id limit $5`

	sqlAccount = `
select id, mode, owner, purpose, currency, balance, created_at from ledger_accounts where id = $1`

	sqlHeld = `
select mode, sum(balance)::bigint from ledger_accounts
where purpose = 'held' and currency = 'USDT' group by mode`

	// Each side has its index; the newest of both are merged.
	sqlStatement = `
select t.id, t.reference, t.flow, t.amount, t.balance, c.mode, c.owner, c.purpose, c.currency, t.at from (
    (select id, reference, flow, -amount as amount, from_balance as balance, to_account as other, at
     from ledger_transfers where from_account = $1 and id < $2 and id > $6 and at >= $3 and at < $4 order by id desc limit $5)
    union all
    (select id, reference, flow, amount, to_balance, from_account, at
     from ledger_transfers where to_account = $1 and id < $2 and id > $6 and at >= $3 and at < $4 order by id desc limit $5)
) t join ledger_accounts c on c.id = t.other
order by t.id desc limit $5`

	// After which transfer a moment falls, as near as ids run with time: halving
	// finds it, for no index has the times.
	sqlPlace = `
with recursive halving as (
    select -1::bigint as before, 4611686018427387904::bigint as after
    union all
    select case when n.earlier then n.middle else h.before end, case when n.earlier then h.after else n.middle end
    from halving h cross join lateral (
        select m.middle, coalesce((select t.at < $1 from ledger_transfers t where t.id > m.middle order by t.id limit 1), false) as earlier
        from (select h.before + (h.after - h.before) / 2 as middle) as m) as n
    where h.after - h.before > 1
)
select after from halving where after - before = 1`

	// Both sides have an index on (account, id), so the newest are found from
	// its end, and counting reads the index alone.
	sqlActivity = `
with account as (select id from ledger_accounts where mode = $1 and owner = $2 and purpose = $3 and currency = $4)
select t.id, t.reference, t.flow, t.amount, t.balance, c.mode, c.owner, c.purpose, c.currency, t.at from (
    (select id, reference, flow, -amount as amount, from_balance as balance, to_account as other, at
     from ledger_transfers where from_account = (select id from account) order by id desc limit $5::bigint + $6::bigint)
    union all
    (select id, reference, flow, amount, to_balance, from_account, at
     from ledger_transfers where to_account = (select id from account) order by id desc limit $5::bigint + $6::bigint)
) t join ledger_accounts c on c.id = t.other
order by t.id desc limit $5::bigint offset $6::bigint`

	sqlActivityCount = `
with account as (select id from ledger_accounts where mode = $1 and owner = $2 and purpose = $3 and currency = $4)
select (select count(*) from ledger_transfers where from_account = (select id from account))
    + (select count(*) from ledger_transfers where to_account = (select id from account))`

	transferColumns = `
select t.id, t.reference, t.leg, t.flow, t.amount, t.from_balance, t.to_balance, t.at,
    f.id, f.mode, f.owner, f.purpose, f.currency, o.id, o.mode, o.owner, o.purpose, o.currency
from ledger_transfers t join ledger_accounts f on f.id = t.from_account join ledger_accounts o on o.id = t.to_account`

	sqlTransfer = transferColumns + ` where t.id = $1`

	sqlTransfersByReference = transferColumns + ` where t.reference = any($1::text[]) order by t.id`
)

// Balance is what an account holds; zero for one that was never posted to.
func (l *Ledger) Balance(ctx context.Context, a Account) (money.Money, error) {
	balances, err := l.Balances(ctx, a)
	if err != nil {
		return money.Money{}, err
	}
	return balances[0], nil
}

// Balances is what accounts hold at one moment, in the order given, so that
// money on its way from one of them to another is never seen in both or in
// neither. Zero for one that was never posted to.
func (l *Ledger) Balances(ctx context.Context, accounts ...Account) ([]money.Money, error) {
	return BalancesIn(ctx, l.cfg.DB, accounts...)
}

// Querier is a pool or a transaction to read in.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// BalancesIn is Balances as a transaction sees them, for who reads more at the
// same moment.
func BalancesIn(ctx context.Context, db Querier, accounts ...Account) ([]money.Money, error) {
	n := len(accounts)
	modes, owners, purposes, currencies := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, a := range accounts {
		modes[i], owners[i], purposes[i], currencies[i] = string(a.Mode), a.Owner, a.Purpose, string(a.Currency)
	}
	rows, err := db.Query(ctx, sqlBalances, modes, owners, purposes, currencies)
	if err != nil {
		return nil, err
	}
	minor, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	balances := make([]money.Money, n)
	for i, a := range accounts {
		balances[i] = money.New(minor[i], a.Currency)
	}
	return balances, nil
}

// Held is what open payouts reserve together, by mode.
func (l *Ledger) Held(ctx context.Context) (map[Mode]money.Money, error) {
	rows, err := l.cfg.DB.Query(ctx, sqlHeld)
	if err != nil {
		return nil, err
	}
	held := map[Mode]money.Money{}
	var mode Mode
	var sum int64
	_, err = pgx.ForEachRow(rows, []any{&mode, &sum}, func() error {
		held[mode] = money.New(sum, money.USDT)
		return nil
	})
	return held, err
}

// AccountFilter narrows Accounts; empty fields match all.
type AccountFilter struct {
	Owner, Purpose string
	Mode           Mode
}

// Accounts lists accounts by ascending id, after the given one.
func (l *Ledger) Accounts(ctx context.Context, f AccountFilter, after int64, limit int) ([]AccountRow, error) {
	// Planned for the filters that are given: each has an index of its own.
	rows, err := l.cfg.DB.Query(ctx, sqlAccounts, pgx.QueryExecModeCacheDescribe, after, f.Owner, f.Purpose, string(f.Mode), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanAccount)
}

// AccountByID finds one account; ErrNotFound.
func (l *Ledger) AccountByID(ctx context.Context, id int64) (AccountRow, error) {
	rows, err := l.cfg.DB.Query(ctx, sqlAccount, id)
	if err != nil {
		return AccountRow{}, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, scanAccount)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNotFound
	}
	return row, err
}

func scanAccount(row pgx.CollectableRow) (AccountRow, error) {
	var a AccountRow
	var balance int64
	err := row.Scan(&a.ID, &a.Mode, &a.Owner, &a.Purpose, &a.Currency, &balance, &a.CreatedAt)
	a.Balance = money.New(balance, a.Currency)
	return a, err
}

// Period is from inclusive to exclusive. A zero end is open.
type Period struct{ From, To time.Time }

// endOfTime stands for an open end; PostgreSQL's own infinity does not scan
// into a time.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Statement lists an account's transfers newest first, those with ids below
// before (0 for the newest). ErrNotFound when there is no such account.
func (l *Ledger) Statement(ctx context.Context, id int64, p Period, before int64, limit int) ([]StatementLine, error) {
	account, err := l.AccountByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	after := int64(0)
	if !p.From.IsZero() {
		if after, err = l.place(ctx, p.From.Add(-astray)); err != nil {
			return nil, err
		}
	}
	if p.To.IsZero() {
		p.To = endOfTime
	} else {
		last, err := l.place(ctx, p.To.Add(astray))
		if err != nil {
			return nil, err
		}
		before = min(before, last+1)
	}
	rows, err := l.cfg.DB.Query(ctx, sqlStatement, id, before, p.From, p.To, limit, after)
	if err != nil {
		return nil, err
	}
	return collectLines(rows, account.Currency)
}

// astray is how far the ids of transfers may be out of the order of their times:
// far longer than a group takes.
const astray = 10 * time.Minute

// place is the id of the last transfer before a moment, 0 when there is none.
func (l *Ledger) place(ctx context.Context, moment time.Time) (id int64, err error) {
	return id, l.cfg.DB.QueryRow(ctx, sqlPlace, moment).Scan(&id)
}

// Activity is a statement by position: the transfers of an account newest
// first, from the offset on, and how many there are. An account that was never
// posted to has none.
func (l *Ledger) Activity(ctx context.Context, a Account, limit, offset int) (lines []StatementLine, total int, err error) {
	key := []any{a.Mode, a.Owner, a.Purpose, a.Currency}
	batch := &pgx.Batch{}
	batch.Queue(sqlActivityCount, key...).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
	batch.Queue(sqlActivity, append(key, limit, offset)...).Query(func(rows pgx.Rows) (err error) {
		lines, err = collectLines(rows, a.Currency)
		return err
	})
	err = l.cfg.DB.SendBatch(ctx, batch).Close()
	return lines, total, err
}

func collectLines(rows pgx.Rows, currency money.Currency) ([]StatementLine, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (StatementLine, error) {
		var s StatementLine
		var amount, balance int64
		c := &s.Counterparty
		err := row.Scan(&s.TransferID, &s.Reference, &s.Flow, &amount, &balance, &c.Mode, &c.Owner, &c.Purpose, &c.Currency, &s.At)
		s.Amount, s.Balance = money.New(amount, currency), money.New(balance, currency)
		return s, err
	})
}

// Transfer finds one transfer; ErrNotFound.
func (l *Ledger) Transfer(ctx context.Context, id int64) (TransferRow, error) {
	rows, err := l.cfg.DB.Query(ctx, sqlTransfer, id)
	if err != nil {
		return TransferRow{}, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, scanTransfer)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNotFound
	}
	return row, err
}

// TransfersByReference lists the transfers of the given references in the
// order of posting. References that were never posted are left out.
func (l *Ledger) TransfersByReference(ctx context.Context, references ...string) ([]TransferRow, error) {
	rows, err := l.cfg.DB.Query(ctx, sqlTransfersByReference, references)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanTransfer)
}

func scanTransfer(row pgx.CollectableRow) (TransferRow, error) {
	var t TransferRow
	var amount int64
	from, to := &t.From, &t.To
	err := row.Scan(&t.ID, &t.Reference, &t.Leg, &t.Flow, &amount, &t.FromBalance, &t.ToBalance, &t.At,
		&t.FromID, &from.Mode, &from.Owner, &from.Purpose, &from.Currency,
		&t.ToID, &to.Mode, &to.Owner, &to.Purpose, &to.Currency)
	t.Amount = money.New(amount, from.Currency)
	return t, err
}
