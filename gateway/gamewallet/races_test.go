package gamewallet_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/gamewallet"
	"disburse/gateway/idempotency"
	"disburse/gateway/racetest"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
)

const short = "ERROR_TRANSACTION_INSUFFICIENT_FUNDS"

func TestTenBetsAtOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ cash, bonus, pass int64 }{
		"FundsForOne":             {100, 0, 1},
		"FundsForAll":             {1000, 0, 10},
		"BonusForOne":             {0, 100, 1},
		"OneOfCashAndBonus":       {60, 40, 1},
		"AllOfCashAndBonus":       {250, 750, 10},
		"NothingButTooLittle":     {99, 0, 0},
		"TooLittleOfBothTogether": {50, 49, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.sit(tc.cash)
			if tc.bonus > 0 {
				s.gift(tc.bonus)
			}
			errs := racetest.Run(10, func(i int) error {
				_, err := s.call(w.either(i), s.bet(100))
				return err
			})
			if got := int64(count(errs, "")); got != tc.pass {
				t.Errorf("%d passed, want %d: %v", got, tc.pass, errs)
			}
			if got := int64(count(errs, short)); got != 10-tc.pass {
				t.Errorf("%d were told of the funds: %v", got, errs)
			}
			cash, bonus := s.holds()
			if cash+bonus != tc.cash+tc.bonus-100*tc.pass {
				t.Errorf("%d and %d are left", cash, bonus)
			}
		})
	}
}

// TestTwins sends one call many times at once: one effect, and all are
// answered alike.
func TestTwins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	all := func(request any, left int64) {
		t.Helper()
		for _, err := range racetest.Run(12, func(i int) error {
			got, err := s.call(w.either(i), request)
			if err == nil && got != money.New(left, rub) {
				err = errors.New("left: " + got.String())
			}
			return err
		}) {
			if err != nil {
				t.Errorf("%T: %v", request, err)
			}
		}
	}
	bet := s.bet(100)
	all(bet, 99900)
	win := s.win(bet, 30)
	all(win, 99930)
	undone := s.bet(7)
	all(undone, 99923)
	all(s.undo(undone), 99930)
	zero := s.bet(0)
	all(zero, 99930)
	all(s.win(zero, 0), 99930)
	s.wantHolds(99930, 0)

	unknown := s.undo(s.bet(1))
	errs := racetest.Run(12, func(i int) error {
		r := unknown
		if i%3 == 0 {
			r.TransactionID = w.id()
		}
		_, err := s.call(w.either(i), r)
		return err
	})
	if got := count(errs, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND"); got != 12 {
		t.Errorf("unknown rollbacks: %v", errs)
	}
}

// TestUnlikeTwins share an id at the same moment: one of them has it.
func TestUnlikeTwins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(1000000)
	played := s.bet(100)
	s.ok(played, 999900)
	undone := s.bet(100)
	s.ok(undone, 999800)
	for range 10 {
		id := w.id()
		bet, zero, win, undo := s.bet(50), s.bet(0), s.win(played, 20), s.undo(undone)
		bet.TransactionID, zero.TransactionID, win.TransactionID, undo.TransactionID = id, id, id, id
		round := bet
		round.RoundID = "another"
		errs := racetest.Run(10, func(i int) error {
			_, err := s.call(w.either(i), []any{bet, zero, win, undo, round}[i/2])
			return err
		})
		passed, refused := count(errs, ""), count(errs, "ERROR_TRANSACTION_DUPLICATE")
		if passed != 2 || refused != 8 {
			t.Errorf("%d passed and %d were duplicates: %v", passed, refused, errs)
		}
	}
}

// TestARollbackRacesItsBet: whoever comes first, the player has what he had.
func TestARollbackRacesItsBet(t *testing.T) {
	t.Parallel()
	for part := range 4 {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			seats := []seat{w.sit(100), w.sit(100), w.sit(100), w.sit(100), w.sit(100)}
			const each = 50 // with the seats and the parts: a thousand
			for range each {
				bets := make([]gamewallet.BetRequest, len(seats))
				for i, s := range seats {
					bets[i] = s.bet(100)
				}
				errs := racetest.Run(2*len(seats), func(i int) error {
					s, bet := seats[i/2], bets[i/2]
					if (i+part)%2 == 0 {
						_, err := s.call(w.either(i/3), bet)
						return err
					}
					_, err := s.call(w.either(i), s.undo(bet))
					return err
				})
				for i, s := range seats {
					took, gave := errs[2*i+part%2], errs[2*i+1-part%2]
					refunded := took == nil && gave == nil
					never := fault.Code(took) == "ERROR_TRANSACTION_NOT_FOUND" && fault.Code(gave) == "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND"
					if !refunded && !never {
						t.Errorf("the bet: %v; the rollback: %v", took, gave)
					}
					s.wantHolds(100, 0)
				}
			}
		})
	}
}

