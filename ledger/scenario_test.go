package ledger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

// Every file in testdata is a story an accountant can read; each of its lines
// is a step with the expected result.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			l := ledgertest.New(t, pgtest.New(t))
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			lines := bufio.NewScanner(f)
			for n := 1; lines.Scan(); n++ {
				step, _, _ := strings.Cut(lines.Text(), "#")
				if step = strings.TrimSpace(step); step == "" {
					continue
				}
				if err := play(t.Context(), l, step); err != nil {
					t.Errorf("%s:%d: %s: %v", file, n, step, err)
				}
			}
			if err := lines.Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// play plays one step. A flow's words are its parties and then its amounts, all
// of them in the currency that ends the step.
func play(ctx context.Context, l *ledger.Ledger, step string) error {
	step, want, _ := strings.Cut(step, "->")
	words := strings.Fields(step)
	currency, known := money.Lookup(words[len(words)-1])
	if !known {
		return fmt.Errorf("no currency at the end")
	}
	verb, words := words[0], words[1:len(words)-1]
	switch {
	case verb == "balance" && len(words) == 3:
		a := ledger.Account{Mode: ledger.Live, Owner: words[0], Purpose: words[1], Currency: currency}
		got, err := l.Balance(ctx, a)
		if err == nil && got != amount(words[2], currency) {
			err = fmt.Errorf("got %s", got)
		}
		return err
	case verb == "post" && len(words) > 2:
		flow, known := flows[words[0]]
		if !known || len(words) != 2+flow.parties+flow.amounts {
			return fmt.Errorf("no such flow, or not of so many words")
		}
		var amounts []money.Money
		for _, text := range words[2+flow.parties:] {
			amounts = append(amounts, amount(text, currency))
		}
		receipt, err := l.Post(ctx, flow.entry(words[1], words[2:], amounts))
		if got, want := outcome(receipt, err), strings.TrimSpace(want); got != want {
			return fmt.Errorf("got %q", got)
		}
		return nil
	}
	return fmt.Errorf("no such step")
}

func amount(text string, c money.Currency) money.Money {
	digits, negative := strings.CutPrefix(text, "-")
	m, err := money.Parse(digits, c)
	if err != nil {
		panic(err)
	}
	if negative {
		return money.New(-m.Minor(), c)
	}
	return m
}

func usdt(text string) money.Money { return amount(text, money.USDT) }

// flow is how a scenario names a flow: who takes part, then how much.
type flow struct {
	parties, amounts int
	entry            func(reference string, who []string, m []money.Money) ledger.Entry
}

// ofOne is a flow of one party and one amount.
func ofOne(build func(reference, owner string, m money.Money) ledger.Entry) flow {
	return flow{1, 1, func(ref string, who []string, m []money.Money) ledger.Entry { return build(ref, who[0], m[0]) }}
}

// ofMerchant is one whose party is a merchant.
func ofMerchant(build func(reference string, mode ledger.Mode, id string, m money.Money) ledger.Entry) flow {
	return ofOne(func(ref, id string, m money.Money) ledger.Entry { return build(ref, ledger.Live, id, m) })
}

// ofStake is one between a player and a provider of games, with a stake of cash
// and of bonus.
func ofStake(build func(reference, player, provider string, s ledger.Stake) ledger.Entry) flow {
	return flow{2, 2, func(ref string, who []string, m []money.Money) ledger.Entry {
		return build(ref, who[0], who[1], ledger.Stake{Cash: m[0], Bonus: m[1]})
	}}
}

var flows = map[string]flow{
	ledger.FlowMerchantTopUp: ofMerchant(ledger.MerchantTopUp),
	ledger.FlowPayoutHold:    ofMerchant(ledger.PayoutHold),
	ledger.FlowPayoutRelease: ofMerchant(ledger.PayoutRelease),
	ledger.FlowPayoutSettle: {1, 2, func(ref string, who []string, m []money.Money) ledger.Entry {
		return ledger.PayoutSettle(ref, ledger.Live, who[0], m[0], m[1])
	}},
	ledger.FlowAdjustment: ofMerchant(func(ref string, mode ledger.Mode, id string, m money.Money) ledger.Entry {
		return ledger.Adjustment(ref, ledger.MerchantAvailable(mode, id), m)
	}),
	ledger.FlowUserDeposit: ofOne(ledger.UserDeposit),
	ledger.FlowBonusGrant:  ofOne(ledger.BonusGrant),
	ledger.FlowBet:         ofStake(ledger.Bet),
	ledger.FlowBetRollback: ofStake(ledger.BetRollback),
	ledger.FlowWin: {2, 1, func(ref string, who []string, m []money.Money) ledger.Entry {
		return ledger.Win(ref, who[0], who[1], m[0])
	}},
	ledger.FlowCardLoad: ofOne(ledger.CardLoad),
	ledger.FlowCardLoadSettle: {1, 2, func(ref string, who []string, m []money.Money) ledger.Entry {
		return ledger.CardLoadSettle(ref, who[0], m[0], m[1])
	}},
	ledger.FlowCardLoadReturn: ofOne(ledger.CardLoadReturn),
	ledger.FlowCardUnload:     ofOne(ledger.CardUnload),
	ledger.FlowCardGift: {0, 1, func(ref string, _ []string, m []money.Money) ledger.Entry {
		return ledger.CardGift(ref, m[0])
	}},
}

func outcome(receipt ledger.Receipt, err error) string {
	var reused *ledger.ReusedError
	switch {
	case err == nil && receipt.Replayed:
		return "replayed"
	case err == nil:
		return "ok"
	case errors.As(err, &reused):
		return "reused: " + reused.Field
	case errors.Is(err, ledger.ErrInsufficientFunds):
		return "insufficient funds"
	}
	return err.Error()
}
