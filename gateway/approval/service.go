package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/fault"
	"disburse/gateway/publicid"
)

// Decider brings about what was decided about approvals of a kind, in one
// transaction with the decision. Each fails with the faults of Why.
type Decider interface {
	// GrantAsked approves and does what is approved.
	GrantAsked(ctx context.Context, a Approval, note string) error
	// RefuseAsked refuses and does what follows.
	RefuseAsked(ctx context.Context, a Approval, reason string) error
	// WithdrawAsked voids what the actor of ctx asked for.
	WithdrawAsked(ctx context.Context, a Approval) error
}

// Deps is what a Service needs; nothing may be missing.
type Deps struct {
	DB       *pgxpool.Pool
	Deciders map[Kind]Decider // one for every kind
	Now      func() time.Time
}

// Service lists what waits for a second person, and hands decisions to the
// features. Besides the codes that each method names, all of them can fail with
// internal.
type Service struct {
	deps Deps
}

// New makes a service, and refuses a missing dependency by name.
func New(d Deps) (*Service, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("approval: DB is missing")
	case d.Now == nil:
		return nil, errors.New("approval: Now is missing")
	}
	for _, kind := range Kinds() {
		if d.Deciders[kind] == nil {
			return nil, fmt.Errorf("approval: the decider of %s is missing", kind)
		}
	}
	return &Service{deps: d}, nil
}

// Filter narrows a list; empty fields do not.
type Filter struct {
	State   State // Expired is taken too
	Kind    Kind
	Subject string
	Cursor  string
	Limit   int // 1..500, 50 when zero or below
}

// Page is a piece of a list: oldest first of what waits, else newest first.
// NextCursor is "" on the last.
type Page struct {
	Items      []Approval
	NextCursor string
}

const (
	defaultPage = 50
	maxPage     = 500
)

// List reads one page. It fails with invalid_request.
func (s *Service) List(ctx context.Context, f Filter) (Page, error) {
	var faults []fault.Field
	if f.State != "" && !slices.Contains([]State{Waiting, Approved, Refused, Void, Expired}, f.State) {
		faults = append(faults, fault.Field{Name: "state", Why: "must be waiting, approved, refused, void or expired"})
	}
	if f.Kind != "" && !slices.Contains(Kinds(), f.Kind) {
		faults = append(faults, fault.Field{Name: "kind", Why: "must be payout, adjustment, key_rotation, approval_rule, virtual_card or merchant_person"})
	}
	if f.Cursor != "" && !publicid.Valid(IDPrefix, f.Cursor) {
		faults = append(faults, fault.Field{Name: "cursor", Why: "is not one that a page handed out"})
	}
	if !utf8.ValidString(f.Subject) || !storable(f.Subject) {
		faults = append(faults, fault.Field{Name: "subject", Why: "is not an id"})
	}
	if len(faults) > 0 {
		return Page{}, fault.Invalid(faults...)
	}
	limit := min(f.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	items, err := query(ctx, s.deps.DB, f.statement(), string(f.Kind), f.Subject, s.deps.Now(), f.Cursor, limit+1, string(f.State))
	if err != nil {
		return Page{}, fmt.Errorf("approval: list: %w", err)
	}
	page := Page{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.NextCursor = items[limit-1].ID
	}
	return page, nil
}

func (f Filter) statement() string {
	switch f.State {
	case "":
		return selectList + anyState + newest
	case Expired:
		return selectList + onlyLate + newest
	case Waiting:
		return selectList + inState + oldest
	default:
		return selectList + inState + newest
	}
}

// Show reads one approval. It fails with not_found.
func (s *Service) Show(ctx context.Context, id string) (Approval, error) {
	if !publicid.Valid(IDPrefix, id) {
		return Approval{}, ErrNotFound
	}
	a, found, err := one(ctx, s.deps.DB, selectByID, id)
	switch {
	case err != nil:
		return Approval{}, fmt.Errorf("approval: show: %w", err)
	case !found:
		return Approval{}, ErrNotFound
	}
	return a, nil
}

// MaxNote is how many characters who decides may write.
const MaxNote = 500

// Approve grants what another person asked for, with what follows. Repeating
// it answers the same. It fails with invalid_request, not_found, own_approval,
// approver_required, admin_required, dependent_approver, already_decided, approval_expired,
// approval_void, unavailable, and with what the feature says against it.
func (s *Service) Approve(ctx context.Context, id, note string) (Approval, error) {
	if err := judgeNote("note", note, false); err != nil {
		return Approval{}, err
	}
	return s.hand(ctx, id, func(d Decider, a Approval) error { return d.GrantAsked(ctx, a, note) })
}

// Refuse refuses what another person asked for; a reason is needed. It fails as
// Approve does.
func (s *Service) Refuse(ctx context.Context, id, reason string) (Approval, error) {
	if err := judgeNote("reason", reason, true); err != nil {
		return Approval{}, err
	}
	return s.hand(ctx, id, func(d Decider, a Approval) error { return d.RefuseAsked(ctx, a, reason) })
}

// ErrNotYours is the fault of taking back what another person asked for.
var ErrNotYours = fault.New(fault.Forbidden, "not_yours", "only who asked for it can take it back")

// Withdraw takes back what the actor of ctx asked for. It fails with not_found,
// not_yours, already_decided and unavailable.
func (s *Service) Withdraw(ctx context.Context, id string) (Approval, error) {
	return s.hand(ctx, id, func(d Decider, a Approval) error {
		by, _ := By(ctx)
		switch {
		case a.RequestedBy != by:
			return ErrNotYours
		case a.State == Void && a.DecidedBy == by:
			return nil
		case a.State != Waiting && !a.Usable():
			return ErrDecided
		default:
			return d.WithdrawAsked(ctx, a)
		}
	})
}

func (s *Service) hand(ctx context.Context, id string, do func(Decider, Approval) error) (Approval, error) {
	a, err := s.Show(ctx, id)
	if err != nil {
		return Approval{}, err
	}
	if err := do(s.deps.Deciders[a.Kind], a); err != nil {
		return Approval{}, err
	}
	return s.Show(ctx, id)
}

func judgeNote(name, text string, needed bool) error {
	switch {
	case needed && text == "":
		return fault.Invalid(fault.Field{Name: name, Why: "is needed"})
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxNote || containsNUL(text):
		return fault.Invalid(fault.Field{Name: name, Why: fmt.Sprintf("must be at most %d characters", MaxNote)})
	default:
		return nil
	}
}

func containsNUL(text string) bool { return slices.Contains([]byte(text), 0) }
