package acceptance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Rule is one of the two behaviours that a profile chooses from.
type Rule string

// The behaviours.
const (
	Accept      Rule = "accept"
	Refuse      Rule = "refuse"
	Replay      Rule = "replay"   // answer a repeated transaction as done
	PerProvider Rule = "provider" // transaction ids are one space for all players
	PerPlayer   Rule = "player"   // each player has ids of his own
)

// Profile says what is right where providers of games are known to differ. A
// rule that is empty is the documented one.
type Profile struct {
	Duplicate        Rule `json:"duplicate"`         // the same transaction again: replay, or refuse
	UnknownRollback  Rule `json:"unknown_rollback"`  // a rollback that finds no bet: refuse, or accept
	RepeatedRollback Rule `json:"repeated_rollback"` // a second rollback of a bet: accept, or refuse
	IDScope          Rule `json:"id_scope"`          // of transaction ids: provider, or player
	WinWithoutBet    Rule `json:"win_without_bet"`   // a win that names no known bet: refuse, or accept
	LateBet          Rule `json:"late_bet"`          // a bet after its rollback: refuse, or accept and move nothing
}

// rules lists each rule's choices, the documented one first.
var rules = map[string][]Rule{
	"duplicate":         {Replay, Refuse},
	"unknown_rollback":  {Refuse, Accept},
	"repeated_rollback": {Accept, Refuse},
	"id_scope":          {PerProvider, PerPlayer},
	"win_without_bet":   {Refuse, Accept},
	"late_bet":          {Refuse, Accept},
}

func (p *Profile) fields() map[string]*Rule {
	return map[string]*Rule{
		"duplicate": &p.Duplicate, "unknown_rollback": &p.UnknownRollback, "repeated_rollback": &p.RepeatedRollback,
		"id_scope": &p.IDScope, "win_without_bet": &p.WinWithoutBet, "late_bet": &p.LateBet,
	}
}

// Set sets a rule by its name as it stands in JSON.
func (p *Profile) Set(name, value string) error {
	choices, known := rules[name]
	if !known {
		return fmt.Errorf("no rule %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(rules)), ", "))
	}
	if !slices.Contains(choices, Rule(value)) {
		return fmt.Errorf("%s is %s or %s", name, choices[0], choices[1])
	}
	*p.fields()[name] = Rule(value)
	return nil
}

func (p Profile) withDefaults() Profile {
	for name, rule := range p.fields() {
		if *rule == "" {
			*rule = rules[name][0]
		}
	}
	return p
}
