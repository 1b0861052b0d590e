package ledger

import "time"

// AccountView is an account in the shape of JSON output.
type AccountView struct {
	ID        int64  `json:"id"`
	Mode      string `json:"mode"`
	Owner     string `json:"owner"`
	Purpose   string `json:"purpose"`
	Currency  string `json:"currency"`
	Balance   string `json:"balance"`
	CreatedAt string `json:"created_at"`
}

// View gives the account as it is shown.
func (a AccountRow) View() AccountView {
	return AccountView{
		ID: a.ID, Mode: string(a.Mode), Owner: a.Owner, Purpose: a.Purpose, Currency: string(a.Currency),
		Balance: a.Balance.String(), CreatedAt: stamp(a.CreatedAt),
	}
}

// StatementLineView is a line of a statement in the shape of JSON output.
type StatementLineView struct {
	TransferID   int64  `json:"transfer_id"`
	Reference    string `json:"reference"`
	Flow         string `json:"flow"`
	Amount       string `json:"amount"`
	Balance      string `json:"balance"`
	Counterparty string `json:"counterparty"`
	At           string `json:"at"`
}

// View gives the line as it is shown.
func (s StatementLine) View() StatementLineView {
	return StatementLineView{
		TransferID: s.TransferID, Reference: s.Reference, Flow: s.Flow, Amount: s.Amount.String(),
		Balance: s.Balance.String(), Counterparty: s.Counterparty.String(), At: stamp(s.At),
	}
}

// TransferView is a transfer in the shape of JSON output.
type TransferView struct {
	ID            int64  `json:"id"`
	Reference     string `json:"reference"`
	Flow          string `json:"flow"`
	FromAccountID int64  `json:"from_account_id"`
	From          string `json:"from"`
	ToAccountID   int64  `json:"to_account_id"`
	To            string `json:"to"`
	Amount        string `json:"amount"`
	Currency      string `json:"currency"`
	At            string `json:"at"`
}

// View gives the transfer as it is shown.
func (t TransferRow) View() TransferView {
	return TransferView{
		ID: t.ID, Reference: t.Reference, Flow: t.Flow,
		FromAccountID: t.FromID, From: t.From.String(), ToAccountID: t.ToID, To: t.To.String(),
		Amount: t.Amount.String(), Currency: string(t.Amount.Currency()), At: stamp(t.At),
	}
}

// stamp is a time as views show it: RFC 3339 in UTC, to the second.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
