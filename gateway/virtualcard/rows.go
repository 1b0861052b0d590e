package virtualcard

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/transact"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Obligation is what the card_held accounts of users must hold: what goes to
// cards and of which the provider has not said yet that it arrived.
var Obligation = ledger.Obligation{Purpose: ledger.PurposeCardHeld, SQL: heldByOpenOperations}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

type binRow struct {
	ID             string `db:"id"`
	Digits         string `db:"digits"`
	Network        string `db:"network"`
	ThreeDS        bool   `db:"three_ds"`
	Wallet         bool   `db:"wallet"`
	Country        string `db:"country"`
	InitialBalance int64  `db:"initial_balance"`
}

func (r binRow) bin() BIN {
	return BIN{r.ID, r.Digits, r.Network, r.ThreeDS, r.Wallet, r.Country, usd(r.InitialBalance)}
}

type planRow struct {
	ID          int64     `db:"id"`
	Name        string    `db:"name"`
	Description string    `db:"description"`
	Limit       int64     `db:"card_limit"`
	CreationFee int64     `db:"creation_fee"`
	CreatedAt   time.Time `db:"created_at"`
}

func (r planRow) plan() Plan {
	return Plan{r.ID, r.Name, r.Description, usd(r.Limit), usd(r.CreationFee), r.CreatedAt.UTC()}
}

type cardRow struct {
	ID             string     `db:"id"`
	UserID         int64      `db:"user_id"`
	Name           string     `db:"name"`
	Status         string     `db:"status"`
	Balance        int64      `db:"balance"`
	Deposited      int64      `db:"deposited"`
	LastFour       string     `db:"last_four"`
	Category       string     `db:"category"`
	Address        []byte     `db:"address"`
	PlanID         int64      `db:"plan_id"`
	CooldownEnd    *time.Time `db:"cooldown_end"`
	CreatedAt      time.Time  `db:"created_at"`
	UpdatedAt      time.Time  `db:"updated_at"`
	ProviderCardID *string    `db:"provider_card_id"`
	Version        int64      `db:"version"`
	BINID          string     `db:"bin_id"`
	Digits         string     `db:"digits"`
	Network        string     `db:"network"`
	ThreeDS        bool       `db:"three_ds"`
	Wallet         bool       `db:"wallet"`
	Country        string     `db:"country"`
	InitialBalance int64      `db:"initial_balance"`
	Withdrawing    bool       `db:"withdrawing"`
	Changing       bool       `db:"changing"`
}

func (r cardRow) card() (Card, error) {
	c := Card{
		ID: r.ID, UserID: r.UserID, Name: r.Name, Status: Status(r.Status), Balance: usd(r.Balance), Deposit: usd(r.Deposited),
		LastFour: r.LastFour, Category: r.Category, PlanID: r.PlanID,
		BIN:         binRow{r.BINID, r.Digits, r.Network, r.ThreeDS, r.Wallet, r.Country, r.InitialBalance}.bin(),
		CooldownEnd: orZero(r.CooldownEnd).UTC(), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		providerID: orZero(r.ProviderCardID), version: r.Version,
		withdrawing: r.Withdrawing, changing: r.Changing,
	}
	return c, json.Unmarshal(r.Address, &c.Address)
}

type operationRow struct {
	ID               int64      `db:"id"`
	TransactionID    string     `db:"transaction_id"`
	FeeTransactionID string     `db:"fee_transaction_id"`
	CardID           string     `db:"card_id"`
	UserID           int64      `db:"user_id"`
	Kind             string     `db:"kind"`
	State            string     `db:"state"`
	Amount           int64      `db:"amount"`
	Fee              int64      `db:"fee"`
	NotAfter         time.Time  `db:"not_after"`
	CreatedAt        time.Time  `db:"created_at"`
	EndedAt          *time.Time `db:"ended_at"`
	CardBalance      *int64     `db:"card_balance"`
	Cause            *string    `db:"cause"`
	Reason           string     `db:"reason"`
	RequestRoute     *string    `db:"request_route"`
	RequestName      []byte     `db:"request_name"`
	RequestMark      []byte     `db:"request_mark"`
}

