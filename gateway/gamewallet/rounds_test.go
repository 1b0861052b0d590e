package gamewallet_test

import (
	"context"
	"testing"

	"disburse/gateway/gamewallet"
)

// TestZero records bets and wins of nothing; a win of nothing ends its round
// and settles its bet.
func TestZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100)
	bet := s.bet(0)
	s.ok(bet, 100)
	s.ok(bet, 100)
	s.wantStored(bet.TransactionID, "withdraw open")
	s.refused(func() gamewallet.BetRequest { r := bet; r.Amount, r.CashAmount = "0.01", "0.01"; return r }(), "ERROR_TRANSACTION_DUPLICATE")
	undone := s.bet(0)
	s.ok(undone, 100)
	s.ok(s.undo(undone), 100)
	s.wantStored(undone.TransactionID, "withdraw rolled_back")
	lost := s.bet(40)
	s.ok(lost, 60)
	none := s.win(lost, 0)
	none.RoundFinished = true
	s.ok(none, 60)
	s.ok(none, 60)
	s.wantStored(lost.TransactionID, "withdraw settled")
	s.refused(s.undo(lost), "ERROR_BAD_REQUEST")
	more := s.bet(1)
	more.RoundID = lost.RoundID
	s.refused(more, "ERROR_BAD_REQUEST")
}

func TestWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, other := w.sit(100000), w.sit(100000)
	bet, undone, deposited := s.bet(100), s.bet(100), s.bet(100)
	s.ok(bet, 99900)
	s.ok(undone, 99800)
	s.ok(s.undo(undone), 99900)
	s.ok(deposited, 99800)
	win := s.win(deposited, 100)
	s.ok(win, 99900)
	ofWin := func() gamewallet.WinRequest {
		r := s.win(deposited, 5)
		r.WithdrawTransactionID = win.TransactionID
		return r
	}
	for name, tc := range map[string]struct {
		request gamewallet.WinRequest
		code    string
	}{
		"UnknownWithdraw":    {s.win(s.bet(1), 5), "ERROR_TRANSACTION_WITHDRAW_NOT_FOUND"},
		"NamesADeposit":      {ofWin(), "ERROR_TRANSACTION_WITHDRAW_NOT_FOUND"},
		"RolledBackWithdraw": {s.win(undone, 5), "ERROR_BAD_REQUEST"},
		"AnothersWithdraw":   {other.win(bet, 5), "ERROR_BAD_REQUEST"},
		"AnotherRound":       {func() gamewallet.WinRequest { r := s.win(bet, 5); r.RoundID = "other"; return r }(), "ERROR_BAD_REQUEST"},
		"AnotherGame":        {func() gamewallet.WinRequest { r := s.win(bet, 5); r.GameID = "other"; return r }(), "ERROR_BAD_REQUEST"},
	} {
		t.Run(name, func(t *testing.T) { s.refused(tc.request, tc.code) })
	}
	s.ok(s.win(bet, 5), 99905)
	s.ok(s.win(bet, 6), 99911) // several wins of one bet

	promo := s.win(bet, 7)
	promo.WithdrawTransactionID, promo.Campaign, promo.RoundID, promo.FreeSpinsConsumed = "", "spring", "free", new(true)
	s.ok(promo, 99918)
	promo.TransactionID, promo.WithdrawTransactionID = w.id(), "nosuch"
	s.refused(promo, "ERROR_TRANSACTION_WITHDRAW_NOT_FOUND")
}

func TestRounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, other := w.sit(100000), w.sit(100000)
	first := s.bet(100)
	s.ok(first, 99900)
	left := int64(99900)
	for range 100 { // 101 bets in one round are nothing special
		more := s.bet(1)
		more.RoundID = first.RoundID
		left--
		s.ok(more, left)
	}
	last := s.win(first, 10)
	last.RoundFinished = true
	left += 10
	s.ok(last, left)
	again := s.win(first, 10)
	s.refused(again, "ERROR_BAD_REQUEST")
	again.Campaign = "spring" // except free spins
	left += 10
	s.ok(again, left)
	late := s.bet(1)
	late.RoundID = first.RoundID
	s.refused(late, "ERROR_BAD_REQUEST")
	must(w.parties.SetGame(context.Background(), s.provider.Name, "other", true))
	late.GameID = "other" // a round of another game by the same id
	left--
	s.ok(late, left)
	theirs := other.bet(1)
	theirs.RoundID = first.RoundID // and another player's
	other.ok(theirs, 99999)

	whole := s.bet(100) // its round ends with it
	whole.RoundFinished = true
	left -= 100
	s.ok(whole, left)
	s.refused(s.win(whole, 10), "ERROR_BAD_REQUEST")
	left += 100
	s.ok(s.undo(whole), left)

	one, two := s.bet(30), s.bet(30)
	two.RoundID = one.RoundID
	s.ok(one, left-30)
	s.ok(two, left-60)
	s.ok(s.undo(one), left-30)
	s.ok(s.win(two, 90), left+60)
}
