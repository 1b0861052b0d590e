package acceptance

import (
	"sync"
	"time"
)

// books are the double's money, by the rules of the API.
type books struct {
	has     func(fault string) bool
	profile Profile

	mu       sync.Mutex
	balances map[string]units // by player
	blocked  map[string]bool
	sessions map[string]string // the player, by session
	expired  map[string]bool
	games    map[string]bool // whether active
	seen     map[string]*transaction
	rounds   map[string]*roundState

	meeting chan struct{} // of callers in a gap
	waiting int
}

type transaction struct {
	message

	unknown    bool // a rollback that found nothing
	tombstone  bool
	settled    bool
	rolledBack bool
	refused    bool
}

type roundState struct {
	finished bool
	bets     int
}

func newBooks(has func(string) bool, profile Profile) *books {
	return &books{
		has: has, profile: profile,
		balances: map[string]units{"one": 10_000, "two": 10_000, "blocked": 10_000},
		blocked:  map[string]bool{"blocked": true},
		sessions: map[string]string{
			"session-1": "one", "session-1b": "one", "session-1x": "one", "session-2": "two", "session-b": "blocked",
		},
		expired: map[string]bool{"session-1x": true},
		games:   map[string]bool{"game": true, "game-off": false},
		seen:    map[string]*transaction{}, rounds: map[string]*roundState{},
	}
}

// gap lets others in between a check and what follows it: it waits until so many
// callers are there, or for a moment when fewer come.
func (w *books) gap(fault string, callers int) {
	if !w.has(fault) {
		return
	}
	if w.meeting == nil {
		w.meeting = make(chan struct{})
	}
	met := w.meeting
	w.waiting++
	if w.waiting == callers {
		close(met)
		w.meeting, w.waiting = nil, 0
	}
	w.mu.Unlock()
	select {
	case <-met:
	case <-time.After(300 * time.Millisecond):
	}
	w.mu.Lock()
}

func (w *books) key(m message, id string) string {
	key := id
	if w.profile.IDScope == PerPlayer || w.has("ids-per-player") {
		key = m.player + " " + id
	}
	if w.has("ids-per-kind") {
		key = m.call + " " + key
	}
	return key
}

func (w *books) round(m message) *roundState {
	key := m.player + " " + m.game + " " + m.round
	if w.has("rounds-shared") {
		key = m.round
	}
	if w.rounds[key] == nil {
		w.rounds[key] = &roundState{}
	}
	return w.rounds[key]
}

func (w *books) act(m message) (units, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.call != "balance" {
		if w.has("session-before-id") && w.expired[m.session] {
			return 0, refuse(sessionExpired)
		}
		if before := w.seen[w.key(m, m.id)]; before != nil {
			if done, balance, err := w.again(m, before); done {
				return balance, err
			}
		}
		fault := map[string]string{"withdraw": "bet-id-race", "deposit": "win-id-race", "rollback": "-"}[m.call]
		w.gap(fault, crowd)
	}
	if _, known := w.balances[m.player]; !known && !w.has("player-made-up") {
		return 0, refuse(badRequest)
	}
	if m.call == "withdraw" && w.blocked[m.player] && !w.has("block-ignored") {
		return 0, refuse(playerBlocked)
	}
	if m.call == "deposit" && w.blocked[m.player] && w.has("win-of-blocked-refused") {
		return 0, refuse(playerBlocked)
	}
	if m.currency != currency && (m.currency != "" || m.call != "rollback") && !w.has("any-currency") {
		return 0, refuse(badRequest)
	}
	if err := w.session(m); err != nil {
		return 0, err
	}
	if err := w.game(m); err != nil {
		return 0, err
	}
	switch m.call {
	case "withdraw":
		return w.withdraw(m)
	case "deposit":
		return w.deposit(m)
	case "rollback":
		return w.rollback(m)
	}
	return w.balances[m.player], nil
}

