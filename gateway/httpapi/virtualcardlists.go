package httpapi

import (
	stdjson "encoding/json"

	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

type cardTransactionsView struct {
	Data       []cardTransactionView `json:"data"`
	Pagination paginationView        `json:"pagination"`
}

type paginationView struct {
	Page       int  `json:"page"`
	Limit      int  `json:"limit"`
	Total      int  `json:"total"`
	TotalPages int  `json:"totalPages"`
	HasNext    bool `json:"hasNext"`
	HasPrev    bool `json:"hasPrev"`
}

func viewCardTransactions(p virtualcard.TransactionPage) cardTransactionsView {
	return cardTransactionsView{Data: views(p.Items, viewCardTransaction), Pagination: paginationView{
		Page: p.Page, Limit: p.Limit, Total: p.Total, TotalPages: p.TotalPages, HasNext: p.HasNext, HasPrev: p.HasPrev,
	}}
}

// cardTransactionView has members for purchases, too, which no merchant's name
// and no other currency fill here: cards are only paid in and out.
type cardTransactionView struct {
	ID               string         `json:"id"`
	CardID           string         `json:"card_id"`
	CardName         string         `json:"card_name"`
	Status           string         `json:"status"`
	Side             string         `json:"side"`
	Amount           stdjson.Number `json:"amount"`
	Currency         money.Currency `json:"currency"`
	Type             string         `json:"type"`
	MaskedPAN        string         `json:"masked_pan"`
	MerchantName     *string        `json:"merchant_name"`
	OriginalAmount   stdjson.Number `json:"original_amount"`
	OriginalCurrency money.Currency `json:"original_currency"`
	DeclineCode      *string        `json:"decline_code"`
	CreatedAt        string         `json:"transaction_created_at"`
	UpdatedAt        string         `json:"transaction_updated_at"`
}

func viewCardTransaction(t virtualcard.Transaction) cardTransactionView {
	return cardTransactionView{
		ID: t.ID, CardID: t.CardID, CardName: t.CardName, Status: t.Status, Side: t.Side, Type: t.Type, MaskedPAN: maskedPAN(t.LastFour),
		Amount: dollars(t.Amount), Currency: t.Amount.Currency(), OriginalAmount: dollars(t.Amount), OriginalCurrency: t.Amount.Currency(),
		DeclineCode: t.DeclineCode, CreatedAt: cardStamp(t.CreatedAt), UpdatedAt: cardStamp(t.UpdatedAt),
	}
}

type cardWalletView struct {
	Balance   stdjson.Number `json:"balance"`
	UpdatedAt string         `json:"updated_at"`
}

func viewCardWallet(w virtualcard.Wallet) cardWalletView {
	return cardWalletView{Balance: dollars(w.Balance), UpdatedAt: cardStamp(w.UpdatedAt)}
}

type binView struct {
	ID             string         `json:"id"`
	BIN            string         `json:"bin"`
	Network        string         `json:"network"`
	ThreeDS        bool           `json:"threeDS"`
	Wallet         bool           `json:"wallet"`
	Currency       money.Currency `json:"currency"`
	Country        string         `json:"country"`
	InitialBalance stdjson.Number `json:"initial_balance"`
}

func viewBIN(b virtualcard.BIN) binView {
	return binView{
		ID: b.ID, BIN: b.Digits, Network: b.Network, ThreeDS: b.ThreeDS, Wallet: b.Wallet, Currency: virtualcard.USD, Country: b.Country,
		InitialBalance: dollars(b.InitialBalance),
	}
}

type cardPlanView struct {
	ID          int64          `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Limit       stdjson.Number `json:"limit"`
	CreationFee stdjson.Number `json:"creation_fee"`
	CreatedAt   string         `json:"created_at"`
}

func viewCardPlan(p virtualcard.Plan) cardPlanView {
	return cardPlanView{
		ID: p.ID, Name: p.Name, Description: p.Description, Limit: dollars(p.Limit), CreationFee: dollars(p.CreationFee),
		CreatedAt: cardStamp(p.CreatedAt),
	}
}
