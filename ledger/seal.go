package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sealAtMost is the number of transfers under one seal.
const sealAtMost = 10_000

const (
	sqlLastSeal = `select seq, upto, hash from ledger_seals order by seq desc limit 1`

	// The share lock waits for groups that are writing and makes new ones wait,
	// for a moment: no id at or below the highest can appear after it. If it
	// is not to be had at once, sealing waits for the next turn instead.
	// A sealer that freezes must not keep it either.
	sqlSealPatience = `select set_config('lock_timeout', '300ms', true),
set_config('idle_in_transaction_session_timeout', '5s', true)`
	sqlSealBarrier = `lock table ledger_transfers in share mode`
	sqlHighest     = `select coalesce(max(id), 0) from ledger_transfers`

	sqlRange = `
select id, reference, leg, flow, from_account, to_account, amount, from_balance, to_balance, at
from ledger_transfers where id > $1 and id <= $2 order by id limit $3`

	sqlInsertSeal = `
insert into ledger_seals (seq, upto, transfers, previous, hash, sealed_at) values ($1, $2, $3, $4, $5, $6)`
)

// record is a transfer as the seals see it.
type record struct {
	id          int64
	reference   string
	leg         int16
	flow        string
	from, to    int64
	amount      int64
	fromBalance int64
	toBalance   int64
	at          time.Time
}

func (r *record) fields() []any {
	return []any{&r.id, &r.reference, &r.leg, &r.flow, &r.from, &r.to, &r.amount, &r.fromBalance, &r.toBalance, &r.at}
}

// digest writes every field in a form that no other fields can take: fixed
// width numbers, texts behind their length.
func (r *record) digest(h hash.Hash) {
	var b []byte
	text := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s))) //nolint:gosec // bounded by maxReference
		b = append(b, s...)
	}
	for _, n := range []int64{r.id, int64(r.leg), r.from, r.to, r.amount, r.fromBalance, r.toBalance, r.at.UnixMicro()} {
		b = binary.BigEndian.AppendUint64(b, uint64(n)) //nolint:gosec // the bit pattern is what is hashed
	}
	text(r.reference)
	text(r.flow)
	h.Write(b)
}

type seal struct {
	seq  int64
	upto int64
	hash []byte
}

// firstPrevious is what the first seal follows.
var firstPrevious = make([]byte, sha256.Size)

// Seal closes all transfers that no running group can still precede into
// seals, and returns how many it sealed. Any number of processes may try; one
// wins each seal.
func (l *Ledger) Seal(ctx context.Context) (int, error) {
	last, err := l.lastSeal(ctx)
	if err != nil {
		return 0, err
	}
	upto, err := l.barrier(ctx)
	if err != nil || upto <= last.upto {
		return 0, err
	}
	total := 0
	for last.upto < upto {
		n, err := l.sealNext(ctx, &last, upto)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.ConstraintName == "ledger_seals_pkey" {
			return total, nil // another process seals right now
		}
		if err != nil || n == 0 {
			return total, err
		}
		total += n
	}
	return total, nil
}

func (l *Ledger) lastSeal(ctx context.Context) (seal, error) {
	last := seal{hash: firstPrevious}
	err := l.cfg.DB.QueryRow(ctx, sqlLastSeal).Scan(&last.seq, &last.upto, &last.hash)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return last, err
}

// barrier returns an id such that every transfer at or below it is committed.
// It returns 0 when the writers did not leave a gap in time.
func (l *Ledger) barrier(ctx context.Context) (upto int64, err error) {
	err = pgx.BeginFunc(ctx, l.cfg.DB, func(tx pgx.Tx) error {
		for _, sql := range []string{sqlSealPatience, sqlSealBarrier} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, sqlHighest).Scan(&upto)
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "55P03" { // lock_not_available
		return 0, nil
	}
	return upto, err
}

func (l *Ledger) sealNext(ctx context.Context, last *seal, upto int64) (n int, err error) {
	rows, err := l.cfg.DB.Query(ctx, sqlRange, last.upto, upto, sealAtMost)
	if err != nil {
		return 0, err
	}
	h := sha256.New()
	h.Write(last.hash)
	next := seal{seq: last.seq + 1}
	var r record
	_, err = pgx.ForEachRow(rows, r.fields(), func() error {
		r.digest(h)
		next.upto = r.id
		n++
		return nil
	})
	if err != nil || n == 0 {
		return 0, err
	}
	next.hash = h.Sum(nil)
	_, err = l.cfg.DB.Exec(ctx, sqlInsertSeal, next.seq, next.upto, n, last.hash, next.hash, micro(l.cfg.Now()))
	if err != nil {
		return 0, err
	}
	*last = next
	return n, nil
}
