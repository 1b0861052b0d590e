package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"disburse/gateway/cardorder"
	"disburse/gateway/console/site"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
	"disburse/ledger/money"
)

func (k *desk) userRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	return slices.Concat(
		[]site.Route{{Method: get, Path: "/users", Role: viewer, Handle: k.users}},
		asking("/users/new", admin, k.userForm, k.createUser),
		[]site.Route{
			{Method: get, Path: "/users/:id", Role: viewer, Handle: k.user},
			{Method: get, Path: "/users/:id/transactions", Role: viewer, Handle: k.userTransactions},
			{Method: post, Path: "/users/:id/block", Role: admin, Handle: k.blockUser},
			{Method: post, Path: "/users/:id/unblock", Role: admin, Handle: k.unblockUser},
			{Method: post, Path: "/users/:id/revoke-tokens", Role: admin, Handle: k.revokeUserTokens},
		},
		asking("/users/:id/deposit", admin, k.userDepositForm, k.depositToUser),
		asking("/users/:id/bonus", admin, k.bonusForm, k.grantBonus),
		asking("/users/:id/wagering", admin, k.wageringForm, k.setWagering),
		asking("/users/:id/token", admin, k.userTokenForm, k.issueUserToken),
	)
}

// rub is an amount of kopecks as people write it.
func rub(kopecks int64) string { return money.New(kopecks, enduser.RUB).String() }

// userRow is a user as lists show it.
type userRow struct{ enduser.User }

// Deposits is what the user has paid in.
func (r userRow) Deposits() string { return rub(r.Deposited) }

// Withdrawals is what has left.
func (r userRow) Withdrawals() string { return rub(r.Withdrawn) }

type usersPage struct {
	Items []userRow
	Query string
	Lost  bool
	Pager pager
}

// userID is the number that a path or a query names, 0 when it names none:
// nobody has that.
func userID(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0
	}
	return id
}

const usersShown = 50

// users lists them by id. An id that is typed leads to its user.
func (k *desk) users(v *site.Visit) error {
	q := v.Query("q")
	if q != "" {
		u, err := k.EndUsers.ByID(v.Ctx, userID(q))
		if err == nil {
			return v.Goto(userPath(u.ID), "")
		}
		if !errors.Is(err, enduser.ErrNotFound) {
			return err
		}
	}
	after, ok := page.ID(v.Query("cursor"))
	if !ok {
		return errBadCursor
	}
	rows, err := k.EndUsers.List(v.Ctx, after, usersShown+1)
	if err != nil {
		return err
	}
	found := page.ByID(rows, usersShown, func(u enduser.User) int64 { return u.ID }, func(u enduser.User) userRow { return userRow{u} })
	return v.Render("users", usersPage{Items: found.Items, Query: q, Lost: q != "", Pager: pagerOf(v, orEmpty(found.NextCursor))})
}

var errBadCursor = fault.New(fault.NotFound, "not_found", "there is no such page")

func userPath(id int64) string { return "/users/" + strconv.FormatInt(id, 10) }

// pathUser reads the user that the path names.
func (k *desk) pathUser(v *site.Visit) (enduser.User, error) {
	return k.EndUsers.ByID(v.Ctx, userID(v.Param("id")))
}

// movement is a transaction as it is shown.
type movement struct{ enduser.Transaction }

// Sum is what moved, below zero when it left.
func (m movement) Sum() string { return rub(m.Amount) }

// After is what could be spent then.
func (m movement) After() string { return rub(m.BalanceAfter) }

type userPage struct {
	userRow
	Balance   map[string]string
	Movements []movement
	More      bool // there are more of them
	Cards     []cardOrderRow
	Trades    []tradeRow
	Virtual   userCards
	Players   []gameprovider.PlayerView
	Trail     trail
}

// cardOrderRow is a card order of a user.
type cardOrderRow struct{ cardorder.DeskView }

// Sum is its amount.
func (r cardOrderRow) Sum() string { return rub(r.AmountKopecks) }

// tradeRow is a P2P order that the user takes part in.
type tradeRow struct {
	exchange.OrderView
	Sells bool // else the user buys
}

// Sum is what changes hands.
func (r tradeRow) Sum() string { return rub(r.USDTAmount) }

// Owner is how the books name whose money it is.
func (r userRow) Owner() string { return enduser.Owner(r.ID) }

const userRowsShown = 10

func (k *desk) user(v *site.Visit) error {
	u, err := k.pathUser(v)
	if err != nil {
		return err
	}
	p := userPage{userRow: userRow{u}}
	b, err := k.EndUsers.Balance(v.Ctx, u.ID)
	if err != nil {
		return err
	}
	p.Balance = map[string]string{
		"Available": rub(b.Available), "Held": rub(b.Held), "Bonus": rub(b.Bonus),
		"Required": rub(b.WageringRequired), "Turnover": rub(b.Turnover), "Remaining": rub(b.WageringRemaining),
	}
	if err := k.userOrders(v, &p); err != nil {
		return err
	}
	if p.Trail, err = k.trailOf(v, "user", strconv.FormatInt(u.ID, 10)); err != nil {
		return err
	}
	return v.Render("user", p)
}

// userOrders adds what the user did lately.
func (k *desk) userOrders(v *site.Visit, p *userPage) error {
	rows, all, err := k.EndUsers.Transactions(v.Ctx, p.ID, userRowsShown, 0)
	if err != nil {
		return err
	}
	p.Movements, p.More = movements(rows), all > len(rows)
	cards, err := k.CardOrders.Desk(v.Ctx, cardorder.DeskFilter{UserID: p.ID, Limit: userRowsShown})
	if err != nil {
		return err
	}
	for _, c := range cards.Items {
		p.Cards = append(p.Cards, cardOrderRow{c})
	}
	trades, err := k.Exchange.MyOrders(v.Ctx, p.ID, "", userRowsShown, 0)
	if err != nil {
		return err
	}
	for _, t := range trades {
		p.Trades = append(p.Trades, tradeRow{t, t.SellerID == p.ID})
	}
	if p.Virtual, err = k.userCards(v, p.ID); err != nil {
		return err
	}
	players, err := k.GameProviders.Players(v.Ctx, gameprovider.PlayerFilter{UserID: p.ID}, "", userRowsShown)
	for _, player := range players.Items {
		p.Players = append(p.Players, player.View())
	}
	return err
}

func movements(rows []enduser.Transaction) []movement {
	out := make([]movement, len(rows))
	for i, t := range rows {
		out[i] = movement{t}
	}
	return out
}

type transactionsPage struct {
	userRow
	Movements []movement
	All       int
	Pager     pager
}

// userTransactions lists what moved, by how many came before.
func (k *desk) userTransactions(v *site.Visit) error {
	u, err := k.pathUser(v)
	if err != nil {
		return err
	}
	offset := max(0, int(userID(v.Query("cursor"))))
	rows, all, err := k.EndUsers.Transactions(v.Ctx, u.ID, usersShown, offset)
	if err != nil {
		return err
	}
	next := ""
	if offset+len(rows) < all {
		next = strconv.Itoa(offset + len(rows))
	}
	return v.Render("user-transactions", transactionsPage{userRow: userRow{u}, Movements: movements(rows), All: all, Pager: pagerOf(v, next)})
}
