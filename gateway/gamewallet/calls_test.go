package gamewallet_test

import (
	"testing"
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
}
