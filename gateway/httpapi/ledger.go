package httpapi

import (
	"errors"
	"strconv"

	"disburse/gateway/fault"
	"disburse/ledger"
)

var (
	errNoAccount  = fault.New(fault.NotFound, "not_found", "account not found")
	errNoTransfer = fault.New(fault.NotFound, "not_found", "transfer not found")
)

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

type statementLineView struct {
	TransferID   int64  `json:"transfer_id"`
	Reference    string `json:"reference"`
	Flow         string `json:"flow"`
	Amount       string `json:"amount"`
	Balance      string `json:"balance"`
	Counterparty string `json:"counterparty"`
	At           string `json:"at"`
}

func viewStatementLine(s ledger.StatementLine) statementLineView {
	return statementLineView{
		TransferID: s.TransferID, Reference: s.Reference, Flow: s.Flow, Amount: s.Amount.String(),
		Balance: s.Balance.String(), Counterparty: s.Counterparty.String(), At: stamp(s.At),
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

func listAccounts(r *request) error {
	q := r.query()
	f := ledger.AccountFilter{
		Owner: q.text("owner"), Purpose: q.text("purpose"),
		Mode: ledger.Mode(q.oneOf("mode", string(ledger.Live), string(ledger.Sandbox))),
	}
	limit, after := q.limit(), q.idCursor()
	if err := q.err(); err != nil {
		return err
	}
	rows, err := r.api.Ledger.Accounts(r.ctx, f, after, limit+1)
	if err != nil {
		return err
	}
	return r.json(pageByID(rows, limit, func(a ledger.AccountRow) int64 { return a.ID }, viewAccount))
}

func accountStatement(r *request) error {
	id, ok := r.rowID()
	q := r.query()
	p := ledger.Period{From: q.time("from"), To: q.time("to")}
	limit, before := q.limit(), q.idCursor()
	if err := q.err(); err != nil {
		return err
	}
	if !ok {
		return errNoAccount
	}
	rows, err := r.api.Ledger.Statement(r.ctx, id, p, before, limit+1)
	if errors.Is(err, ledger.ErrNotFound) {
		return errNoAccount
	}
	if err != nil {
		return err
	}
	return r.json(pageByID(rows, limit, func(s ledger.StatementLine) int64 { return s.TransferID }, viewStatementLine))
}

func showTransfer(r *request) error {
	id, ok := r.rowID()
	if !ok {
		return errNoTransfer
	}
	row, err := r.api.Ledger.Transfer(r.ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return errNoTransfer
	}
	if err != nil {
		return err
	}
	return r.json(viewTransfer(row))
}

func verifyLedger(r *request) error {
	report, err := r.api.VerifyLedger(r.ctx)
	if err != nil {
		return err
	}
	return r.json(report)
}

// rowID is the path's {id} where it is a row number.
func (r *request) rowID() (int64, bool) {
	id, err := strconv.ParseInt(r.param("id"), 10, 64)
	return id, err == nil && id > 0
}
