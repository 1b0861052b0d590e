package gamewallet_test

import (
	"testing"
	"time"
)

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
