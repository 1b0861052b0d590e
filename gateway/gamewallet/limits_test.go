package gamewallet_test

import (
	"context"
	"testing"
	"time"

	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/gateway/racetest"
)

const limited = "ERROR_TRANSACTION_LIMIT_EXCEEDED"

func TestTheDaysLoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	early := s.bet(400)
	s.ok(early, 99600) // before there was a limit, and it counts
	s.limit(gameprovider.LimitsChange{LossLimitDay: new(int64(1000))})
	s.refused(s.bet(601), limited)
	full := s.bet(600)
	s.ok(full, 99000)
	s.refused(s.bet(1), limited)
	s.ok(s.bet(0), 99000)
	s.ok(s.win(early, 50), 99050)
	s.refused(s.bet(51), limited)
	s.ok(s.bet(50), 99000)
	s.ok(s.undo(full), 99600)
	s.ok(s.bet(600), 99000)
	s.refused(s.bet(1), limited)

	w.advance(11 * time.Hour) // 23:00
	s.refused(s.bet(1), limited)
	w.advance(time.Hour)
	must(w.parties.OpenSession(context.Background(), gameprovider.SessionSpec{Provider: s.provider.Name, PlayerID: s.player, SessionID: "tomorrow"}))
	yesterdays := full
	s.session = "tomorrow"
	s.ok(yesterdays, 99000) // replayed
	next := s.bet(1000)
	s.ok(next, 98000)
	s.refused(s.bet(1), limited)
	s.ok(s.win(next, 5000), 103000) // won 4000 by now
	s.ok(s.bet(5000), 98000)
	s.refused(s.bet(1), limited)
}

// TestARollbackGivesBackOnTheDayOfItsBet and not on its own.
func TestARollbackGivesBackOnTheDayOfItsBet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	s.limit(gameprovider.LimitsChange{LossLimitDay: new(int64(1000))})
	bet := s.bet(1000)
	s.ok(bet, 99000)
	w.advance(12 * time.Hour)
	must(w.parties.OpenSession(context.Background(), gameprovider.SessionSpec{Provider: s.provider.Name, PlayerID: s.player, SessionID: "tomorrow"}))
	s.session = "tomorrow"
	s.ok(s.bet(1000), 98000)
	s.ok(s.undo(bet), 99000)
	s.refused(s.bet(1), limited)
}

// TestTheDaysLossOfManyAtOnce is never above the limit, and as much of it is
// used as fits.
func TestTheDaysLossOfManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	s.limit(gameprovider.LimitsChange{LossLimitDay: new(int64(500))})
	errs := racetest.Run(20, func(i int) error {
		_, err := s.call(w.either(i), s.bet(100))
		return err
	})
	if got := count(errs, ""); got != 5 {
		t.Errorf("%d bets of 100 passed under a limit of 500", got)
	}
	if got := count(errs, limited); got != 15 {
		t.Errorf("%d of 15 were told of the limit: %v", got, errs)
	}
	s.wantHolds(99500, 0)
}

func TestRealityCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100000)
	s.limit(gameprovider.LimitsChange{RealityCheck: new(time.Hour)})
	w.advance(time.Hour - time.Microsecond)
	s.ok(s.bet(1), 99999)
	w.advance(time.Microsecond)
	s.refused(s.bet(1), "ERROR_TRANSACTION_REALITY_CHECK")
	must(w.parties.AcknowledgeSession(context.Background(), s.provider.Name, s.session))
	s.ok(s.bet(1), 99998)
	w.advance(time.Hour)
	s.refused(s.bet(1), "ERROR_TRANSACTION_REALITY_CHECK")
}

// TestTheFirstCheckThatFails is the one that is told.
func TestTheFirstCheckThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sit(100)
	ctx := context.Background()
	over := s.bet(10)
	over.RoundFinished = true
	s.ok(over, 90)
	bet := s.bet(200)
	bet.RoundID = over.RoundID
	steps := []struct {
		code string
		fix  func()
	}{
		{"ERROR_BAD_REQUEST_PLAYER_BLOCKED", func() { must(w.parties.UnblockPlayer(ctx, s.provider.Name, s.player)); bet.Currency = "EUR" }},
		{"ERROR_BAD_REQUEST", func() { bet.Currency, bet.SessionID = "RUB", "nosuch" }},
		{"ERROR_INVALID_SESSION", func() { bet.SessionID = s.session }},
		{"ERROR_SESSION_EXPIRED", func() {
			s.session = "second"
			must(w.parties.OpenSession(ctx, gameprovider.SessionSpec{Provider: s.provider.Name, PlayerID: s.player, SessionID: s.session}))
			bet.SessionID = s.session
			w.advance(time.Hour)
		}},
		{"ERROR_GAME_NOT_ACTIVE", func() { must(w.parties.SetGame(ctx, s.provider.Name, game, true)) }},
		{limited, func() { s.limit(gameprovider.LimitsChange{BetLimit: new(gameprovider.NoLimit)}) }},
		{limited, func() { s.limit(gameprovider.LimitsChange{LossLimitDay: new(gameprovider.NoLimit)}) }},
		{"ERROR_TRANSACTION_REALITY_CHECK", func() { s.limit(gameprovider.LimitsChange{RealityCheck: new(time.Duration(0))}) }},
		{"ERROR_BAD_REQUEST", func() { bet.RoundID = "another" }},
		{"ERROR_TRANSACTION_INSUFFICIENT_FUNDS", func() { s.pay(110) }},
	}
	must(w.parties.BlockPlayer(ctx, s.provider.Name, s.player))
	must(w.parties.SetGame(ctx, s.provider.Name, game, false))
	must(w.parties.CloseSession(ctx, s.provider.Name, s.session))
	s.limit(gameprovider.LimitsChange{BetLimit: new(int64(1)), LossLimitDay: new(int64(1)), RealityCheck: new(time.Second)})
	for _, step := range steps {
		s.refused(bet, step.code)
		step.fix()
	}
	s.ok(bet, 0)
}

func count(errs []error, code string) (n int) {
	for _, err := range errs {
		if fault.Code(err) == code {
			n++
		}
	}
	return n
}

// either gives one process or the other.
func (w *world) either(i int) *gamewallet.Service {
	if i%2 == 0 {
		return w.Service
	}
	return w.second
}
