package gamewallet_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/enduser"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

const (
	rub  = money.Currency("RUB")
	game = "book-of-cats"
)

func startOfTests() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// world is everything that bets need, on a database of its own. The second
// service is another process on the same database.
type world struct {
	t         testing.TB
	db        *pgxpool.Pool
	passed    atomic.Int64 // of the clock, since startOfTests
	ids       atomic.Int64
	books     *ledger.Ledger
	users     *enduser.Service
	parties   *gameprovider.Service
	directory *gameprovider.Directory
	watcher   *epoch.Watcher
	provider  gameprovider.Provider
	*gamewallet.Service
	second *gamewallet.Service
}

// newWorld checks at its end that the books hold, and that turnover, rounds,
// days and the providers' accounts are the sums of the transactions.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t, pgtest.MaxConns(24))}
	t.Cleanup(w.checkSums) // after the ledgers are closed
	w.books = ledgertest.New(t, w.db)
	w.users = must(enduser.NewService(enduser.Deps{DB: w.db, Ledger: w.books, Now: w.now}))
	w.watcher = must(epoch.NewWatcher(epoch.Config{DB: w.db, Now: w.now}))
	deps := gameprovider.Deps{DB: w.db, Vault: must(vault.New(vault.Generate("k1"))), Watcher: w.watcher, Now: w.now}
	w.parties = must(gameprovider.NewService(deps))
	w.directory = must(gameprovider.NewDirectory(deps))
	w.Service = w.service(w.books)
	w.second = w.service(ledgertest.New(t, w.db))
	w.provider = w.newProvider("demo", gameprovider.DefaultProfile)
	return w
}

func (w *world) service(books gamewallet.Books) *gamewallet.Service {
	return must(gamewallet.NewService(gamewallet.Deps{DB: w.db, Ledger: books, Directory: w.directory, Now: w.now}))
}

// newProvider makes a provider with one game.
func (w *world) newProvider(name, profile string) gameprovider.Provider {
	w.t.Helper()
	p, _, err := w.parties.Create(w.t.Context(), gameprovider.Spec{Name: name, Profile: profile})
	if err != nil {
		w.t.Fatal(err)
	}
	must(w.parties.SetGame(w.t.Context(), name, game, true))
	return p
}

func (w *world) now() time.Time { return startOfTests().Add(time.Duration(w.passed.Load())) }

func (w *world) advance(d time.Duration) { w.passed.Add(int64(d)) }

// id is a new one of whatever sort.
func (w *world) id() string { return fmt.Sprintf("id-%d", w.ids.Add(1)) }