// paused is a ledger that lets something happen before it posts.
type paused struct {
	*ledger.Ledger
	before func()
	after  error // told instead of what happened
}

func (p *paused) Post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error) {
	if before := p.before; before != nil {
		p.before = nil
		before()
	}
	receipt, err := p.Ledger.Post(ctx, e, riders...)
	if p.after != nil {
		err, p.after = p.after, nil
		return ledger.Receipt{}, err
	}
	return receipt, err
}

// TestOvertaken forces something between what a call finds and what it posts.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	type request = func(s seat, bet gamewallet.BetRequest) any
	toBet := func(_ seat, bet gamewallet.BetRequest) any { return bet }
	toWin := func(s seat, bet gamewallet.BetRequest) any { return s.win(bet, 50) }
	toUndo := func(s seat, bet gamewallet.BetRequest) any { return s.undo(bet) }
	for name, tc := range map[string]struct {
		played bool // the bet, before all this
		call   request
		first  func(s seat, bet gamewallet.BetRequest)
		code   string
		holds  int64
	}{
		"BetByItsRollback": {false, toBet, func(s seat, bet gamewallet.BetRequest) {
			s.refused(s.undo(bet), "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		}, "ERROR_TRANSACTION_NOT_FOUND", 1000},
		"BetByItself": {false, toBet, func(s seat, bet gamewallet.BetRequest) { s.ok(bet, 900) }, "", 900},
		"BetByAnotherAmount": {false, toBet, func(s seat, bet gamewallet.BetRequest) {
			bet.Amount, bet.CashAmount = "0.01", "0.01"
			s.ok(bet, 999)
		}, "ERROR_TRANSACTION_DUPLICATE", 999},
		"BetByAnotherRound": {false, toBet, func(s seat, bet gamewallet.BetRequest) {
			bet.RoundID = "another"
			s.ok(bet, 900)
		}, "ERROR_TRANSACTION_DUPLICATE", 900},
		"BetByZero": {false, toBet, func(s seat, bet gamewallet.BetRequest) {
			bet.Amount, bet.CashAmount = "0", "0"
			s.ok(bet, 1000)
		}, "ERROR_TRANSACTION_DUPLICATE", 1000},
		"BetByTheEndOfItsRound": {false, toBet, func(s seat, bet gamewallet.BetRequest) {
			bet.TransactionID, bet.RoundFinished = s.w.id(), true
			s.ok(bet, 900)
		}, "ERROR_BAD_REQUEST", 900},
		"BetByABlock": {false, toBet, func(s seat, _ gamewallet.BetRequest) {
			if err := s.w.users.Block(context.Background(), s.user); err != nil {
				s.w.t.Fatal(err)
			}
		}, "ERROR_BAD_REQUEST_PLAYER_BLOCKED", 1000},
		"BetByTheFunds":    {false, toBet, func(s seat, _ gamewallet.BetRequest) { s.ok(s.bet(901), 99) }, short, 99},
		"WinByTheRollback": {true, toWin, func(s seat, bet gamewallet.BetRequest) { s.ok(s.undo(bet), 1000) }, "ERROR_BAD_REQUEST", 1000},
		"WinByTheEndOfItsRound": {true, toWin, func(s seat, bet gamewallet.BetRequest) {
			last := s.win(bet, 1)
			last.RoundFinished = true
			s.ok(last, 901)
		}, "ERROR_BAD_REQUEST", 901},
		"RollbackByTheWin":       {true, toUndo, func(s seat, bet gamewallet.BetRequest) { s.ok(s.win(bet, 5), 905) }, "ERROR_BAD_REQUEST", 905},
		"RollbackByAWinOfZero":   {true, toUndo, func(s seat, bet gamewallet.BetRequest) { s.ok(s.win(bet, 0), 900) }, "ERROR_BAD_REQUEST", 900},
		"RollbackByAnotherOfIts": {true, toUndo, func(s seat, bet gamewallet.BetRequest) { s.ok(s.undo(bet), 1000) }, "", 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.sit(1000)
			bet := s.bet(100)
			if tc.played {
				s.ok(bet, 900)
			}
			books := &paused{Ledger: w.books, before: func() { tc.first(s, bet) }}
			request := tc.call(s, bet)
			_, err := s.call(w.service(books), request)
			wantCode(t, err, tc.code)
			s.wantHolds(tc.holds, 0)
			if books.before != nil {
				t.Error("nothing was posted")
			}
			_, err = s.call(w.Service, request) // repeated, it is told the same
			wantCode(t, err, tc.code)
			s.wantHolds(tc.holds, 0)
		})
	}
}

// TestTheOutcomeIsUnknown to a caller that is then told so, as something to try
// again; and what stands stands once.
func TestTheOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(1000)
	books := &paused{Ledger: w.books}
	service := w.service(books)
	bet := s.bet(100)
	for left, request := range map[int64]any{900: bet} {
		books.after = ledger.ErrUnavailable
		_, err := s.call(service, request)
		if !errors.Is(err, gamewallet.ErrTimeout) {
			t.Errorf("%T: %v", request, err)
		}
		s.ok(request, left)
	}
	books.after = ledger.ErrBusy
	if _, err := s.call(service, s.win(bet, 1)); !errors.Is(err, gamewallet.ErrTimeout) {
		t.Errorf("a busy ledger: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Withdraw(ctx, s.provider, s.bet(1)); !errors.Is(err, gamewallet.ErrTimeout) {
		t.Errorf("a caller who left: %v", err)
	}
}

// TestAWinRacesARollback of the same bet: one of them stands.
func TestAWinRacesARollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 40 {
		s := w.sit(100)
		bet := s.bet(100)
		s.ok(bet, 0)
		errs := racetest.Run(2, func(i int) error {
			_, err := s.call(w.either(i), []any{s.win(bet, 30), s.undo(bet)}[i])
			return err
		})
		cash, _ := s.holds()
		switch {
		case errs[0] == nil && fault.Code(errs[1]) == "ERROR_BAD_REQUEST" && cash == 30:
		case errs[1] == nil && fault.Code(errs[0]) == "ERROR_BAD_REQUEST" && cash == 100:
		default:
			t.Errorf("the win: %v; the rollback: %v; %d is left", errs[0], errs[1], cash)
		}
	}
}

