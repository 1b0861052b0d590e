package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"disburse/gateway/gamewallet"
	"disburse/gateway/operator"
	"disburse/gateway/racetest"
	"disburse/ledger"
)

func TestGameCasesOfCrowds(t *testing.T) {
	t.Parallel()
	playCases(t, []gameCase{
		{id: "GW-53", name: "TenBetsAtOnce", play: func(t *testing.T, g *gamer) {
			answers := racetest.Run(10, func(i int) answer { return g.bet(fmt.Sprint("w-", i), "10.01") })
			if n := count(answers, http.StatusOK); n != 10 {
				t.Errorf("%d of 10 were taken", n)
			}
			g.owns("4899.90")
			g.stored(10, "")
		}},
		{id: "GW-54", name: "TenBetsForOne", play: func(t *testing.T, g *gamer) {
			taken := 0
			for _, a := range racetest.Run(10, func(i int) answer { return g.bet(fmt.Sprint("w-", i), "5000") }) {
				if a.status == http.StatusOK {
					g.has("0.00", a)
					taken++
					continue
				}
				g.refused("ERROR_TRANSACTION_INSUFFICIENT_FUNDS", a)
			}
			if taken != 1 {
				t.Errorf("%d bets were taken, want 1", taken)
			}
			g.owns("0.00")
			g.stored(1, "")
		}},
		{id: "GW-55", name: "BetAndCardWithdrawalAtOnce", play: func(t *testing.T, g *gamer) {
			answers := racetest.Run(6, func(i int) answer {
				if i == 0 {
					return g.user.post("/card/orders", withdrawal(400_000))
				}
				return g.bet(fmt.Sprint("w-", i), "3000")
			})
			if n := count(answers, http.StatusOK); n != 1 {
				t.Errorf("%d of them were taken, want 1", n)
			}
			if answers[0].status == http.StatusOK {
				g.owns("1000.00")
			} else {
				g.owns("2000.00")
			}
		}},
		{id: "GW-56", name: "FundsShort", play: func(_ *testing.T, g *gamer) {
			g.refused("ERROR_TRANSACTION_INSUFFICIENT_FUNDS", g.bet("w-1", "5000.01"))
			g.stored(0, "")
			if found := g.rounds(""); len(found) != 0 {
				g.t.Errorf("a refused bet opened %v", found)
			}
			g.has("0.00", g.bet("w-1", "5000"))
		}},
		{id: "GW-57", name: "SlowWallet", play: slowWallet},
		{id: "GW-58", name: "PassingFailure", play: passingFailure},
		{id: "GW-59", name: "ManyRetries", play: func(t *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			for range 4 {
				for _, a := range racetest.Run(25, func(int) answer { return g.undo("rb-1", "w-1") }) {
					g.has("5000.00", a)
				}
			}
			g.stored(2, "")
		}},
		{id: "GW-60", name: "ListToCompareWith", play: listToCompareWith},
	})
}

// away is a ledger that does not do what it is asked, as long as it is told to.
type away struct {
	gamewallet.Books
	cause atomic.Pointer[error]
	posts bool // does it all the same, and the answer is lost
}

func (b *away) Post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error) {
	cause := b.cause.Load()
	if cause == nil {
		return b.Books.Post(ctx, e, riders...)
	}
	if b.posts {
		if _, err := b.Books.Post(ctx, e, riders...); err != nil {
			return ledger.Receipt{}, err
		}
	}
	return ledger.Receipt{}, *cause
}

// slowWallet wants a wallet that takes too long to say so, and the repeated call
// to find out what became of the first.
func slowWallet(_ *testing.T, g *gamer) {
	for _, done := range []bool{false, true} {
		books := &away{Books: g.s.deps.Ledger, posts: done}
		slow := g.served(func(d *gamewallet.Deps) { d.Ledger = books })
		cause := fmt.Errorf("post: %w", context.DeadlineExceeded)
		books.cause.Store(&cause)
		bet := unique("w")
		slow.refused("ERROR_TIMEOUT", slow.bet(bet, "10"))
		books.cause.Store(nil)
		slow.has("4990.00", slow.bet(bet, "10"))
		slow.has("4990.00", slow.bet(bet, "10"))

		books.cause.Store(&cause)
		slow.refused("ERROR_TIMEOUT", slow.undo(bet+"-rb", bet))
		books.cause.Store(nil)
		slow.has("5000.00", slow.undo(bet+"-rb", bet))
	}
}

// passingFailure wants a 5xx for what may hold the next time, and for what is
// not understood: a 4xx would be the end of a win.
func passingFailure(t *testing.T, g *gamer) {
	for code, cause := range map[string]error{
		"ERROR_TIMEOUT":       ledger.ErrUnavailable,
		"ERROR_UNKNOWN_ERROR": errors.New("secret-cause: connection to 10.0.0.7 lost"),
	} {
		books := &away{Books: g.s.deps.Ledger}
		bad := g.served(func(d *gamewallet.Deps) { d.Ledger = books })
		bet, win := unique("w"), unique("d")
		round := fields{"gameRoundId": bet}
		if a := bad.bet(bet, "10", round); a.status != http.StatusOK {
			t.Fatalf("got %d %s", a.status, a.raw)
		}
		books.cause.Store(&cause)
		bad.refused(code, bad.win(win, bet, "10", round))
		bad.refused(code, bad.bet(unique("w"), "10", round))
		books.cause.Store(nil)
		bad.has("5000.00", bad.win(win, bet, "10", round))
	}
}

func listToCompareWith(t *testing.T, g *gamer) {
	began := time.Now().UTC().Add(-time.Minute)
	g.has("4990.00", g.bet("w-1", "10", fields{"cashAmount": number("9"), "jackpotAmount": number("1")}))
	g.has("4995.00", g.win("d-1", "w-1", "5", finished))
	g.has("4985.00", g.bet("w-2", "10", fields{"gameRoundId": "r-2"}))
	g.has("4995.00", g.undo("rb-2", "w-2", fields{"gameRoundId": "r-2"}))
	g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo("rb-3", "w-3", fields{"gameRoundId": "r-3"}))

	want := map[string]string{
		"w-1": "withdraw settled 10.00", "d-1": "deposit done 5.00", "w-2": "withdraw rolled_back 10.00", "rb-2": "rollback done 10.00",
		"rb-3": "rollback not_found 0.00", "w-3": "tombstone barred 0.00",
	}
	for _, row := range g.stored(6, "&from="+began.Format(time.RFC3339)) {
		if got := fmt.Sprint(row["kind"], " ", row["state"], " ", row["amount"]); got != want[fmt.Sprint(row["transaction_id"])] {
			t.Errorf("%v: got %q, want %q", row["transaction_id"], got, want[fmt.Sprint(row["transaction_id"])])
		}
	}
	g.stored(2, "&round=r-2")
	g.stored(0, "&to="+began.Format(time.RFC3339))

	// Page by page, nothing twice and nothing left out.
	seen, cursor := map[any]bool{}, ""
	for {
		a := g.s.wantOK(g.s.as(operator.RoleViewer, http.MethodGet, "/game-transactions?limit=4&provider="+g.name+"&cursor="+cursor, nil))
		for _, item := range a.body["items"].([]any) {
			seen[item.(map[string]any)["transaction_id"]] = true
		}
		if cursor = a.text("next_cursor"); cursor == "" {
			break
		}
	}
	if len(seen) != len(want) {
		t.Errorf("the pages hold %v", seen)
	}
}
