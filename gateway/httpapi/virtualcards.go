package httpapi

import (
	"net/http"

	"disburse/gateway/idempotency"
	"disburse/gateway/virtualcard"
)

// maxCardPage bounds the rows that are passed over for a page.
const maxCardPage = 100_000

// cardAnswer is the form of every answer about virtual cards.
type cardAnswer struct {
	Success   bool   `json:"success"`
	Message   string `json:"message"`
	Data      any    `json:"data"`
	Timestamp string `json:"timestamp"`
}

func (r *request) cards(message string, data any) error {
	return r.cardsStatus(http.StatusOK, message, data)
}

func (r *request) cardsStatus(status int, message string, data any) error {
	return r.jsonStatus(status, cardAnswer{Success: true, Message: message, Data: data, Timestamp: cardStamp(r.api.Now())})
}

// cardAsked is what of a request about a card is compared when it is repeated.
type cardAsked struct {
	Card  string
	Input map[string]string
}

func (r *request) cardKey(in cardInput) (idempotency.Key, error) {
	asked := cardAsked{Card: r.param("id"), Input: make(map[string]string, len(in))}
	for name, value := range in {
		asked.Input[name] = string(value)
	}
	return r.key(0, asked)
}

func listVirtualCards(r *request) error {
	found, err := r.api.VirtualCards.Cards(r.ctx, r.user.ID)
	if err != nil {
		return err
	}
	view, err := viewVirtualCards(found)
	if err != nil {
		return err
	}
	return r.cards("User cards retrieved successfully", view)
}

func showVirtualCard(r *request) error {
	c, err := r.api.VirtualCards.Card(r.ctx, r.user.ID, r.param("id"))
	if err != nil {
		return err
	}
	return r.cards("Card details retrieved successfully", viewVirtualCardDetail(c))
}

func createVirtualCard(r *request) error {
	in, err := r.cardInput("bin_id", "name", "planId", "coupon_id")
	if err != nil {
		return err
	}
	key, err := r.cardKey(in)
	if err != nil {
		return err
	}
	want := virtualcard.CreateRequest{
		BINID: in.member("bin_id"), Name: in.member("name"), PlanID: in.member("planId"), CouponID: in.member("coupon_id"),
	}
	made, err := r.api.VirtualCards.Create(r.ctx, r.user, want, key)
	if err != nil {
		return err
	}
	return r.cardsStatus(http.StatusCreated, "Card created successfully", viewNewVirtualCard(made))
}

func topUpVirtualCard(r *request) error {
	in, err := r.cardInput("amount")
	if err != nil {
		return err
	}
	key, err := r.cardKey(in)
	if err != nil {
		return err
	}
	done, err := r.api.VirtualCards.TopUp(r.ctx, r.user, r.param("id"), in.member("amount"), key)
	if err != nil {
		return err
	}
	return r.cards("Card topped up successfully", viewTopUp(done))
}

func withdrawFromVirtualCard(r *request) error {
	in, err := r.cardInput("amount")
	if err != nil {
		return err
	}
	key, err := r.cardKey(in)
	if err != nil {
		return err
	}
	done, err := r.api.VirtualCards.Withdraw(r.ctx, r.user, r.param("id"), in.member("amount"), key)
	if err != nil {
		return err
	}
	return r.cards("Card withdrawal successful", viewWithdrawal(done))
}

func freezeVirtualCard(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	c, err := r.api.VirtualCards.Freeze(r.ctx, r.user, r.param("id"))
	if err != nil {
		return err
	}
	return r.cards("Card frozen successfully", viewStanding(c))
}

func unfreezeVirtualCard(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	c, err := r.api.VirtualCards.Unfreeze(r.ctx, r.user, r.param("id"))
	if err != nil {
		return err
	}
	return r.cards("Card unfrozen successfully", viewStanding(c))
}

func closeVirtualCard(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	done, err := r.api.VirtualCards.Close(r.ctx, r.user, r.param("id"))
	if err != nil {
		return err
	}
	return r.cards("Card closed successfully", viewClosedCard(done))
}

func listCardTransactions(r *request) error {
	q := r.query()
	card := q.text("card_id")
	if err := q.err(); err != nil {
		return err
	}
	page, issues := r.queryNumber("page", 1, 1, maxCardPage)
	limit, more := r.queryNumber("limit", pageLimit, 1, maxPageLimit)
	if issues = append(issues, more...); len(issues) > 0 {
		return refuseInput(issues...)
	}
	want := virtualcard.TransactionQuery{Page: page, Limit: limit, CardID: card}
	found, err := r.api.VirtualCards.Transactions(r.ctx, r.user.ID, want)
	if err != nil {
		return err
	}
	return r.cards("Card transactions retrieved successfully", viewCardTransactions(found))
}

func cardWallet(r *request) error {
	w, err := r.api.VirtualCards.Wallet(r.ctx, r.user.ID)
	if err != nil {
		return err
	}
	return r.cards("Wallet balance retrieved successfully", viewCardWallet(w))
}

func listBINs(r *request) error {
	found, err := r.api.VirtualCards.BINs(r.ctx)
	if err != nil {
		return err
	}
	return r.cards("Bins retrieved successfully", views(found, viewBIN))
}

func listCardPlans(r *request) error {
	found, err := r.api.VirtualCards.Plans(r.ctx)
	if err != nil {
		return err
	}
	return r.cards("Card plans retrieved successfully", views(found, viewCardPlan))
}
