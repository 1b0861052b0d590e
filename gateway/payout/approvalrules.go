package payout

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/ledger/money"
)

// ApprovalRule says from which amount a payout of a currency needs a second
// person.
type ApprovalRule struct {
	Currency  string       // "rub"
	AtOrAbove *money.Money // nil: none does
	SetAt     time.Time
	SetBy     string // "cli:root"
}

// RuleChange is what a rule is to become.
type RuleChange struct {
	Currency  string
	AtOrAbove *money.Money // nil: no payout needs a second person
	Reason    string       // needed where the rule becomes weaker
}

// RuleChanged is what became of a change: it is in force, or waits for a second
// person.
type RuleChanged struct {
	Rule    ApprovalRule
	Waiting *approval.Approval
	// Replayed: it was so, or was asked for by the same person, before.
	Replayed bool
}

// SetApprovalRule sets from which amount payouts of a currency need a second
// person; nil for none. A stricter rule is for all open payouts at once, a looser
// one for payouts that are made from now on. It asks nobody, so it is for whoever
// has the machine; operators come by ChangeApprovalRule. Faults: invalid_request,
// unavailable.
func (s *Service) SetApprovalRule(ctx context.Context, currency string, atOrAbove *money.Money) (ApprovalRule, error) {
	rule, err := s.ruleOf(ctx, RuleChange{Currency: currency, AtOrAbove: atOrAbove})
	if err != nil {
		return ApprovalRule{}, err
	}
	err = s.transact(ctx, func(tx pgx.Tx) error {
		was, err := lockedRule(ctx, tx, rule.Currency)
		if err != nil {
			return err
		}
		rule, err = s.putRule(ctx, tx, rule, was, nil)
		return err
	})
	return rule, wrapped(err, "set approval rule")
}

// ChangeApprovalRule is SetApprovalRule for an operator: a rule that becomes
// weaker, from a higher amount on or none, waits until another admin approves.
// Otherwise one person could let the next payout through alone. Faults:
// invalid_request, already_waiting, approval_blocked, unavailable.
func (s *Service) ChangeApprovalRule(ctx context.Context, c RuleChange) (RuleChanged, error) {
	rule, err := s.ruleOf(ctx, c)
	if err != nil {
		return RuleChanged{}, err
	}
	changed := RuleChanged{Rule: rule}
	err = s.transact(ctx, func(tx pgx.Tx) error {
		was, err := lockedRule(ctx, tx, rule.Currency)
		switch {
		case err != nil:
			return err
		case was.amountText() == rule.amountText():
			changed = RuleChanged{Rule: was, Replayed: true}
			if was.Currency == "" {
				changed.Rule = rule
			}
			return nil
		case !was.weaker(rule):
			changed.Rule, err = s.putRule(ctx, tx, rule, was, nil)
			return err
		}
		changed, err = s.askForRule(ctx, tx, rule, was, c.Reason)
		return err
	})
	if err != nil {
		return RuleChanged{}, wrapped(err, "change approval rule")
	}
	return changed, nil
}

// ruleOf judges a change and makes the rule of it.
func (s *Service) ruleOf(ctx context.Context, change RuleChange) (ApprovalRule, error) {
	c, known := money.Lookup(change.Currency)
	var f faults
	switch {
	case !known || c == money.USDT:
		f.add("currency", "is not known")
	case change.AtOrAbove != nil && (change.AtOrAbove.Currency() != c || change.AtOrAbove.Minor() < 0):
		f.add("at_or_above", "must be an amount such as 100000.00 in the same currency, not negative")
	}
	f.text("reason", change.Reason, approval.MaxNote)
	if len(f) > 0 {
		return ApprovalRule{}, fault.Invalid(f...)
	}
	by, _ := approval.By(ctx)
	return ApprovalRule{Currency: c.Lower(), AtOrAbove: change.AtOrAbove, SetAt: s.now(), SetBy: by}, nil
}

// weaker reports that another rule lets payouts through that this one stops.
func (r ApprovalRule) weaker(other ApprovalRule) bool {
	switch {
	case r.AtOrAbove == nil:
		return false
	case other.AtOrAbove == nil:
		return true
	default:
		return other.AtOrAbove.Cmp(*r.AtOrAbove) > 0
	}
}

// ruleOff stands for no amount.
const ruleOff = "off"

func (r ApprovalRule) amountText() string {
	if r.AtOrAbove == nil {
		return ruleOff
	}
	return r.AtOrAbove.String()
}

// askForRule leaves the rule as it is until another admin agrees.
func (s *Service) askForRule(ctx context.Context, tx pgx.Tx, rule, was ApprovalRule, reason string) (RuleChanged, error) {
	if strings.TrimSpace(reason) == "" {
		return RuleChanged{}, fault.Invalid(fault.Field{Name: "reason", Why: "is needed where a rule becomes weaker"})
	}
	what := map[string]string{"currency": rule.Currency, "before": was.amountText(), "after": rule.amountText()}
	waiting, found, err := approval.Open(ctx, tx, approval.Rule, rule.Currency, "")
	switch {
	case err != nil:
		return RuleChanged{}, err
	case found && waiting.Standing(rule.SetAt) == approval.Waiting && waiting.RequestedBy == rule.SetBy && maps.Equal(waiting.What, what):
		return RuleChanged{Rule: was, Waiting: &waiting, Replayed: true}, nil
	}
	if err := approval.Possible(ctx, tx, approval.Rule); err != nil {
		return RuleChanged{}, err
	}
	asked, err := approval.Ask(ctx, tx, approval.Request{Kind: approval.Rule, Subject: rule.Currency, What: what, Reason: reason, At: rule.SetAt})
	return RuleChanged{Rule: was, Waiting: &asked}, err
}

