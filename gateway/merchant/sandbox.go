package merchant

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
	"disburse/ledger"
	"disburse/ledger/money"
)

// SandboxSuffix ends the name of a sandbox that MakeSandbox makes.
const SandboxSuffix = "-sandbox"

// PlayMoney is what such a sandbox begins with. Sandbox money is nobody's.
var PlayMoney = money.New(100_000_000_000, money.USDT)

// Faults of sandboxes that callers compare with errors.Is.
var (
	ErrHasSandbox = fault.New(fault.Conflict, "has_sandbox", "this merchant has a sandbox already")
	ErrNotLive    = fault.New(fault.Rule, "not_live", "only a live merchant can have a sandbox")
	ErrNotSandbox = fault.New(fault.Rule, "not_sandbox", "this is not a free sandbox merchant")
)

// MakeSandbox makes the sandbox of a live merchant: a merchant of its own with
// the fee of the live one, keys that are shown this once, and play money. It
// fails with not_found, not_live, has_sandbox, and name_taken when the name with
// the suffix is another's.
func (s *Service) MakeSandbox(ctx context.Context, liveRef string) (Created, error) {
	var made Created
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		live, err := s.withoutSandbox(ctx, tx, liveRef)
		if err != nil {
			return err
		}
		twin := New{Name: live.Name + SandboxSuffix, Mode: ledger.Sandbox, FeeBPS: live.FeeBPS, FeeFixed: live.FeeFixed}
		if faults := twin.faults(); len(faults) > 0 {
			return fault.Invalid(faults...)
		}
		all, err := s.insert(ctx, tx, []New{twin})
		if err != nil {
			return err
		}
		made = all[0]
		return s.link(ctx, tx, live, made.Merchant)
	})
	if err != nil {
		return Created{}, named(err, "make sandbox")
	}
	s.deps.Watcher.Invalidate()
	_, err = s.TopUp(ctx, made.Merchant.ID, PlayMoney, "play money")
	return made, err
}

// LinkSandbox makes an existing sandbox merchant the sandbox of a live one, as
// it is. Repeating it changes nothing. It fails with not_found, not_live,
// has_sandbox and not_sandbox.
func (s *Service) LinkSandbox(ctx context.Context, liveRef, sandboxRef string) error {
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		twin, err := s.find(ctx, tx, sandboxRef)
		if err != nil {
			return err
		}
		of, err := collect[nameRow](ctx, tx, selectLive, twin.ID)
		if err != nil {
			return err
		}
		if len(of) > 0 && (of[0].ID == liveRef || of[0].Name == liveRef) {
			return nil
		}
		live, err := s.withoutSandbox(ctx, tx, liveRef)
		if err != nil {
			return err
		}
		if twin.Mode != ledger.Sandbox || len(of) > 0 {
			return ErrNotSandbox
		}
		return s.link(ctx, tx, live, twin)
	})
	if err != nil {
		return named(err, "link sandbox")
	}
	return nil
}

// withoutSandbox finds a live merchant that has no sandbox. It takes the epoch,
// which puts all that make or link sandboxes in a row.
func (s *Service) withoutSandbox(ctx context.Context, tx pgx.Tx, ref string) (Merchant, error) {
	if err := epoch.Bump(ctx, tx); err != nil {
		return Merchant{}, err
	}
	live, err := s.find(ctx, tx, ref)
	if err != nil {
		return Merchant{}, err
	}
	if live.Mode != ledger.Live {
		return Merchant{}, ErrNotLive
	}
	has, err := collect[nameRow](ctx, tx, selectSandbox, live.ID)
	if err == nil && len(has) > 0 {
		err = ErrHasSandbox
	}
	return live, err
}

func (s *Service) link(ctx context.Context, tx pgx.Tx, live, twin Merchant) error {
	now := s.deps.Now().UTC().Truncate(time.Microsecond)
	if _, err := tx.Exec(ctx, insertSandbox, live.ID, twin.ID, now); err != nil {
		return err
	}
	record := audit.Of(ctx, now, "merchant.link-sandbox", "merchant", live.ID)
	record.After = map[string]string{"sandbox": twin.Name, "sandbox_id": twin.ID}
	return audit.Write(ctx, tx, record)
}
