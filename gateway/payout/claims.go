package payout

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
)

// ClaimFilter says what a claimant wants. With ID it is that payout; else the
// oldest waiting one that matches every other field that is set. Only one who
// says so gets a sandbox payout: nobody is to pay it with money.
type ClaimFilter struct {
	ID         string
	MerchantID string
	Mode       ledger.Mode // live when empty
	Currency   string      // "rub"
	Method     Method
	MinAmount  string // fiat literals, included; they need Currency
	MaxAmount  string
}

// Claimed is a payout in the hands of a claimant, with the requisite to pay it.
type Claimed struct {
	Payout    Payout
	Requisite string // in clear: for the claimant alone, never for logs
}

// Claimant is the actor of ctx in the form of Payout.ClaimedBy: an operator, a
// person at the command line, an executor.
func Claimant(ctx context.Context) string {
	a := audit.ActorFrom(ctx)
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}

// executorClaim is the claimant of an executor.
func executorClaim(name string) string { return string(audit.Executor) + ":" + name }

// candidates is how many waiting payouts a claim looks at. As many can be taken
// by others at the same moment before it looks at the next ones, looks times in
// all.
const (
	candidates = 32
	looks      = 3
)

// Claim gives the actor of ctx a payout to execute, with a lease. found is
// false when nothing waits that others do not hold at this moment. Claiming by
// id a payout that the actor holds renews the lease. A payout whose execution
// has no known end is given out by id only.
// Faults: invalid_request, unavailable; with an id also not_found,
// already_final, claimed_by_other, execution_unresolved, expired.
func (s *Service) Claim(ctx context.Context, f ClaimFilter) (_ Claimed, found bool, err error) {
	low, high, err := f.bounds()
	if err != nil {
		return Claimed{}, false, err
	}
	var p Payout
	if f.ID != "" {
		p, err = s.claimOne(ctx, f.ID)
	} else {
		p, err = s.claimOldest(ctx, f, low, high)
	}
	switch {
	case f.ID == "" && isNotFound(err):
		return Claimed{}, false, nil
	case err != nil:
		return Claimed{}, false, err
	}
	requisite, err := s.requisite(p)
	return Claimed{Payout: p, Requisite: requisite}, err == nil, err
}

// bounds reads the filter's amounts and refuses what cannot be meant.
func (f ClaimFilter) bounds() (low, high *int64, err error) {
	var bad faults
	currency, known := money.Lookup(f.Currency)
	if f.Currency != "" && !known {
		bad.add("currency", "is not known")
	}
	if f.Method != "" && !f.Method.Valid() {
		bad.add("method", "must be one of card, sbp, score, iban")
	}
	if f.Mode != "" && !f.Mode.Valid() {
		bad.add("mode", "must be live or sandbox")
	}
	read := func(name, literal string) *int64 {
		switch {
		case literal == "":
			return nil
		case f.Currency == "":
			bad.add(name, "needs currency")
			return nil
		case !known:
			return nil
		}
		amount, err := money.Parse(literal, currency)
		if err != nil {
			bad.add(name, "must be an amount such as 1500.00")
		}
		minor := amount.Minor()
		return &minor
	}
	low, high = read("min_amount", f.MinAmount), read("max_amount", f.MaxAmount)
	if len(bad) > 0 {
		return nil, nil, fault.Invalid(bad...)
	}
	return low, high, nil
}

// lower is the currency as it is stored.
func lower(currency string) string {
	c, _ := money.Lookup(currency)
	return c.Lower()
}

func (s *Service) claimOldest(ctx context.Context, f ClaimFilter, low, high *int64) (Payout, error) {
	by, mode := Claimant(ctx), cmp.Or(f.Mode, ledger.Live)
	after := ""
	for range looks {
		now := s.now()
		waiting, err := selectPayouts(ctx, s.d.DB, selectWaiting, now, after, candidates,
			string(mode), lower(f.Currency), string(f.Method), f.MerchantID, low, high)
		if err != nil {
			return Payout{}, fmt.Errorf("payout: waiting: %w", err)
		}
		if len(waiting) == 0 {
			break
		}
		p, err := s.claim(ctx, "claimed", claimFirst, ids(waiting), by, now, now.Add(Lease))
		if !isNotFound(err) {
			return p, err
		}
		// Others took every candidate, or hold their rows for longer: a look at
		// the same ones could go on for as long as they do.
		after = waiting[len(waiting)-1].ID
	}
	return Payout{}, ErrNotFound
}

