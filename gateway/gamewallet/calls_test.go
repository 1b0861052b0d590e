package gamewallet_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
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
		"BetLimit":       {func(s seat) { s.limit(gameprovider.LimitsChange{BetLimit: new(int64(99))}) }, "ERROR_TRANSACTION_LIMIT_EXCEEDED", false},
		"LossLimit":      {func(s seat) { s.limit(gameprovider.LimitsChange{LossLimitDay: new(int64(299))}) }, "ERROR_TRANSACTION_LIMIT_EXCEEDED", false},
		"RealityCheck": {func(s seat) {
			s.limit(gameprovider.LimitsChange{RealityCheck: new(time.Hour)})
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
