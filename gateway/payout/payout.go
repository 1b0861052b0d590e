package payout

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"disburse/gateway/approval"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Status is what the merchant sees.
type Status string

// The states. Expectation is the only one that changes.
const (
	Expectation      Status = "expectation"
	Successful       Status = "successful"
	RejectedTimeout  Status = "rejected_timeout"
	RejectedMerchant Status = "rejected_merchant"
	RejectedGate     Status = "rejected_gate"
)

// Statuses lists every state.
func Statuses() []Status {
	return []Status{Expectation, Successful, RejectedTimeout, RejectedMerchant, RejectedGate}
}

// Valid reports a known state.
func (s Status) Valid() bool { return slices.Contains(Statuses(), s) }

// Final reports a state that never changes again.
func (s Status) Final() bool { return s.Valid() && s != Expectation }

// Stage says where the execution of an open payout stands; see the package
// comment. An ended payout keeps the stage it ended from.
type Stage string

// The stages.
const (
	StageWaiting Stage = "waiting" // nobody has been told to pay
	StageSent    Stage = "sent"    // an executor is being called
	StagePending Stage = "pending" // the executor took it and is still paying
	StageUnknown Stage = "unknown" // whether the executor paid is not known
	// StageAwaiting: somebody has reported it as paid, and a second person has
	// not agreed yet.
	StageAwaiting Stage = "awaiting_approval"
)

// Stages lists every stage.
func Stages() []Stage {
	return []Stage{StageWaiting, StageSent, StagePending, StageUnknown, StageAwaiting}
}

// Method is how the recipient gets the money.
type Method string

// The methods, named as on the wire.
const (
	Card  Method = "card"
	SBP   Method = "sbp"
	Score Method = "score"
	IBAN  Method = "iban"
)

// Methods lists every method.
func Methods() []Method { return []Method{Card, SBP, Score, IBAN} }

// Valid reports a known method.
func (m Method) Valid() bool { return slices.Contains(Methods(), m) }

// Field is the wire name of the field that holds the method's requisite, ""
// for an unknown method.
func (m Method) Field() string {
	switch m {
	case Card:
		return "number_card"
	case SBP:
		return "phone_number"
	case Score:
		return "number_score"
	case IBAN:
		return "iban_number"
	default:
		return ""
	}
}

// Payout is one payout as it is stored. It holds the requisite sealed; LastFour
// is what may be shown.
type Payout struct {
	ID         string // "po_..."
	MerchantID string
	OrderID    string // the merchant's own id
	Mode       ledger.Mode
	Status     Status
	Stage      Stage

	Method   Method
	Fiat     money.Money
	Rate     decimal.Decimal // fiat units per USDT, 4 decimals, fixed at creation
	USDT     money.Money
	Fee      money.Money
	LastFour string

	BankName, BIK, FullName string
	Customer, Description   string
	SuccessURL, ErrorURL    string

	ClaimedBy      string    // a claimant such as "operator:usr_..."; "" when nobody's
	LeaseExpiresAt time.Time // zero when nobody's
	Executor       string    // the executor that it was sent to, for ever
	SentAt         time.Time // when it was sent, zero when never
	LookAt         time.Time // when the executor is to be asked next
	LateOutcome    Outcome   // an answer that arrived after the payout had ended otherwise

	CompletedBy string    // who reported as paid what needs a second person; stays
	CompletedAt time.Time // when, zero for never

	EndedBy string // the claimant, the second person, "merchant:mer_..." or "system:timeout"
	Reason  string // why it was rejected, or the note of completion; for operators
	Cheques []string

	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time
	EndedAt   time.Time // zero while open

	fingerprint []byte
	requisite   vault.Sealed
}

// Spent is what the payout costs the merchant: the amount and the fee. The sum
// was checked when the payout was made.
func (p Payout) Spent() money.Money {
	return money.New(p.USDT.Minor()+p.Fee.Minor(), p.USDT.Currency())
}

// Masked is the requisite as lists and logs show it.
func (p Payout) Masked() string { return mask(p.LastFour) }

func mask(lastFour string) string { return "****" + lastFour }

// Leased reports a claim that is live at the given moment.
func (p Payout) Leased(now time.Time) bool {
	return p.ClaimedBy != "" && p.LeaseExpiresAt.After(now)
}

// Stuck reports an open payout that outlived its time because its execution
// has no known end.
func (p Payout) Stuck(now time.Time) bool {
	return p.Status == Expectation && !p.ExpiresAt.After(now) && p.Stage != StageWaiting && p.Stage != StageAwaiting
}

// Lease is how long a claim lasts unless it is renewed.
const Lease = 15 * time.Minute

// refuse says why this end is not possible for the payout as it stands, nil
// when it is. The guarded update of the store asks the same of the row.
func (p Payout) refuse(e end) error {
	switch {
	case p.Status.Final():
		return alreadyFinal(p.Status)
	case e.kind == byApprover:
		return p.refuseApprover(e.by)
	case p.Stage == StageAwaiting && (e.kind == byClaimant || e.kind == byExecutor):
		return ErrAwaitingApproval
	case e.kind == byExecutor && (p.Executor == "" || executorClaim(p.Executor) != e.by):
		return ErrClaimRequired
	case e.kind == byExecutor && e.to != Successful && p.Leased(e.at) && p.ClaimedBy != e.by:
		return ErrClaimedByOther
	case e.kind == byExecutor:
		return nil
	case e.kind == byClaimant:
		return p.refuseClaimant(e.by, e.at)
	case p.Leased(e.at) || p.Stage != StageWaiting:
		return ErrInProgress
	case e.kind == byTimeout && p.ExpiresAt.After(e.at):
		return errNotDue
	default:
		return nil
	}
}

// refuseClaimant says why by does not hold the claim.
func (p Payout) refuseClaimant(by string, now time.Time) error {
	switch {
	case p.Status.Final():
		return alreadyFinal(p.Status)
	case p.Stage == StageAwaiting:
		return ErrAwaitingApproval
	case p.ClaimedBy == "":
		return ErrClaimRequired
	case p.ClaimedBy != by && p.Leased(now):
		return ErrClaimedByOther
	case p.ClaimedBy != by:
		return ErrClaimRequired
	case !p.Leased(now):
		return ErrLeaseExpired
	default:
		return nil
	}
}

// refuseApprover says why by cannot decide about what was reported as paid.
func (p Payout) refuseApprover(by string) error {
	switch {
	case p.Stage != StageAwaiting:
		return ErrNotAwaiting
	case p.CompletedBy == by:
		return approval.ErrOwn
	default:
		return nil
	}
}

// same reports an end that the payout already has, by the same actor, so that
// asking for it again is answered with success. Who reported it as paid has had
// that done by the second person.
func (p Payout) same(e end) bool {
	by := p.EndedBy
	if e.kind == byClaimant && e.to == Successful && p.CompletedBy != "" {
		by = p.CompletedBy
	}
	return p.Status == e.to && by == e.by
}
