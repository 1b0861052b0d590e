package gamewallet_test

import (
	"testing"

	"disburse/gateway/gameprovider"
	"disburse/gateway/racetest"
)

// TestProfiles is about where providers differ; the default is what all other
// tests are about.
func TestProfiles(t *testing.T) {
	t.Parallel()
	under := func(t *testing.T, change func(*gameprovider.Profile)) (*world, seat) {
		t.Helper()
		w := newWorld(t)
		p := w.provider
		p.Profile = gameprovider.Default()
		change(&p.Profile)
		return w, w.sitAt(p, 100000)
	}
	t.Run("RefusedDuplicates", func(t *testing.T) {
		t.Parallel()
		w, s := under(t, func(p *gameprovider.Profile) { p.Duplicate = gameprovider.RefuseDuplicate })
		bet := s.bet(100)
		s.ok(bet, 99900)
		s.refused(bet, "ERROR_TRANSACTION_DUPLICATE")
		win := s.win(bet, 10)
		s.ok(win, 99910)
		s.refused(win, "ERROR_TRANSACTION_DUPLICATE")
		undone := s.bet(5)
		s.ok(undone, 99905)
		undo := s.undo(undone)
		s.ok(undo, 99910)
		s.ok(undo, 99910) // repeated rollbacks have a rule of their own
		twin := s.bet(50)
		errs := racetest.Run(6, func(i int) error {
			_, err := s.call(w.either(i), twin)
			return err
		})
		if count(errs, "") != 1 || count(errs, "ERROR_TRANSACTION_DUPLICATE") != 5 {
			t.Errorf("of twins: %v", errs)
		}
	})
	t.Run("AcceptedUnknownRollback", func(t *testing.T) {
		t.Parallel()
		_, s := under(t, func(p *gameprovider.Profile) { p.UnknownRollback = gameprovider.Accept })
		bet := s.bet(100)
		undo := s.undo(bet)
		s.ok(undo, 100000)
		s.ok(undo, 100000)
		undo.TransactionID = s.w.id()
		s.ok(undo, 100000)
		s.refused(bet, "ERROR_TRANSACTION_NOT_FOUND")
		s.wantStored(bet.TransactionID, "tombstone barred")
	})
	t.Run("RefusedRepeatedRollback", func(t *testing.T) {
		t.Parallel()
		_, s := under(t, func(p *gameprovider.Profile) { p.RepeatedRollback = gameprovider.Refuse })
		bet := s.bet(100)
		s.ok(bet, 99900)
		undo := s.undo(bet)
		s.ok(undo, 100000)
		s.refused(undo, "ERROR_TRANSACTION_DUPLICATE")
		undo.TransactionID = s.w.id()
		s.refused(undo, "ERROR_TRANSACTION_DUPLICATE")
		s.wantStored(undo.TransactionID, "")
	})
	t.Run("IDsOfPlayers", func(t *testing.T) {
		t.Parallel()
		w, s := under(t, func(p *gameprovider.Profile) { p.IDScope = gameprovider.PerPlayer })
		other := w.sitAt(s.provider, 100000)
		bet := s.bet(100)
		s.ok(bet, 99900)
		theirs := bet
		theirs.PlayerID, theirs.SessionID = other.player, other.session
		other.ok(theirs, 99900)
		other.ok(theirs, 99900)
		other.ok(other.undo(theirs), 100000)
		s.ok(s.win(bet, 1), 99901)
		s.wantHolds(99901, 0)
		theirs.PlayerID = "nobody"
		s.refused(theirs, "ERROR_BAD_REQUEST")
	})
	t.Run("WinWithoutBet", func(t *testing.T) {
		t.Parallel()
		_, s := under(t, func(p *gameprovider.Profile) { p.WinWithoutBet = gameprovider.Accept })
		s.ok(s.win(s.bet(1), 5), 100005)
		barred := s.bet(1)
		s.refused(s.undo(barred), "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.refused(s.win(barred, 5), "ERROR_TRANSACTION_WITHDRAW_NOT_FOUND")
	})
	t.Run("AcceptedLateBet", func(t *testing.T) {
		t.Parallel()
		w, s := under(t, func(p *gameprovider.Profile) { p.LateBet = gameprovider.Accept })
		bet := s.bet(100)
		s.refused(s.undo(bet), "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		s.ok(bet, 100000)
		s.ok(bet, 100000)
		other := w.sitAt(s.provider, 100000)
		bet.PlayerID, bet.SessionID = other.player, other.session
		other.refused(bet, "ERROR_TRANSACTION_NOT_FOUND") // and no balance is told
	})
}
