package httpapi

import (
	"disburse/gateway/fault"
	"disburse/gateway/gamewallet"
)

// gamePlayer is who plays, in every call of a provider of games.
type gamePlayer struct{ PlayerID, SessionID, Currency string }

func (b *gamePlayer) member(name string) any {
	switch name {
	case "playerId":
		return &b.PlayerID
	case "sessionId":
		return &b.SessionID
	case "currency":
		return &b.Currency
	default:
		return nil
	}
}

func (b *gamePlayer) request() gamewallet.BalanceRequest {
	return gamewallet.BalanceRequest{PlayerID: b.PlayerID, SessionID: b.SessionID, Currency: b.Currency}
}

// gamePlay is what is played, in every call that may move money.
type gamePlay struct {
	gamePlayer
	GameID, RoundID, TransactionID, Campaign string
}

func (b *gamePlay) member(name string) any {
	switch name {
	case "gameId":
		return &b.GameID
	case "gameRoundId":
		return &b.RoundID
	case "transactionId":
		return &b.TransactionID
	case "freeSpinsCampaignId":
		return &b.Campaign
	default:
		return b.gamePlayer.member(name)
	}
}

// betBody takes a bet.
type betBody struct {
	gamePlay
	Amount, CashAmount, Jackpot literal
	Finished                    *bool
}

func (b *betBody) member(name string) any {
	switch name {
	case "amount":
		return &b.Amount
	case "cashAmount":
		return &b.CashAmount
	case "jackpotAmount":
		return &b.Jackpot
	case "isGameRoundFinished":
		return &b.Finished
	default:
		return b.gamePlay.member(name)
	}
}

// request is the bet. Everything that it lacks is for the service to name, but
// for the one member whose absence a request cannot tell from false.
func (b *betBody) request() (gamewallet.BetRequest, error) {
	if b.Finished == nil {
		return gamewallet.BetRequest{}, fault.Invalid(fault.Field{Name: "isGameRoundFinished", Why: "is required"})
	}
	return gamewallet.BetRequest{
		PlayerID: b.PlayerID, SessionID: b.SessionID, Currency: b.Currency, GameID: b.GameID, RoundID: b.RoundID,
		TransactionID: b.TransactionID, Campaign: b.Campaign, RoundFinished: *b.Finished,
		Amount: gamewallet.Literal(b.Amount), CashAmount: gamewallet.Literal(b.CashAmount), Jackpot: gamewallet.Literal(b.Jackpot),
	}, nil
}

// winBody pays a win.
type winBody struct {
	betBody
	WithdrawTransactionID string
	FreeSpinsConsumed     *bool
}

func (b *winBody) member(name string) any {
	switch name {
	case "withdrawTransactionId":
		return &b.WithdrawTransactionID
	case "isFreeSpinsConsumed":
		return &b.FreeSpinsConsumed
	default:
		return b.betBody.member(name)
	}
}

func (b *winBody) request() (gamewallet.WinRequest, error) {
	bet, err := b.betBody.request()
	if err != nil {
		return gamewallet.WinRequest{}, err
	}
	return gamewallet.WinRequest{
		PlayerID: bet.PlayerID, SessionID: bet.SessionID, Currency: bet.Currency, GameID: bet.GameID, RoundID: bet.RoundID,
		TransactionID: bet.TransactionID, WithdrawTransactionID: b.WithdrawTransactionID, Campaign: bet.Campaign,
		Amount: bet.Amount, CashAmount: bet.CashAmount, Jackpot: bet.Jackpot,
		RoundFinished: bet.RoundFinished, FreeSpinsConsumed: b.FreeSpinsConsumed,
	}, nil
}

// rollbackBody undoes a bet. An amount in it is ignored as any member that the
// call does not have: what goes back is what was taken.
type rollbackBody struct {
	gamePlay
	WithdrawTransactionID string
}

func (b *rollbackBody) member(name string) any {
	if name == "withdrawTransactionId" {
		return &b.WithdrawTransactionID
	}
	return b.gamePlay.member(name)
}

func (b *rollbackBody) request() gamewallet.RollbackRequest {
	return gamewallet.RollbackRequest{
		PlayerID: b.PlayerID, SessionID: b.SessionID, Currency: b.Currency, GameID: b.GameID, RoundID: b.RoundID,
		TransactionID: b.TransactionID, WithdrawTransactionID: b.WithdrawTransactionID, Campaign: b.Campaign,
	}
}
