package gamewallet_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/ledger/money"
)

func TestABetItsWinAndARollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(10000)
	bet := s.bet(2500)
	s.ok(bet, 7500)
	s.ok(s.win(bet, 63727092_34), 6372716734)
	other := s.bet(1)
	s.ok(other, 6372716733)
	s.ok(s.undo(other), 6372716734)
	if got := s.turnover(); got != 2500 {
		t.Errorf("turnover %d, want that of the bet that stands", got)
	}
	s.ok(gamewallet.BalanceRequest{PlayerID: s.player, SessionID: s.session, Currency: "RUB"}, 6372716734)
}

// TestMalformed is about what no state can make acceptable.
func TestMalformed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	played := s.bet(100)
	s.ok(played, 99900)
	amount := func(total, cash, jackpot gamewallet.Literal) func(*gamewallet.BetRequest) {
		return func(r *gamewallet.BetRequest) { r.Amount, r.CashAmount, r.Jackpot = total, cash, jackpot }
	}
	for name, spoil := range map[string]func(*gamewallet.BetRequest){
		"NegativeAmount":     amount("-1.00", "-1.00", ""),
		"NegativeZero":       amount("-0", "-0", ""),
		"PlusSign":           amount("+1", "+1", ""),
		"Exponent":           amount("1e3", "1e3", ""),
		"NotANumber":         amount("NaN", "NaN", ""),
		"MoreDecimals":       amount("1.000", "1.000", ""),
		"BeyondInt64":        amount("92233720368547758.08", "92233720368547758.08", ""),
		"SumBeyondInt64":     amount("1.00", "92233720368547758.07", "92233720368547758.07"),
		"CashIsLess":         amount("2.00", "1.00", ""),
		"CashAndJackpotMore": amount("2.00", "1.00", "1.01"),
		"NegativeJackpot":    amount("1.00", "2.00", "-1.00"),
		"NoAmount":           amount("", "1.00", ""),
		"NoCashAmount":       amount("1.00", "", ""),
		"NoPlayer":           func(r *gamewallet.BetRequest) { r.PlayerID = "" },
		"LongPlayer":         func(r *gamewallet.BetRequest) { r.PlayerID = strings.Repeat("p", 46) },
		"NoSession":          func(r *gamewallet.BetRequest) { r.SessionID = "" },
		"LongSession":        func(r *gamewallet.BetRequest) { r.SessionID = strings.Repeat("s", 601) },
		"NoGame":             func(r *gamewallet.BetRequest) { r.GameID = "" },
		"LongGame":           func(r *gamewallet.BetRequest) { r.GameID = strings.Repeat("g", 256) },
		"NoRound":            func(r *gamewallet.BetRequest) { r.RoundID = "" },
		"LongRound":          func(r *gamewallet.BetRequest) { r.RoundID = strings.Repeat("r", 256) },
		"NoTransaction":      func(r *gamewallet.BetRequest) { r.TransactionID = "" },
		"BlankTransaction":   func(r *gamewallet.BetRequest) { r.TransactionID = " \t" },
		"LongTransaction":    func(r *gamewallet.BetRequest) { r.TransactionID = strings.Repeat("я", 256) },
		"ZeroByte":           func(r *gamewallet.BetRequest) { r.TransactionID = "a\x00b" },
		"LostCharacter":      func(r *gamewallet.BetRequest) { r.TransactionID = "a\ufffd" },
		"BrokenText":         func(r *gamewallet.BetRequest) { r.TransactionID = "a\xff" },
		"LongCampaign":       func(r *gamewallet.BetRequest) { r.Campaign = strings.Repeat("c", 256) },
		"NoCurrency":         func(r *gamewallet.BetRequest) { r.Currency = "" },
		"NonsenseCurrency":   func(r *gamewallet.BetRequest) { r.Currency = "CATS" },
		"LowerCaseCurrency":  func(r *gamewallet.BetRequest) { r.Currency = "rub" },
		"OtherCurrency":      func(r *gamewallet.BetRequest) { r.Currency = "EUR" },
		"UnknownPlayer":      func(r *gamewallet.BetRequest) { r.PlayerID = "nobody" },
	} {
		t.Run(name, func(t *testing.T) {
			r := s.bet(100)
			spoil(&r)
			s.refused(r, "ERROR_BAD_REQUEST")
			if utf8.ValidString(r.TransactionID) && !strings.Contains(r.TransactionID, "\x00") {
				s.wantStored(r.TransactionID, "")
			}
		})
	}
	win := s.win(played, 100)
	win.WithdrawTransactionID = ""
	s.refused(win, "ERROR_BAD_REQUEST")
	win = s.win(played, 100)
	win.Currency = "EUR"
	s.refused(win, "ERROR_BAD_REQUEST")
	undo := s.undo(played)
	undo.WithdrawTransactionID = ""
	s.refused(undo, "ERROR_BAD_REQUEST")
	undo = s.undo(played)
	undo.Currency = "EUR"
	s.refused(undo, "ERROR_BAD_REQUEST")
	undo.Currency = ""
	s.ok(undo, 100000)
}

func TestLongestIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	bet := s.bet(100)
	bet.TransactionID, bet.RoundID = strings.Repeat("щ", 255), strings.Repeat("ы", 255)
	s.ok(bet, 99900)
	undo := s.undo(bet)
	undo.TransactionID = strings.Repeat("ж", 255)
	s.ok(undo, 100000)
}

func TestAmountsAreExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(0)
	s.pay(9_000_000_000_000_000_00)
	left := int64(9_000_000_000_000_000_00)
	for literal, minor := range map[gamewallet.Literal]int64{
		"0.01": 1, "0.1": 10, "1": 100, "1.10": 110, "63727092.34": 6372709234, "21474836.48": 2147483648, "90071992547409.93": 9007199254740993,
	} {
		bet := s.bet(1)
		bet.Amount, bet.CashAmount, bet.Jackpot = literal, literal, "0.00"
		left -= minor
		s.ok(bet, left)
	}
}

// TestNewBets is about who may not bet, and that the same player gets wins and
// rollbacks all the same.
func TestNewBets(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, tc := range map[string]struct {
		change   func(s seat)
		code     string
		stranger bool // wins and rollbacks are refused likewise
	}{
		"PlayerBlocked": {func(s seat) { must(s.w.parties.BlockPlayer(ctx, s.provider.Name, s.player)) }, "ERROR_BAD_REQUEST_PLAYER_BLOCKED", false},
		"UserBlocked": {func(s seat) {
			if err := s.w.users.Block(ctx, s.user); err != nil {
				s.w.t.Fatal(err)
			}
		}, "ERROR_BAD_REQUEST_PLAYER_BLOCKED", false},
		"SessionExpired": {func(s seat) { s.w.advance(12 * time.Hour) }, "ERROR_SESSION_EXPIRED", false},
		"SessionClosed":  {func(s seat) { must(s.w.parties.CloseSession(ctx, s.provider.Name, s.session)) }, "ERROR_SESSION_EXPIRED", false},
		"GameInactive":   {func(s seat) { must(s.w.parties.SetGame(ctx, s.provider.Name, game, false)) }, "ERROR_GAME_NOT_ACTIVE", false},
		"BetLimit":       {func(s seat) { s.limit(gameprovider.LimitsChange{BetLimit: ptr(int64(99))}) }, "ERROR_TRANSACTION_LIMIT_EXCEEDED", false},
		"LossLimit":      {func(s seat) { s.limit(gameprovider.LimitsChange{LossLimitDay: ptr(int64(299))}) }, "ERROR_TRANSACTION_LIMIT_EXCEEDED", false},
		"RealityCheck": {func(s seat) {
			s.limit(gameprovider.LimitsChange{RealityCheck: ptr(time.Hour)})
			s.w.advance(time.Hour)
		}, "ERROR_TRANSACTION_REALITY_CHECK", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.sit(100000)
			won, undone := s.bet(100), s.bet(100)
			s.ok(won, 99900)
			s.ok(undone, 99800)
			tc.change(s)
			fresh := s.bet(100)
			s.refused(fresh, tc.code)
			s.wantStored(fresh.TransactionID, "")
			s.ok(won, 99800) // again
			s.ok(s.win(won, 300), 100100)
			s.ok(s.undo(undone), 100200)
			s.ok(gamewallet.BalanceRequest{PlayerID: s.player, SessionID: s.session, Currency: "RUB"}, 100200)
		})
	}
	t.Run("UnknownGame", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.sit(100000)
		bet := s.bet(100)
		bet.GameID = "other"
		s.refused(bet, "ERROR_GAME_NOT_ACTIVE")
	})
}

func TestSessionsOfNobodyAndOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, other := w.sit(100000), w.sit(100000)
	played := s.bet(100)
	s.ok(played, 99900)
	for name, session := range map[string]string{"Unknown": "nosuch", "Anothers": other.session} {
		t.Run(name, func(t *testing.T) {
			bet, win, undo := s.bet(100), s.win(played, 100), s.undo(played)
			bet.SessionID, win.SessionID, undo.SessionID = session, session, session
			for _, request := range []any{bet, win, undo, gamewallet.BalanceRequest{PlayerID: s.player, SessionID: session, Currency: "RUB"}} {
				s.refused(request, "ERROR_INVALID_SESSION")
			}
			again := played
			again.SessionID = session
			s.ok(again, 99900) // the id is looked up before the session
		})
	}
	s.refused(gamewallet.BalanceRequest{PlayerID: "nobody", SessionID: s.session, Currency: "RUB"}, "ERROR_BAD_REQUEST")
	s.refused(gamewallet.BalanceRequest{PlayerID: s.player, SessionID: s.session, Currency: "EUR"}, "ERROR_BAD_REQUEST")
}

// TestAnotherProvidersPlayer must not learn a balance, nor bet with it.
func TestAnotherProvidersPlayer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	s.provider = w.newProvider("other", gameprovider.DefaultProfile)
	s.refused(s.bet(100), "ERROR_BAD_REQUEST")
	s.refused(gamewallet.BalanceRequest{PlayerID: s.player, SessionID: s.session, Currency: "RUB"}, "ERROR_BAD_REQUEST")
}

func TestFundsShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100)
	bet := s.bet(101)
	s.refused(bet, "ERROR_TRANSACTION_INSUFFICIENT_FUNDS")
	s.wantStored(bet.TransactionID, "")
	s.pay(1)
	s.ok(bet, 0) // nothing was stored, so it may be tried again
	s.refused(s.undo(s.bet(5)), "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
}

