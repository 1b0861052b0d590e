package executortest

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"disburse/gateway/payout"
	"disburse/ledger/money"
)

// Subject is an executor under test.
type Subject struct {
	// New makes the executor; it is called for each test.
	New func(t *testing.T) payout.Executor
	// Requisites are ones of the provider's test environment, by the method and
	// by the outcome that Execute must give. Paid is required.
	Method     payout.Method
	Currency   money.Currency
	Requisites map[payout.Outcome]string
	// Stateless executors answer a Lookup from the instruction and move no money,
	// so they cannot tell one that they never saw.
	Stateless bool
}

// Run tests the rules, each as a subtest of t.
func Run(t *testing.T, s Subject) {
	if s.Requisites[payout.Paid] == "" {
		t.Fatal("executortest: no requisite that is paid")
	}
	for name, rule := range map[string]func(*testing.T, Subject){
		"NameIsStable":                  nameIsStable,
		"AcceptsHasNoEffect":            acceptsHasNoEffect,
		"ExecuteGivesTheOutcome":        executeGivesTheOutcome,
		"LookupAgreesWithExecute":       lookupAgrees,
		"EndedContextIsNeverCertain":    endedContext,
		"NeverSentIsNeverPaid":          neverSent,
		"ConcurrentCallsDoNotMix":       concurrent,
		"NoRequisiteInReasonsAndErrors": noRequisite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule(t, s)
		})
	}
}

func (s Subject) instruction(t *testing.T, outcome payout.Outcome, suffix string) payout.Instruction {
	t.Helper()
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == '_' {
			return '-'
		}
		return r
	}, strings.ToLower(t.Name()))
	return payout.Instruction{
		Reference: "po_" + name + suffix, Method: s.Method, Amount: money.New(150_000, s.Currency),
		Requisite: s.Requisites[outcome], BankName: "Test Bank", FullName: "Test Recipient", ExpiresAt: time.Now().Add(time.Hour),
	}
}

func sent(in payout.Instruction, at time.Time) payout.Sent {
	return payout.Sent{
		Reference: in.Reference, Method: in.Method, Amount: in.Amount,
		LastFour: in.Requisite[len(in.Requisite)-4:], At: at,
	}
}

func nameIsStable(t *testing.T, s Subject) {
	a, b := s.New(t), s.New(t)
	if a.Name() != b.Name() || a.Mode() != b.Mode() {
		t.Errorf("two executors call themselves %s/%s and %s/%s", a.Mode(), a.Name(), b.Mode(), b.Name())
	}
	if !regexp.MustCompile(`^[a-z0-9-]{1,32}$`).MatchString(a.Name()) || !a.Mode().Valid() {
		t.Errorf("bad name %q or mode %q", a.Name(), a.Mode())
	}
}

func acceptsHasNoEffect(t *testing.T, s Subject) {
	e := s.New(t)
	in := s.instruction(t, payout.Paid, "")
	p := payout.Payout{ID: in.Reference, Mode: e.Mode(), Status: payout.Expectation, Stage: payout.StageWaiting,
		Method: in.Method, Fiat: in.Amount, LastFour: in.Requisite[len(in.Requisite)-4:]}
	for range 3 {
		if !e.Accepts(p) {
			t.Fatal("does not accept a payout that it pays")
		}
	}
	if s.Stateless {
		return
	}
	if got, err := e.Lookup(t.Context(), sent(in, time.Now())); err == nil && got.Outcome == payout.Paid {
		t.Error("accepting paid")
	}
}

func executeGivesTheOutcome(t *testing.T, s Subject) {
	for outcome := range s.Requisites {
		t.Run(string(outcome), func(t *testing.T) {
			got, err := s.New(t).Execute(t.Context(), s.instruction(t, outcome, ""))
			if err != nil || got.Outcome != outcome {
				t.Fatalf("Execute = %v, %v; want %s", got.Outcome, err, outcome)
			}
			checkResult(t, got)
		})
	}
}

// checkResult holds an answer to its form.
func checkResult(t *testing.T, got payout.Result) {
	t.Helper()
	for _, r := range got.Receipts {
		if u, err := url.Parse(r); err != nil || !u.IsAbs() || u.Host == "" {
			t.Errorf("receipt %q is no absolute address", r)
		}
	}
	if got.Outcome != payout.Paid && len(got.Receipts) > 0 {
		t.Errorf("receipts with outcome %s", got.Outcome)
	}
	if got.Outcome == payout.Refused && got.Reason == "" {
		t.Error("refused without a reason")
	}
	if got.LookAfter < 0 {
		t.Error("asks to be looked up in the past")
	}
}

func lookupAgrees(t *testing.T, s Subject) {
	for outcome := range s.Requisites {
		t.Run(string(outcome), func(t *testing.T) {
			e := s.New(t)
			in := s.instruction(t, outcome, "")
			at := time.Now()
			first, err := e.Execute(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				got, err := e.Lookup(t.Context(), sent(in, at))
				if err != nil {
					t.Fatal(err)
				}
				checkResult(t, got)
				certain := first.Outcome == payout.Paid || first.Outcome == payout.Refused
				if certain && got.Outcome != first.Outcome {
					t.Errorf("Lookup says %s after Execute said %s", got.Outcome, first.Outcome)
				}
			}
		})
	}
}

func endedContext(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := s.New(t)
	in := s.instruction(t, payout.Paid, "")
	if got, err := e.Execute(ctx, in); err == nil && got.Outcome == payout.Refused {
		t.Error("Execute is certain of a refusal although its context had ended")
	}
	if got, err := e.Lookup(ctx, sent(in, time.Now())); err == nil && got.Outcome == payout.Refused {
		t.Error("Lookup is certain of a refusal although its context had ended")
	}
}

func neverSent(t *testing.T, s Subject) {
	if s.Stateless {
		return
	}
	got, err := s.New(t).Lookup(t.Context(), sent(s.instruction(t, payout.Paid, "-never"), time.Now()))
	if err == nil && got.Outcome == payout.Paid {
		t.Error("something that was never sent is paid")
	}
}

func concurrent(t *testing.T, s Subject) {
	e := s.New(t)
	var group sync.WaitGroup
	for outcome := range s.Requisites {
		for i := range 8 {
			in := s.instruction(t, outcome, fmt.Sprintf("-%s-%d", outcome, i))
			group.Go(func() {
				got, err := e.Execute(t.Context(), in)
				if err != nil || got.Outcome != outcome {
					t.Errorf("Execute among others = %v, %v; want %s", got.Outcome, err, outcome)
				}
			})
		}
	}
	group.Wait()
}

func noRequisite(t *testing.T, s Subject) {
	for outcome, requisite := range s.Requisites {
		got, err := s.New(t).Execute(t.Context(), s.instruction(t, outcome, "-"+string(outcome)))
		texts := append([]string{got.Reason}, got.Receipts...)
		if err != nil {
			texts = append(texts, err.Error())
		}
		for _, text := range texts {
			if strings.Contains(text, requisite) {
				t.Errorf("outcome %s tells the requisite", outcome)
			}
		}
	}
}
