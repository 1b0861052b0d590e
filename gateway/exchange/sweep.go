package exchange

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"disburse/gateway/transact"
)

const (
	// sweepWidth is how many orders of a batch end at the same time, so that they
	// share the ledger's groups.
	sweepWidth = 64
	// sweepBatch is how many orders are read, or changed, at once.
	sweepBatch = 200
	// sweepBatches bounds the batches of each sort in one sweep.
	sweepBatches = 10
	// sweepIdle is how long the transaction that holds the lock may do nothing:
	// more than a batch takes to end, since the lock goes with it.
	sweepIdle = 90 * time.Second
)

// Sweep ends what ran out of time and returns how many orders it changed:
// pending orders whose payment window is over are cancelled, paid ones that the
// seller left unconfirmed become disputed. It also finishes what both sides of
// a dispute agreed to when the process that should have done so is gone. Of all
// processes one sweeps at a time; the others return at once. An order that
// cannot be ended is logged and keeps back none behind it.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	// The transaction only holds the lock: the ends are the ledger's own
	// transactions, which would wait for rows that this one had locked.
	tx, err := transact.Begin(ctx, s.d.DB, sweepIdle)
	if err != nil {
		return 0, fmt.Errorf("exchange: sweep: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var mine bool
	if err := tx.QueryRow(ctx, trySweep).Scan(&mine); err != nil {
		return 0, fmt.Errorf("exchange: sweep: %w", err)
	}
	if !mine {
		return 0, nil
	}
	changed := 0
	for _, sort := range []func(context.Context, querier) (int, error){s.sweepPending, s.sweepPaid, s.sweepAgreed} {
		n, err := sort(ctx, tx)
		changed += n
		if err != nil {
			return changed, fmt.Errorf("exchange: sweep: %w", err)
		}
	}
	return changed, nil
}

// sweepPending cancels pending orders whose payment window is over. The lock's
// connection reads, so that the lock is seen to be held for every batch.
func (s *Service) sweepPending(ctx context.Context, lock querier) (int, error) {
	return s.endPages(ctx, end{kind: byWindow, by: byWindowOf}, func(last Order) ([]Order, error) {
		return selectOrders(ctx, lock, selectDue, s.now(), last.PayBy, last.ID, sweepBatch)
	})
}

// sweepPaid makes disputes of paid orders that the seller left unconfirmed.
func (s *Service) sweepPaid(ctx context.Context, _ querier) (int, error) {
	changed := 0
	for range sweepBatches {
		tag, err := s.d.DB.Exec(ctx, disputeOverdue, s.now(), sweepBatch)
		if err != nil {
			return changed, err
		}
		changed += int(tag.RowsAffected())
		if tag.RowsAffected() < sweepBatch {
			break
		}
	}
	return changed, nil
}

// sweepAgreed cancels disputed orders that both sides agreed to cancel.
func (s *Service) sweepAgreed(ctx context.Context, lock querier) (int, error) {
	return s.endPages(ctx, end{kind: byAgreement, by: byAgreementOf}, func(last Order) ([]Order, error) {
		return selectOrders(ctx, lock, selectAgreed, last.ID, sweepBatch)
	})
}

// endPages ends what next reads after the last order that was read, batch by
// batch: an order that cannot be ended is left behind.
func (s *Service) endPages(ctx context.Context, e end, next func(last Order) ([]Order, error)) (int, error) {
	ended, last := 0, Order{}
	for range sweepBatches {
		batch, err := next(last)
		if err != nil {
			return ended, err
		}
		e.at = s.now()
		ended += s.endAll(ctx, batch, e)
		if len(batch) < sweepBatch {
			break
		}
		last = batch[len(batch)-1]
	}
	return ended, nil
}

// endAll ends a batch and returns how many it could.
func (s *Service) endAll(ctx context.Context, orders []Order, e end) int {
	var ended atomic.Int64
	var group errgroup.Group
	group.SetLimit(sweepWidth)
	for _, o := range orders {
		group.Go(func() error {
			switch err := s.end(ctx, o, e); {
			case err == nil:
				ended.Add(1)
			case !errors.Is(err, ErrState): // somebody else was faster
				s.d.Log.Warn("P2P order could not be ended in time", "order", o.ID, "error", err)
			}
			return nil
		})
	}
	_ = group.Wait() // no member returns an error
	return int(ended.Load())
}
