package gateway_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/idempotency"
	"disburse/gateway/racetest"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

// wallet is what end users do with their money: the services of one process
// over a database and a clock that tests move.
type wallet struct {
	db     *pgxpool.Pool
	ledger *ledger.Ledger
	users  *enduser.Service
	cards  *cardorder.Service
	trade  *exchange.Service
	vault  *vault.Vault
	clock  *atomic.Int64 // nanoseconds after walletStart
}

var walletStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newWallet(t *testing.T) *wallet {
	t.Helper()
	sealer, err := vault.New(vault.Generate("k1"))
	must(t, err)
	return walletOn(t, pgtest.New(t, pgtest.MaxConns(12)), sealer, new(atomic.Int64))
}

// another is a second process on the database of w.
func (w *wallet) another(t *testing.T) *wallet {
	t.Helper()
	return walletOn(t, w.db, w.vault, w.clock)
}

func walletOn(t *testing.T, db *pgxpool.Pool, sealer *vault.Vault, clock *atomic.Int64) *wallet {
	t.Helper()
	w := &wallet{db: db, vault: sealer, clock: clock}
	w.ledger = ledgertest.New(t, db, cardorder.Obligation, exchange.Obligation)
	var err error
	silent := slog.New(slog.DiscardHandler)
	w.users, err = enduser.NewService(enduser.Deps{DB: db, Ledger: w.ledger, Now: w.now})
	must(t, err)
	talk, err := chat.New(chat.Deps{DB: db, Vault: sealer, Now: w.now, Log: silent})
	must(t, err)
	w.cards, err = cardorder.NewService(cardorder.Deps{DB: db, Ledger: w.ledger, Users: w.users, Chat: talk, Vault: sealer, Now: w.now})
	must(t, err)
	w.trade, err = exchange.NewService(exchange.Deps{
		DB: db, Ledger: w.ledger, Users: w.users, Chat: talk, Vault: sealer, Now: w.now, Log: silent,
	})
	must(t, err)
	return w
}

func (w *wallet) now() time.Time { return walletStart.Add(time.Duration(w.clock.Load())) }

func (w *wallet) pass(d time.Duration) { w.clock.Add(int64(d)) }

// user makes a user with a completed deposit.
func (w *wallet) user(t *testing.T, name string, kopecks int64) enduser.User {
	t.Helper()
	u, err := w.users.Create(t.Context(), enduser.Spec{Name: name})
	must(t, err)
	must(t, w.users.Deposit(t.Context(), u.ID, rub(kopecks), "first"))
	return w.reload(t, u)
}

func (w *wallet) reload(t *testing.T, u enduser.User) enduser.User {
	t.Helper()
	u, err := w.users.ByID(t.Context(), u.ID)
	must(t, err)
	return u
}

// win gives a user money that is no deposit; a negative amount is a loss.
func (w *wallet) win(ctx context.Context, reference string, userID, kopecks int64) error {
	account := ledger.UserAvailable(enduser.Owner(userID), enduser.RUB)
	_, err := w.ledger.Post(ctx, ledger.Adjustment(reference, account, rub(kopecks)))
	return err
}

// withdraw asks for a card withdrawal.
func (w *wallet) withdraw(ctx context.Context, u enduser.User, kopecks int64) (int64, error) {
	return w.cards.Create(ctx, u, cardorder.Request{
		Type: cardorder.Withdraw, Amount: kopecks, Details: cardorder.Details{CardNumber: "4276000000001234"},
	}, idempotency.Key{})
}

// advert publishes an ad that takes up to the amount.
func (w *wallet) advert(t *testing.T, u enduser.User, side exchange.Side, kopecks int64) int64 {
	t.Helper()
	id, err := w.trade.CreateAd(t.Context(), u, exchange.AdRequest{
		Type: string(side), FiatCurrency: "RUB", MinAmount: 1, MaxAmount: kopecks, PaymentMethods: []string{"card"},
		PaymentDetails: map[string]string{"account": "of the author"},
	}, idempotency.Key{})
	must(t, err)
	return id
}

// answer takes an amount of an ad.
func (w *wallet) answer(ctx context.Context, u enduser.User, ad, kopecks int64) (int64, error) {
	return w.trade.CreateOrder(ctx, u, exchange.OrderRequest{
		AdID: ad, USDTAmount: kopecks, PaymentMethod: "card", PaymentDetails: map[string]string{"account": "of the taker"},
	}, idempotency.Key{})
}

func (w *wallet) balance(t *testing.T, u enduser.User) enduser.Balance {
	t.Helper()
	b, err := w.users.Balance(t.Context(), u.ID)
	must(t, err)
	return b
}

func rub(kopecks int64) money.Money { return money.New(kopecks, enduser.RUB) }

// asOperator is a context in which an operator of that name acts.
func asOperator(ctx context.Context, name string) context.Context {
	return audit.WithActor(ctx, audit.Actor{Kind: audit.Operator, ID: name, Name: name})
}

// together runs all of them from one barrier on and returns their errors.
func together(all ...func() error) []error {
	return racetest.Run(len(all), func(i int) error { return all[i]() })
}