func ids(payouts []Payout) []string {
	out := make([]string, len(payouts))
	for i, p := range payouts {
		out[i] = p.ID
	}
	return out
}

var errExpired = fault.New(fault.Conflict, "expired", "the payout's time is over")

func (s *Service) claimOne(ctx context.Context, id string) (Payout, error) {
	now, by := s.now(), Claimant(ctx)
	p, err := s.claim(ctx, "claimed", claimByID, id, by, now, now.Add(Lease))
	if !isNotFound(err) {
		return p, err
	}
	p, err = s.byID(ctx, id)
	switch {
	case err != nil:
		return Payout{}, err
	case p.Status.Final():
		return Payout{}, alreadyFinal(p.Status)
	case p.Stage == StageSent && p.ClaimedBy == executorClaim(p.Executor):
		return Payout{}, ErrUnresolved
	case p.Leased(now) && p.ClaimedBy != by:
		return Payout{}, ErrClaimedByOther
	case p.Stage == StageAwaiting:
		return Payout{}, ErrAwaitingApproval
	case !p.ExpiresAt.After(now):
		return Payout{}, errExpired
	default:
		return Payout{}, ErrClaimedByOther // somebody's, a moment ago
	}
}

func (s *Service) byID(ctx context.Context, id string) (Payout, error) {
	if !publicid.Valid(IDPrefix, id) {
		return Payout{}, ErrNotFound
	}
	p, err := selectPayout(ctx, s.d.DB, selectByID, id)
	if err != nil && !isNotFound(err) {
		err = fmt.Errorf("payout: read: %w", err)
	}
	return p, err
}

// claim runs a guarded change of a claim with its line of the timeline and its
// audit record. ErrNotFound: the guard did not let it.
func (s *Service) claim(ctx context.Context, kind, sql string, args ...any) (Payout, error) {
	var p Payout
	err := s.transact(ctx, func(tx pgx.Tx) (err error) {
		if p, err = selectPayout(ctx, tx, sql, args...); err != nil {
			return err
		}
		now := s.now()
		if err := writeEvents(ctx, tx, event{p.ID, now, kind, Claimant(ctx), ""}); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "payout."+kind, "payout", p.ID)
		record.After = map[string]any{"claimed_by": p.ClaimedBy, "lease_expires_at": orNull(p.LeaseExpiresAt)}
		return audit.Write(ctx, tx, record)
	})
	if err != nil && !isNotFound(err) {
		err = fmt.Errorf("payout: %s: %w", kind, err)
	}
	return p, err
}

// event is a line of the timeline.
type event struct {
	payout string
	at     time.Time
	kind   string
	actor  string
	note   string
}

func writeEvents(ctx context.Context, tx pgx.Tx, events ...event) error {
	n := len(events)
	payouts, at := make([]string, n), make([]time.Time, n)
	kinds, actors, notes := make([]string, n), make([]string, n), make([]string, n)
	for i, e := range events {
		payouts[i], at[i], kinds[i], actors[i], notes[i] = e.payout, e.at, e.kind, e.actor, e.note
	}
	_, err := tx.Exec(ctx, insertEvents, payouts, at, kinds, actors, notes)
	return err
}

// Renew starts the lease of the actor's claim anew. Faults: not_found,
// already_final, claim_required, claimed_by_other, lease_expired, unavailable.
func (s *Service) Renew(ctx context.Context, id string) (Payout, error) {
	now := s.now()
	return s.held(ctx, id, "renewed", renewClaim, id, Claimant(ctx), now, now.Add(Lease))
}

// Release gives the actor's claim back, so that the payout can be claimed,
// cancelled or timed out. Faults as of Renew.
func (s *Service) Release(ctx context.Context, id string) (Payout, error) {
	return s.held(ctx, id, "released", releaseClaim, id, Claimant(ctx), s.now())
}

