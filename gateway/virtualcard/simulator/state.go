package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

// state is all that the simulator knows, and what its file holds.
type state struct {
	Cards      map[string]card  `json:"cards"`
	Orders     map[string]order `json:"orders"`
	Behaviours behaviours       `json:"behaviours"`
}

func newState() state {
	return state{Cards: map[string]card{}, Orders: map[string]order{}, Behaviours: behaviours{}}
}

// card is a card with its money, in cents.
type card struct {
	ID        string                    `json:"id"`
	BIN       string                    `json:"bin"`
	Name      string                    `json:"name"`
	Status    virtualcard.AccountStatus `json:"status"`
	Balance   int64                     `json:"balance"`
	LastFour  string                    `json:"last_four"`
	CreatedAt time.Time                 `json:"created_at"`
}

func (c card) account() virtualcard.Account {
	category := "wallet"
	if last := c.BIN[len(c.BIN)-1]; last%2 == 1 {
		category = "online"
	}
	return virtualcard.Account{
		CardID: c.ID, Status: c.Status, Balance: usd(c.Balance), LastFour: c.LastFour, Category: category,
		Address: virtualcard.Address{Line1: "1 Sample Street", City: "Sheridan", State: "WY", Country: "US", PostalCode: "82801"},
	}
}

// usd is the one currency that cards are in.
func usd(cents int64) money.Money { return money.New(cents, currency) }

const currency money.Currency = "USD"

// content is what an order asks for. Two orders with one key must agree in it.
type content struct {
	Operation Operation      `json:"operation"`
	CardID    string         `json:"card_id,omitempty"`
	BIN       string         `json:"bin,omitempty"`
	Name      string         `json:"name,omitempty"`
	Amount    int64          `json:"amount,omitempty"`
	Currency  money.Currency `json:"currency,omitempty"`
}

// order is an order that was taken.
type order struct {
	content
	Key    string                 `json:"key"`
	State  virtualcard.OrderState `json:"state"`
	Reason string                 `json:"reason,omitempty"`
	Card   *card                  `json:"card,omitempty"` // as it was right after the order
	Moved  int64                  `json:"moved,omitempty"`
	At     time.Time              `json:"at"`              // when it was taken
	DueAt  time.Time              `json:"due_at,omitzero"` // of one that is pending
}

func (o order) outcome(now time.Time) virtualcard.Outcome {
	out := virtualcard.Outcome{State: o.State, Reason: o.Reason, At: now}
	if o.State == virtualcard.OrderDone {
		out.Account, out.Moved = o.Card.account(), usd(o.Moved)
	}
	return out
}

// settle carries out the pending orders that are due, in the order in which they
// became so.
func (s *state) settle(now time.Time) {
	var due []order
	for _, o := range s.Orders {
		if o.State == virtualcard.OrderPending && !o.DueAt.After(now) {
			due = append(due, o)
		}
	}
	slices.SortFunc(due, func(a, b order) int { return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.Key, b.Key)) })
	for _, o := range due {
		s.carryOut(&o, now)
		s.Orders[o.Key] = o
	}
}

// load reads a state, or begins one.
func load(path string) (state, error) {
	s := newState()
	if path == "" {
		return s, nil
	}
	stored, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(stored, &s)
	}
	if err != nil {
		return s, fmt.Errorf("the card simulator's state: %w", err)
	}
	return s, nil
}

// store replaces the state in one step that has reached the disk when it
// returns: a killed process leaves the old state or the new.
func store(path string, encoded []byte) error {
	fresh := path + ".new"
	if err := writeSynced(fresh, encoded); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	// The new name is only certain once the directory is on disk too.
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func writeSynced(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}
