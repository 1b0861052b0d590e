package payout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/ledger"
)

// Times of execution.
const (
	// callTimeout bounds one call of an executor; lookGrace is what it may take
	// beyond that to report back before the payout is looked up instead.
	callTimeout = 30 * time.Second
	lookGrace   = 30 * time.Second
	// An executor is asked about an unknown end after half the time that has
	// passed since it was sent, within these bounds.
	soonestLook = 5 * time.Second
	latestLook  = 10 * time.Minute
)

// callWidth is how many calls of executors one Dispatch makes at a time, and as
// many looks. No more are taken than can be called at once: what was marked as
// sent and waits for its call would soon look like a call with an unknown end.
const callWidth = 64

// Dispatch hands waiting payouts to executors that accept them, and asks the
// executors about those whose end is due to be known, up to limit of each. It
// returns how many it worked on. Any number of processes may dispatch; each
// payout is handed out once. A failure with one payout is logged and does not
// keep the others back.
func (s *Service) Dispatch(ctx context.Context, limit int) (int, error) {
	if len(s.d.Executors) == 0 {
		return 0, nil
	}
	var looked, sent int
	var lookErr, sendErr error
	var both sync.WaitGroup
	both.Go(func() { looked, lookErr = rounds(ctx, limit, s.takeLooks, s.look) })
	both.Go(func() { sent, sendErr = rounds(ctx, limit, s.send, s.execute) })
	both.Wait()
	return looked + sent, errors.Join(lookErr, sendErr)
}

// rounds takes payouts and works on all that it took at once, again and again,
// up to limit. What was taken is worked on even when taking more failed.
func rounds(ctx context.Context, limit int, take func(context.Context, int) ([]Payout, error),
	work func(context.Context, Payout),
) (done int, err error) {
	for done < limit {
		want := min(callWidth, limit-done)
		taken, err := take(ctx, want)
		var calls sync.WaitGroup
		for _, p := range taken {
			calls.Go(func() { work(ctx, p) })
		}
		calls.Wait()
		done += len(taken)
		if err != nil || len(taken) < want || ctx.Err() != nil {
			return done, err
		}
	}
	return done, nil
}

// offers remembers how far the waiting payouts of a mode were offered to the
// executors, so that those nobody accepts are not read again every time. It
// forgets now and then: an executor may change its mind, and a claim may come
// back.
type offers struct {
	mu    *sync.Mutex
	after map[ledger.Mode]string
	since time.Time
}

// offerAgain is how often everything that waits is offered anew, settled how
// old a payout is before it is passed over: one that commits late may have a
// lower id than one that was seen.
const (
	offerAgain = time.Minute
	settled    = 30 * time.Second
)

func (o *offers) from(mode ledger.Mode, now time.Time) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Sub(o.since) >= offerAgain || now.Before(o.since) {
		clear(o.after)
		o.since = now
	}
	return o.after[mode]
}

