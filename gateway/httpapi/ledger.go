package httpapi

import (
	"errors"
	"strconv"

	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/ledger"
)

var (
	errNoAccount  = fault.New(fault.NotFound, "not_found", "account not found")
	errNoTransfer = fault.New(fault.NotFound, "not_found", "transfer not found")
)

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
	return r.json(page.ByID(rows, limit, func(a ledger.AccountRow) int64 { return a.ID }, ledger.AccountRow.View))
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
	return r.json(page.ByID(rows, limit, func(s ledger.StatementLine) int64 { return s.TransferID }, ledger.StatementLine.View))
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
	return r.json(row.View())
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