// checkSums compares what is summed with what it sums.
func (w *world) checkSums() {
	for what, sql := range map[string]string{
		"users' turnover": `
select count(*) from users u where u.turnover <> (
    select coalesce(sum(t.amount), 0) from game_transactions t join game_players p on p.id = t.player
    where p.user_id = u.id and t.currency = 'RUB' and t.kind = 'withdraw' and t.state <> 'rolled_back')`,
		"rounds": `
select count(*) from (
    select player, game_id, round_id, count(*) filter (where kind = 'withdraw') as bets, count(*) filter (where kind = 'deposit') as wins,
        count(*) filter (where state = 'rolled_back') as rolled_back,
        coalesce(sum(amount) filter (where kind = 'withdraw' and state <> 'rolled_back'), 0) as staked,
        coalesce(sum(amount) filter (where kind = 'deposit'), 0) as won, coalesce(bool_or(round_finished), false) as finished
    from game_transactions where kind in ('withdraw', 'deposit') group by player, game_id, round_id) s
full join game_rounds r using (player, game_id, round_id)
where (s.bets, s.wins, s.rolled_back, s.staked, s.won, s.finished)
    is distinct from (r.bets, r.wins, r.rolled_back, r.staked, r.won, r.finished_at is not null)`,
		"days": `
select count(*) from (
    select player, (created_at at time zone 'UTC')::date as day,
        coalesce(sum(case when kind = 'deposit' then -amount when state <> 'rolled_back' then amount end), 0) as loss
    from game_transactions where kind in ('withdraw', 'deposit') and amount > 0 group by 1, 2) s
full join game_losses l using (player, day)
where s.loss is distinct from l.loss`,
		"providers' accounts": `
select count(*) from (
    select 'provider:' || provider_id as owner, currency,
        sum(case when kind = 'deposit' then -amount when kind = 'withdraw' and state <> 'rolled_back' then amount else 0 end) as balance
    from game_transactions group by 1, 2) s
left join ledger_accounts a on a.owner = s.owner and a.currency = s.currency and a.purpose = 'games'
where coalesce(a.balance, 0) <> s.balance`,
		"transactions without their transfers": `
select count(*) from game_transactions t where t.amount > 0 and t.amount <> (
    select coalesce(sum(x.amount), 0) from ledger_transfers x
    where x.reference = case t.kind when 'rollback' then 'game_rollback:' else 'game:' end || t.provider_id || ':' || t.scope || ':'
        || case t.kind when 'rollback' then t.withdraw_id else t.transaction_id end
      and x.flow = case t.kind when 'withdraw' then 'bet' when 'deposit' then 'win' else 'bet_rollback' end)`,
	} {
		var wrong int
		if err := w.db.QueryRow(context.Background(), sql).Scan(&wrong); err != nil || wrong != 0 {
			w.t.Errorf("%s: %d are wrong, %v", what, wrong, err)
		}
	}
}

// seat is a player of a provider in a session, and the user behind it.
type seat struct {
	w        *world
	provider gameprovider.Provider
	user     int64
	player   string
	session  string
}

// sit makes a user with kopecks, a player and an open session.
func (w *world) sit(kopecks int64) seat { return w.sitAt(w.provider, kopecks) }

func (w *world) sitAt(p gameprovider.Provider, kopecks int64) seat {
	w.t.Helper()
	ctx := context.Background()
	u := must(w.users.Create(ctx, enduser.Spec{Name: "Ivan"}))
	s := seat{w: w, provider: p, user: u.ID, player: w.id(), session: w.id()}
	if kopecks > 0 {
		s.pay(kopecks)
	}
	must(w.parties.BindPlayer(ctx, gameprovider.Binding{Provider: p.Name, PlayerID: s.player, UserID: u.ID, Currency: rub}))
	must(w.parties.OpenSession(ctx, gameprovider.SessionSpec{Provider: p.Name, PlayerID: s.player, SessionID: s.session}))
	return s
}

// pay credits the user.
func (s seat) pay(kopecks int64) {
	s.w.t.Helper()
	if err := s.w.users.Deposit(context.Background(), s.user, money.New(kopecks, rub), s.w.id()); err != nil {
		s.w.t.Fatal(err)
	}
}

// gift gives the user bonus money.
func (s seat) gift(kopecks int64) {
	s.w.t.Helper()
	if err := s.w.users.GrantBonus(context.Background(), s.user, enduser.Cashback, kopecks, 0, s.w.id()); err != nil {
		s.w.t.Fatal(err)
	}
}

// literal is kopecks as JSON has them.
func literal(kopecks int64) gamewallet.Literal {
	return gamewallet.Literal(money.New(kopecks, rub).String())
}

// bet, win and undo are good requests, of a new round unless they answer a bet.
func (s seat) bet(kopecks int64) gamewallet.BetRequest {
	return gamewallet.BetRequest{
		PlayerID: s.player, SessionID: s.session, Currency: "RUB", GameID: game, RoundID: s.w.id(), TransactionID: s.w.id(),
		Amount: literal(kopecks), CashAmount: literal(kopecks),
	}
}

