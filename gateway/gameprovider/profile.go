package gameprovider

import "slices"

// Rule says what becomes of a call that some providers expect to be taken and
// others to be refused.
type Rule string

// The rules.
const (
	Accept Rule = "accept"
	Refuse Rule = "refuse"
)

// DuplicateRule says how a transaction that is there already is answered.
// Either way nothing moves.
type DuplicateRule string

// The rules for a transaction that comes again with the same content. With
// other content it is always refused.
const (
	Replay          DuplicateRule = "replay" // 200 with the present balance
	RefuseDuplicate DuplicateRule = "refuse" // ERROR_TRANSACTION_DUPLICATE
)

// Scope says among what a transaction id is unique.
type Scope string

// The scopes.
const (
	PerProvider Scope = "provider"
	PerPlayer   Scope = "player"
)

// DefaultProfile is the name of the profile that providers have unless told
// otherwise.
const DefaultProfile = "default"

// Profile is how one sort of provider behaves where they are known to differ.
type Profile struct {
	Name             string        `json:"name"`
	Duplicate        DuplicateRule `json:"duplicate"`         // a transaction comes again with the same content
	UnknownRollback  Rule          `json:"unknown_rollback"`  // of a withdraw that never came; its tombstone stands either way
	RepeatedRollback Rule          `json:"repeated_rollback"` // of a withdraw rolled back before; nothing moves either way
	IDScope          Scope         `json:"id_scope"`          // of transaction ids
	WinWithoutBet    Rule          `json:"win_without_bet"`
	LateBet          Rule          `json:"late_bet"` // a withdraw after its tombstone; nothing moves either way
}

// Default is the profile that new providers begin with.
func Default() Profile {
	return Profile{
		Name: DefaultProfile, Duplicate: Replay, UnknownRollback: Refuse, RepeatedRollback: Accept,
		IDScope: PerProvider, WinWithoutBet: Refuse, LateBet: Refuse,
	}
}

// Rules lists every rule, DuplicateRules and Scopes likewise.
func Rules() []Rule { return []Rule{Accept, Refuse} }

// DuplicateRules lists them all.
func DuplicateRules() []DuplicateRule { return []DuplicateRule{Replay, RefuseDuplicate} }

// Scopes lists them all.
func Scopes() []Scope { return []Scope{PerProvider, PerPlayer} }

func (r Rule) valid() bool          { return slices.Contains(Rules(), r) }
func (r DuplicateRule) valid() bool { return slices.Contains(DuplicateRules(), r) }
func (s Scope) valid() bool         { return slices.Contains(Scopes(), s) }
