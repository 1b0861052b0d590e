package payout

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
)

// execute calls the executor of a payout that was just marked as sent.
func (s *Service) execute(ctx context.Context, p Payout) {
	// The bound begins before the last look at the row: if this process hangs
	// after the look, the call has no time left.
	ctx, end := bounded(ctx)
	defer end()
	requisite, err := s.requisite(p)
	if err != nil {
		// Nothing was sent, and the key may come back; but the payout has left
		// waiting, so a person decides.
		s.settle(ctx, p, Result{Outcome: Unknown}, "not sent: the requisite does not open")
		s.d.Log.Error("payout cannot be executed", "payout", p.ID, "error", err)
		return
	}
	if why := s.mayNot(ctx, p); why != "" {
		s.unsend(ctx, p, why)
		return
	}
	result, err := s.call(ctx, p, func(ctx context.Context, e Executor) (Result, error) {
		return e.Execute(ctx, Instruction{
			Reference: p.ID, Method: p.Method, Amount: p.Fiat, Requisite: requisite, BankName: p.BankName, BIK: p.BIK,
			FullName: p.FullName, Customer: p.Customer, Description: p.Description, ExpiresAt: p.ExpiresAt,
		})
	})
	s.conclude(ctx, p, requisite, result, err)
}

// bounded is the time of one call of an executor. It outlives a ctx that ends,
// as a stop of the process does: what was begun is better finished than unknown.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
}

// mayNot says why a payout that was marked as sent may not be handed to its
// executor any more, "" when it may. A call that is allowed ends before anybody
// asks for its end, so nobody has declared it unknown meanwhile.
func (s *Service) mayNot(ctx context.Context, p Payout) string {
	now, err := selectPayout(ctx, s.d.DB, selectByID, p.ID)
	switch {
	case err != nil:
		s.d.Log.Error("payout cannot be read before its execution", "payout", p.ID, "error", err)
		return "not sent: the payout could not be read"
	case now.Status != Expectation, now.Stage != StageSent, now.ClaimedBy != p.ClaimedBy, !now.LookAt.Equal(p.LookAt):
		return "not sent: another process took it up meanwhile"
	case s.now().After(p.LookAt.Add(-callTimeout)):
		return "not sent: there was not enough time left"
	default:
		return ""
	}
}

// unsend lets a payout wait again whose executor was not called. Once another
// process has declared its end unknown it stays so: whoever resolves it reads
// in the timeline that it was not sent.
func (s *Service) unsend(ctx context.Context, p Payout, why string) {
	ctx = context.WithoutCancel(ctx)
	s.d.Log.Warn("payout was not handed to its executor", "payout", p.ID, "executor", p.Executor, "why", why)
	err := s.transact(ctx, func(tx pgx.Tx) error {
		kind := "released"
		tag, err := tx.Exec(ctx, unsend, p.ID, p.ClaimedBy, p.LookAt)
		if err == nil && tag.RowsAffected() == 0 {
			var now Payout
			if now, err = selectPayout(ctx, tx, selectByID, p.ID); now.Status != Expectation || now.Stage != StageUnknown {
				return err
			}
			kind = string(StageUnknown)
		}
		if err != nil {
			return err
		}
		return writeEvents(ctx, tx, event{p.ID, s.now(), kind, p.ClaimedBy, why})
	})
	if err != nil {
		s.d.Log.Error("a payout that was not sent could not be let wait again", "payout", p.ID, "error", err)
	}
}

// look asks the executor of a payout what became of it.
func (s *Service) look(ctx context.Context, p Payout) {
	ctx, end := bounded(ctx)
	defer end()
	result, err := s.call(ctx, p, func(ctx context.Context, e Executor) (Result, error) {
		return e.Lookup(ctx, Sent{Reference: p.ID, Method: p.Method, Amount: p.Fiat, LastFour: p.LastFour, At: p.SentAt})
	})
	// The requisite is only needed to keep it out of texts.
	requisite := ""
	if err != nil || result.Reason != "" {
		requisite, _ = s.requisite(p)
	}
	s.conclude(ctx, p, requisite, result, err)
}

// call runs one call of the payout's executor and turns a panic into an error.
func (s *Service) call(ctx context.Context, p Payout, f func(context.Context, Executor) (Result, error)) (result Result, err error) {
	began := s.now()
	defer func() {
		if caught := recover(); caught != nil {
			s.d.Log.Error("executor panicked", "payout", p.ID, "executor", p.Executor, "stack", string(debug.Stack()))
			result, err = Result{Outcome: Unknown}, errPanicked
		}
		if s.d.Observe.Executed != nil {
			s.d.Observe.Executed(p.Executor, result.Outcome, s.now().Sub(began))
		}
	}()
	for _, e := range s.d.Executors {
		if e.Name() == p.Executor {
			result, err = f(ctx, e)
			return result, err
		}
	}
	return Result{Outcome: Unknown}, errors.New("payout: the executor is not configured")
}