// TestRollbacksOfOneBetAtOnce give back once.
func TestRollbacksOfOneBetAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100)
	bet := s.bet(100)
	s.ok(bet, 0)
	for _, err := range racetest.Run(12, func(i int) error {
		_, err := s.call(w.either(i), s.undo(bet))
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	s.wantHolds(100, 0)
}

// TestBetsOfOneRoundAtOnce all count, in one group or in several.
func TestBetsOfOneRoundAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(10000)
	round := w.id()
	for _, err := range racetest.Run(50, func(i int) error {
		bet := s.bet(10)
		bet.RoundID = round
		_, err := s.call(w.either(i), bet)
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	s.wantHolds(9500, 0)
	if got := s.turnover(); got != 500 {
		t.Errorf("turnover %d", got)
	}
}

// TestABetRacesACardWithdrawal for the same money.
func TestABetRacesACardWithdrawal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	books := ledgertest.New(t, w.db, cardorder.Obligation)
	v := must(vault.New(vault.Generate("k1")))
	orders := must(cardorder.NewService(cardorder.Deps{
		DB: w.db, Ledger: books, Users: w.users, Chat: must(chat.New(chat.Deps{DB: w.db, Vault: v})), Vault: v, Now: w.now,
	}))
	for range 25 {
		s := w.sit(150000)
		user := must(w.users.ByID(t.Context(), s.user))
		errs := racetest.Run(2, func(i int) error {
			if i == 0 {
				_, err := s.call(w.Service, s.bet(100000))
				return err
			}
			_, err := orders.Create(context.Background(), user, cardorder.Request{
				Type: cardorder.Withdraw, Amount: 100000, Details: cardorder.Details{CardNumber: "2200123456789012"},
			}, idempotency.Key{})
			return err
		})
		switch {
		case errs[0] == nil && fault.Code(errs[1]) == "INSUFFICIENT_BALANCE":
		case fault.Code(errs[0]) == short && errs[1] == nil:
		default:
			t.Errorf("the bet: %v; the withdrawal: %v", errs[0], errs[1])
		}
		s.wantHolds(50000, 0)
	}
}

// TestTurnoverFreesAWithdrawal: bets count for the wagering, at once.
func TestTurnoverFreesAWithdrawal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	ctx := context.Background()
	if err := w.users.GrantBonus(ctx, s.user, enduser.Cashback, 5000, 1000, "gift"); err != nil {
		t.Fatal(err)
	}
	bet := s.bet(600)
	s.ok(bet, 104400)
	wagering := func(want error) {
		t.Helper()
		if err := w.users.Refusal(ctx, s.user, enduser.Card, 100001); !errors.Is(err, want) {
			t.Errorf("refusal: %v, want %v", err, want)
		}
	}
	wagering(enduser.ErrWagering)
	more := s.bet(400)
	s.ok(more, 104000)
	wagering(nil)
	s.ok(s.undo(more), 104400)
	wagering(enduser.ErrWagering)
}
