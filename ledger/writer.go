package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// writer is the one goroutine of this process that changes balances. It has
// two lanes. Groups whose balances it remembers it sends down a line of its
// own, one behind the other, so that the database need not wait for the next
// group, nor the callers for the one before. All others, and those that failed
// on the line, it takes through one transaction each (commit), alone.
//
// A group on the line is decided on a guess: that the groups before it stand
// and that nobody else moved its accounts. The database checks that before it
// writes, so the line is fast where the guess holds and wrong nowhere.
type writer struct {
	*Ledger
	known memory
	line  *line
	aloft []*flight // sent and not answered, oldest first
	// lookFirst is the number of groups to come whose references are looked up
	// before they are written.
	lookFirst int
}

// flight is a group on the line.
type flight struct {
	*group
	statements []statement
	start      time.Time
}

// depth is how many groups may be on the line: one at work in the database,
// one that waits there, so that neither side waits for the other.
const depth = 2

// write runs until the queue is closed and everything in it is answered.
func (w *writer) write() {
	defer close(w.done)
	defer w.hangUp()
	for {
		var postings []*posting
		if len(w.aloft) == 0 {
			first, ok := <-w.queue
			if !ok {
				return
			}
			w.yield()
			postings = w.gather(first)
		} else if len(w.aloft) < depth {
			w.yield()
			postings = w.gather(nil)
		}
		switch {
		case len(postings) == 0 && len(w.aloft) > 0:
			w.land()
		case len(postings) > 0 && !w.launch(postings):
			w.landAll()
			w.commit(postings, w.lookFirst > 0)
		}
	}
}

// yield lets callers that are about to post do so, and waits for none: it
// gives up the processor until nobody who was ready to run has posted.
func (w *writer) yield() {
	for calm, before := 0, 0; calm < yields && before < w.cfg.MaxGroup; {
		runtime.Gosched()
		if now := len(w.queue); now > before {
			before, calm = now, 0
		} else {
			calm++
		}
	}
}

// yields is how often in a row nobody may have posted.
const yields = 8

// gather takes what waits in the queue, up to two thirds of all that is under
// way: the rest makes the group that is written while this one is answered.
func (w *writer) gather(first *posting) []*posting {
	under := len(w.queue)
	for _, f := range w.aloft {
		under += len(f.postings)
	}
	most := min(max(2*under/3+1, smallGroup), w.cfg.MaxGroup)
	group := make([]*posting, 0, most)
	take := func(p *posting) {
		if p.ctx.Err() != nil { // its caller has gone; nothing was begun for it
			p.answer(fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(p.ctx)))
			return
		}
		group = append(group, p)
	}
	if first != nil {
		take(first)
	}
	for len(group) < most {
		select {
		case p, ok := <-w.queue:
			if !ok {
				return group
			}
			take(p)
		default:
			return group
		}
	}
	return group
}

// smallGroup is not worth halving: a commit costs about as much as writing
// this many postings.
const smallGroup = 16

// launch sends a group down the line, or says that it has to go alone.
func (w *writer) launch(postings []*posting) bool {
	g := newGroup(postings)
	if w.lookFirst > 0 || len(w.accounts.get(g.ids)) > 0 || !w.ready(postings) || !w.known.recall(g) {
		return false
	}
	start := w.cfg.Now()
	g.decide(micro(start).UnixMicro())
	if len(g.writers) == 0 {
		return false // no money moves, and refusals are told under locks
	}
	statements, err := g.guessed()
	if err != nil || w.line.send(statements) != nil {
		w.hangUp()
		return false
	}
	w.known.keep(g)
	w.aloft = append(w.aloft, &flight{g, statements, start})
	return true
}

// ready opens the line and prepares what the postings' riders need.
func (w *writer) ready(postings []*posting) bool {
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	if w.line == nil {
		var err error
		if w.line, err = openLine(ctx, w.cfg.DB); err != nil {
			return false
		}
	}
	for _, p := range postings {
		for _, r := range p.riders {
			if w.line.knows(r.SQL) {
				continue
			}
			if w.line.unfit[r.SQL] {
				return false
			}
			w.landAll()
			if w.line == nil {
				return false
			}
			if err := w.line.prepare(r.SQL, r.guarded()); err != nil {
				if !w.line.unfit[r.SQL] {
					w.hangUp()
				}
				return false
			}
		}
	}
	return true
}

