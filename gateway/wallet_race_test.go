package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/ledger"
)

const rounds = 25

// contender is one of those that want what is there for one alone.
type contender struct {
	codes  []string // with which it may be refused
	ask    func(round int) error
	giveUp func(round int) error // undoes what stands
}

// race lets them contend, and one of them must win: the others are refused with
// a code of theirs.
func race(t *testing.T, round int, all ...contender) (winner int) {
	t.Helper()
	asks := make([]func() error, len(all))
	for i, c := range all {
		asks[i] = func() error { return c.ask(round) }
	}
	winner = -1
	errs := together(asks...)
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("round %d: both %d and %d stand", round, winner, i)
		case err == nil:
			winner = i
		case !slices.Contains(all[i].codes, fault.Code(err)):
			t.Fatalf("round %d: %d was refused with %v, want %v", round, i, err, all[i].codes)
		}
	}
	if winner < 0 {
		t.Fatalf("round %d: none stands: %v", round, errs)
	}
	return winner
}

// byCard draws an amount out by card.
func (w *wallet) byCard(t *testing.T, u enduser.User, kopecks int64, codes ...string) contender {
	var id int64
	return contender{
		codes:  codes,
		ask:    func(int) (err error) { id, err = w.withdraw(t.Context(), u, kopecks); return err },
		giveUp: func(int) error { return w.cards.Cancel(t.Context(), u, id) },
	}
}

// byAnswer answers an ad.
func (w *wallet) byAnswer(t *testing.T, u enduser.User, ad, kopecks int64, codes ...string) contender {
	var id int64
	return contender{
		codes:  codes,
		ask:    func(int) (err error) { id, err = w.answer(t.Context(), u, ad, kopecks); return err },
		giveUp: func(int) error { return w.trade.Cancel(t.Context(), u, id) },
	}
}

// Two withdrawals by card at once, from two processes, with money for both: a
// user has one active order of a type.
func TestTwoCardWithdrawalsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWallet(t)
	there := w.another(t)
	u := w.user(t, "anna", 500_000)
	mine, its := w.byCard(t, u, 100_000, "ACTIVE_ORDER_EXISTS"), there.byCard(t, u, 100_000, "ACTIVE_ORDER_EXISTS")
	for round := range rounds {
		winner := race(t, round, mine, its)
		if b := w.balance(t, u); b.Available != 400_000 || b.Held != 100_000 {
			t.Fatalf("round %d: %+v", round, b)
		}
		must(t, []contender{mine, its}[winner].giveUp(round))
	}
}

// One balance is asked for in every way at once: by card, by an answer to
// somebody's ad, by somebody's answer to the user's own ad, by a correction.
// There is money for exactly one.
func TestOneBalanceIsSpentOnce(t *testing.T) {
	t.Parallel()
	w := newWallet(t)
	there := w.another(t)
	const all = 150_000
	u, buyer, taker := w.user(t, "anna", all), w.user(t, "boris", 1), w.user(t, "vera", 1)
	const short = "SELLER_INSUFFICIENT_BALANCE"
	everybody := []contender{
		w.byCard(t, u, all, "INSUFFICIENT_BALANCE"),
		there.byAnswer(t, u, w.advert(t, buyer, exchange.Buy, all), all, short),
		w.byAnswer(t, taker, w.advert(t, u, exchange.Sell, all), all, short),
		{
			codes:  []string{"INSUFFICIENT_FUNDS"},
			ask:    func(round int) error { return there.correct(t.Context(), fmt.Sprint("loss ", round), u, -all) },
			giveUp: func(round int) error { return w.correct(t.Context(), fmt.Sprint("found ", round), u, all) },
		},
	}
	wins := make([]int, len(everybody))
	for round := range 2 * rounds {
		// One of them stays away, each in turn: else the fastest always wins.
		away := round % (len(everybody) + 1)
		present := slices.Clone(everybody)
		if away < len(everybody) {
			present = slices.Delete(present, away, away+1)
		}
		winner := race(t, round, present...)
		if winner >= away {
			winner++
		}
		wins[winner]++
		b, want := w.balance(t, u), int64(all)
		if winner == 3 {
			want = 0
		}
		if b.Available != 0 || b.Held != want {
			t.Fatalf("round %d: %d stands, and the balance is %+v", round, winner, b)
		}
		must(t, everybody[winner].giveUp(round))
	}
	t.Logf("wins of each: %v", wins)
}

// correct posts an adjustment, which is refused like the services refuse.
func (w *wallet) correct(ctx context.Context, reference string, u enduser.User, kopecks int64) error {
	err := w.win(ctx, reference, u.ID, kopecks)
	if errors.Is(err, ledger.ErrInsufficientFunds) {
		return fault.New(fault.Rule, "INSUFFICIENT_FUNDS", "the ledger refuses").With(err)
	}
	return err
}

