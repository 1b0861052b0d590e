package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"disburse/ledger/money"
)

// Obligation says what the accounts of one purpose must hold, from the open
// orders' own tables. SQL returns (mode text, owner text, currency text,
// amount bigint), a row an owner with anything open.
type Obligation struct {
	Purpose string
	SQL     string
}

// Report is what Verify found.
type Report struct {
	Clean     bool     `json:"clean"`
	Accounts  int      `json:"accounts"`
	Transfers int64    `json:"transfers"`
	Seals     int64    `json:"seals"`
	Unsealed  int64    `json:"unsealed"`           // transfers newer than the last seal
	Head      string   `json:"head,omitempty"`     // hash of the last seal, to note elsewhere
	Problems  []string `json:"problems,omitempty"` // the first hundred
	Found     int      `json:"problems_found"`
}

// problemsAtMost is how many problems a report spells out.
const problemsAtMost = 100

func (r *Report) problem(format string, args ...any) {
	r.Found++
	if len(r.Problems) < problemsAtMost {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

const (
	sqlAllAccounts = `select id, mode, owner, purpose, currency, balance, floor from ledger_accounts order by id`

	sqlCountTransfers = `select count(*) from ledger_transfers`

	sqlAllTransfers = `
select id, reference, leg, flow, from_account, to_account, amount, from_balance, to_balance, at
from ledger_transfers order by id`

	sqlAllSeals = `select seq, upto, transfers, previous, hash from ledger_seals order by seq`
)

// Verify replays the books from the first transfer, on one snapshot of the
// database while others go on posting, and reports every way in which they do
// not hold:
//
//   - each balance kept beside a transfer, and each stored balance, is the sum
//     of the transfers before it;
//   - no transfer crosses a currency or a mode, so each currency sums to zero;
//   - no balance is below its floor;
//   - each obligation's accounts hold exactly what open orders reserve;
//   - the chain of seals is unbroken and covers what it says.
//
// progress, if given, is called now and then with transfers done and in all.
func (l *Ledger) Verify(ctx context.Context, obligations []Obligation, progress func(done, all int64)) (Report, error) {
	var report Report
	err := pgx.BeginTxFunc(ctx, l.cfg.DB, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error {
			v := &verifier{tx: tx, report: &report, progress: progress}
			for _, step := range []func(context.Context) error{v.accounts, v.seals, v.transfers, v.balances} {
				if err := step(ctx); err != nil {
					return err
				}
			}
			for _, o := range obligations {
				if err := v.obligation(ctx, o); err != nil {
					return err
				}
			}
			return nil
		})
	report.Clean = err == nil && report.Found == 0
	return report, err
}

type verifier struct {
	tx       pgx.Tx
	report   *Report
	progress func(done, all int64)
	books    map[int64]*book
	chain    []chainLink
}

// book is an account as stored beside what its transfers say.
type book struct {
	account  Account
	stored   int64
	floor    *int64
	replayed int64
}

type chainLink struct {
	seq, upto, transfers int64
	previous, hash       []byte
}

func (v *verifier) accounts(ctx context.Context) error {
	rows, err := v.tx.Query(ctx, sqlAllAccounts)
	if err != nil {
		return err
	}
	v.books = make(map[int64]*book)
	var id int64
	var b book
	a := &b.account
	_, err = pgx.ForEachRow(rows, []any{&id, &a.Mode, &a.Owner, &a.Purpose, &a.Currency, &b.stored, &b.floor}, func() error {
		kept := b
		v.books[id] = &kept
		b.floor = nil
		return nil
	})
	v.report.Accounts = len(v.books)
	return err
}

func (v *verifier) seals(ctx context.Context) error {
	rows, err := v.tx.Query(ctx, sqlAllSeals)
	if err != nil {
		return err
	}
	v.chain, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c chainLink, err error) {
		err = row.Scan(&c.seq, &c.upto, &c.transfers, &c.previous, &c.hash)
		return c, err
	})
	v.report.Seals = int64(len(v.chain))
	if n := len(v.chain); n > 0 {
		v.report.Head = hex.EncodeToString(v.chain[n-1].hash)
	}
	return err
}

// progressEvery is how many transfers pass between calls of progress.
const progressEvery = 50_000

func (v *verifier) transfers(ctx context.Context) error {
	var all int64
	if err := v.tx.QueryRow(ctx, sqlCountTransfers).Scan(&all); err != nil {
		return err
	}
	rows, err := v.tx.Query(ctx, sqlAllTransfers)
	if err != nil {
		return err
	}
	links := &linker{chain: v.chain, previous: firstPrevious, report: v.report}
	links.begin()
	var r record
	_, err = pgx.ForEachRow(rows, r.fields(), func() error {
		v.report.Transfers++
		v.replay(&r)
		links.add(&r)
		if v.progress != nil && v.report.Transfers%progressEvery == 0 {
			v.progress(v.report.Transfers, all)
		}
		return nil
	})
	links.finish()
	if err == nil && v.progress != nil {
		v.progress(all, all)
	}
	return err
}

