package gamewallet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"disburse/gateway/gameprovider"
	"disburse/ledger/money"
)

// The longest ids, in characters.
const (
	maxPlayerID  = 45
	maxSessionID = 600
	maxID        = 255
)

// field is an id of a request by its name on the wire.
type field struct {
	name, value string
	longest     int
	optional    bool
}

func player(id string) field { return field{name: "playerId", value: id, longest: maxPlayerID} }

func session(id string) field { return field{name: "sessionId", value: id, longest: maxSessionID} }

func required(name, id string) field { return field{name: name, value: id, longest: maxID} }

func optional(name, id string) field {
	return field{name: name, value: id, longest: maxID, optional: true}
}

// check refuses the first id that is missing, too long or not plain text.
func check(fields ...field) error {
	for _, f := range fields {
		switch {
		case f.value == "" && f.optional:
		case strings.TrimSpace(f.value) == "":
			return badRequest(f.name + " is missing")
		case !plain(f.value):
			return badRequest(f.name + " has a character that ids may not have")
		case utf8.RuneCountInString(f.value) > f.longest:
			return badRequest(f.name + " is too long")
		}
	}
	return nil
}

// plain reports text that the database and the ledger keep as it is.
func plain(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return false
		}
	}
	return utf8.ValidString(text)
}

// currency reads a currency, which is written in capitals.
func currency(code string) (money.Currency, error) {
	c, known := money.Lookup(code)
	switch {
	case code == "":
		return "", badRequest("currency is missing")
	case !known || string(c) != code:
		return "", badRequest("currency is not a currency")
	}
	return c, nil
}

// amounts are the three of a bet or a win, of which the first is the sum of the
// others.
func amounts(total, cash, jackpot Literal, c money.Currency) (amount money.Money, ofJackpot int64, err error) {
	amount, err = total.money("amount", c)
	if err != nil {
		return money.Money{}, 0, err
	}
	sum, err := cash.money("cashAmount", c)
	if err != nil {
		return money.Money{}, 0, err
	}
	if jackpot != "" {
		part, err := jackpot.money("jackpotAmount", c)
		if err != nil {
			return money.Money{}, 0, err
		}
		if sum, err = sum.Add(part); err != nil {
			return money.Money{}, 0, errTooLarge
		}
		ofJackpot = part.Minor()
	}
	if !sum.Equal(amount) {
		return money.Money{}, 0, badRequest("amount is not cashAmount and jackpotAmount together")
	}
	return amount, ofJackpot, nil
}

func (l Literal) money(name string, c money.Currency) (money.Money, error) {
	if l == "" {
		return money.Money{}, badRequest(name + " is missing")
	}
	amount, err := money.Parse(string(l), c)
	if err != nil {
		return money.Money{}, badRequest(name + " is not a plain number of 0 or above with at most the currency's decimals").With(err)
	}
	return amount, nil
}

// call reads a request as a call. The faults of requests are all
// ERROR_BAD_REQUEST, and depend on nothing that is stored.
func (r BalanceRequest) call(p gameprovider.Provider) (*call, error) {
	if err := check(player(r.PlayerID), session(r.SessionID)); err != nil {
		return nil, err
	}
	c, err := currency(r.Currency)
	return &call{provider: p, playerID: r.PlayerID, sessionID: r.SessionID, currency: c}, err
}

func (r BetRequest) call(p gameprovider.Provider) (*call, error) {
	err := check(player(r.PlayerID), session(r.SessionID), required("gameId", r.GameID), required("gameRoundId", r.RoundID),
		required("transactionId", r.TransactionID), optional("freeSpinsCampaignId", r.Campaign))
	if err != nil {
		return nil, err
	}
	c, err := currency(r.Currency)
	if err != nil {
		return nil, err
	}
	amount, jackpot, err := amounts(r.Amount, r.CashAmount, r.Jackpot, c)
	return &call{
		provider: p, kind: Withdraw, playerID: r.PlayerID, sessionID: r.SessionID, currency: c,
		game: r.GameID, round: r.RoundID, id: r.TransactionID, campaign: r.Campaign,
		amount: amount, jackpot: jackpot, finished: r.RoundFinished,
	}, err
}

func (r WinRequest) call(p gameprovider.Provider) (*call, error) {
	err := check(player(r.PlayerID), session(r.SessionID), required("gameId", r.GameID), required("gameRoundId", r.RoundID),
		required("transactionId", r.TransactionID), optional("freeSpinsCampaignId", r.Campaign),
		field{"withdrawTransactionId", r.WithdrawTransactionID, maxID, r.Campaign != ""})
	if err != nil {
		return nil, err
	}
	c, err := currency(r.Currency)
	if err != nil {
		return nil, err
	}
	amount, jackpot, err := amounts(r.Amount, r.CashAmount, r.Jackpot, c)
	return &call{
		provider: p, kind: Deposit, playerID: r.PlayerID, sessionID: r.SessionID, currency: c,
		game: r.GameID, round: r.RoundID, id: r.TransactionID, withdrawID: r.WithdrawTransactionID, campaign: r.Campaign,
		amount: amount, jackpot: jackpot, finished: r.RoundFinished, consumed: r.FreeSpinsConsumed,
	}, err
}

func (r RollbackRequest) call(p gameprovider.Provider) (*call, error) {
	err := check(player(r.PlayerID), session(r.SessionID), required("gameId", r.GameID), required("gameRoundId", r.RoundID),
		required("transactionId", r.TransactionID), required("withdrawTransactionId", r.WithdrawTransactionID),
		optional("freeSpinsCampaignId", r.Campaign))
	if err != nil {
		return nil, err
	}
	var c money.Currency
	if r.Currency != "" {
		if c, err = currency(r.Currency); err != nil {
			return nil, err
		}
	}
	return &call{
		provider: p, kind: Rollback, playerID: r.PlayerID, sessionID: r.SessionID, currency: c,
		game: r.GameID, round: r.RoundID, id: r.TransactionID, withdrawID: r.WithdrawTransactionID, campaign: r.Campaign,
	}, nil
}
