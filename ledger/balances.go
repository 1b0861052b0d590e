package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"disburse/ledger/money"
)

const sqlBalances = `
select coalesce(a.balance, 0)
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as k (mode, owner, purpose, currency, place)
left join ledger_accounts a on a.mode = k.mode and a.owner = k.owner and a.purpose = k.purpose and a.currency = k.currency
order by k.place`

// Balances is what accounts hold at one moment, in the order given, so that
// money on its way from one of them to another is never seen in both or in
// neither. Zero for one that was never posted to.
func (l *Ledger) Balances(ctx context.Context, accounts ...Account) ([]money.Money, error) {
	n := len(accounts)
	modes, owners, purposes, currencies := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, a := range accounts {
		modes[i], owners[i], purposes[i], currencies[i] = string(a.Mode), a.Owner, a.Purpose, string(a.Currency)
	}
	rows, err := l.cfg.DB.Query(ctx, sqlBalances, modes, owners, purposes, currencies)
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
