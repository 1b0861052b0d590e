package merchant

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/ledger"
)

// Rotated is a merchant and its new keys, shown this once; or, when Waiting is
// set, what must be approved first, and no keys.
type Rotated struct {
	Merchant Merchant
	Secrets  Secrets
	Waiting  *approval.Approval
}

// RotateKeys makes new keys of the kinds given, of all when none is. The keys
// so far go on working for the grace (0 to 30 days); keys already in a grace
// end at once.
//
// The keys of a live merchant are the merchant's to rotate. Where anybody else
// does, a second person is needed: the first call asks, and once it is approved
// the same call by the same person makes the keys. Any rotation voids what
// waits or was approved before it. Only where no operator could approve, since
// the platform has none yet, are keys made at once. It fails with not_found,
// invalid_request, already_waiting and approval_blocked.
func (s *Service) RotateKeys(ctx context.Context, ref string, kinds []KeyKind, grace time.Duration) (Rotated, error) {
	kinds, err := rotatable(kinds, grace)
	if err != nil {
		return Rotated{}, err
	}
	var made Rotated
	m, err := s.change(ctx, ref, "merchant.rotate-keys", func(tx pgx.Tx, m Merchant, now time.Time) error {
		if made.Waiting, err = s.askToRotate(ctx, tx, m, rotation(m, kinds, grace), now); err != nil || made.Waiting != nil {
			return err
		}
		end := now.Add(grace)
		if grace == 0 {
			end = time.Time{}
		}
		if err := retire(ctx, tx, m.ID, kinds, end); err != nil {
			return err
		}
		keys := make([]newKey, len(kinds))
		for i, kind := range kinds {
			keys[i] = makeKey(m.ID, kind, now)
			made.Secrets.add(keys[i])
		}
		return storeKeys(ctx, tx, s.deps.Vault, now, keys)
	})
	if err != nil {
		return Rotated{}, err
	}
	made.Merchant = m
	return made, nil
}

// PreviewRotateKeys says whether RotateKeys would make keys at once or ask for
// a second person, and does nothing. It fails as RotateKeys does.
func (s *Service) PreviewRotateKeys(ctx context.Context, ref string, kinds []KeyKind, grace time.Duration) (_ Merchant, asks bool, err error) {
	if _, err := rotatable(kinds, grace); err != nil {
		return Merchant{}, false, err
	}
	m, err := s.find(ctx, s.deps.DB, ref)
	if err != nil {
		return Merchant{}, false, err
	}
	asks, err = s.needsApproval(ctx, s.deps.DB, m)
	return m, asks, err
}

func rotatable(kinds []KeyKind, grace time.Duration) ([]KeyKind, error) {
	if len(kinds) == 0 {
		kinds = KeyKinds()
	}
	var faults []fault.Field
	for _, kind := range kinds {
		if !slices.Contains(KeyKinds(), kind) {
			faults = append(faults, fault.Field{Name: "only", Why: "must be sign, api or webhook"})
		}
	}
	if grace < 0 || grace > MaxGrace {
		faults = append(faults, fault.Field{Name: "grace", Why: "must be a span such as 24h or 90m, 0s to 720h"})
	}
	if len(faults) > 0 {
		return nil, fault.Invalid(faults...)
	}
	return slices.Compact(slices.Sorted(slices.Values(kinds))), nil
}

// needsApproval asks whether the actor of ctx needs a second person to rotate
// the keys of a merchant.
func (s *Service) needsApproval(ctx context.Context, db approval.Tx, m Merchant) (bool, error) {
	actor := audit.ActorFrom(ctx)
	if m.Mode != ledger.Live || actor.Kind == audit.Merchant {
		return false, nil
	}
	err := approval.Possible(ctx, db, approval.KeyRotation)
	if errors.Is(err, approval.ErrBlocked) && actor.Kind != audit.Operator {
		return false, nil
	}
	return err == nil, err
}

// askToRotate is nil when keys may be made now. The transaction holds the lock
// of the configuration, so of two calls one comes after the other.
func (s *Service) askToRotate(ctx context.Context, tx pgx.Tx, m Merchant, what map[string]string, now time.Time) (*approval.Approval, error) {
	needs, err := s.needsApproval(ctx, tx, m)
	if err != nil {
		return nil, err
	}
	if needs {
		_, granted, err := approval.Use(ctx, tx, keysOf(m), what, now)
		if err != nil {
			return nil, err
		}
		if needs = !granted; needs {
			return askFor(ctx, tx, m, what, now)
		}
	}
	return nil, approval.VoidAll(ctx, tx, keysOf(m), "the keys were rotated", now)
}

func keysOf(m Merchant) approval.Matter {
	return approval.Matter{Kind: approval.KeyRotation, Subject: m.ID}
}

func askFor(ctx context.Context, tx pgx.Tx, m Merchant, what map[string]string, now time.Time) (*approval.Approval, error) {
	by, _ := approval.By(ctx)
	waiting, found, err := approval.Open(ctx, tx, approval.KeyRotation, m.ID, "")
	switch {
	case err != nil:
		return nil, err
	case found && waiting.RequestedBy == by && maps.Equal(waiting.What, what) && waiting.Standing(now) == approval.Waiting:
		return &waiting, nil
	case found && waiting.Standing(now) == approval.Waiting:
		return nil, approval.ErrWaiting
	}
	// Something else was granted before: who wants this asks anew.
	if err := approval.VoidAll(ctx, tx, keysOf(m), "asked for anew", now); err != nil {
		return nil, err
	}
	asked, err := approval.Ask(ctx, tx, approval.Request{Kind: approval.KeyRotation, Subject: m.ID, What: what, At: now})
	return &asked, err
}

// rotation tells what is asked for, and which keys it would end: if they have
// been rotated meanwhile it is another rotation.
func rotation(m Merchant, kinds []KeyKind, grace time.Duration) map[string]string {
	names, newest := make([]string, len(kinds)), []string{}
	for i, kind := range kinds {
		names[i] = string(kind)
	}
	for _, key := range m.Keys {
		if key.ExpiresAt == nil && slices.Contains(kinds, key.Kind) {
			newest = append(newest, key.Prefix)
		}
	}
	slices.Sort(newest)
	return map[string]string{
		"merchant": m.Name, "mode": string(m.Mode), "only": strings.Join(names, ", "), "grace": grace.String(), "keys": strings.Join(newest, ", "),
	}
}

// retire makes room for new keys of the kinds: the newest ones work until end,
// and no more when that is zero.
func retire(ctx context.Context, tx pgx.Tx, merchantID string, kinds []KeyKind, end time.Time) error {
	texts := make([]string, len(kinds))
	for i, kind := range kinds {
		texts[i] = string(kind)
	}
	if end.IsZero() {
		_, err := tx.Exec(ctx, dropAll, merchantID, texts)
		return err
	}
	if _, err := tx.Exec(ctx, dropOlder, merchantID, texts); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, setGrace, merchantID, texts, end)
	return err
}
