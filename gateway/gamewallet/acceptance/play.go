package acceptance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// The published codes of refusals.
const (
	badSignature    = "ERROR_INVALID_SIGNATURE"
	badRequest      = "ERROR_BAD_REQUEST"
	playerBlocked   = "ERROR_BAD_REQUEST_PLAYER_BLOCKED"
	invalidSession  = "ERROR_INVALID_SESSION"
	sessionExpired  = "ERROR_SESSION_EXPIRED"
	gameNotActive   = "ERROR_GAME_NOT_ACTIVE"
	fundsShort      = "ERROR_TRANSACTION_INSUFFICIENT_FUNDS"
	limitExceeded   = "ERROR_TRANSACTION_LIMIT_EXCEEDED"
	duplicate       = "ERROR_TRANSACTION_DUPLICATE"
	betNotFound     = "ERROR_TRANSACTION_WITHDRAW_NOT_FOUND"
	rolledBack      = "ERROR_TRANSACTION_NOT_FOUND"
	nothingToReturn = "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND"
)

// scenario is a case before it is played.
type scenario struct {
	name  string
	ids   []string
	about string
	play  func(*play)
}

// table is where a run is played.
type table struct {
	Config

	ctx    context.Context
	run    string // part of every id, so that runs do not meet
	serial atomic.Int64
}

// play is one case under way.
type play struct {
	*table

	have   units    // the player's balance as it should be by now
	rounds []string // begun by this case
}

// verdict ends a case from anywhere below it: cases read as a list of what must
// hold, without an error to hand up after every line.
type verdict struct {
	status Status
	detail string
}

func (p *play) fail(format string, args ...any) {
	panic(verdict{Failed, fmt.Sprintf(format, args...)})
}

func (p *play) skip(format string, args ...any) {
	panic(verdict{Skipped, fmt.Sprintf(format, args...)})
}

// need skips the case unless everything it takes was given: names and values in
// turn.
func (p *play) need(namesAndValues ...string) {
	var missing []string
	for pair := range slices.Chunk(namesAndValues, 2) {
		if pair[1] == "" {
			missing = append(missing, pair[0])
		}
	}
	if len(missing) > 0 {
		p.skip("needs %s", strings.Join(missing, " and "))
	}
}

// afford skips the case unless the player has that much.
func (p *play) afford(u units) {
	if p.have < u {
		p.skip("needs a balance of %s %s", p.text(u), p.Currency)
	}
}

// play plays one case and evens out what it left.
func (t *table) play(s scenario) Result {
	result := Result{Name: s.name, IDs: append([]string{}, s.ids...), About: s.about, Status: Passed}
	before, err := t.greet()
	if err != nil {
		result.Status, result.Detail = Failed, err.Error()
		return result
	}
	p := &play{table: t, have: before}
	end := p.through(s)
	result.Status, result.Detail = end.status, end.detail
	p.closeRounds()
	after, err := t.greet()
	switch {
	case err != nil:
		result.Status, result.Detail = Failed, err.Error()
		return result
	case end.status == Passed && after != p.have:
		result.Status = Failed
		result.Detail = fmt.Sprintf("in the end the balance is %s and should be %s", t.text(after), t.text(p.have))
	}
	p.even(before - after)
	return result
}

// through plays the case to its end, or to the first thing that does not hold.
func (p *play) through(s scenario) (end verdict) {
	end = verdict{status: Passed}
	defer func() {
		if thrown := recover(); thrown != nil {
			ended, ours := thrown.(verdict)
			if !ours {
				panic(thrown)
			}
			end = ended
		}
	}()
	s.play(p)
	return end
}

// closeRounds ends the rounds that the case began, so that they do not stand in
// the report of open ones. Those that have ended refuse it, which is well.
func (p *play) closeRounds() {
	for _, round := range p.rounds {
		p.send(p.bet(0, round).with("isGameRoundFinished", true))
	}
}

// even adds to the player's balance, or takes from it, as any game may: what it
// cannot do is seen at the end of the run.
func (p *play) even(difference units) {
	bet := p.bet(max(0, -difference), p.round())
	if difference <= 0 {
		bet = bet.with("isGameRoundFinished", true)
	}
	if difference != 0 {
		p.send(bet)
	}
	if difference > 0 {
		p.send(p.win(difference, bet).with("isGameRoundFinished", true))
	}
}

// greet reads the player's balance.
func (t *table) greet() (units, error) {
	a := t.send(t.ask())
	u, err := t.settled(a)
	if err != nil {
		return 0, fmt.Errorf("balance: %w", err)
	}
	return u, nil
}

