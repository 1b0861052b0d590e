package httpapi

import (
	stdjson "encoding/json"

	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

// dollars is an amount as these calls have it: a number with two decimals.
func dollars(m money.Money) stdjson.Number { return stdjson.Number(m.String()) }

type virtualCardsView struct {
	TotalBalance stdjson.Number    `json:"total_balance"`
	TotalCards   int               `json:"total_cards"`
	Cards        []virtualCardView `json:"cards"`
}

type virtualCardView struct {
	ID         string             `json:"id"`
	Name       string             `json:"name"`
	Status     virtualcard.Status `json:"status"`
	Balance    stdjson.Number     `json:"balance"`
	Category   string             `json:"category"`
	PlanID     int64              `json:"card_plan"`
	CardNumber string             `json:"card_number"`
	CreatedAt  string             `json:"created_at"`
}

func viewVirtualCards(cards []virtualcard.Card) (virtualCardsView, error) {
	total := money.New(0, virtualcard.USD)
	for _, c := range cards {
		var err error
		if total, err = total.Add(c.Balance); err != nil {
			return virtualCardsView{}, err
		}
	}
	return virtualCardsView{TotalBalance: dollars(total), TotalCards: len(cards), Cards: views(cards, viewVirtualCard)}, nil
}

func viewVirtualCard(c virtualcard.Card) virtualCardView {
	return virtualCardView{
		ID: c.ID, Name: c.Name, Status: c.Status, Balance: dollars(c.Balance), Category: cardCategory(c), PlanID: c.PlanID,
		CardNumber: "************" + lastFour(c.LastFour), CreatedAt: cardStamp(c.CreatedAt),
	}
}

// lastFour is the end of a card's number, stars while nobody knows it.
func lastFour(known string) string {
	if known == "" {
		return "****"
	}
	return known
}

// maskedPAN is a card's number in the groups that are printed on it.
func maskedPAN(end string) string { return "**** **** **** " + lastFour(end) }

// cardCategory is what a card is for; while the provider has not said so, what
// its kind is for.
func cardCategory(c virtualcard.Card) string {
	switch {
	case c.Category != "":
		return c.Category
	case c.BIN.Wallet:
		return "wallet"
	default:
		return "online"
	}
}

type virtualCardDetailView struct {
	ID            string             `json:"id"`
	CreatedAt     string             `json:"created_at"`
	UpdatedAt     string             `json:"updated_at"`
	Category      string             `json:"category"`
	MaskedPAN     string             `json:"masked_PAN"`
	Name          string             `json:"name"`
	Balance       stdjson.Number     `json:"balance"`
	Deposit       stdjson.Number     `json:"deposit"`
	Status        virtualcard.Status `json:"status"`
	Currency      money.Currency     `json:"currency"`
	CurrencyShort money.Currency     `json:"currency_short_name"`
	BINID         string             `json:"bin_id"`
	ThreeDS       bool               `json:"3ds"`
}

func viewVirtualCardDetail(c virtualcard.Card) virtualCardDetailView {
	return virtualCardDetailView{
		ID: c.ID, CreatedAt: cardStamp(c.CreatedAt), UpdatedAt: cardStamp(c.UpdatedAt), Category: cardCategory(c),
		MaskedPAN: maskedPAN(c.LastFour), Name: c.Name, Balance: dollars(c.Balance), Deposit: dollars(c.Deposit), Status: c.Status,
		Currency: virtualcard.USD, CurrencyShort: virtualcard.USD, BINID: c.BIN.ID, ThreeDS: c.BIN.ThreeDS,
	}
}

type newVirtualCardView struct {
	ID       string             `json:"id"`
	Category string             `json:"category"`
	Status   virtualcard.Status `json:"status"`
	Balance  stdjson.Number     `json:"balance"`
	Address  cardAddressView    `json:"address"`
}

type cardAddressView struct {
	City       string  `json:"city"`
	Line1      string  `json:"line1"`
	Line2      *string `json:"line2"`
	State      string  `json:"state"`
	Country    string  `json:"country"`
	PostalCode string  `json:"postalCode"`
}

// viewNewVirtualCard shows a new card. Only here the category begins with a
// capital, as is published.
func viewNewVirtualCard(c virtualcard.Card) newVirtualCardView {
	category := map[string]string{"wallet": "Wallet", "online": "Online"}[cardCategory(c)]
	a := c.Address
	address := cardAddressView{City: a.City, Line1: a.Line1, State: a.State, Country: a.Country, PostalCode: a.PostalCode}
	if a.Line2 != "" {
		address.Line2 = &a.Line2
	}
	return newVirtualCardView{ID: c.ID, Category: category, Status: c.Status, Balance: dollars(c.Balance), Address: address}
}

type standingView struct {
	CardID string             `json:"card_id"`
	Status virtualcard.Status `json:"status"`
}

func viewStanding(c virtualcard.Card) standingView {
	return standingView{CardID: c.ID, Status: c.Status}
}

type topUpView struct {
	CardID         string         `json:"card_id"`
	TransactionID  string         `json:"transaction_id"`
	InvoiceID      int64          `json:"invoice_id"`
	WalletBalance  stdjson.Number `json:"wallet_balance"`
	TotalCharged   stdjson.Number `json:"total_charged"`
	PlatformFee    stdjson.Number `json:"platform_fee_amount"`
	NewCardBalance stdjson.Number `json:"new_card_balance"`
}

func viewTopUp(d virtualcard.TopUpResult) topUpView {
	return topUpView{
		CardID: d.CardID, TransactionID: d.TransactionID, InvoiceID: d.InvoiceID, WalletBalance: dollars(d.WalletBalance),
		TotalCharged: dollars(d.TotalCharged), PlatformFee: dollars(d.PlatformFee), NewCardBalance: dollars(d.NewCardBalance),
	}
}

type cardWithdrawalView struct {
	CardID          string         `json:"card_id"`
	TransactionID   string         `json:"transaction_id"`
	InvoiceID       int64          `json:"invoice_id"`
	WalletBalance   stdjson.Number `json:"wallet_balance"`
	NewCardBalance  stdjson.Number `json:"new_card_balance"`
	AmountWithdrawn stdjson.Number `json:"amount_withdrawn"`
}

func viewWithdrawal(d virtualcard.WithdrawResult) cardWithdrawalView {
	return cardWithdrawalView{
		CardID: d.CardID, TransactionID: d.TransactionID, InvoiceID: d.InvoiceID, WalletBalance: dollars(d.WalletBalance),
		NewCardBalance: dollars(d.NewCardBalance), AmountWithdrawn: dollars(d.AmountWithdrawn),
	}
}

type closedCardView struct {
	CardID           string         `json:"card_id"`
	BalanceWithdrawn stdjson.Number `json:"balance_withdrawn"`
	TransactionID    *string        `json:"transaction_id"`
	InvoiceID        *int64         `json:"invoice_id"`
	NewWalletBalance stdjson.Number `json:"new_wallet_balance"`
}

func viewClosedCard(d virtualcard.CloseResult) closedCardView {
	return closedCardView{
		CardID: d.CardID, BalanceWithdrawn: dollars(d.BalanceWithdrawn), TransactionID: d.TransactionID, InvoiceID: d.InvoiceID,
		NewWalletBalance: dollars(d.NewWalletBalance),
	}
}
