package gamewallet_test

import (
	"context"
	"testing"
	"time"

	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/ledger"
)

// counted is a ledger that counts what is posted.
type counted struct {
	*ledger.Ledger
	posts int
}

func (c *counted) Post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error) {
	c.posts++
	return c.Ledger.Post(ctx, e, riders...)
}

// TestWhatIsKnownToFailDoesNotReachTheBooks, where it would spoil the group of
// everybody else's bets; neither does what is there already.
func TestWhatIsKnownToFailDoesNotReachTheBooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	books := &counted{Ledger: w.books}
	service := w.service(books)
	s := w.sit(1000)
	bet, undone, over, early := s.bet(100), s.bet(100), s.bet(100), s.bet(100)
	over.RoundFinished = true
	s.ok(bet, 900)
	s.ok(undone, 800)
	s.ok(over, 700)
	win, undo := s.win(bet, 100), s.undo(undone)
	s.ok(win, 800)
	s.ok(undo, 900)
	s.refused(s.undo(early), "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
	s.limit(gameprovider.LimitsChange{BetLimit: new(int64(150)), LossLimitDay: new(int64(150))})
	late := s.bet(10)
	late.RoundID = over.RoundID
	for name, request := range map[string]any{
		"Replay": bet, "ReplayedWin": win, "ReplayedRollback": undo, "AnotherRollback": s.undo(undone), "Buried": early,
		"BetLimit": s.bet(151), "LossLimit": s.bet(101 + 50), "DaysLoss": s.bet(149 + 2), "RoundOver": late, "WinAfterRollback": s.win(undone, 5),
		"RollbackAfterWin": s.undo(bet), "WinOfNothing": s.win(bet, 0), "BetOfNothing": s.bet(0), "Unknown": s.undo(s.bet(1)),
	} {
		_, _ = s.call(service, request)
		if books.posts != 0 {
			t.Errorf("%s was posted", name)
			books.posts = 0
		}
	}
	if err := w.users.Block(context.Background(), s.user); err != nil {
		t.Fatal(err)
	}
	if _, err := s.call(service, s.bet(1)); err == nil || books.posts != 0 {
		t.Errorf("a blocked user's bet: %v, %d posts", err, books.posts)
	}
}

// TestObserver is told of every answer.
func TestObserver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100)
	got := map[string]int{}
	service := must(gamewallet.NewService(gamewallet.Deps{
		DB: w.db, Ledger: w.books, Directory: w.directory, Now: w.now,
		Observe: gamewallet.Observer{Answered: func(call, code string) { got[call+" "+code]++ }},
	}))
	bet := s.bet(100)
	for _, request := range []any{
		bet, s.bet(1), s.win(bet, 1), s.undo(bet), s.win(s.bet(1), 1), gamewallet.BetRequest{}, gamewallet.WinRequest{}, gamewallet.RollbackRequest{},
		gamewallet.BalanceRequest{}, gamewallet.BalanceRequest{PlayerID: s.player, SessionID: s.session, Currency: "RUB"},
	} {
		_, _ = s.call(service, request)
	}
	for _, key := range []string{
		"withdraw ", "withdraw " + short, "deposit ", "rollback ERROR_BAD_REQUEST", "deposit ERROR_TRANSACTION_WITHDRAW_NOT_FOUND",
		"withdraw ERROR_BAD_REQUEST", "deposit ERROR_BAD_REQUEST", "balance ERROR_BAD_REQUEST", "balance ",
	} {
		want := 1
		if key == "rollback ERROR_BAD_REQUEST" {
			want = 2
		}
		if got[key] != want {
			t.Errorf("%q: %d, want %d", key, got[key], want)
		}
	}
}

func TestNewServiceRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := gamewallet.NewService(gamewallet.Deps{Now: time.Now})
	if err == nil || err.Error() != "gamewallet: DB, Directory, Ledger missing" {
		t.Error(err)
	}
}