func (o *offers) seen(mode ledger.Mode, p Payout, now time.Time) {
	if now.Sub(p.CreatedAt) < settled {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.after[mode] = max(o.after[mode], p.ID)
}

// sendPatience is how long a payout that was marked waits for the marking of
// others.
const sendPatience = 5 * time.Second

// send finds what waits, asks the executors of its mode, and marks what they
// accept as sent.
func (s *Service) send(ctx context.Context, limit int) ([]Payout, error) {
	var sent []Payout
	room := func() bool {
		return len(sent) == 0 || len(sent) < limit && s.now().Sub(sent[0].SentAt) < sendPatience
	}
	for _, mode := range []ledger.Mode{ledger.Live, ledger.Sandbox} {
		if !slices.ContainsFunc(s.d.Executors, func(e Executor) bool { return e.Mode() == mode }) {
			continue
		}
		for after := s.offered.from(mode, s.now()); room(); {
			now := s.now()
			page := limit - len(sent)
			waiting, err := selectPayouts(ctx, s.d.DB, selectWaiting, now, after, page,
				string(mode), "", "", "", (*int64)(nil), (*int64)(nil))
			if err != nil {
				return sent, fmt.Errorf("payout: waiting: %w", err)
			}
			forPeople, err := s.forPeople(ctx, waiting)
			if err != nil {
				return sent, err
			}
			marked, err := s.markSent(ctx, s.accepted(waiting, forPeople), now)
			sent = append(sent, marked...)
			if err != nil {
				return sent, err
			}
			if len(waiting) < page {
				break
			}
			after = waiting[len(waiting)-1].ID
		}
	}
	return sent, nil
}

// accepted sorts payouts by the name of the executor that takes them, the first in order
// of configuration. Those that nobody takes stay for people, as do those that need
// two of them.
func (s *Service) accepted(waiting []Payout, forPeople []string) map[string][]string {
	by := make(map[string][]string)
	for _, p := range waiting {
		taken := false
		for _, e := range s.d.Executors {
			if e.Mode() == p.Mode && !slices.Contains(forPeople, p.ID) && e.Accepts(p) {
				by[e.Name()] = append(by[e.Name()], p.ID)
				taken = true
				break
			}
		}
		if !taken {
			s.offered.seen(p.Mode, p, s.now())
		}
	}
	return by
}

// forPeople are the ids of those that need a second person.
func (s *Service) forPeople(ctx context.Context, waiting []Payout) ([]string, error) {
	rows, err := s.d.DB.Query(ctx, selectForPeople, ids(waiting))
	if err != nil {
		return nil, fmt.Errorf("payout: for people: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("payout: for people: %w", err)
	}
	return found, nil
}

// markSent claims payouts for their executors and commits that before anything
// is called: whatever happens afterwards, they are never sent again.
func (s *Service) markSent(ctx context.Context, by map[string][]string, now time.Time) ([]Payout, error) {
	var sent []Payout
	for _, e := range s.d.Executors {
		if len(by[e.Name()]) == 0 {
			continue
		}
		err := s.transact(ctx, func(tx pgx.Tx) error {
			marked, err := selectPayouts(ctx, tx, markSent, by[e.Name()], executorClaim(e.Name()), now, now.Add(Lease),
				e.Name(), now.Add(callTimeout+lookGrace))
			if err != nil || len(marked) == 0 {
				return err
			}
			events := make([]event, len(marked))
			for i, p := range marked {
				events[i] = event{p.ID, now, string(StageSent), p.ClaimedBy, ""}
			}
			sent = append(sent, marked...)
			return writeEvents(ctx, tx, events...)
		})
		if err != nil {
			// Nothing of this executor's was marked for certain, so nothing of it is called.
			sent = slices.DeleteFunc(sent, func(p Payout) bool { return p.Executor == e.Name() })
			return sent, fmt.Errorf("payout: mark sent: %w", err)
		}
	}
	return sent, nil
}

// taken is a payout whose executor is to be asked, with the stage it had.
type taken struct {
	row
	Was string `db:"was"`
}

func (s *Service) takeLooks(ctx context.Context, limit int) ([]Payout, error) {
	names := make([]string, len(s.d.Executors))
	for i, e := range s.d.Executors {
		names[i] = e.Name()
	}
	now := s.now()
	var due []Payout
	err := s.transact(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, takeLooks, now, now.Add(callTimeout+lookGrace), names, limit)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[taken])
		if err != nil {
			return err
		}
		var events []event
		for _, r := range found {
			p, err := r.payout()
			if err != nil {
				return err
			}
			if r.Was != r.Stage {
				events = append(events, event{p.ID, now, r.Stage, executorClaim(p.Executor), "the call never reported back"})
			}
			due = append(due, p)
		}
		if len(events) == 0 {
			return nil
		}
		return writeEvents(ctx, tx, events...)
	})
	if err != nil {
		return nil, fmt.Errorf("payout: due looks: %w", err)
	}
	return due, nil
}