// capped makes a user who may withdraw 100000 of the 300000 at hand as long as
// no turnover of 50000 is reached.
func (w *wallet) capped(t *testing.T, name string) enduser.User {
	t.Helper()
	u := w.user(t, name, 100_000)
	must(t, w.users.GrantBonus(t.Context(), u.ID, enduser.Cashback, 1_000, 50_000, "bonus"))
	must(t, w.win(t.Context(), "win of "+name, u.ID, 200_000))
	return w.reload(t, u)
}

// A card withdrawal and a P2P sale at once, each up to the wagering cap: one of
// them stands. Bets that do not meet the requirement go on meanwhile.
func TestTheWageringCapIsOneForAllWithdrawals(t *testing.T) {
	t.Parallel()
	w := newWallet(t)
	there := w.another(t)
	u := w.capped(t, "anna")
	wanted := w.advert(t, w.user(t, "boris", 1), exchange.Buy, 100_000)
	const refused = "WAGERING_REQUIREMENT_NOT_MET"
	card, sale := w.byCard(t, u, 60_000, refused), there.byAnswer(t, u, wanted, 60_000, refused)
	for round := range rounds {
		bet := make(chan error, 1)
		first := card
		first.ask = func(round int) error {
			go func() { bet <- w.bet(t.Context(), u, 1_000) }()
			return card.ask(round)
		}
		winner := race(t, round, first, sale)
		must(t, <-bet)
		must(t, []contender{card, sale}[winner].giveUp(round))
	}
}

// bet stands for a game, which counts its bets on the user's row.
func (w *wallet) bet(ctx context.Context, u enduser.User, kopecks int64) error {
	_, err := w.db.Exec(ctx, `update users set turnover = turnover + $2 where id = $1`, u.ID, kopecks)
	return err
}

// during runs requests that begin while a change of the user's row is not yet
// committed, and are let go when it is.
func (w *wallet) during(t *testing.T, u enduser.User, change string, requests ...func() error) []error {
	t.Helper()
	tx, err := w.db.Begin(t.Context())
	must(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	_, err = tx.Exec(t.Context(), change, u.ID)
	must(t, err)
	answers := make(chan []error, 1)
	go func() { answers <- together(requests...) }()
	for waiting := false; !waiting; {
		select {
		case errs := <-answers:
			t.Fatalf("answered while the change was not committed: %v", errs)
		default:
		}
		must(t, w.db.QueryRow(t.Context(), `select exists (select from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting))
	}
	must(t, tx.Commit(t.Context()))
	return <-answers
}

// What is committed while withdrawals wait is what they are judged by, whether
// they go by card or as a sale.
func TestWithdrawalsAreJudgedUnderTheLock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, before, change string
		card, sale, sold     string // codes: of a card withdrawal, an answer, an answer to the user's ad
		amount               int64
	}{
		{"TheRequirementIsMet", `turnover = 0`, `turnover = 50000`, "", "", "", 100_000},
		{"NotMetAnyMore", `turnover = 50000`, `turnover = 49999`, "WAGERING_REQUIREMENT_NOT_MET", "WAGERING_REQUIREMENT_NOT_MET", "AD_NOT_ACTIVE", 100_001},
		{"TheRequirementRises", `turnover = 50000`, `wagering_required = 50001`, "WAGERING_REQUIREMENT_NOT_MET", "WAGERING_REQUIREMENT_NOT_MET", "AD_NOT_ACTIVE", 100_001},
		{"Blocked", `turnover = 50000`, `blocked_at = now()`, "FORBIDDEN", "FORBIDDEN", "AD_NOT_ACTIVE", 10_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWallet(t)
			there := w.another(t)
			u := w.capped(t, "anna")
			wanted := w.advert(t, w.user(t, "boris", 1), exchange.Buy, 300_000)
			offered, taker := w.advert(t, u, exchange.Sell, 300_000), w.user(t, "vera", 1)
			_, err := w.db.Exec(t.Context(), `update users set `+tt.before+` where id = $1`, u.ID)
			must(t, err)
			u = w.reload(t, u) // as authentication found it before the change
			errs := w.during(t, u, `update users set `+tt.change+` where id = $1`,
				func() error { _, err := w.withdraw(t.Context(), u, tt.amount); return err },
				func() error { _, err := there.answer(t.Context(), u, wanted, tt.amount); return err },
				func() error { _, err := w.answer(t.Context(), taker, offered, tt.amount); return err },
			)
			for i, want := range []string{tt.card, tt.sale, tt.sold} {
				if got := fault.Code(errs[i]); got != want {
					t.Errorf("request %d: got %q, want %q (%v)", i, got, want, errs[i])
				}
			}
		})
	}
}