// conclude reads an answer: whatever is not certain is unknown.
func (s *Service) conclude(ctx context.Context, p Payout, requisite string, result Result, err error) {
	note := ""
	switch {
	case err != nil:
		note = redact(err.Error(), requisite, p.Masked())
		result = Result{Outcome: Unknown, LookAfter: result.LookAfter}
	case result.Outcome == Refused:
		note = redact(result.Reason, requisite, p.Masked())
	case result.Outcome != Paid && result.Outcome != Pending && result.Outcome != Unknown:
		note = "the executor gave no outcome"
		result.Outcome = Unknown
	}
	s.settle(ctx, p, result, clip(note))
}

var errPanicked = errors.New("payout: the executor panicked")

// clip holds a text from outside to what a note may have.
func clip(note string) string {
	out := make([]rune, 0, min(len(note), maxNote))
	for _, r := range note {
		if len(out) == maxNote {
			break
		}
		if r == 0 {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}

// settle stores what is known. If it cannot be stored, the next look asks again.
func (s *Service) settle(ctx context.Context, p Payout, result Result, note string) {
	ctx = context.WithoutCancel(ctx)
	var err error
	switch result.Outcome {
	case Paid:
		err = s.settleEnd(ctx, p, Successful, note, goodCheques(result.Receipts))
	case Refused:
		err = s.settleEnd(ctx, p, RejectedGate, note, nil)
	default:
		err = s.settleStage(ctx, p, result, note)
	}
	if err != nil {
		s.d.Log.Warn("an executor's answer could not be stored", "payout", p.ID, "executor", p.Executor,
			"outcome", result.Outcome, "error", err)
	}
}

// goodCheques drops what an executor gave that is no address: a payout that is
// paid must not hang on that.
func goodCheques(receipts []string) []string {
	var out []string
	for _, r := range receipts {
		if judgeChequeURL(r) == "" && len(out) < maxCheques {
			out = append(out, r)
		}
	}
	return out
}

func (s *Service) settleEnd(ctx context.Context, p Payout, to Status, note string, cheques []string) error {
	by := executorClaim(p.Executor)
	after, err := s.finish(ctx, p, end{to: to, by: by, at: s.now(), kind: byExecutor, reason: note, cheques: cheques})
	switch {
	case errors.Is(err, ErrAlreadyFinal) && after.Status != to && (after.Status == Successful || to == Successful):
		return s.late(ctx, after, to)
	case errors.Is(err, ErrAwaitingApproval):
		// People have taken it over. It is asked again if they hand it back.
		return s.transact(ctx, func(tx pgx.Tx) error {
			return writeEvents(ctx, tx, event{p.ID, s.now(), "late_answer", by, string(outcomeOf(to))})
		})
	case errors.Is(err, ErrAlreadyFinal), errors.Is(err, ErrClaimedByOther):
		return nil
	default:
		return err
	}
}

func outcomeOf(to Status) Outcome {
	if to == Successful {
		return Paid
	}
	return Refused
}

// late keeps an answer that contradicts how the payout ended. The end stands,
// and the contradiction waits for people among the exceptions.
func (s *Service) late(ctx context.Context, p Payout, to Status) error {
	outcome := outcomeOf(to)
	return s.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, markLate, p.ID, string(outcome))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return writeEvents(ctx, tx, event{p.ID, s.now(), "late_answer", executorClaim(p.Executor), string(outcome)})
	})
}

// settleStage stores an answer that ends nothing. While the executor is still
// paying it keeps the claim; with an unknown end the claim is free, so that a
// person may take the payout over.
func (s *Service) settleStage(ctx context.Context, p Payout, result Result, note string) error {
	now, by := s.now(), executorClaim(p.Executor)
	stage, look := StageUnknown, lookAfter(p, result, now)
	var claimant *string
	var lease *time.Time
	if result.Outcome == Pending {
		stage = StagePending
		until := now.Add(max(Lease, 2*look))
		claimant, lease = &by, &until
	}
	return s.transact(ctx, func(tx pgx.Tx) error {
		var changed bool
		err := tx.QueryRow(ctx, markStage, p.ID, p.Executor, string(stage), now.Add(look),
			claimant, lease, now).Scan(&changed)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return nil // it ended meanwhile
		case err != nil:
			return fmt.Errorf("payout: store stage: %w", err)
		case !changed:
			return nil
		default:
			return writeEvents(ctx, tx, event{p.ID, now, string(stage), by, note})
		}
	})
}

// lookAfter is when to ask next: as the executor says, within bounds, or after
// half the time that the payout has been with it.
func lookAfter(p Payout, result Result, now time.Time) time.Duration {
	if result.LookAfter > 0 {
		return min(max(result.LookAfter, 100*time.Millisecond), latestLook)
	}
	return min(max(now.Sub(p.SentAt)/2, soonestLook), latestLook)
}
