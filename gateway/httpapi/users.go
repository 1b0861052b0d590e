package httpapi

import (
	"net/http"

	"disburse/gateway/enduser"
	"disburse/gateway/page"
	"disburse/ledger/money"
)

func listUsers(r *request) error {
	q := r.query()
	limit, after := q.limit(), q.idCursor()
	if err := q.err(); err != nil {
		return err
	}
	rows, err := r.api.EndUsers.List(r.ctx, after, limit+1)
	if err != nil {
		return err
	}
	return r.json(page.ByID(rows, limit, func(u enduser.User) int64 { return u.ID }, enduser.User.View))
}

// newUserBody makes an end user.
type newUserBody struct{ Name, Nickname string }

func (b *newUserBody) member(name string) any {
	switch name {
	case "name":
		return &b.Name
	case "nickname":
		return &b.Nickname
	default:
		return nil
	}
}

func createUser(r *request) error {
	var b newUserBody
	if err := r.decode(&b); err != nil {
		return err
	}
	u, err := r.api.EndUsers.Create(r.ctx, enduser.Spec{Name: b.Name, Nickname: b.Nickname})
	if err != nil {
		return err
	}
	return r.jsonStatus(http.StatusCreated, u.View())
}

type userDetail struct {
	enduser.View
	Balance enduser.BalanceView `json:"balance"`
}

func showUser(r *request) error {
	id := r.number("id")
	u, err := r.api.EndUsers.ByID(r.ctx, id)
	if err != nil {
		return err
	}
	b, err := r.api.EndUsers.Balance(r.ctx, id)
	if err != nil {
		return err
	}
	return r.json(userDetail{View: u.View(), Balance: b.View()})
}

// answerUser answers a change with the user as it is after it.
func (r *request) answerUser(err error) error {
	if err != nil {
		return err
	}
	u, err := r.api.EndUsers.ByID(r.ctx, r.number("id"))
	if err != nil {
		return err
	}
	return r.json(u.View())
}

func blockUser(r *request) error { return r.answerUser(r.api.EndUsers.Block(r.ctx, r.number("id"))) }

func unblockUser(r *request) error {
	return r.answerUser(r.api.EndUsers.Unblock(r.ctx, r.number("id")))
}

func revokeUserTokens(r *request) error {
	return r.answerUser(r.api.EndUsers.RevokeTokens(r.ctx, r.number("id")))
}

// userTokenBody asks for a token.
type userTokenBody struct{ TTL string }

func (b *userTokenBody) member(name string) any {
	if name == "ttl" {
		return &b.TTL
	}
	return nil
}

type userTokenAnswer struct {
	UserID  int64  `json:"user_id"`
	Token   string `json:"token"`
	Expires string `json:"token_expires_at"`
}

func issueUserToken(r *request) error {
	var b userTokenBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	id := r.number("id")
	token, expires, err := r.api.EndUsers.IssueToken(r.ctx, id, duration(b.TTL, enduser.DefaultTTL))
	if err != nil {
		return err
	}
	return r.jsonStatus(http.StatusCreated, userTokenAnswer{UserID: id, Token: token, Expires: stamp(expires)})
}

// userDepositBody credits a user; the amount is in minor units.
type userDepositBody struct {
	Amount        *kopecks
	Currency, Ref string
}

func (b *userDepositBody) member(name string) any {
	switch name {
	case "amount":
		return &b.Amount
	case "currency":
		return &b.Currency
	case "ref":
		return &b.Ref
	default:
		return nil
	}
}

// money is the amount; a currency that nobody knows is for the service to name.
func (b *userDepositBody) money() money.Money {
	currency := money.Currency(b.Currency)
	if known, ok := money.Lookup(b.Currency); ok {
		currency = known
	}
	if b.Currency == "" {
		currency = enduser.RUB
	}
	return money.New(b.Amount.orZero(), currency)
}

type userDepositAnswer struct {
	UserID    int64  `json:"user_id"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Ref       string `json:"ref"`
	Available int64  `json:"available"`
}

func depositToUser(r *request) error {
	var b userDepositBody
	if err := r.decode(&b); err != nil {
		return err
	}
	id, amount := r.number("id"), b.money()
	if err := r.api.EndUsers.Deposit(r.ctx, id, amount, b.Ref); err != nil {
		return err
	}
	available, err := r.api.EndUsers.Available(r.ctx, id, amount.Currency())
	if err != nil {
		return err
	}
	return r.json(userDepositAnswer{
		UserID: id, Amount: amount.Minor(), Currency: string(amount.Currency()), Ref: b.Ref, Available: available.Minor(),
	})
}

// bonusBody grants bonus money, in kopecks.
type bonusBody struct {
	Kind, Ref        string
	Amount, Wagering *kopecks
}

func (b *bonusBody) member(name string) any {
	switch name {
	case "kind":
		return &b.Kind
	case "ref":
		return &b.Ref
	case "amount":
		return &b.Amount
	case "wagering":
		return &b.Wagering
	default:
		return nil
	}
}

func grantBonus(r *request) error {
	var b bonusBody
	if err := r.decode(&b); err != nil {
		return err
	}
	return r.answerUser(r.api.EndUsers.GrantBonus(r.ctx, r.number("id"), enduser.BonusKind(b.Kind), b.Amount.orZero(), b.Wagering.orZero(), b.Ref))
}

// wageringBody sets the turnover that is asked for, in kopecks.
type wageringBody struct{ Wagering *kopecks }

func (b *wageringBody) member(name string) any {
	if name == "wagering" {
		return &b.Wagering
	}
	return nil
}

func setWagering(r *request) error {
	var b wageringBody
	if err := r.decode(&b); err != nil {
		return err
	}
	required := int64(-1) // the service names it
	if b.Wagering != nil {
		required = int64(*b.Wagering)
	}
	return r.answerUser(r.api.EndUsers.SetWagering(r.ctx, r.number("id"), required))
}