// held changes a claim that the actor must hold.
func (s *Service) held(ctx context.Context, id, kind, sql string, args ...any) (Payout, error) {
	p, err := s.byID(ctx, id)
	if err != nil {
		return Payout{}, err
	}
	if err := p.refuseClaimant(Claimant(ctx), s.now()); err != nil {
		return Payout{}, err
	}
	p, err = s.claim(ctx, kind, sql, args...)
	if isNotFound(err) {
		return Payout{}, ErrLeaseExpired // between the look and the change
	}
	return p, err
}

// Requisite opens the requisite of a payout that the actor holds, and records
// that it was looked at. Faults as of Renew.
func (s *Service) Requisite(ctx context.Context, id string) (string, error) {
	p, err := s.byID(ctx, id)
	if err != nil {
		return "", err
	}
	if err := p.refuseClaimant(Claimant(ctx), s.now()); err != nil {
		return "", err
	}
	if err := audit.Write(ctx, s.d.DB, audit.Of(ctx, s.now(), "payout.requisite", "payout", p.ID)); err != nil {
		return "", err
	}
	return s.requisite(p)
}

// Completion is what a claimant says when a payout is paid.
type Completion struct {
	ChequeURLs []string // addresses of receipts elsewhere; uploaded ones are added
	Note       string   // for operators
}

// Bounds of what a claimant writes.
const (
	maxNote    = 2000
	maxCheques = 20
)

// Complete ends a payout as successful, or where a second person is needed lets
// it wait for one: its stage is then awaiting_approval. Only the holder of a live
// claim may; repeating it answers the same. Faults: invalid_request, not_found,
// already_final, awaiting_approval, claim_required, claimed_by_other,
// lease_expired, unavailable.
func (s *Service) Complete(ctx context.Context, id string, c Completion) (Payout, error) {
	var f faults
	if len(c.ChequeURLs) > maxCheques {
		f.add("cheque_urls", "must be at most %d", maxCheques)
	} else {
		for _, target := range c.ChequeURLs {
			if why := judgeChequeURL(target); why != "" {
				f.add("cheque_urls", "%s", why)
				break
			}
		}
	}
	f.text("note", c.Note, maxNote)
	if len(f) > 0 {
		return Payout{}, fault.Invalid(f...)
	}
	return s.decide(ctx, id, Successful, c.Note, c.ChequeURLs)
}

// Reject ends a payout as rejected_gate and gives the money back: by the holder
// of a live claim, or of what waits for a second person by that person. Faults
// as of Complete, and of Approve.
func (s *Service) Reject(ctx context.Context, id, reason string) (Payout, error) {
	var f faults
	f.text("reason", reason, maxNote)
	if len(f) > 0 {
		return Payout{}, fault.Invalid(f...)
	}
	p, err := s.byID(ctx, id)
	if err == nil && p.CompletedBy != "" {
		return s.judge(ctx, id, Judgement{Note: reason}, RejectedGate)
	}
	return s.decide(ctx, id, RejectedGate, reason, nil)
}

// decide ends a payout by the actor of ctx.
func (s *Service) decide(ctx context.Context, id string, to Status, note string, cheques []string) (Payout, error) {
	p, err := s.byID(ctx, id)
	if err != nil {
		return Payout{}, err
	}
	e := end{to: to, by: Claimant(ctx), at: s.now(), kind: byClaimant}
	if p.same(e) || p.reported(e) {
		return p, nil
	}
	if err := p.refuse(e); err != nil {
		return Payout{}, err
	}
	requisite, err := s.requisite(p)
	if err != nil {
		return Payout{}, err
	}
	e.reason = redact(note, requisite, p.Masked())
	if to == Successful {
		if e.cheques, err = s.withUploads(ctx, p.ID, cheques); err != nil {
			return Payout{}, err
		}
	}
	record := audit.Of(ctx, e.at, "payout."+actionOf(to), "payout", p.ID)
	record.Before = map[string]any{"status": p.Status, "stage": p.Stage, "executor": p.Executor}
	record.After = map[string]any{"status": to, "note": e.reason, "cheque_urls": e.cheques}
	e.audit = &record
	if to == Successful {
		needs, err := s.needsApproval(ctx, p)
		if err != nil {
			return Payout{}, err
		}
		if needs {
			return s.await(ctx, p, e)
		}
	}
	after, err := s.finish(ctx, p, e)
	if err != nil {
		return Payout{}, err
	}
	return after, nil
}

func actionOf(to Status) string {
	if to == Successful {
		return "complete"
	}
	return "reject"
}
