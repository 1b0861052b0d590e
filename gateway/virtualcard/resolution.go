package virtualcard

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"disburse/gateway/fault"
	"disburse/ledger/money"
)

// Resolution is what people found out about an operation that the provider does
// not end.
type Resolution struct {
	ID     string // the transaction's
	As     string // "done" or "failed"
	Reason string
	// ProviderCard is the provider's id of the card that was made; with a create
	// or an issue that is done, and not otherwise.
	ProviderCard string
	// Moved is what was taken off; with a close that is done, and not otherwise.
	Moved *money.Money
}

// How a resolution says that an operation ended.
const (
	AsDone   = "done"
	AsFailed = "failed"
)

const maxReason = 500

var providerCardPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// judge says what is wrong with a resolution, whatever it is about.
func (r Resolution) judge() error {
	var faults []fault.Field
	if r.As != AsDone && r.As != AsFailed {
		faults = append(faults, fault.Field{Name: "as", Why: "must be done or failed"})
	}
	if text := strings.TrimSpace(r.Reason); text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxReason || strings.ContainsRune(text, 0) {
		faults = append(faults, fault.Field{Name: "reason", Why: "must be 1 to " + strconv.Itoa(maxReason) + " characters"})
	}
	if r.Moved != nil && (r.Moved.Currency() != USD || r.Moved.Minor() < 0) {
		faults = append(faults, fault.Field{Name: "moved", Why: "must be US dollars such as 100.00, 0 or above"})
	}
	if r.ProviderCard != "" && !providerCardPattern.MatchString(r.ProviderCard) {
		faults = append(faults, fault.Field{Name: "provider_card", Why: "must be the provider's id of the card"})
	}
	if len(faults) > 0 {
		return fault.Invalid(faults...)
	}
	return nil
}

// fits says whether a resolution has what the operation needs, and no more.
func (r Resolution) fits(o operation) error {
	done := r.As == AsDone && o.State == Pending
	makes, closes := done && (o.Kind == KindCreate || o.Kind == KindIssue), done && o.Kind == KindClose
	var faults []fault.Field
	if makes != (r.ProviderCard != "") {
		why := "belongs only to a card that was made"
		if makes {
			why = "is needed: the card that was made"
		}
		faults = append(faults, fault.Field{Name: "provider_card", Why: why})
	}
	if closes != (r.Moved != nil) {
		why := "belongs only to a card that was closed"
		if closes {
			why = "is needed: what was taken off the card"
		}
		faults = append(faults, fault.Field{Name: "moved", Why: why})
	}
	if len(faults) > 0 {
		return fault.Invalid(faults...)
	}
	return nil
}

func (r Resolution) state() State {
	if r.As == AsDone {
		return Done
	}
	return Declined
}
