package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"disburse/gateway"
	"disburse/ledger/money"
)

const (
	// killEvery is how long a gateway lives under the load.
	killEvery = 1500 * time.Millisecond
	// patience is how long a call is tried again before the run is given up.
	patience = time.Minute
)

// runKilled plays bets, wins and rollbacks while the gateway is killed with -9
// and started again, as often as the time allows. The provider tries every
// unanswered call again under the same id until it is answered. In the end what
// the provider knows has to be what the books say: no bet lost, none taken twice.
func runKilled(ctx context.Context, b *bench) error {
	if b.options.URL != "" {
		return errors.New("only a gateway of our own is killed: leave --url out")
	}
	if err := b.needPlayers(ctx); err != nil {
		return err
	}
	m := &measure{Name: "bet under kill -9", Clients: b.options.Clients, PerCall: 1}
	games := &tallies{expected: make([]int64, len(b.seats))}
	for n, s := range b.seats {
		var err error
		if games.expected[n], err = b.balanceOf(s); err != nil {
			return err
		}
	}
	start := time.Now()
	if err := b.playKilled(ctx, m, games); err != nil {
		return err
	}
	m.Seconds = time.Since(start).Seconds()
	calls := len(m.latencies)
	if err := b.reconcile(ctx, m, games); err != nil {
		return err
	}
	m.Note = fmt.Sprintf("%d kills, %d of %d calls tried again, then reconciled with the books", games.kills, games.retried.Load(), calls)
	m.finish()
	b.measures = append(b.measures, m)
	return nil
}

// tallies is what the provider knows.
type tallies struct {
	expected []int64 // kopecks of each player
	answered atomic.Int64
	retried  atomic.Int64
	kills    int
}

func (b *bench) playKilled(ctx context.Context, m *measure, games *tallies) error {
	until := time.Now().Add(time.Duration(b.options.Seconds) * time.Second)
	faults := make([]error, b.options.Clients+1)
	latencies := make([][]time.Duration, b.options.Clients)
	var running sync.WaitGroup
	for c := range b.options.Clients {
		running.Go(func() {
			// Each player is one client's, who alone knows what it should have.
			own := (len(b.seats) - c + b.options.Clients - 1) / b.options.Clients
			for k := 0; own > 0 && time.Now().Before(until) && ctx.Err() == nil && faults[c] == nil; k++ {
				latencies[c], faults[c] = b.playOne(ctx, games, c+k%own*b.options.Clients, latencies[c])
			}
		})
	}
	running.Go(func() { faults[b.options.Clients] = b.keepKilling(ctx, games, until) })
	running.Wait()
	for _, l := range latencies {
		m.latencies = append(m.latencies, l...)
	}
	if err := faults[b.options.Clients]; err != nil {
		return err // without a gateway there is nothing to reconcile
	}
	for _, err := range faults {
		if err != nil {
			m.fail(err)
		}
	}
	return ctx.Err()
}

// playOne is one bet and, now and then, its win or its rollback.
func (b *bench) playOne(ctx context.Context, games *tallies, n int, latencies []time.Duration) ([]time.Duration, error) {
	s, id, stake := b.seats[n], b.gameID(killed), 1+rand.Int64N(10_000)
	do := func(path string, content []byte, change int64) error {
		began := time.Now()
		if err := b.untilAnswered(ctx, games, b.asProvider(path, content)); err != nil {
			return err
		}
		latencies = append(latencies, time.Since(began))
		games.answered.Add(1)
		games.expected[n] += change
		return nil
	}
	if err := do("/wallet/withdraw", s.stake(id, stake), -stake); err != nil {
		return latencies, err
	}
	switch rand.IntN(4) {
	case 0:
		return latencies, do("/wallet/rollback", s.undo(id), stake)
	case 1:
		prize := rand.Int64N(2 * stake)
		return latencies, do("/wallet/deposit", s.prize(id, prize), prize)
	}
	return latencies, nil
}

// untilAnswered makes the call again, byte by byte the same, until there is an
// answer to keep to. A 4xx is one, and an error: everything that is asked here is
// right.
func (b *bench) untilAnswered(ctx context.Context, games *tallies, a ask) error {
	deadline := time.Now().Add(patience)
	for tries := 0; ; tries++ {
		err := b.send(a, nil)
		var refused refusedError
		if err == nil || (errors.As(err, &refused) && refused.status < fasthttp.StatusInternalServerError) {
			if tries > 0 {
				games.retried.Add(1)
			}
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not answered for %s: %w", patience, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// keepKilling kills the gateway and starts it again at the same address.
func (b *bench) keepKilling(ctx context.Context, games *tallies, until time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(killEvery):
		}
		if time.Now().After(until) {
			return nil
		}
		if err := b.restartGateway(ctx); err != nil {
			return err
		}
		games.kills++
	}
}

// reconcile compares what the provider knows with the wallet, and with the books.
func (b *bench) reconcile(ctx context.Context, m *measure, games *tallies) error {
	app, err := b.openApp()
	if err != nil {
		return err
	}
	defer app.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	for n, s := range b.seats {
		balance, err := b.balanceOf(s)
		if err != nil {
			return err
		}
		if want := games.expected[n]; balance != want {
			m.fail(fmt.Errorf("player %d has %s, the provider counts %s", n, rubles(balance), rubles(want)))
		}
	}
	var kept int64
	if err := b.db.QueryRow(ctx, sqlKept, b.provider, b.runID+killed+"%").Scan(&kept); err != nil {
		return err
	}
	if kept != games.answered.Load() {
		m.fail(fmt.Errorf("the wallet keeps %d transactions, the provider has %d answers", kept, games.answered.Load()))
	}
	report, err := app.Ledger.Verify(ctx, gateway.Obligations(), nil)
	if err != nil {
		return err
	}
	if !report.Clean {
		m.fail(fmt.Errorf("the books are not clean: %d problems, first %v", report.Found, report.Problems[:min(1, len(report.Problems))]))
	}
	return nil
}

func (b *bench) balanceOf(s seat) (kopecks int64, err error) {
	var answer struct {
		Balance json.Number `json:"balance"`
	}
	question := fmt.Appendf(nil, `{"playerId":"%s","sessionId":"%s","currency":"RUB"}`, s.player, s.session)
	if err := b.send(b.asProvider("/wallet/balance", question), &answer); err != nil {
		return 0, err
	}
	balance, err := money.Parse(answer.Balance.String(), playersCurrency)
	return balance.Minor(), err
}

// killed marks the transactions of this load.
const killed = "-k"

const sqlKept = `select count(*) from game_transactions t join game_providers p on p.id = t.provider_id
where p.name = $1 and t.transaction_id like $2 and t.kind <> 'tombstone'`
