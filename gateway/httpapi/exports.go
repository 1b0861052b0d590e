package httpapi

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"disburse/gateway/export"
	"disburse/gateway/fault"
)

var errNoExport = fault.New(fault.NotFound, "not_found", "there is no such export")

func exportList(r *request) error {
	kind, format, ok := export.ParseFile(r.param("file"))
	if !ok {
		return errNoExport
	}
	q := r.query()
	f := export.Filter{
		From: q.time("from"), To: q.time("to"), MerchantID: q.merchantID("merchant"), Mode: q.text("mode"), Status: q.text("status"),
		State: q.text("state"), Method: q.text("method"), Currency: q.text("currency"), Type: q.text("type"), Flow: q.text("flow"),
		OrderID: q.text("order_id"), UserID: q.row("user"), AccountID: q.row("account"),
	}
	if err := q.err(); err != nil {
		return err
	}
	file, err := r.api.Exports.Open(r.ctx, kind, format, f)
	if err != nil {
		return err
	}
	r.sendFile(file)
	return nil
}

// row is a parameter that names a row by its number, 0 when absent.
func (q *query) row(name string) int64 {
	v := q.r.c.Query(name)
	n, ok := wholeNumber(v)
	if v != "" && (!ok || n < 1) {
		q.refuse(name, "must be a whole number from 1")
	}
	return max(n, 0)
}

// sendFile answers with a file that is written as it is sent. The server closes it.
func (r *request) sendFile(file *export.File) {
	file.SendWithin(writeWait, r.api.Now, r.c.Context().Conn())
	r.c.Response().Header.SetContentType(file.MediaType)
	r.c.Set(fiber.HeaderContentDisposition, "attachment; filename="+strconv.Quote(file.Name))
	r.c.Context().SetBodyStream(file, -1)
}

// date is a day such as 2026-01-31, otherwise when absent.
func (q *query) date(name string, otherwise time.Time) time.Time {
	v := q.r.c.Query(name)
	if v == "" {
		return otherwise
	}
	t, err := time.Parse(time.DateOnly, v)
	if err != nil {
		q.refuse(name, "must be a day such as 2026-01-31")
	}
	return t
}

func merchantStatement(r *request) error {
	q := r.query()
	from := q.date("from", r.api.Now().UTC().Add(-24*time.Hour))
	to := q.date("to", from)
	if err := q.err(); err != nil {
		return err
	}
	d, err := r.api.Merchants.Show(r.ctx, r.param("name"))
	if err != nil {
		return err
	}
	of := export.Account{MerchantID: d.Merchant.ID, Name: d.Merchant.Name, Mode: d.Merchant.Mode}
	st, err := r.api.Exports.Statement(r.ctx, of, from, to)
	if err != nil {
		return err
	}
	return r.json(st.View())
}
