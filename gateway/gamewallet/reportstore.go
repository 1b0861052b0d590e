package gamewallet

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/ledger/money"
)

const (
	// The newest of each provider, which are few and have an index each, merged.
	selectTransactions = `
select t.id, v.name as provider, p.player_id, p.user_id, t.kind, t.state, t.transaction_id, coalesce(t.withdraw_id, '') as withdraw_id,
    t.game_id, t.round_id, coalesce(t.campaign, '') as campaign, t.amount, t.jackpot, t.bonus, t.currency,
    t.round_finished, t.free_spins_consumed, t.created_at, t.ended_at
from game_providers v
cross join lateral (
    select * from game_transactions t where t.provider_id = v.id and t.created_at > '-infinity'`

	transactionsOfPlayer = ` and t.player in (select id from game_players where provider_id = v.id and player_id = $%d)`
	transactionsOfRound  = ` and t.round_id = $%d`
	transactionsFrom     = ` and t.created_at >= $%d`
	transactionsTo       = ` and t.created_at < $%d`
	transactionsBefore   = ` and (t.created_at, t.id) < ($%d, $%d)`
	transactionsNewest   = ` order by t.created_at desc, t.id desc limit $%d`

	transactionsOfAll = `) as t
join game_players p on p.id = t.player
where true`
	transactionsOfProvider = ` and v.name = $%d`

	selectRounds = `
select r.id, v.name as provider, p.player_id, p.user_id, p.currency, r.game_id, r.round_id, r.bets, r.wins, r.rolled_back,
    r.staked, r.won, r.opened_at, r.finished_at
from game_rounds r
join game_players p on p.id = r.player
join game_providers v on v.id = p.provider_id
where r.id > $%d`

	roundsOfProvider = ` and v.name = $%d`
	roundsOpen       = ` and r.finished_at is null and r.bets > r.rolled_back and r.opened_at < $%d`
	roundsPage       = ` order by r.id limit $%d`
)

type transactionRow struct {
	ID                int64      `db:"id"`
	Provider          string     `db:"provider"`
	PlayerID          string     `db:"player_id"`
	UserID            int64      `db:"user_id"`
	Kind              string     `db:"kind"`
	State             string     `db:"state"`
	TransactionID     string     `db:"transaction_id"`
	WithdrawID        string     `db:"withdraw_id"`
	GameID            string     `db:"game_id"`
	RoundID           string     `db:"round_id"`
	Campaign          string     `db:"campaign"`
	Amount            int64      `db:"amount"`
	Jackpot           int64      `db:"jackpot"`
	Bonus             int64      `db:"bonus"`
	Currency          string     `db:"currency"`
	RoundFinished     bool       `db:"round_finished"`
	FreeSpinsConsumed *bool      `db:"free_spins_consumed"`
	CreatedAt         time.Time  `db:"created_at"`
	EndedAt           *time.Time `db:"ended_at"`
}

func (r transactionRow) transaction() Transaction {
	c := money.Currency(r.Currency)
	return Transaction{
		ID: r.ID, Provider: r.Provider, PlayerID: r.PlayerID, UserID: r.UserID, Kind: Kind(r.Kind), State: State(r.State),
		TransactionID: r.TransactionID, WithdrawTransactionID: r.WithdrawID, GameID: r.GameID, RoundID: r.RoundID, Campaign: r.Campaign,
		Amount: money.New(r.Amount, c), Jackpot: money.New(r.Jackpot, c), Bonus: money.New(r.Bonus, c),
		RoundFinished: r.RoundFinished, FreeSpinsConsumed: r.FreeSpinsConsumed, CreatedAt: r.CreatedAt.UTC(), EndedAt: utc(r.EndedAt),
	}
}

type roundRow struct {
	ID         int64      `db:"id"`
	Provider   string     `db:"provider"`
	PlayerID   string     `db:"player_id"`
	UserID     int64      `db:"user_id"`
	Currency   string     `db:"currency"`
	GameID     string     `db:"game_id"`
	RoundID    string     `db:"round_id"`
	Bets       int64      `db:"bets"`
	Wins       int64      `db:"wins"`
	RolledBack int64      `db:"rolled_back"`
	Staked     int64      `db:"staked"`
	Won        int64      `db:"won"`
	OpenedAt   time.Time  `db:"opened_at"`
	FinishedAt *time.Time `db:"finished_at"`
}

func (r roundRow) round() Round {
	c := money.Currency(r.Currency)
	return Round{
		ID: r.ID, Provider: r.Provider, PlayerID: r.PlayerID, UserID: r.UserID, GameID: r.GameID, RoundID: r.RoundID,
		Bets: r.Bets, Wins: r.Wins, RolledBack: r.RolledBack, Staked: money.New(r.Staked, c), Won: money.New(r.Won, c),
		OpenedAt: r.OpenedAt.UTC(), FinishedAt: utc(r.FinishedAt),
	}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// collect reads rows into what they mean.
func collect[Row, T any](ctx context.Context, db querier, meaning func(Row) T, q *query) ([]T, error) {
	rows, err := db.Query(ctx, q.sql.String(), q.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (T, error) {
		row, err := pgx.RowToStructByName[Row](r)
		return meaning(row), err
	})
}