// land waits for the oldest group on the line and answers it. When it failed,
// those behind it may have failed with it; all of these then go alone, in
// their order.
func (w *writer) land() {
	var failed [][]*posting
	usable := true
	for len(w.aloft) > 0 {
		f := w.aloft[0]
		w.aloft = w.aloft[1:]
		err := w.line.receive(f.statements)
		if err == nil {
			w.observe(f.group, GroupStats{Guessed: true}, f.start)
			f.answer()
			if len(failed) == 0 {
				return
			}
			continue
		}
		if len(failed) == 0 {
			w.known.wrong(err)
		}
		usable = usable && harmless(err)
		w.known.forget(f.group)
		failed = append(failed, f.postings)
	}
	if !usable || w.line.broken() {
		w.hangUp()
	}
	for _, postings := range failed {
		w.commit(postings, true)
	}
}

func (w *writer) landAll() {
	for len(w.aloft) > 0 {
		w.land()
	}
}

func (w *writer) hangUp() {
	w.landAll()
	if w.line != nil {
		w.line.close()
		w.line = nil
	}
}

func (w *writer) observe(g *group, stats GroupStats, start time.Time) {
	stats.Postings, stats.Refused, stats.Replayed = len(g.postings), g.refused, g.replayed
	stats.Took = w.cfg.Now().Sub(start)
	w.cfg.Observe(stats)
}

// groupTimeout bounds one group's transaction, so that a database that hangs
// turns into ErrUnavailable.
const groupTimeout = 15 * time.Second

// attempts at a group that met a deadlock, a serialization failure or a lost
// connection. References make trying again safe even when the outcome of a
// commit is unknown.
const attempts = 3

// lookFor is for how many groups after a replay references are looked up first.
// Where nothing is replayed the unique index is the look-up, at no cost.
const lookFor = 64

// lockWaits is how many times one group may wait for a row that somebody else
// has locked, a quarter of a second each, before those who need it are told to
// try again: everybody waits as long. It is enough to find one row in the
// largest group by halving.
const lockWaits = 8

// commit runs one group to its end and answers every posting in it. When a
// statement of riders fails, the postings without it go first, and those with
// it are halved until the spoiler stands alone, so a bad posting costs its
// neighbours a few more transactions and nothing else.
func (w *writer) commit(postings []*posting, look bool) {
	waits := lockWaits
	w.attempt(postings, look, &waits)
}

func (w *writer) attempt(postings []*posting, look bool, waits *int) {
	if *waits == 0 {
		for _, p := range postings {
			p.answer(fmt.Errorf("%w: a row that it needs stays locked", ErrUnavailable))
		}
		return
	}
	start := w.cfg.Now()
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()

	g := newGroup(postings)
	err := w.run(ctx, g, look)
	for try := 1; try < attempts && err != nil && retryable(err) && ctx.Err() == nil; try++ {
		g = newGroup(postings)
		err = w.run(ctx, g, true)
	}
	if err == nil {
		w.known.keep(g)
	} else {
		w.known.forget(g)
	}
	if g.replayed > 0 {
		w.lookFirst = lookFor
	} else if w.lookFirst > 0 {
		w.lookFirst--
	}
	var spoiled *riderFailure
	if errors.As(err, &spoiled) && spoiled.locked() {
		*waits--
	}
	if spoiled != nil && len(postings) > 1 {
		first, second := spoiled.part(postings)
		w.attempt(first, look, waits)
		w.attempt(second, look, waits)
		return
	}
	w.observe(g, GroupStats{Split: spoiled != nil}, start)
	switch {
	case err == nil:
		g.answer()
	case spoiled != nil:
		postings[0].answer(spoiled.answer())
	default:
		for _, p := range postings {
			p.answer(fmt.Errorf("%w: %w", ErrUnavailable, err))
		}
	}
}

// retryable reports errors after which the same group may simply run again.
func retryable(err error) bool {
	var failure *riderFailure
	if errors.As(err, &failure) {
		err = failure.err
		if err == nil {
			return false
		}
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return failure == nil // the connection broke
	}
	switch pg.Code {
	case "40001", "40P01", // serialization failure, deadlock
		"57P01", "57P02", "57P03", "53300": // the server stops, starts, or is full
		return true
	case "23505": // a reference that was posted before
		return pg.ConstraintName == "ledger_transfers_reference"
	}
	return false
}

// micro is the database's resolution of time.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