// replay applies a transfer to the books and compares what it says.
func (v *verifier) replay(r *record) {
	from, to := v.books[r.from], v.books[r.to]
	if from == nil || to == nil {
		v.report.problem("transfer %d (%s) names an account that does not exist", r.id, r.reference)
		return
	}
	if from.account.Currency != to.account.Currency || from.account.Mode != to.account.Mode {
		v.report.problem("transfer %d (%s) goes from %s to %s", r.id, r.reference, from.account, to.account)
	}
	from.replayed -= r.amount
	to.replayed += r.amount
	if from.replayed != r.fromBalance {
		v.report.problem("transfer %d (%s) left %s with %d by its row, %d by the transfers before it",
			r.id, r.reference, from.account, r.fromBalance, from.replayed)
		from.replayed = r.fromBalance // so that one fault is told once
	}
	if to.replayed != r.toBalance {
		v.report.problem("transfer %d (%s) left %s with %d by its row, %d by the transfers before it",
			r.id, r.reference, to.account, r.toBalance, to.replayed)
		to.replayed = r.toBalance
	}
	if from.floor != nil && r.fromBalance < *from.floor {
		v.report.problem("transfer %d (%s) took %s to %d, below its floor", r.id, r.reference, from.account, r.fromBalance)
	}
}

// balances compares the replayed with the stored balances, and the sums.
func (v *verifier) balances(context.Context) error {
	type pot struct {
		mode     Mode
		currency money.Currency
	}
	sums := make(map[pot]int64)
	for _, id := range slices.Sorted(maps.Keys(v.books)) {
		b := v.books[id]
		if b.stored != b.replayed {
			v.report.problem("account %d %s stores %d, its transfers sum to %d", id, b.account, b.stored, b.replayed)
		}
		if b.floor != nil && b.stored < *b.floor {
			v.report.problem("account %d %s stores %d, below its floor of %d", id, b.account, b.stored, *b.floor)
		}
		if want := b.account.floor(); (want == nil) != (b.floor == nil) {
			v.report.problem("account %d %s has not the floor of its purpose", id, b.account)
		}
		sums[pot{b.account.Mode, b.account.Currency}] += b.stored
	}
	for p, sum := range sums {
		if sum != 0 {
			v.report.problem("%s %s accounts sum to %d, not to zero", p.mode, p.currency, sum)
		}
	}
	return nil
}

func (v *verifier) obligation(ctx context.Context, o Obligation) error {
	rows, err := v.tx.Query(ctx, o.SQL)
	if err != nil {
		return fmt.Errorf("obligation %s: %w", o.Purpose, err)
	}
	owed := make(map[Account]int64)
	a := Account{Purpose: o.Purpose}
	var amount int64
	_, err = pgx.ForEachRow(rows, []any{&a.Mode, &a.Owner, &a.Currency, &amount}, func() error {
		owed[a] += amount
		return nil
	})
	if err != nil {
		return fmt.Errorf("obligation %s: %w", o.Purpose, err)
	}
	for _, b := range v.books {
		if b.account.Purpose != o.Purpose {
			continue
		}
		if want := owed[b.account]; want != b.stored {
			v.report.problem("%s holds %d, open orders reserve %d", b.account, b.stored, want)
		}
		delete(owed, b.account)
	}
	for a, want := range owed {
		if want != 0 {
			v.report.problem("%s does not exist, open orders reserve %d", a, want)
		}
	}
	return nil
}

// linker recomputes the chain of seals alongside the transfers.
type linker struct {
	chain    []chainLink
	previous []byte
	report   *Report
	hash     hash.Hash
	count    int64
}

func (k *linker) begin() {
	k.hash, k.count = sha256.New(), 0
	k.hash.Write(k.previous)
}

func (k *linker) add(r *record) {
	for len(k.chain) > 0 && r.id > k.chain[0].upto {
		k.close()
	}
	if len(k.chain) == 0 {
		k.report.Unsealed++
		return
	}
	r.digest(k.hash)
	k.count++
}

// close compares one seal with what was hashed since the one before it.
func (k *linker) close() {
	link := k.chain[0]
	k.chain = k.chain[1:]
	switch {
	case !bytes.Equal(link.previous, k.previous):
		k.report.problem("seal %d does not follow the seal before it", link.seq)
	case link.transfers != k.count:
		k.report.problem("seal %d covers %d transfers, the books have %d", link.seq, link.transfers, k.count)
	case !bytes.Equal(link.hash, k.hash.Sum(nil)):
		k.report.problem("seal %d does not match its transfers: history was edited", link.seq)
	}
	k.previous = link.hash
	k.begin()
}

func (k *linker) finish() {
	for len(k.chain) > 0 {
		k.close()
	}
}