// settled is the balance that a 200 tells.
func (t *table) settled(a answer) (units, error) {
	if a.err != nil || a.status != http.StatusOK {
		return 0, fmt.Errorf("expected 200 with a balance, got %s", a)
	}
	if a.currency != t.Currency {
		return 0, fmt.Errorf("expected currency %s, got %s", t.Currency, a)
	}
	return t.exact(string(a.balance))
}

// id is a new id of this run.
func (t *table) id(kind string) string {
	return fmt.Sprintf("acceptance-%s-%s-%d", t.run, kind, t.serial.Add(1))
}

func (p *play) round() string {
	round := p.id("round")
	p.rounds = append(p.rounds, round)
	return round
}

func (t *table) ask() request {
	return request{call: "balance"}.with("playerId", t.Player).with("sessionId", t.Session).with("currency", t.Currency)
}

// bet is a withdraw, of a new id, in the round.
func (t *table) bet(u units, round string) request {
	return request{call: "withdraw"}.
		with("amount", t.amount(u)).with("cashAmount", t.amount(u)).with("jackpotAmount", literal("null")).
		with("currency", t.Currency).with("gameId", t.Game).with("gameRoundId", round).with("isGameRoundFinished", false).
		with("playerId", t.Player).with("sessionId", t.Session).with("transactionId", t.id("bet"))
}

// win is a deposit for the bet, of a new id, which leaves the round open.
func (t *table) win(u units, bet request) request {
	return t.freeWin(u, bet.get("gameRoundId")).without("freeSpinsCampaignId").with("isFreeSpinsConsumed", literal("null")).
		with("withdrawTransactionId", bet.get("transactionId"))
}

// freeWin is a deposit of a free-spins campaign, for which nothing was bet.
func (t *table) freeWin(u units, round string) request {
	return request{call: "deposit"}.
		with("amount", t.amount(u)).with("cashAmount", t.amount(u)).with("jackpotAmount", literal("null")).
		with("currency", t.Currency).with("gameId", t.Game).with("gameRoundId", round).with("isGameRoundFinished", false).
		with("isFreeSpinsConsumed", true).with("freeSpinsCampaignId", t.id("campaign")).
		with("playerId", t.Player).with("sessionId", t.Session).with("transactionId", t.id("win"))
}

// rollback undoes the bet, under a new id.
func (t *table) rollback(bet request) request {
	return request{call: "rollback"}.
		with("currency", t.Currency).with("gameId", bet.get("gameId")).with("gameRoundId", bet.get("gameRoundId")).
		with("playerId", bet.get("playerId")).with("sessionId", bet.get("sessionId")).
		with("transactionId", t.id("rollback")).with("withdrawTransactionId", bet.get("transactionId"))
}

// done makes the call, which must succeed and change the balance by so much.
func (p *play) done(r request, change units) {
	got, err := p.settled(p.send(r))
	if err != nil {
		p.fail("%s: %v", r.call, err)
	}
	if got != p.have+change {
		p.fail("%s answers the balance %s, expected %s", r.call, p.text(got), p.text(p.have+change))
	}
	p.have = got
}

// refused makes the call, which must be refused with one of the codes, and say
// nothing of the balance.
func (p *play) refused(r request, codes ...string) {
	p.isRefusal(r.call, p.send(r), http.StatusBadRequest, codes...)
}

func (p *play) isRefusal(what string, a answer, status int, codes ...string) {
	if a.err != nil || a.status != status || !slices.Contains(codes, a.code) {
		p.fail("%s: expected %d %s, got %s", what, status, strings.Join(codes, " or "), a)
	}
	if a.balance != nil {
		p.fail("%s: the refusal tells the balance: %s", what, a)
	}
}

// repeated makes a call that was made before: the profile says whether it is
// answered as done, and nothing moves.
func (p *play) repeated(r request) {
	if p.Profile.Duplicate == Refuse {
		p.refused(r, duplicate)
	} else if _, err := p.settled(p.send(r)); err != nil {
		p.fail("%s again: %v", r.call, err)
	}
	p.still("after the same " + r.call + " again")
}

// still reads the balance, which must be what it should be by now.
func (p *play) still(when string) {
	got, err := p.greet()
	if err != nil {
		p.fail("%v", err)
	}
	if got != p.have {
		p.fail("%s the balance is %s, expected %s", when, p.text(got), p.text(p.have))
	}
}

// crowd is how many calls are made at once.
const crowd = 10

// atOnce makes all the calls at the same time.
func (p *play) atOnce(requests ...request) []answer {
	answers := make([]answer, len(requests))
	begin := make(chan struct{})
	var calls sync.WaitGroup
	for i, r := range requests {
		calls.Go(func() {
			<-begin
			answers[i] = p.send(r)
		})
	}
	close(begin)
	calls.Wait()
	return answers
}