// TestTheSameID is about transaction ids that come again.
func TestTheSameID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, other := w.sit(100000), w.sit(100000)
	bet := s.bet(100)
	s.ok(bet, 99900)
	s.ok(bet, 99900)
	s.ok(s.bet(50), 99850)
	s.ok(bet, 99850) // the present balance
	for name, change := range map[string]func(*gamewallet.BetRequest){
		"Amount":   func(r *gamewallet.BetRequest) { r.Amount, r.CashAmount = "1.01", "1.01" },
		"Jackpot":  func(r *gamewallet.BetRequest) { r.CashAmount, r.Jackpot = "0.99", "0.01" },
		"Round":    func(r *gamewallet.BetRequest) { r.RoundID = "other" },
		"Game":     func(r *gamewallet.BetRequest) { r.GameID = "other" },
		"Currency": func(r *gamewallet.BetRequest) { r.Currency = "EUR" },
		"Player":   func(r *gamewallet.BetRequest) { r.PlayerID, r.SessionID = other.player, other.session },
		"Nobody":   func(r *gamewallet.BetRequest) { r.PlayerID = "nobody" },
	} {
		t.Run(name, func(t *testing.T) {
			r := bet
			change(&r)
			s.refused(r, "ERROR_TRANSACTION_DUPLICATE")
		})
	}
	same := bet
	same.Amount, same.CashAmount, same.Jackpot = "1", "1.0", "0"
	s.ok(same, 99850) // amounts by value

	win, undo := s.win(bet, 10), s.undo(bet)
	win.TransactionID, undo.TransactionID = bet.TransactionID, bet.TransactionID
	s.refused(win, "ERROR_TRANSACTION_DUPLICATE")
	s.refused(undo, "ERROR_TRANSACTION_DUPLICATE")
	win = s.win(bet, 10)
	s.ok(win, 99860)
	s.ok(win, 99860)
	late := win
	late.Amount, late.CashAmount = "0.11", "0.11"
	s.refused(late, "ERROR_TRANSACTION_DUPLICATE")
	late = win
	late.WithdrawTransactionID = "other"
	s.refused(late, "ERROR_TRANSACTION_DUPLICATE")
	asBet := s.bet(100)
	asBet.TransactionID = win.TransactionID
	s.refused(asBet, "ERROR_TRANSACTION_DUPLICATE")
	other.ok(other.bet(1), 99999)
}

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
	promo.WithdrawTransactionID, promo.Campaign, promo.RoundID, promo.FreeSpinsConsumed = "", "spring", "free", ptr(true)
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

func TestRollbacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, other := w.sit(100000), w.sit(100000)
	t.Run("OnceHoweverOften", func(t *testing.T) {
		bet := s.bet(100)
		s.ok(bet, 99900)
		undo := s.undo(bet)
		s.ok(undo, 100000)
		s.ok(undo, 100000)
		renamed := undo
		renamed.TransactionID = w.id()
		s.ok(renamed, 100000)
		s.ok(renamed, 100000)
		s.ok(bet, 100000) // replayed, and nothing moves
		s.wantStored(undo.TransactionID, "rollback done")
		s.wantStored(renamed.TransactionID, "rollback repeated")
		renamed.RoundID = "other"
		s.refused(renamed, "ERROR_TRANSACTION_DUPLICATE")
	})
	t.Run("Tombstone", func(t *testing.T) {
		bet := s.bet(100)
		undo := s.undo(bet)
		s.refused(undo, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.refused(undo, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.wantStored(bet.TransactionID, "tombstone barred")
		s.wantStored(undo.TransactionID, "rollback not_found")
		s.refused(bet, "ERROR_TRANSACTION_NOT_FOUND")
		bet.Amount, bet.CashAmount = "0", "0"
		s.refused(bet, "ERROR_TRANSACTION_NOT_FOUND")
		undo.TransactionID = w.id()
		s.refused(undo, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.wantStored(undo.TransactionID, "rollback not_found")
		s.refused(s.win(bet, 5), "ERROR_TRANSACTION_WITHDRAW_NOT_FOUND")
		w.advance(400 * 24 * time.Hour)
		late := w.sit(100)
		bet.PlayerID, bet.SessionID = late.player, late.session
		late.refused(bet, "ERROR_TRANSACTION_NOT_FOUND")
		w.advance(-400 * 24 * time.Hour)
	})
	t.Run("NamesItself", func(t *testing.T) {
		bet := s.bet(100)
		undo := s.undo(bet)
		undo.TransactionID = bet.TransactionID
		s.refused(undo, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.refused(undo, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.refused(bet, "ERROR_TRANSACTION_NOT_FOUND")
	})
	t.Run("Settled", func(t *testing.T) {
		bet := s.bet(100)
		s.ok(bet, 99900)
		s.ok(s.win(bet, 100), 100000)
		s.refused(s.undo(bet), "ERROR_BAD_REQUEST")
	})
	t.Run("NamesADepositOrARollback", func(t *testing.T) {
		bet := s.bet(100)
		s.ok(bet, 99900)
		win := s.win(bet, 100)
		s.ok(win, 100000)
		undo := s.undo(bet)
		undo.WithdrawTransactionID = win.TransactionID
		s.refused(undo, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.refused(undo, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.wantStored(win.TransactionID, "deposit done")
		ofThat := undo
		ofThat.TransactionID, ofThat.WithdrawTransactionID = w.id(), undo.TransactionID
		s.refused(ofThat, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
	})
	t.Run("OfAnotherRoundGameOrPlayer", func(t *testing.T) {
		bet := s.bet(100)
		s.ok(bet, 99900)
		undo := s.undo(bet)
		undo.RoundID = "other"
		s.refused(undo, "ERROR_BAD_REQUEST")
		undo = s.undo(bet)
		undo.GameID = "other"
		s.refused(undo, "ERROR_BAD_REQUEST")
		undo = other.undo(bet)
		s.refused(undo, "ERROR_BAD_REQUEST")
		s.wantStored(undo.TransactionID, "")
		s.ok(s.undo(bet), 100000)
	})
	other.wantHolds(100000, 0)
}

// TestBonusMoney is staked after the player's own, and goes back where it came
// from.
func TestBonusMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(1000)
	s.gift(500)
	s.ok(gamewallet.BalanceRequest{PlayerID: s.player, SessionID: s.session, Currency: "RUB"}, 1500)
	cash, split, bonus := s.bet(700), s.bet(500), s.bet(300)
	s.ok(cash, 800)
	s.wantHolds(300, 500)
	s.ok(split, 300)
	s.wantHolds(0, 300)
	s.ok(bonus, 0)
	s.wantHolds(0, 0)
	s.refused(s.bet(1), "ERROR_TRANSACTION_INSUFFICIENT_FUNDS")
	if got := s.turnover(); got != 1500 {
		t.Errorf("turnover %d, want all that was staked", got)
	}
	s.ok(s.undo(split), 500)
	s.wantHolds(300, 200)
	s.ok(s.undo(bonus), 800)
	s.wantHolds(300, 500)
	s.ok(s.win(cash, 10), 810)
	s.wantHolds(310, 500)
	if got := s.turnover(); got != 700 {
		t.Errorf("turnover %d, want that of the bet that stands", got)
	}
	zero := s.bet(0)
	s.ok(zero, 810)
}

// TestOtherCurrencies count nowhere.
func TestOtherCurrencies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(0)
	ctx := context.Background()
	player, session := w.id(), w.id()
	must(w.parties.BindPlayer(ctx, gameprovider.Binding{Provider: s.provider.Name, PlayerID: player, UserID: s.user, Currency: "JPY"}))
	must(w.parties.OpenSession(ctx, gameprovider.SessionSpec{Provider: s.provider.Name, PlayerID: player, SessionID: session}))
	if err := w.users.Deposit(ctx, s.user, money.New(1000, "JPY"), "yen"); err != nil {
		t.Fatal(err)
	}
	bet := s.bet(1)
	bet.PlayerID, bet.SessionID, bet.Currency, bet.Amount, bet.CashAmount = player, session, "JPY", "100", "100"
	left, err := s.call(w.Service, bet)
	if err != nil || left != money.New(900, "JPY") {
		t.Errorf("%v is left, %v", left, err)
	}
	undo := s.undo(bet)
	undo.PlayerID, undo.SessionID, undo.Currency = player, session, ""
	if left, err = s.call(w.Service, undo); err != nil || left != money.New(1000, "JPY") {
		t.Errorf("%v is left, %v", left, err)
	}
	bet.TransactionID, bet.Amount, bet.CashAmount = w.id(), "1.0", "1.0"
	s.refused(bet, "ERROR_BAD_REQUEST")
	if got := s.turnover(); got != 0 {
		t.Errorf("turnover %d of yen", got)
	}
	if err := w.users.Block(ctx, s.user); err != nil {
		t.Fatal(err)
	}
	bet.Amount, bet.CashAmount = "1", "1"
	s.refused(bet, "ERROR_BAD_REQUEST_PLAYER_BLOCKED")
}
