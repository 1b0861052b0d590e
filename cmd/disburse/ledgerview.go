package main

import (
	"strconv"

	"disburse/ledger"
)

// The rows of the books in the shape of the operator API.

type accountView struct {
	ID        int64  `json:"id"`
	Mode      string `json:"mode"`
	Owner     string `json:"owner"`
	Purpose   string `json:"purpose"`
	Currency  string `json:"currency"`
	Balance   string `json:"balance"`
	CreatedAt string `json:"created_at"`
}

func viewAccount(a ledger.AccountRow) accountView {
	return accountView{
		ID: a.ID, Mode: string(a.Mode), Owner: a.Owner, Purpose: a.Purpose, Currency: string(a.Currency),
		Balance: a.Balance.String(), CreatedAt: stamp(a.CreatedAt),
	}
}

// name is the account as people write it.
func (v accountView) name() string {
	return v.Mode + "/" + v.Owner + "/" + v.Purpose + "/" + v.Currency
}

type statementLineView struct {
	TransferID   int64  `json:"transfer_id"`
	Reference    string `json:"reference"`
	Flow         string `json:"flow"`
	Amount       string `json:"amount"`
	Balance      string `json:"balance"`
	Counterparty string `json:"counterparty"`
	At           string `json:"at"`
}

func viewStatementLine(l ledger.StatementLine) statementLineView {
	return statementLineView{
		TransferID: l.TransferID, Reference: l.Reference, Flow: l.Flow, Amount: l.Amount.String(),
		Balance: l.Balance.String(), Counterparty: l.Counterparty.String(), At: stamp(l.At),
	}
}

type transferView struct {
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

func viewTransfer(t ledger.TransferRow) transferView {
	return transferView{
		ID: t.ID, Reference: t.Reference, Flow: t.Flow,
		FromAccountID: t.FromID, From: t.From.String(), ToAccountID: t.ToID, To: t.To.String(),
		Amount: t.Amount.String(), Currency: string(t.Amount.Currency()), At: stamp(t.At),
	}
}

// pageByID makes a page of at most limit items from rows, of which one more
// than limit was asked for to see whether another page follows.
func pageByID[Row, T any](rows []Row, limit int, id func(Row) int64, view func(Row) T) list[T] {
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = strconv.FormatInt(id(rows[limit-1]), 36)
	}
	return pageOf(rows, next, view)
}

// rowCursor reads a cursor that pageByID made, 0 for none.
func rowCursor(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 36, 64)
	if err != nil || n < 1 {
		return 0, usagef("--cursor is not one that a list printed")
	}
	return n, nil
}
