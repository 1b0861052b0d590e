package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
	"disburse/signing"
)

// TestKind is the kind of a callback that reports nothing.
const TestKind = "test"

// testBody is what such a callback holds. A receiver that checks signatures and
// answers 2xx has done everything right; it is about no payout.
type testBody struct {
	StandartSign string `json:"standart_sign"`
	OrderID      string `json:"order_id"`
	Type         string `json:"type"`
	CreatedAt    string `json:"created_at"`
}

// TestCallback sends a merchant a callback that reports nothing, signed and
// sent as all of them are, and returns its id: the log of callbacks tells what
// became of it. It fails with not_found, invalid_request and unavailable.
func (a *App) TestCallback(ctx context.Context, ref, url string) (string, error) {
	details, err := a.Merchants.Show(ctx, ref)
	if err != nil {
		return "", err
	}
	m, err := a.Directory.ByID(ctx, details.Merchant.ID)
	if err != nil {
		return "", err
	}
	if err := callbacks.CheckURL(url, a.allow); err != nil {
		return "", fault.Invalid(fault.Field{Name: "url", Why: err.Error()})
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	event, err := testEvent(m, url, now)
	if err != nil {
		return "", err
	}
	err = transact.Run(ctx, a.DB, func(tx pgx.Tx) error {
		row := callbacks.Stage(event)
		if _, err := tx.Exec(ctx, row.SQL, transact.Columns(row.Row)...); err != nil {
			return fmt.Errorf("gateway: test callback: %w", err)
		}
		record := audit.Of(ctx, now, "merchant.test-callback", "merchant", m.ID)
		record.After = map[string]string{"callback": event.ID, "url": url}
		return audit.Write(ctx, tx, record)
	})
	return event.ID, err
}

func testEvent(m merchant.Merchant, url string, now time.Time) (callbacks.Event, error) {
	if len(m.SignKeys) == 0 {
		return callbacks.Event{}, errors.New("gateway: the merchant has no sign key")
	}
	id := publicid.At(payout.EventPrefix, now)
	order := "test-" + id
	body, err := json.Marshal(testBody{
		StandartSign: signing.StandartSign(m.StandartSign, m.Name, order, m.SignKeys[0]),
		OrderID:      order, Type: TestKind, CreatedAt: payout.Timestamp(now),
	})
	if err != nil {
		return callbacks.Event{}, fmt.Errorf("gateway: test callback: %w", err)
	}
	return callbacks.Event{ID: id, MerchantID: m.ID, Subject: TestKind, OrderID: order, Kind: TestKind, URL: url, Body: body, At: now}, nil
}
