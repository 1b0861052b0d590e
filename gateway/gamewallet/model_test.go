package gamewallet_test

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
)

// modelSeat, modelBet and the rest are what this package promises, said as
// simply as possible.
type modelSeat struct {
	seat
	cash, bonus, turnover, lost, limit int64
	blocked                            bool
}

func (s *modelSeat) total() int64 { return s.cash + s.bonus }

type modelBet struct {
	request                       gamewallet.BetRequest
	seat                          *modelSeat
	cash, bonus                   int64
	stands, settled, undone, lost bool // lost: its rollback came before it
}

type modelCall struct {
	seat    *modelSeat
	request any
	code    string // that it was answered with; "" may be replayed
}

type model struct {
	w        *world
	seats    []*modelSeat
	bets     []*modelBet
	calls    []modelCall // that left something behind
	finished map[[2]string]bool
}

// TestModel plays random sequences of calls against the model. Sums and books
// are verified when the test ends.
func TestModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		m := &model{w: w, finished: map[[2]string]bool{}}
		for range 2 {
			s := &modelSeat{seat: w.sit(1000), cash: 1000, limit: 700}
			s.seat.gift(300)
			s.bonus = 300
			s.seat.limit(gameprovider.LimitsChange{LossLimitDay: &s.limit})
			m.seats = append(m.seats, s)
		}
		for range rapid.IntRange(5, 30).Draw(t, "steps") {
			m.step(t)
		}
		for _, s := range m.seats {
			cash, bonus := s.holds()
			if cash != s.cash || bonus != s.bonus || s.seat.turnover() != s.turnover {
				t.Fatalf("%s has %d and %d with turnover %d; the model says %+v", s.player, cash, bonus, s.seat.turnover(), s)
			}
		}
	})
}

// step does one thing in both worlds and compares what is told.
func (m *model) step(t *rapid.T) {
	action := rapid.SampledFrom([]string{"bet", "bet", "bet", "win", "win", "undo", "undo", "undo early", "again", "block"}).Draw(t, "action")
	s := rapid.SampledFrom(m.seats).Draw(t, "seat")
	var b *modelBet
	if len(m.bets) > 0 {
		b = rapid.SampledFrom(m.bets).Draw(t, "which bet")
	}
	switch {
	case action == "block":
		m.block(s)
	case action == "again" && len(m.calls) > 0:
		c := rapid.SampledFrom(m.calls).Draw(t, "which call")
		m.compare(t, c.seat, c.request, c.code)
	case action == "undo early":
		b := m.draft(t, s)
		b.lost = true
		m.bets = append(m.bets, b)
		m.leave(t, s, s.undo(b.request), "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
	case b == nil, action == "bet", action == "again":
		b := m.draft(t, s)
		m.bet(t, b)
		m.bets = append(m.bets, b)
	case action == "win":
		m.win(t, b)
	default:
		m.undo(t, b)
	}
}

func (m *model) block(s *modelSeat) {
	ctx := context.Background()
	s.blocked = !s.blocked
	if s.blocked {
		must(m.w.parties.BlockPlayer(ctx, s.provider.Name, s.player))
	} else {
		must(m.w.parties.UnblockPlayer(ctx, s.provider.Name, s.player))
	}
}

// draft is a bet that nobody has heard of, sometimes in a round that is there.
func (m *model) draft(t *rapid.T, s *modelSeat) *modelBet {
	r := s.bet(rapid.SampledFrom([]int64{0, 1, 100, 250, 600, 900}).Draw(t, "stake"))
	r.RoundFinished = rapid.IntRange(0, 4).Draw(t, "finished") == 0
	if len(m.bets) > 0 && rapid.Bool().Draw(t, "same round") {
		r.RoundID = rapid.SampledFrom(m.bets).Draw(t, "of").request.RoundID
	}
	return &modelBet{request: r, seat: s}
}

func minor(l gamewallet.Literal) (n int64) {
	for _, c := range string(l) {
		if c != '.' {
			n = n*10 + int64(c-'0')
		}
	}
	return n
}

func (m *model) bet(t *rapid.T, b *modelBet) {
	s, amount, round := b.seat, minor(b.request.Amount), [2]string{b.seat.player, b.request.RoundID}
	switch {
	case s.blocked:
		m.compare(t, s, b.request, "ERROR_BAD_REQUEST_PLAYER_BLOCKED")
	case amount > 0 && s.lost+amount > s.limit:
		m.compare(t, s, b.request, limited)
	case m.finished[round]:
		m.compare(t, s, b.request, "ERROR_BAD_REQUEST")
	case amount > s.total():
		m.compare(t, s, b.request, short)
	default:
		b.cash = min(amount, s.cash)
		b.bonus = amount - b.cash
		s.cash, s.bonus = s.cash-b.cash, s.bonus-b.bonus
		s.turnover, s.lost = s.turnover+amount, s.lost+amount
		b.stands = true
		m.finished[round] = m.finished[round] || b.request.RoundFinished
		m.leave(t, s, b.request, "")
	}
}

func (m *model) win(t *rapid.T, b *modelBet) {
	s, amount, round := b.seat, rapid.SampledFrom([]int64{0, 5, 1000}).Draw(t, "win"), [2]string{b.seat.player, b.request.RoundID}
	r := s.win(b.request, amount)
	r.RoundFinished = rapid.IntRange(0, 3).Draw(t, "finished") == 0
	if rapid.IntRange(0, 3).Draw(t, "free spins") == 0 {
		r.Campaign = "spring"
	}
	switch {
	case !b.stands:
		m.compare(t, s, r, "ERROR_TRANSACTION_WITHDRAW_NOT_FOUND")
	case b.undone, m.finished[round] && r.Campaign == "":
		m.compare(t, s, r, "ERROR_BAD_REQUEST")
	default:
		s.cash, s.lost = s.cash+amount, s.lost-amount
		b.settled = true
		m.finished[round] = m.finished[round] || r.RoundFinished
		m.leave(t, s, r, "")
	}
}

func (m *model) undo(t *rapid.T, b *modelBet) {
	s, r := b.seat, b.seat.undo(b.request)
	switch {
	case !b.stands:
		b.lost = true
		m.leave(t, s, r, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
		m.compare(t, s, b.request, "ERROR_TRANSACTION_NOT_FOUND")
	case b.settled:
		m.compare(t, s, r, "ERROR_BAD_REQUEST")
	case b.undone:
		m.leave(t, s, r, "")
	default:
		amount := b.cash + b.bonus
		s.cash, s.bonus = s.cash+b.cash, s.bonus+b.bonus
		s.turnover, s.lost = s.turnover-amount, s.lost-amount
		b.undone = true
		m.leave(t, s, r, "")
	}
}

// leave is compare for what is answered alike for ever.
func (m *model) leave(t *rapid.T, s *modelSeat, request any, code string) {
	m.compare(t, s, request, code)
	m.calls = append(m.calls, modelCall{s, request, code})
}

func (m *model) compare(t *rapid.T, s *modelSeat, request any, code string) {
	left, err := s.call(m.w.either(rapid.IntRange(0, 1).Draw(t, "process")), request)
	if got := fault.Code(err); got != code {
		t.Fatalf("%T: got %q (%v), the model says %q: %+v", request, got, err, code, request)
	}
	if err == nil && left.Minor() != s.total() {
		t.Fatalf("%T: %s is left, the model says %d: %+v", request, left, s.total(), request)
	}
}
