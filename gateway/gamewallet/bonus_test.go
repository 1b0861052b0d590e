package gamewallet_test

import (
	"context"
	"testing"

	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/ledger/money"
)

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