func (r operationRow) operation() operation {
	return operation{
		ID: r.ID, TransactionID: r.TransactionID, feeID: r.FeeTransactionID, CardID: r.CardID, UserID: r.UserID,
		Kind: Kind(r.Kind), State: State(r.State), Amount: usd(r.Amount), Fee: usd(r.Fee), NotAfter: r.NotAfter.UTC(),
		CreatedAt: r.CreatedAt.UTC(), EndedAt: orZero(r.EndedAt).UTC(), CardBalance: usd(orZero(r.CardBalance)),
		Cause: cause(orZero(r.Cause)), Reason: r.Reason,
		request: request{orZero(r.RequestRoute), r.RequestName, r.RequestMark},
	}
}

// exceptionalRow is an operation with what people need to know of it.
type exceptionalRow struct {
	operationRow
	Exceptional   bool    `db:"exceptional"`
	Contradiction *string `db:"contradiction"`
	Note          string  `db:"note"`
}

func (r exceptionalRow) found() (found, error) {
	return found{operation: r.operation(), exceptional: r.Exceptional, said: orZero(r.Contradiction), note: r.Note}, nil
}

// beginning is the operation's values for beginOperations, less the last, and
// the first of those for beginCards.
func (o operation) beginning() []any {
	return []any{
		o.ID, o.TransactionID, o.feeID, o.CardID, o.UserID, string(o.Kind), o.Amount.Minor(), o.Fee.Minor(),
		o.NotAfter, o.CreatedAt.Add(answerTime), o.CreatedAt, orNull(o.request.route), o.request.name, o.request.mark,
	}
}

// ended is the values for endOperations.
func (o operation) ended(e ending) []any {
	var balance *int64
	deposit := int64(0)
	amount := o.Amount.Minor()
	if e.state == Done {
		if !e.blind {
			minor := e.account.Balance.Minor()
			balance = &minor
		}
		amount = e.moved.Minor()
		deposit = max(o.effect(e), 0)
	}
	return []any{
		o.ID, o.CardID, string(e.state), orNull(string(e.cause)), e.reason, amount, balance, o.effect(e), o.cardStatus(e), e.at, deposit,
	}
}

// opening is the values for openCards.
func (o operation) opening(a Account) ([]any, error) {
	address, err := json.Marshal(a.Address)
	return []any{o.CardID, a.CardID, a.LastFour, a.Category, string(address)}, err
}

func usd(minor int64) money.Money { return money.New(minor, USD) }

func orZero[T any](p *T) (zero T) {
	if p == nil {
		return zero
	}
	return *p
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func collect[R, T any](ctx context.Context, db querier, read func(R) (T, error), sql string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (T, error) {
		found, err := pgx.RowToStructByName[R](r)
		if err != nil {
			var none T
			return none, err
		}
		return read(found)
	})
}

// one is the only row; pgx.ErrNoRows when there is none.
func one[R, T any](ctx context.Context, db querier, read func(R) (T, error), sql string, args ...any) (T, error) {
	found, err := collect(ctx, db, read, sql, args...)
	if err == nil && len(found) == 0 {
		err = pgx.ErrNoRows
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

func toOperation(r operationRow) (operation, error) { return r.operation(), nil }
func toBIN(r binRow) (BIN, error)                   { return r.bin(), nil }
func toPlan(r planRow) (Plan, error)                { return r.plan(), nil }

// alone runs a statement over arrays for one row, which counts for itself.
func alone(ctx context.Context, db execer, sql string, row []any) error {
	_, err := db.Exec(ctx, sql, transact.Columns(row)...)
	return err
}

// allAlone runs riders without an entry: each must find its row, as with one.
func allAlone(ctx context.Context, db execer, riders []ledger.Rider) error {
	for i, r := range riders {
		tag, err := db.Exec(ctx, r.SQL, transact.Columns(r.Row)...)
		switch {
		case err != nil:
			return err
		case !r.Certain && tag.RowsAffected() != 1:
			return &ledger.RiderError{Index: i}
		}
	}
	return nil
}

// missed reports a guard that did not hold, of a statement that ran alone or as
// a rider.
func missed(err error) bool {
	var rider *ledger.RiderError
	if errors.As(err, &rider) {
		return rider.Missed()
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "DL002"
}

// broken reports a unique constraint that an error is about.
func broken(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == constraint
}
