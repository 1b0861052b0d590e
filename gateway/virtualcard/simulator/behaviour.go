package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Operation is something that a provider can be asked for.
type Operation string

// The operations: six orders, and two that only read.
const (
	Create   Operation = "create"
	TopUp    Operation = "topup"
	Withdraw Operation = "withdraw"
	Freeze   Operation = "freeze"
	Unfreeze Operation = "unfreeze"
	Close    Operation = "close"
	Lookup   Operation = "lookup"
	ReadCard Operation = "card"
)

// Outcome is how an operation goes; the package's comment says what each does.
type Outcome string

// The outcomes.
const (
	Approve      Outcome = "approve"
	Decline      Outcome = "decline"
	DoneNoAnswer Outcome = "done_no_answer"
	NoAnswer     Outcome = "no_answer"
	Late         Outcome = "late"
	Twice        Outcome = "twice"
	Garbled      Outcome = "garbled"
	Error        Outcome = "error"
)

var (
	operations = []Operation{Create, TopUp, Withdraw, Freeze, Unfreeze, Close, Lookup, ReadCard}
	outcomes   = []Outcome{Approve, Decline, DoneNoAnswer, NoAnswer, Late, Twice, Garbled, Error}
)

const (
	// lateness is more than a caller waits.
	lateness = 12 * time.Second
	maxDelay = 10 * time.Minute
	maxTimes = 1_000_000
)

// Behaviour is how an operation goes for a number of times. Its JSON form is the
// body of POST /behaviour and what that answers.
type Behaviour struct {
	Operation Operation `json:"operation"`
	Outcome   Outcome   `json:"outcome"`
	Times     int       `json:"times"` // still to come; 0 clears
	DelayMS   int64     `json:"delay_ms"`
}

func (b Behaviour) delay() time.Duration { return time.Duration(b.DelayMS) * time.Millisecond }

// lateness is the delay of an answer that is late.
func (b Behaviour) lateness() time.Duration { return cmp.Or(b.delay(), lateness) }

// ofReading is how a reading operation goes that has nothing to decline.
func (b Behaviour) ofReading() Behaviour {
	if b.Outcome == Decline {
		b.Outcome = Error
	}
	return b
}

// orders tells whether the operation is an order.
func (o Operation) orders() bool { return o != Lookup && o != ReadCard }

// effect tells whether an order comes about under this behaviour.
func (b Behaviour) effect() bool {
	return b.Outcome != NoAnswer && b.Outcome != Error
}

// check says all that is wrong with a behaviour, or nothing.
func (b Behaviour) check() string {
	var faults []string
	if !slices.Contains(operations, b.Operation) {
		faults = append(faults, "operation must be "+oneOf(operations))
	}
	if !slices.Contains(outcomes, b.Outcome) && (b.Times != 0 || b.Outcome != "") {
		faults = append(faults, "outcome must be "+oneOf(outcomes))
	}
	if b.Times < 0 || b.Times > maxTimes {
		faults = append(faults, fmt.Sprintf("times must be 0 (to clear) to %d", maxTimes))
	}
	if b.DelayMS < 0 || b.DelayMS > maxDelay.Milliseconds() {
		faults = append(faults, fmt.Sprintf("delay_ms must be 0 to %d", maxDelay.Milliseconds()))
	}
	return strings.Join(faults, "; ")
}

func oneOf[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = string(item)
	}
	return strings.Join(texts, ", ")
}

// behaviours holds what is in force.
type behaviours map[Operation]Behaviour

// next is how the first of the operations that has a behaviour goes now, and
// counts it.
func (s behaviours) next(candidates ...Operation) Behaviour {
	for _, operation := range candidates {
		b, ok := s[operation]
		if !ok {
			continue
		}
		left := b
		if left.Times--; left.Times == 0 {
			delete(s, operation)
		} else {
			s[operation] = left
		}
		return b
	}
	return Behaviour{Operation: candidates[0], Outcome: Approve}
}

// set replaces the behaviour of an operation; no times clears it.
func (s behaviours) set(b Behaviour) {
	if b.Times == 0 {
		delete(s, b.Operation)
		return
	}
	s[b.Operation] = b
}

func (s behaviours) list() []Behaviour {
	list := slices.AppendSeq(make([]Behaviour, 0, len(s)), maps.Values(s))
	slices.SortFunc(list, func(a, b Behaviour) int { return cmp.Compare(a.Operation, b.Operation) })
	return list
}

// parseBehaviour reads the body of POST /behaviour; why says all that is wrong.
func parseBehaviour(content []byte) (b Behaviour, why string) {
	var body struct {
		Operation Operation `json:"operation"`
		Outcome   Outcome   `json:"outcome"`
		Times     *int      `json:"times"`
		DelayMS   int64     `json:"delay_ms"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		return b, `the body must be like {"operation":"withdraw","outcome":"decline","times":1,"delay_ms":0}: ` + err.Error()
	}
	if decoder.More() {
		return b, "the body must be one JSON object"
	}
	b = Behaviour{Operation: body.Operation, Outcome: body.Outcome, Times: 1, DelayMS: body.DelayMS}
	if body.Times != nil {
		b.Times = *body.Times
	}
	return b, b.check()
}