func (w *books) session(m message) error {
	owner, known := w.sessions[m.session]
	switch {
	case m.call == "withdraw" && !known && !w.has("any-session"),
		m.call == "withdraw" && known && owner != m.player && !w.has("session-not-bound"):
		return refuse(invalidSession)
	case m.session == "session-1b" && w.has("one-session-a-player"):
		return refuse(invalidSession)
	case w.expired[m.session] && (m.call == "withdraw" && !w.has("expired-accepted") ||
		m.call == "deposit" && w.has("win-needs-session") || m.call == "rollback" && w.has("rollback-needs-session")):
		return refuse(sessionExpired)
	}
	return nil
}

func (w *books) game(m message) error {
	active, known := w.games[m.game]
	if m.call == "withdraw" && (!known && !w.has("any-game") || known && !active && !w.has("inactive-accepted")) ||
		m.call == "deposit" && !active && w.has("win-needs-game") {
		return refuse(gameNotActive)
	}
	return nil
}

// again answers an id that was seen before, unless a fault plays it anew.
func (w *books) again(m message, before *transaction) (done bool, balance units, err error) {
	balance = w.balances[m.player]
	same := before.call == m.call && before.amount == m.amount && before.player == m.player && before.currency == m.currency &&
		before.game == m.game && before.round == m.round && before.bet == m.bet
	if w.has("content-not-compared") && before.call == m.call && m.call == "withdraw" ||
		w.has("win-content-not-compared") && before.call == m.call && m.call == "deposit" {
		same = true
	}
	if w.has("amount-by-letter") && before.amountText != m.amountText {
		same = false
	}
	switch {
	case before.tombstone && m.call == "withdraw":
		if w.has("tombstone-used-up") {
			delete(w.seen, w.key(m, m.id))
		}
		if w.profile.LateBet == Accept {
			return true, balance, nil
		}
		return true, 0, refuse(rolledBack)
	case before.refused:
		return true, 0, refuse(fundsShort)
	case before.tombstone, !same:
		return true, 0, refuse(duplicate)
	case before.unknown:
		if w.has("unknown-rollback-again") {
			return true, balance, nil
		}
		return true, balance, w.unknownAnswer()
	case m.call == "withdraw" && (w.has("double-bet") || w.has("rolled-back-bet-again") && before.rolledBack),
		m.call == "deposit" && w.has("double-win"):
		return false, 0, nil
	case w.profile.Duplicate == Refuse && m.call != "rollback":
		return true, 0, refuse(duplicate)
	case m.call == "withdraw" && w.has("replay-answers-amount"):
		return true, m.amount, nil
	}
	return true, balance, nil
}

func (w *books) unknownAnswer() error {
	if w.profile.UnknownRollback == Accept {
		return nil
	}
	return refuse(nothingToReturn)
}

func (w *books) withdraw(m message) (units, error) {
	round := w.round(m)
	if round.finished && !w.has("bet-after-end") || w.has("ten-bets-a-round") && round.bets >= 10 {
		return 0, refuse(badRequest)
	}
	if m.amount == 0 && w.has("zero-bet-refused") {
		return 0, refuse(badRequest)
	}
	had := w.balances[m.player]
	if had < m.amount && !w.has("overdraft") {
		if w.has("refused-bet-kept") {
			w.seen[w.key(m, m.id)] = &transaction{message: m, refused: true}
		}
		if w.has("refused-bet-returned") {
			w.seen[w.key(m, m.id)] = &transaction{message: m}
		}
		return 0, refuse(fundsShort)
	}
	w.gap("funds-race", crowd)
	w.gap("lost-update", crowd)
	w.gap("tombstone-race", 2)
	if !w.has("lost-update") {
		had = w.balances[m.player]
	}
	w.balances[m.player] = had - m.amount
	if m.amount != 0 || !w.has("zero-bet-forgotten") {
		w.seen[w.key(m, m.id)] = &transaction{message: m}
	}
	round.bets++
	if m.finished && !w.has("end-by-bet-ignored") {
		round.finished = true
	}
	return w.balances[m.player], nil
}

