package enduser

import "time"

// Wagering is a user's turnover beside what is asked for, in JSON.
type Wagering struct {
	Required  int64 `json:"required"`
	Turnover  int64 `json:"turnover"`
	Remaining int64 `json:"remaining"`
}

// View is a user in the shape of audit rows and of JSON output for operators.
type View struct {
	ID             int64     `json:"id"`
	Name           string    `json:"name"`
	Nickname       string    `json:"nickname"`
	Blocked        bool      `json:"blocked"`
	SignupBonus    bool      `json:"signup_bonus"`
	CashbackBonus  bool      `json:"cashback_bonus"`
	DepositedTotal int64     `json:"deposited_total"`
	WithdrawnTotal int64     `json:"withdrawn_total"`
	Withdrawing    int64     `json:"withdrawing"`
	Wagering       Wagering  `json:"wagering"`
	CreatedAt      time.Time `json:"created_at"`
}

// View gives the user as it is shown to operators.
func (u User) View() View {
	return View{
		ID: u.ID, Name: u.Name, Nickname: u.Nickname, Blocked: u.Blocked,
		SignupBonus: u.SignupBonus, CashbackBonus: u.CashbackBonus,
		DepositedTotal: u.Deposited, WithdrawnTotal: u.Withdrawn, Withdrawing: u.Withdrawing,
		Wagering: Wagering{u.WageringRequired, u.Turnover, u.WageringRemaining()}, CreatedAt: u.CreatedAt,
	}
}

// BalanceView is a balance in JSON, in kopecks.
type BalanceView struct {
	Balance        int64    `json:"balance"`
	Held           int64    `json:"held"`
	Available      int64    `json:"available"`
	BonusBalance   int64    `json:"bonus_balance"`
	DepositedTotal int64    `json:"deposited_total"`
	WithdrawnTotal int64    `json:"withdrawn_total"`
	Wagering       Wagering `json:"wagering"`
}

// View gives the balance as it is shown.
func (b Balance) View() BalanceView {
	return BalanceView{
		Balance: b.Balance, Held: b.Held, Available: b.Available, BonusBalance: b.Bonus,
		DepositedTotal: b.DepositedTotal, WithdrawnTotal: b.WithdrawnTotal,
		Wagering: Wagering{b.WageringRequired, b.Turnover, b.WageringRemaining},
	}
}

// TransactionView is a transaction in JSON.
type TransactionView struct {
	ID                  int64  `json:"id"`
	Type                string `json:"type"`
	AmountKopecks       int64  `json:"amount_kopecks"`
	BalanceAfterKopecks int64  `json:"balance_after_kopecks"`
	CreatedAt           string `json:"created_at"`
}

// View gives the transaction as it is shown.
func (t Transaction) View() TransactionView {
	return TransactionView{
		ID: t.ID, Type: t.Type, AmountKopecks: t.Amount,
		BalanceAfterKopecks: t.BalanceAfter, CreatedAt: t.CreatedAt.UTC().Format(time.RFC3339),
	}
}
