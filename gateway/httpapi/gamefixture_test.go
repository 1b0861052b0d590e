package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/gateway/httpapi"
	"disburse/gateway/operator"
	"disburse/ledger/money"
	"disburse/signing"
)

// gamer is a provider of games with one player of 5000 RUB in an open session,
// and one active game.
type gamer struct {
	s        *stack
	t        testing.TB
	url      string // where the provider calls; the stack's unless told otherwise
	name     string // of the provider
	keys     gameprovider.Pair
	user     person
	player   string
	session  string
	currency string
}

// gamesMade numbers what must have a name of its own.
var gamesMade atomic.Int64

// unique is a name that nothing else has.
func unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, gamesMade.Add(1)) }

const slots = "slots-1"

// gamer makes one; the profile "" is the default.
func (s *stack) gamer(t testing.TB, profile string) *gamer {
	t.Helper()
	g := &gamer{s: s, t: t, url: s.url, name: unique("games"), currency: "RUB"}
	var err error
	_, g.keys, err = s.deps.GameProviders.Create(t.Context(), gameprovider.Spec{Name: g.name, Profile: profile})
	must(t, err)
	g.setGame(slots, true)
	return g.another()
}

func (g *gamer) setGame(id string, active bool) {
	g.t.Helper()
	_, err := g.s.deps.GameProviders.SetGame(g.t.Context(), g.name, id, active)
	must(g.t, err)
}

// another is a new player of the same provider, of another user.
func (g *gamer) another() *gamer {
	g.t.Helper()
	n := *g
	n.user, n.player = g.s.person(g.t, deposited), unique("player")
	n.bind("RUB")
	n.session = n.open(time.Hour)
	return &n
}

// bind binds the player's name.
func (g *gamer) bind(currency string) {
	g.t.Helper()
	_, err := g.s.deps.GameProviders.BindPlayer(g.t.Context(), gameprovider.Binding{
		Provider: g.name, PlayerID: g.player, UserID: g.user.id, Currency: money.Currency(currency),
	})
	must(g.t, err)
	g.currency = currency
}

// open opens a session of the player.
func (g *gamer) open(ttl time.Duration) string {
	g.t.Helper()
	opened, err := g.s.deps.GameProviders.OpenSession(g.t.Context(), gameprovider.SessionSpec{Provider: g.name, PlayerID: g.player, TTL: ttl})
	must(g.t, err)
	return opened.SessionID
}

// in is the same player in another session.
func (g *gamer) in(session string) *gamer {
	n := *g
	n.session = session
	return &n
}

func (g *gamer) closeSession() {
	g.t.Helper()
	_, err := g.s.deps.GameProviders.CloseSession(g.t.Context(), g.name, g.session)
	must(g.t, err)
}

func (g *gamer) block() {
	g.t.Helper()
	_, err := g.s.deps.GameProviders.BlockPlayer(g.t.Context(), g.name, g.player)
	must(g.t, err)
}

func (g *gamer) limit(c gameprovider.LimitsChange) {
	g.t.Helper()
	_, err := g.s.deps.GameProviders.SetLimits(g.t.Context(), g.name, g.player, c)
	must(g.t, err)
}

// sign is the signature of a body that is sent to a path.
func (g *gamer) sign(path, raw string) header {
	uri, _, _ := strings.Cut(publicURL+path, "?")
	return header{"Public-Key": g.keys.PublicKey, "Signature": signing.WalletSignature("POST", uri, []byte(raw), g.keys.PrivateKey)}
}

// raw sends bytes, signed.
func (g *gamer) raw(path, raw string) answer {
	g.t.Helper()
	return g.send(path, raw, g.sign(path, raw))
}

func (g *gamer) send(path, raw string, h header) answer {
	g.t.Helper()
	at := *g.s
	at.url, at.t = g.url, g.t
	return at.send(http.MethodPost, path, []byte(raw), h)
}

// number is an amount as it is to stand in the JSON.
func number(text string) json.RawMessage { return json.RawMessage(text) }

// play sends a call; changes overwrite members, and nil takes one away.
func (g *gamer) play(call string, b, changes fields) answer {
	g.t.Helper()
	return g.raw("/wallet/"+call, g.body(b, changes))
}