func (w *books) deposit(m message) (units, error) {
	round := w.round(m)
	free := m.campaign != "" && !w.has("free-spins-refused")
	bet := w.betOf(m)
	if m.amount == 0 && w.has("zero-win-refused") {
		return 0, refuse(badRequest)
	}
	switch {
	case !m.hasBet && !free && w.profile.WinWithoutBet == Refuse && !w.has("win-without-bet"):
		return 0, refuse(badRequest)
	case m.hasBet && bet == nil && w.profile.WinWithoutBet == Refuse && !w.has("win-without-bet"):
		return 0, refuse(betNotFound)
	case bet != nil && bet.rolledBack && w.has("refused-win-pays"):
		w.balances[m.player] += m.amount
		return 0, refuse(badRequest)
	case bet != nil && (bet.tombstone && !w.has("win-after-tombstone") || bet.rolledBack && !w.has("win-after-rollback")):
		return 0, refuse(badRequest)
	case round.finished && !free && !w.has("win-after-end"):
		return 0, refuse(badRequest)
	}
	if bet != nil {
		bet.settled = true
	}
	w.balances[m.player] += m.amount
	w.seen[w.key(m, m.id)] = &transaction{message: m}
	switch {
	case m.finished:
		round.finished = true
	case w.has("round-reopens"):
		round.finished = false
	}
	return w.balances[m.player], nil
}

// betOf finds the withdraw that a deposit or a rollback names.
func (w *books) betOf(m message) *transaction {
	named := m
	named.call = "withdraw"
	return w.seen[w.key(named, m.bet)]
}

func (w *books) rollback(m message) (units, error) {
	bet := w.betOf(m)
	notBet := bet != nil && bet.call != "withdraw" && !bet.tombstone
	if w.has("rollback-takes-win") && notBet {
		w.balances[m.player] -= bet.amount
		return w.balances[m.player], nil
	}
	if bet == nil || bet.tombstone || bet.refused || notBet {
		return w.findsNothing(m, bet == nil)
	}
	switch {
	case (bet.round != m.round || bet.game != m.game) && !w.has("rollback-of-any-round"),
		bet.player != m.player && !w.has("rollback-by-anybody"),
		bet.settled && !w.has("rollback-after-win"),
		w.round(m).finished && w.has("rollback-needs-open-round"):
		return 0, refuse(badRequest)
	case bet.rolledBack && !w.has("rollback-again-pays"):
		if w.profile.RepeatedRollback == Refuse {
			return 0, refuse(badRequest)
		}
		return w.balances[m.player], nil
	}
	w.gap("rollback-race", crowd)
	w.seen[w.key(m, m.id)] = &transaction{message: m}
	amount := bet.amount
	if w.has("rollback-amount-used") && m.hasAsked {
		amount = m.asked
	}
	if w.has("rollback-pays-nothing") {
		amount = 0
	}
	w.balances[m.player] += amount
	if w.has("rollback-of-whole-round") {
		for _, other := range w.seen {
			if other.call == "withdraw" && other.round == m.round {
				other.rolledBack = true
			}
		}
	}
	bet.rolledBack = true
	return w.balances[m.player], nil
}

func (w *books) findsNothing(m message, free bool) (units, error) {
	w.gap("tombstone-race", 2)
	w.seen[w.key(m, m.id)] = &transaction{message: m, unknown: true}
	if free && !w.has("no-tombstone") && w.betOf(m) == nil {
		named := m
		named.call = "withdraw"
		w.seen[w.key(named, m.bet)] = &transaction{message: m, tombstone: true}
	}
	if w.has("unknown-rollback-pays") {
		w.balances[m.player]++
	}
	return w.balances[m.player], w.unknownAnswer()
}