func (s seat) win(bet gamewallet.BetRequest, kopecks int64) gamewallet.WinRequest {
	return gamewallet.WinRequest{
		PlayerID: s.player, SessionID: s.session, Currency: "RUB", GameID: bet.GameID, RoundID: bet.RoundID, TransactionID: s.w.id(),
		WithdrawTransactionID: bet.TransactionID, Amount: literal(kopecks), CashAmount: literal(kopecks),
	}
}

func (s seat) undo(bet gamewallet.BetRequest) gamewallet.RollbackRequest {
	return gamewallet.RollbackRequest{
		PlayerID: s.player, SessionID: s.session, Currency: "RUB", GameID: bet.GameID, RoundID: bet.RoundID, TransactionID: s.w.id(),
		WithdrawTransactionID: bet.TransactionID,
	}
}

// call sends a request, of whatever sort, to a service.
func (s seat) call(service *gamewallet.Service, request any) (money.Money, error) {
	ctx := context.Background()
	switch r := request.(type) {
	case gamewallet.BetRequest:
		return service.Withdraw(ctx, s.provider, r)
	case gamewallet.WinRequest:
		return service.Deposit(ctx, s.provider, r)
	case gamewallet.RollbackRequest:
		return service.Rollback(ctx, s.provider, r)
	case gamewallet.BalanceRequest:
		return service.Balance(ctx, s.provider, r)
	default:
		panic("no request")
	}
}

// ok sends a request that must be taken, and leave so many kopecks.
func (s seat) ok(request any, left int64) {
	s.w.t.Helper()
	got, err := s.call(s.w.Service, request)
	if err != nil {
		s.w.t.Errorf("%T: %v", request, err)
	} else if got != money.New(left, rub) {
		s.w.t.Errorf("%T: %s is left, want %s", request, got, money.New(left, rub))
	}
}

// refused sends a request that must be refused, and move nothing.
func (s seat) refused(request any, code string) {
	s.w.t.Helper()
	cash, bonus := s.holds()
	_, err := s.call(s.w.Service, request)
	wantCode(s.w.t, err, code)
	if c, b := s.holds(); c != cash || b != bonus {
		s.w.t.Errorf("%T refused with %s: cash %d and bonus %d became %d and %d", request, code, cash, bonus, c, b)
	}
}

// holds is what the user has.
func (s seat) holds() (cash, bonus int64) {
	s.w.t.Helper()
	owner := enduser.Owner(s.user)
	held, err := s.w.books.Balances(context.Background(), ledger.UserAvailable(owner, rub), ledger.UserBonus(owner, rub))
	if err != nil {
		s.w.t.Fatal(err)
	}
	return held[0].Minor(), held[1].Minor()
}

func (s seat) wantHolds(cash, bonus int64) {
	s.w.t.Helper()
	if c, b := s.holds(); c != cash || b != bonus {
		s.w.t.Errorf("cash %d and bonus %d, want %d and %d", c, b, cash, bonus)
	}
}

func (s seat) turnover() int64 {
	return must(s.w.users.ByID(context.Background(), s.user)).Turnover
}

func (s seat) limit(c gameprovider.LimitsChange) {
	s.w.t.Helper()
	if _, err := s.w.parties.SetLimits(context.Background(), s.provider.Name, s.player, c); err != nil {
		s.w.t.Fatal(err)
	}
}

// stored reads what stands under a transaction id, "" for nothing.
func (s seat) stored(id string) (kindAndState string) {
	s.w.t.Helper()
	err := s.w.db.QueryRow(context.Background(), `
select coalesce(max(kind || ' ' || state), '') from game_transactions where provider_id = $1 and transaction_id = $2`, s.provider.ID, id).Scan(&kindAndState)
	if err != nil {
		s.w.t.Fatal(err)
	}
	return kindAndState
}

func (s seat) wantStored(id, want string) {
	s.w.t.Helper()
	if got := s.stored(id); got != want {
		s.w.t.Errorf("%s is %q, want %q", id, got, want)
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := fault.Code(err); got != code {
		t.Errorf("got %q (%v), want %q", got, err, code)
	}
}
