package gameprovider

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
)

// ErrUnknownProfile is the fault of reading a profile that is not there, and
// ErrIDScopeFixed that of changing what transaction ids are unique among while
// somebody may have played: an id that was taken would look free.
var (
	ErrUnknownProfile = fault.New(fault.NotFound, "not_found", "profile not found")
	ErrIDScopeFixed   = fault.New(fault.Conflict, "id_scope_fixed",
		"the scope of transaction ids cannot change once a provider has players: make a new provider")
)

// Profiles reads all profiles in the order of their names.
func (s *Service) Profiles(ctx context.Context) ([]Profile, error) {
	rows, err := collect[profileRow](ctx, s.deps.DB, selectProfiles)
	if err != nil {
		return nil, fmt.Errorf("gameprovider: profiles: %w", err)
	}
	profiles := make([]Profile, len(rows))
	for i, r := range rows {
		profiles[i] = r.profile()
	}
	return profiles, nil
}

// ProfileByName reads a profile. It fails with not_found.
func (s *Service) ProfileByName(ctx context.Context, name string) (Profile, error) {
	p, known, err := profile(ctx, s.deps.DB, name)
	if err == nil && !known {
		err = ErrUnknownProfile
	}
	return p, err
}

func profile(ctx context.Context, db database, name string) (p Profile, known bool, err error) {
	if !namePattern.MatchString(name) {
		return Profile{}, false, nil
	}
	rows, err := collect[profileRow](ctx, db, selectProfileByName, name)
	if err != nil {
		return Profile{}, false, fmt.Errorf("gameprovider: profile: %w", err)
	}
	if len(rows) == 0 {
		return Profile{}, false, nil
	}
	return rows[0].profile(), true, nil
}

// profileFor reads the profile that a provider is to have.
func profileFor(ctx context.Context, tx pgx.Tx, name string) (Profile, error) {
	p, known, err := profile(ctx, tx, name)
	if err == nil && !known {
		err = fault.Invalid(fault.Field{Name: "profile", Why: "there is no such profile"})
	}
	return p, err
}

// SetProfile gives a provider another profile. It fails with not_found,
// invalid_request, and id_scope_fixed when the scope of transaction ids would
// change while the provider has players.
func (s *Service) SetProfile(ctx context.Context, provider, profile string) (Provider, error) {
	return s.change(ctx, provider, "provider.set-profile", func(tx pgx.Tx, p Provider, _ time.Time) error {
		next, err := profileFor(ctx, tx, profile)
		if err != nil {
			return err
		}
		if next.IDScope != p.Profile.IDScope {
			if err := requireNoPlayers(ctx, tx, lockProvider, p.ID); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, updateProfile, p.ID, next.Name)
		return err
	})
}

// requireNoPlayers locks the providers that a query names, so that none gets a
// player before the transaction ends, and fails when one has any.
func requireNoPlayers(ctx context.Context, tx pgx.Tx, lock string, arg any) error {
	rows, err := tx.Query(ctx, lock, arg)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	var played bool
	if err := tx.QueryRow(ctx, hasPlayers, ids).Scan(&played); err != nil {
		return err
	}
	if played {
		return ErrIDScopeFixed
	}
	return nil
}

// PutProfile makes a profile or changes the one of that name, for every
// provider that has it. It fails with invalid_request, and with id_scope_fixed
// when the scope of transaction ids would change for a provider with players.
func (s *Service) PutProfile(ctx context.Context, p Profile) (Profile, error) {
	if faults := p.faults(); len(faults) > 0 {
		return Profile{}, fault.Invalid(faults...)
	}
	err := transact.Run(ctx, s.deps.DB, func(tx pgx.Tx) error {
		if err := epoch.Bump(ctx, tx); err != nil {
			return err
		}
		before, known, err := profile(ctx, tx, p.Name)
		if err != nil || before == p {
			return err
		}
		if known && before.IDScope != p.IDScope {
			if err := requireNoPlayers(ctx, tx, lockProvidersOf, p.Name); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, upsertProfile, p.Name, string(p.Duplicate), string(p.UnknownRollback), string(p.RepeatedRollback),
			string(p.IDScope), string(p.WinWithoutBet), string(p.LateBet)); err != nil {
			return err
		}
		record := audit.Of(ctx, s.now(), "provider.put-profile", "provider-profile", p.Name)
		record.After = p
		if known {
			record.Before = before
		}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Profile{}, named(err, "put profile")
	}
	s.deps.Watcher.Invalidate()
	return p, nil
}

func (p Profile) faults() []fault.Field {
	var faults []fault.Field
	check := func(ok bool, name, why string) {
		if !ok {
			faults = append(faults, fault.Field{Name: name, Why: why})
		}
	}
	const rule = "must be accept or refuse"
	check(namePattern.MatchString(p.Name), nameFault.Name, nameFault.Why)
	check(p.Duplicate.valid(), "duplicate", "must be replay or refuse")
	check(p.UnknownRollback.valid(), "unknown_rollback", rule)
	check(p.RepeatedRollback.valid(), "repeated_rollback", rule)
	check(p.IDScope.valid(), "id_scope", "must be provider or player")
	check(p.WinWithoutBet.valid(), "win_without_bet", rule)
	check(p.LateBet.valid(), "late_bet", rule)
	return faults
}