// lockedRule is the rule in force, which nobody else changes until tx ends.
func lockedRule(ctx context.Context, tx pgx.Tx, currency string) (ApprovalRule, error) {
	if _, err := tx.Exec(ctx, lockApprovalRules); err != nil {
		return ApprovalRule{}, err
	}
	rules, err := approvalRules(ctx, tx)
	if err != nil {
		return ApprovalRule{}, err
	}
	for _, r := range rules {
		if r.Currency == currency {
			return r, nil
		}
	}
	return ApprovalRule{}, nil
}

// putRule puts a rule into force, by what another admin granted if that is not
// nil. Whatever waits about the rule was asked for of another one.
func (s *Service) putRule(ctx context.Context, tx pgx.Tx, rule, was ApprovalRule, granted *approval.Decision) (ApprovalRule, error) {
	var minor *int64
	if rule.AtOrAbove != nil {
		m := rule.AtOrAbove.Minor()
		minor = &m
	}
	if err := tx.QueryRow(ctx, insertApprovalRule, rule.Currency, minor, rule.SetAt, rule.SetBy).Scan(&rule.SetAt); err != nil {
		return rule, err
	}
	rule.SetAt = rule.SetAt.UTC()
	record := audit.Of(ctx, rule.SetAt, "approval.set", "approval_rule", rule.Currency)
	if was.Currency != "" {
		record.Before = was.View()
	}
	record.After = rule.View()
	if granted != nil {
		a := granted.Approval
		record.After = grantedRule{rule.View(), a.ID, a.RequestedBy, a.Reason}
	}
	if err := audit.Write(ctx, tx, record); err != nil {
		return rule, err
	}
	return rule, approval.VoidAll(ctx, tx, approval.Matter{Kind: approval.Rule, Subject: rule.Currency}, "the rule was changed", rule.SetAt)
}

// grantedRule is a rule in the trail, with who asked for it.
type grantedRule struct {
	ApprovalRuleView
	Approval string `json:"approval"`
	AskedBy  string `json:"asked_by"`
	Reason   string `json:"reason"`
}

// grantRule puts a weaker rule into force, in the transaction of the approval,
// unless the rule has changed since it was asked for.
func (s *Service) grantRule(ctx context.Context, a approval.Approval, note string) error {
	currency, _ := money.Lookup(a.Subject)
	rule := ApprovalRule{Currency: a.Subject, SetAt: s.now(), SetBy: a.RequestedBy}
	if text := a.What["after"]; text != ruleOff {
		amount, err := money.Parse(text, currency)
		if err != nil {
			return fmt.Errorf("payout: approval rule of %s: %w", a.ID, err)
		}
		rule.AtOrAbove = &amount
	}
	d := approval.Decision{Approval: a, State: approval.Approved, Note: note, At: rule.SetAt}
	return wrapped(s.transact(ctx, func(tx pgx.Tx) error {
		was, err := lockedRule(ctx, tx, rule.Currency)
		if err != nil {
			return err
		}
		now, err := approval.Decide(ctx, tx, d)
		switch {
		case err != nil || !now:
			return err
		case was.amountText() != a.What["before"]:
			return approval.ErrChanged
		}
		_, err = s.putRule(ctx, tx, rule, was, &d)
		return err
	}), "grant approval rule")
}

func (s *Service) refuseRule(ctx context.Context, a approval.Approval, reason string) error {
	d := approval.Decision{Approval: a, State: approval.Refused, Note: reason, At: s.now()}
	return wrapped(s.transact(ctx, func(tx pgx.Tx) error {
		_, err := approval.Decide(ctx, tx, d)
		return err
	}), "refuse approval rule")
}

// ApprovalRules lists the rules in force, of every currency that ever had one.
func (s *Service) ApprovalRules(ctx context.Context) ([]ApprovalRule, error) {
	rules, err := approvalRules(ctx, s.d.DB)
	if err != nil {
		return nil, fmt.Errorf("payout: approval rules: %w", err)
	}
	return rules, nil
}

func approvalRules(ctx context.Context, db querier) ([]ApprovalRule, error) {
	rows, err := db.Query(ctx, selectApprovalRules)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (ApprovalRule, error) {
		var rule ApprovalRule
		var minor *int64
		if err := r.Scan(&rule.Currency, &minor, &rule.SetAt, &rule.SetBy); err != nil {
			return rule, err
		}
		rule.SetAt = rule.SetAt.UTC()
		if currency, known := money.Lookup(rule.Currency); known && minor != nil {
			amount := money.New(*minor, currency)
			rule.AtOrAbove = &amount
		}
		return rule, nil
	})
}

// ApprovalRuleView is a rule in the shape of JSON output; null is no amount.
type ApprovalRuleView struct {
	Currency  string  `json:"currency"`
	AtOrAbove *string `json:"at_or_above"`
	SetAt     string  `json:"set_at"`
	SetBy     string  `json:"set_by"`
}

// View gives the rule as it is shown.
func (r ApprovalRule) View() ApprovalRuleView {
	v := ApprovalRuleView{Currency: r.Currency, SetAt: Timestamp(r.SetAt), SetBy: r.SetBy}
	if r.AtOrAbove != nil {
		v.AtOrAbove = textOrNull(r.AtOrAbove.Fixed(2))
	}
	return v
}