// body is the text of a call.
func (g *gamer) body(b, changes fields) string {
	g.t.Helper()
	for name, value := range changes {
		if value == nil {
			delete(b, name)
			continue
		}
		b[name] = value
	}
	var parts []string
	for name, value := range b {
		text, ok := value.(json.RawMessage) // kept as it is, also where it is no JSON
		if !ok {
			var err error
			text, err = json.Marshal(value)
			must(g.t, err)
		}
		parts = append(parts, fmt.Sprintf("%q:%s", name, text))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (g *gamer) seat() fields {
	return fields{"playerId": g.player, "sessionId": g.session, "currency": g.currency}
}

func (g *gamer) betBody(id, amount string) fields {
	return fields{
		"playerId": g.player, "sessionId": g.session, "currency": g.currency, "gameId": slots, "gameRoundId": "r-" + g.player,
		"transactionId": id, "amount": number(amount), "cashAmount": number(amount), "jackpotAmount": nil, "isGameRoundFinished": false,
	}
}

func (g *gamer) winBody(id, bet, amount string) fields {
	b := g.betBody(id, amount)
	b["withdrawTransactionId"], b["isFreeSpinsConsumed"] = bet, nil
	return b
}

func (g *gamer) undoBody(id, bet string) fields {
	return fields{
		"playerId": g.player, "sessionId": g.session, "currency": g.currency, "gameId": slots, "gameRoundId": "r-" + g.player,
		"transactionId": id, "withdrawTransactionId": bet,
	}
}

func (g *gamer) bet(id, amount string, changes ...fields) answer {
	g.t.Helper()
	return g.play("withdraw", g.betBody(id, amount), merged(changes))
}

func (g *gamer) win(id, bet, amount string, changes ...fields) answer {
	g.t.Helper()
	return g.play("deposit", g.winBody(id, bet, amount), merged(changes))
}

func (g *gamer) undo(id, bet string, changes ...fields) answer {
	g.t.Helper()
	return g.play("rollback", g.undoBody(id, bet), merged(changes))
}

func merged(changes []fields) fields {
	all := fields{}
	for _, c := range changes {
		for name, value := range c {
			all[name] = value
		}
	}
	return all
}

// has wants a call to be taken and to answer this balance, to the letter.
func (g *gamer) has(balance string, a answer) {
	g.t.Helper()
	if want := `{"balance":` + balance + `,"currency":"RUB"}`; a.status != http.StatusOK || string(a.raw) != want {
		g.t.Errorf("got %d %s, want 200 %s", a.status, a.raw, want)
	}
}

// owns wants the player to have this balance.
func (g *gamer) owns(balance string) {
	g.t.Helper()
	g.has(balance, g.play("balance", g.seat(), nil))
}

// refused wants the published form with this code, and nothing that tells of a
// balance.
func (g *gamer) refused(code string, a answer) {
	g.t.Helper()
	status := http.StatusBadRequest
	switch code {
	case "ERROR_INVALID_SIGNATURE":
		status = http.StatusUnauthorized
	case "ERROR_TIMEOUT", "ERROR_UNKNOWN_ERROR":
		status = http.StatusInternalServerError
	}
	g.refusedWith(status, code, a)
}

func (g *gamer) refusedWith(status int, code string, a answer) {
	g.t.Helper()
	if a.status != status || a.text("code") != code || a.text("description") == "" || len(a.body) != 3 ||
		a.text("traceId") == "" || a.text("traceId") != a.header.Get("X-Request-Id") {
		g.t.Errorf("got %d %s, want %d with code %s", a.status, a.raw, status, code)
	}
}

// stored wants so many transactions of the player to be kept, and gives them.
func (g *gamer) stored(want int, more string) []map[string]any {
	g.t.Helper()
	a := g.s.wantOK(g.s.as(operator.RoleViewer, http.MethodGet, "/game-transactions?limit=200&provider="+g.name+"&player="+g.player+more, nil))
	var found []map[string]any
	for _, item := range a.body["items"].([]any) {
		found = append(found, item.(map[string]any))
	}
	if len(found) != want {
		g.t.Errorf("got %d transactions, want %d: %s", len(found), want, a.raw)
	}
	return found
}

// state wants a transaction of this id to be in a state.
func (g *gamer) state(id, want string) {
	g.t.Helper()
	a := g.s.wantOK(g.s.as(operator.RoleViewer, http.MethodGet, "/game-transactions?limit=200&provider="+g.name+"&player="+g.player, nil))
	for _, item := range a.body["items"].([]any) {
		if row := item.(map[string]any); row["transaction_id"] == id {
			if row["state"] != want {
				g.t.Errorf("%s is %v, want %s", id, row["state"], want)
			}
			return
		}
	}
	g.t.Errorf("%s is not kept: %s", id, a.raw)
}

// count is how many answers have a status.
func count(answers []answer, status int) int {
	n := 0
	for _, a := range answers {
		if a.status == status {
			n++
		}
	}
	return n
}

// gameCase is one case of the suite that providers of games hold wallets
// against, by the id that it has there.
type gameCase struct {
	id, name string
	profile  string
	play     func(t *testing.T, g *gamer)
}

// playCases plays cases on one surface, each with a provider and a player of
// its own, and proves the books in the end.
func playCases(t *testing.T, cases []gameCase) {
	t.Helper()
	s := newStack(t)
	t.Cleanup(func() { s.booksAreClean(t) })
	for _, c := range cases {
		t.Run(c.id+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			c.play(t, s.gamer(t, c.profile))
		})
	}
}

func (s *stack) booksAreClean(t *testing.T) {
	t.Helper()
	report, err := s.deps.VerifyLedger(context.Background())
	if err != nil || !report.Clean {
		t.Errorf("the books: %v, %v", report.Problems, err)
	}
}

// served is the address of one more surface on the same database, whose game
// wallet has other dependencies.
func (g *gamer) served(change func(*gamewallet.Deps)) *gamer {
	g.t.Helper()
	parties := g.s.gaming
	deps := gamewallet.Deps{DB: parties.DB, Ledger: g.s.deps.Ledger, Directory: g.s.deps.GameDirectory, Now: parties.Now}
	change(&deps)
	d := g.s.deps
	d.Registry = prometheus.NewRegistry()
	var err error
	d.Games, err = gamewallet.NewService(deps)
	must(g.t, err)
	app, err := httpapi.New(d)
	must(g.t, err)
	n := *g
	n.url = listen(g.t, app)
	return &n
}

// later is the same player when so much time has passed.
func (g *gamer) later(d time.Duration) *gamer {
	g.t.Helper()
	return g.served(func(deps *gamewallet.Deps) { deps.Now = func() time.Time { return time.Now().Add(d) } })
}
