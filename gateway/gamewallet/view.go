package gamewallet

import "time"

// TransactionView is a transaction in JSON.
type TransactionView struct {
	ID                    int64      `json:"id"`
	Provider              string     `json:"provider"`
	PlayerID              string     `json:"player_id"`
	UserID                int64      `json:"user_id"`
	Kind                  Kind       `json:"kind"`
	State                 State      `json:"state"`
	TransactionID         string     `json:"transaction_id"`
	WithdrawTransactionID *string    `json:"withdraw_transaction_id"`
	GameID                string     `json:"game_id"`
	RoundID               string     `json:"round_id"`
	Campaign              *string    `json:"free_spins_campaign_id"`
	Amount                string     `json:"amount"`
	Jackpot               string     `json:"jackpot_amount"`
	Bonus                 string     `json:"bonus_amount"`
	Currency              string     `json:"currency"`
	RoundFinished         bool       `json:"round_finished"`
	FreeSpinsConsumed     *bool      `json:"free_spins_consumed"`
	CreatedAt             time.Time  `json:"created_at"`
	EndedAt               *time.Time `json:"ended_at"`
}

// View gives the transaction as it is shown.
func (t Transaction) View() TransactionView {
	return TransactionView{
		ID: t.ID, Provider: t.Provider, PlayerID: t.PlayerID, UserID: t.UserID, Kind: t.Kind, State: t.State,
		TransactionID: t.TransactionID, WithdrawTransactionID: orNull(t.WithdrawTransactionID),
		GameID: t.GameID, RoundID: t.RoundID, Campaign: orNull(t.Campaign),
		Amount: t.Amount.String(), Jackpot: t.Jackpot.String(), Bonus: t.Bonus.String(), Currency: string(t.Amount.Currency()),
		RoundFinished: t.RoundFinished, FreeSpinsConsumed: t.FreeSpinsConsumed, CreatedAt: t.CreatedAt, EndedAt: t.EndedAt,
	}
}

// RoundView is a round in JSON.
type RoundView struct {
	ID         int64      `json:"id"`
	Provider   string     `json:"provider"`
	PlayerID   string     `json:"player_id"`
	UserID     int64      `json:"user_id"`
	GameID     string     `json:"game_id"`
	RoundID    string     `json:"round_id"`
	Bets       int64      `json:"bets"`
	Wins       int64      `json:"wins"`
	RolledBack int64      `json:"rolled_back"`
	Staked     string     `json:"staked"`
	Won        string     `json:"won"`
	Currency   string     `json:"currency"`
	OpenedAt   time.Time  `json:"opened_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// View gives the round as it is shown.
func (r Round) View() RoundView {
	return RoundView{
		ID: r.ID, Provider: r.Provider, PlayerID: r.PlayerID, UserID: r.UserID, GameID: r.GameID, RoundID: r.RoundID,
		Bets: r.Bets, Wins: r.Wins, RolledBack: r.RolledBack, Staked: r.Staked.String(), Won: r.Won.String(),
		Currency: string(r.Staked.Currency()), OpenedAt: r.OpenedAt, FinishedAt: r.FinishedAt,
	}
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
