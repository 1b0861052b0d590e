package gateway

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/httpapi"
	"disburse/gateway/transact"
)

// Journal is the journal of callbacks, whose resends stand or fall with the
// audit record of who asked for them.
type Journal struct {
	callbacks.Journal
	db   *pgxpool.Pool
	open func(eventID, key string, box []byte) ([]byte, error)
}

var _ httpapi.Callbacks = Journal{}

// Resend has one callback sent again; see callbacks.Journal. Like ResendMany it
// fails with unavailable while somebody else has it locked.
func (j Journal) Resend(ctx context.Context, id string) error {
	return transact.Run(ctx, j.db, func(tx pgx.Tx) error {
		if err := (callbacks.Journal{DB: tx, Now: j.Now}).Resend(ctx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Of(ctx, j.Now(), "callback.resend", "callback", id))
	})
}

// ResendMany has all that match sent again, at most limit of them, with one
// audit record for all; see callbacks.Journal.
func (j Journal) ResendMany(ctx context.Context, f callbacks.Filter, limit int) (callbacks.Resent, error) {
	var done callbacks.Resent
	err := transact.Run(ctx, j.db, func(tx pgx.Tx) (err error) {
		if done, err = (callbacks.Journal{DB: tx, Now: j.Now}).ResendMany(ctx, f, limit); err != nil || done.Resent == 0 {
			return err
		}
		record := audit.Of(ctx, j.Now(), "callback.resend_many", "callback", "")
		record.After = map[string]any{
			"state": f.State, "merchant_id": f.MerchantID, "order_id": f.OrderID, "payout_id": f.Subject,
			"matched": done.Matched, "resent": done.Resent,
		}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return callbacks.Resent{}, err // what was counted did not come to be
	}
	return done, nil
}

// Body is what a callback sends, masked; see callbacks.Journal.
func (j Journal) Body(ctx context.Context, id string) (string, error) {
	return j.Journal.Body(ctx, id, j.open)
}
