package payout

import (
	"context"
	"fmt"
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

// SetApprovalRule sets from which amount payouts of a currency need a second
// person; nil for none. A stricter rule is for all open payouts at once, a looser
// one for payouts that are made from now on. Faults: invalid_request,
// unavailable.
func (s *Service) SetApprovalRule(ctx context.Context, currency string, atOrAbove *money.Money) (ApprovalRule, error) {
	c, known := money.Lookup(currency)
	var f faults
	switch {
	case !known || c == money.USDT:
		f.add("currency", "is not known")
	case atOrAbove != nil && (atOrAbove.Currency() != c || atOrAbove.Minor() < 0):
		f.add("amount", "must be an amount such as 100000.00 in the same currency, not negative")
	}
	if len(f) > 0 {
		return ApprovalRule{}, fault.Invalid(f...)
	}
	by, _ := approval.By(ctx)
	rule := ApprovalRule{Currency: c.Lower(), AtOrAbove: atOrAbove, SetAt: s.now(), SetBy: by}
	var minor *int64
	if atOrAbove != nil {
		m := atOrAbove.Minor()
		minor = &m
	}
	err := s.transact(ctx, func(tx pgx.Tx) error {
		was, err := approvalRules(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertApprovalRule, rule.Currency, minor, rule.SetAt, rule.SetBy); err != nil {
			return err
		}
		record := audit.Of(ctx, rule.SetAt, "approval.set", "approval_rule", rule.Currency)
		for _, r := range was {
			if r.Currency == rule.Currency {
				record.Before = r.View()
			}
		}
		record.After = rule.View()
		return audit.Write(ctx, tx, record)
	})
	return rule, wrapped(err, "set approval rule")
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
