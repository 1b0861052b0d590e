package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
)

// The references write the same row into a table of the same columns, checks
// and indexes as the ledger's, and keep two balances as it does. What they
// lack is everything else: holds and replays of references, refusals one by
// one, riders, seals.
const sqlReferenceSchema = `
create schema if not exists reference;
create table if not exists reference.transfers (like public.ledger_transfers including all);
create table if not exists reference.accounts (id bigint primary key, balance bigint not null, check (balance >= 0))
    with (fillfactor = 50);
insert into reference.accounts select n, 1000000000000000 from generate_series(1, 2002) n on conflict do nothing`

const (
	sqlDebit  = `update reference.accounts set balance = balance - $2 where id = $1 and balance >= $2 returning balance`
	sqlCredit = `update reference.accounts set balance = balance + $2 where id = $1 returning balance`
	sqlNaive  = `insert into reference.transfers
(reference, leg, flow, from_account, to_account, amount, from_balance, to_balance, at)
values ($1, 0, 'payout_hold', $2, $3, $4, $5, $6, now())`

	// One lock of the account, one statement, one commit for all 200.
	sqlBatch = `
with item as (
    select reference, amount, n from unnest($3::text[], $4::bigint[]) with ordinality as i (reference, amount, n)
), debit as (
    update reference.accounts set balance = balance - (select sum(amount) from item)
    where id = $1 and balance >= (select sum(amount) from item)
    returning balance + (select sum(amount) from item) as before
), credit as (
    update reference.accounts set balance = balance + (select sum(amount) from item)
    where id = $2 returning balance - (select sum(amount) from item) as before
)
insert into reference.transfers (reference, leg, flow, from_account, to_account, amount, from_balance, to_balance, at)
select reference, 0, 'payout_hold', $1, $2, amount,
    debit.before - sum(amount) over (order by n), credit.before + sum(amount) over (order by n), now()
from item, debit, credit order by n`
)

// batchSize is how many transfers one statement of sql-batch carries.
const batchSize = 200

// naive is one transaction for each transfer: both balances, and the row.
func (b *bench) naive(accounts int) call {
	return func(ctx context.Context, _, _ int) error {
		from, to := int64(1), int64(2)
		if accounts > 1 {
			from = 1 + int64(rand.IntN(accounts))*2
			to = from + 1
		}
		return pgx.BeginFunc(ctx, b.db, func(tx pgx.Tx) error {
			var left, got int64
			if err := tx.QueryRow(ctx, sqlDebit, from, 1).Scan(&left); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, sqlCredit, to, 1).Scan(&got); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, sqlNaive, b.unique("naive"), from, to, 1, left, got)
			return err
		})
	}
}

// batched is 200 transfers of one account in one statement.
func (b *bench) batched(ctx context.Context, _, _ int) error {
	references, amounts := make([]string, batchSize), make([]int64, batchSize)
	for i := range references {
		references[i], amounts[i] = b.unique("batch"), 1
	}
	tag, err := b.db.Exec(ctx, sqlBatch, 1, 2, references, amounts)
	if err == nil && tag.RowsAffected() != batchSize {
		err = errors.New("the batch moved nothing")
	}
	return err
}

// unique is a reference that nothing else uses, about as long as a payout's.
func (b *bench) unique(kind string) string {
	return fmt.Sprintf("payout:%s:%s-%d:hold", b.runID, kind, b.serial.Add(1))
}
