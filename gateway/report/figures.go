package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/callbacks"
	"disburse/gateway/approval"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
)

// How long figures are kept. What somebody waits for is asked for more often
// than sums over all accounts.
const (
	keepWork  = 2 * time.Second
	keepPaid  = 10 * time.Second
	keepMoney = 15 * time.Second
	oldMoney  = time.Minute // after that, who asks waits for the sums
)

// Funds is money of one mode and currency: whose it is, and what passed in and
// out. Customers' and the house's money, what lies at the card provider and what
// was paid out make together what was paid in.
type Funds struct {
	Mode      ledger.Mode
	Available money.Money // customers', free to spend
	Held      money.Money // customers', reserved for what is open
	Bonus     money.Money // customers', for bets alone
	House     money.Money // fees, games, bonuses given and corrections
	Cards     money.Money // at the card provider
	PaidIn    money.Money
	PaidOut   money.Money
}

// Queue is a list of work: how much of it is open, how much nobody has taken,
// and since when the oldest of that waits.
type Queue struct {
	Topic  Topic
	Open   int64 // CountsAtMost at most
	Free   int64
	Oldest time.Time // of Free; zero for none
	Late   time.Duration
}

// IsLate reports a queue whose oldest item has waited too long.
func (q Queue) IsLate(now time.Time) bool { return !q.Oldest.IsZero() && now.Sub(q.Oldest) > q.Late }

// Delivery is how callbacks fare: what waits now, and how the newest of the last
// day went.
type Delivery struct {
	callbacks.Stats
	Newest    int64 // callbacks of the last day, SampleAtMost at most
	Delivered int64
	Lag       time.Duration // median, from being due to being delivered
	LagMost   time.Duration // of 95 in 100
}

// SampleAtMost bounds how many callbacks or payouts a figure is made of.
const SampleAtMost = 2000

// Work is what people have to do, and what went wrong.
type Work struct {
	Queues   []Queue
	Delivery Delivery
	Lost     int64 // exceptions
	Expiring int64 // payouts that nobody has taken and that end soon
	Stale    []Rate
	At       time.Time
}

// Rate is one that is too old to be used.
type Rate struct {
	Currency string
	SetAt    time.Time
}

// expiring is how long before its end a payout that nobody has taken is a
// matter of urgency.
const expiring = 5 * time.Minute

// late is when an item of a queue has waited too long.
var late = map[Topic]time.Duration{
	Payouts: 15 * time.Minute, CardOrders: 30 * time.Minute, Disputes: 24 * time.Hour, Approvals: 4 * time.Hour, Exceptions: time.Hour,
}

// Funds reads the money of all accounts, by mode and currency.
func (r *Reader) Funds(ctx context.Context) ([]Funds, error) {
	return r.funds.soon(ctx, r.d.Now, keepMoney, oldMoney, r.readFunds)
}

func (r *Reader) readFunds(ctx context.Context) ([]Funds, error) {
	rows, err := r.d.DB.Query(ctx, selectFunds)
	if err != nil {
		return nil, fmt.Errorf("report: funds: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Funds, error) {
		var mode, currency string
		var n [7]int64
		if err := row.Scan(&mode, &currency, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6]); err != nil {
			return Funds{}, err
		}
		of := func(minor int64) money.Money { return money.New(minor, money.Currency(currency)) }
		return Funds{ledger.Mode(mode), of(n[0]), of(n[1]), of(n[2]), of(n[3]), of(n[4]), of(n[5]), of(n[6])}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("report: funds: %w", err)
	}
	return all, nil
}

// Work reads what is to be done.
func (r *Reader) Work(ctx context.Context) (Work, error) {
	return r.work.get(ctx, r.d.Now, keepWork, r.readWork)
}

func (r *Reader) readWork(ctx context.Context) (w Work, err error) {
	w.At = r.d.Now()
	if w.Queues, err = r.queues(ctx, w.At); err != nil {
		return Work{}, fmt.Errorf("report: queues: %w", err)
	}
	if w.Delivery, err = r.delivery(ctx, w.At); err != nil {
		return Work{}, fmt.Errorf("report: callbacks: %w", err)
	}
	row := r.d.DB.QueryRow(ctx, selectTrouble, w.At, CountsAtMost, w.At.Add(-answeredWithin), w.At.Add(-approval.Life), w.At.Add(expiring))
	if err := row.Scan(&w.Lost, &w.Expiring); err != nil {
		return Work{}, fmt.Errorf("report: trouble: %w", err)
	}
	rows, err := r.d.DB.Query(ctx, selectStaleRates, w.At)
	if err == nil {
		w.Stale, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Rate])
	}
	if err != nil {
		return Work{}, fmt.Errorf("report: rates: %w", err)
	}
	return w, nil
}

func (r *Reader) queues(ctx context.Context, now time.Time) ([]Queue, error) {
	rows, err := r.d.DB.Query(ctx, selectQueues, now, CountsAtMost)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Queue, error) {
		var q Queue
		var oldest *time.Time
		err := row.Scan(&q.Topic, &q.Open, &q.Free, &oldest)
		if oldest != nil {
			q.Oldest = oldest.UTC()
		}
		q.Late = late[q.Topic]
		return q, err
	})
}

func (r *Reader) delivery(ctx context.Context, now time.Time) (d Delivery, err error) {
	if d.Stats, err = r.d.Callbacks.Stats(ctx); err != nil {
		return Delivery{}, err
	}
	var lag, most float64 // seconds, to draw
	row := r.d.DB.QueryRow(ctx, selectDeliveries, idFrom(payout.EventPrefix, now.Add(-24*time.Hour)), SampleAtMost)
	if err := row.Scan(&d.Newest, &d.Delivered, &lag, &most); err != nil {
		return Delivery{}, err
	}
	d.Lag, d.LagMost = seconds(lag), seconds(most)
	return d, nil
}

// idFrom is the lowest id that something of this moment can have.
func idFrom(prefix string, t time.Time) string {
	const timeLength = 10 // characters of an id that are made of its time alone
	return publicid.At(prefix, t)[:len(prefix)+1+timeLength]
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(10 * time.Millisecond)
}
