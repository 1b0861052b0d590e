package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// newestCallbacks are those of a merchant whose fate its pages follow: about as
// many as one of them lists.
const newestCallbacks = 50

// MerchantPulse is the version of a merchant's own payouts and callbacks, for each
// of the merchants: a version changes with what the merchant may see of its own,
// and never with what becomes of another's.
func (r *Reader) MerchantPulse(ctx context.Context, merchants []string) (map[string]map[string]string, error) {
	rows, err := r.d.DB.Query(ctx, selectMerchantPulse, merchants, CountsAtMost, newestCallbacks)
	if err != nil {
		return nil, fmt.Errorf("report: merchants' pulse: %w", err)
	}
	versions := make(map[string]map[string]string, len(merchants))
	var id, payouts, callbacks string
	var open, dead int64
	_, err = pgx.ForEachRow(rows, []any{&id, &open, &payouts, &dead, &callbacks}, func() error {
		versions[id] = map[string]string{
			string(Payouts): fmt.Sprintf("%d/%s", open, payouts), string(Callbacks): fmt.Sprintf("%d/%s", dead, callbacks),
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("report: merchants' pulse: %w", err)
	}
	return versions, nil
}
