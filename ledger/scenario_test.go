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
				if fields := strings.Fields(step); len(fields) > 0 {
					if err := play(t.Context(), l, step, fields); err != nil {
						t.Errorf("%s:%d: %s: %v", file, n, strings.TrimSpace(step), err)
					}
				}
			}
			if err := lines.Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func usdt(text string) money.Money {
	sign := int64(1)
	if strings.HasPrefix(text, "-") {
		text, sign = text[1:], -1
	}
	m, err := money.Parse(text, money.USDT)
	if err != nil {
		panic(err)
	}
	return money.New(sign*m.Minor(), money.USDT)
}

func play(ctx context.Context, l *ledger.Ledger, step string, fields []string) error {
	if fields[0] == "balance" {
		a := ledger.Account{Mode: ledger.Live, Owner: fields[1], Purpose: fields[2], Currency: money.USDT}
		got, err := l.Balance(ctx, a)
		if err != nil {
			return err
		}
		if want := usdt(fields[3]); got != want {
			return fmt.Errorf("got %s", got)
		}
		return nil
	}
	_, want, _ := strings.Cut(step, "->")
	receipt, err := l.Post(ctx, entry(fields))
	if got, want := outcome(receipt, err), strings.TrimSpace(want); got != want {
		return fmt.Errorf("got %q", got)
	}
	return nil
}

func entry(fields []string) ledger.Entry {
	flow, reference, merchant, amount := fields[1], fields[2], fields[3], usdt(fields[4])
	switch flow {
	case "top_up":
		return ledger.MerchantTopUp(reference, ledger.Live, merchant, amount)
	case "hold":
		return ledger.PayoutHold(reference, ledger.Live, merchant, amount)
	case "settle":
		return ledger.PayoutSettle(reference, ledger.Live, merchant, amount, usdt(fields[5]))
	case "release":
		return ledger.PayoutRelease(reference, ledger.Live, merchant, amount)
	case "adjust":
		return ledger.Adjustment(reference, ledger.MerchantAvailable(ledger.Live, merchant), amount)
	}
	panic("no such flow in scenarios: " + flow)
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
