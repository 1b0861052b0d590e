package gamewallet_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
)

// clients bet at once.
const clients = 64

// BenchmarkBets compares bets with the least that SQL can do for a transfer in
// a transaction of its own: both balances and the row.
func BenchmarkBets(b *testing.B) {
	for name, players := range map[string]int{"Spread": 1000, "Hot": 1} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			seats := w.crowd(players)
			crowd(b, func(i int) error {
				s := seats[rand.IntN(len(seats))]
				_, err := s.call(w.Service, s.bet(1))
				return err
			})
		})
		b.Run("Naive"+name, func(b *testing.B) {
			w := newWorld(b)
			w.exec(`create table naive_accounts (id bigint primary key, balance bigint not null)`)
			w.exec(`create table naive_transfers (id bigint generated always as identity primary key, reference text unique,
				source bigint, target bigint, amount bigint, left_balance bigint, got_balance bigint, at timestamptz)`)
			w.exec(`insert into naive_accounts select n, 1000000000 from generate_series(1, 2000) n`)
			crowd(b, func(i int) error {
				from := int64(1 + 2*rand.IntN(players))
				return pgx.BeginFunc(context.Background(), w.db, func(tx pgx.Tx) error {
					var left, got int64
					if err := tx.QueryRow(context.Background(), `update naive_accounts set balance = balance - 1 where id = $1 returning balance`, from).Scan(&left); err != nil {
						return err
					}
					if err := tx.QueryRow(context.Background(), `update naive_accounts set balance = balance + 1 where id = $1 returning balance`, from+1).Scan(&got); err != nil {
						return err
					}
					_, err := tx.Exec(context.Background(), `insert into naive_transfers (reference, source, target, amount, left_balance, got_balance, at)
						values ($1, $2, $3, 1, $4, $5, now())`, fmt.Sprintf("naive-%d", i), from, from+1, left, got)
					return err
				})
			})
		})
	}
}

// crowd has the clients share b.N calls.
func crowd(b *testing.B, call func(i int) error) {
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range clients {
		group.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := call(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.Background(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// crowd makes players with money, and has the configuration held in memory.
func (w *world) crowd(n int) []seat {
	w.t.Helper()
	if err := w.watcher.Poll(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	seats := make([]seat, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				seats[i-1] = w.sit(1_000_000_00)
			}
		})
	}
	group.Wait()
	return seats
}

var _ = gameprovider.DefaultProfile
var _ gamewallet.Kind
