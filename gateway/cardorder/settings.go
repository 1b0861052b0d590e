package cardorder

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
	"disburse/gateway/vault"
)

// Settings are the terms of new card orders. Amounts are kopecks, bounds
// included.
type Settings struct {
	Enabled                  bool
	DepositMin, DepositMax   int64
	WithdrawMin, WithdrawMax int64
	Card                     Details // the platform's card, which deposits are paid to, in clear
	UpdatedAt                time.Time
}

// Change is a change of the settings; nil fields stay as they are. An empty
// CardNumber takes the card away.
type Change struct {
	Enabled                          *bool
	DepositMin, DepositMax           *int64
	WithdrawMin, WithdrawMax         *int64
	CardNumber, BankName, HolderName *string
}

// Limits gives the settings in force.
func (s *Service) Limits(ctx context.Context) (Settings, error) {
	stored, err := selectSettingsRow(ctx, s.d.DB, selectSettings)
	if err != nil {
		return Settings{}, fmt.Errorf("cardorder: settings: %w", err)
	}
	return s.settings(stored)
}

// settings opens the platform's card. Every user who pays in sees it.
func (s *Service) settings(r settingsRow) (Settings, error) {
	out := Settings{
		Enabled: r.Enabled, DepositMin: r.DepositMin, DepositMax: r.DepositMax, WithdrawMin: r.WithdrawMin, WithdrawMax: r.WithdrawMax,
		Card: Details{BankName: r.BankName, HolderName: r.HolderName}, UpdatedAt: r.UpdatedAt.UTC(),
	}
	if r.CardKey == nil {
		return out, nil
	}
	number, err := s.d.Vault.Open(settingsAAD, vault.Sealed{Key: *r.CardKey, Box: r.CardBox})
	if err != nil {
		return Settings{}, fmt.Errorf("cardorder: the platform's card: %w", err)
	}
	out.Card.CardNumber = string(number)
	return out, nil
}

const settingsAAD = "card_settings.card_box:1"

// SetSettings changes the terms of orders that are made from now on, and
// returns them. Faults: invalid_request, unavailable.
func (s *Service) SetSettings(ctx context.Context, c Change) (Settings, error) {
	var after Settings
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		stored, err := selectSettingsRow(ctx, tx, lockSettings)
		if err != nil {
			return err
		}
		before, err := s.settings(stored)
		if err != nil {
			return err
		}
		if after, err = before.with(c); err != nil {
			return err
		}
		after.UpdatedAt = s.now()
		var card vault.Sealed
		if after.Card.CardNumber != "" {
			if card, err = s.d.Vault.Seal(settingsAAD, []byte(after.Card.CardNumber)); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, updateSettings, after.Enabled, after.DepositMin, after.DepositMax, after.WithdrawMin, after.WithdrawMax,
			orNull(card.Key), card.Box, after.Card.BankName, after.Card.HolderName, after.UpdatedAt)
		if err != nil {
			return err
		}
		record := audit.Of(ctx, after.UpdatedAt, "card_settings.set", "card_settings", "card_settings")
		record.Before, record.After = before.record(), after.record()
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Settings{}, fmt.Errorf("cardorder: set settings: %w", err)
	}
	return after, nil
}

// with is the settings after a change, or every fault of it.
func (s Settings) with(c Change) (Settings, error) {
	var bad faults
	set(&s.Enabled, c.Enabled)
	set(&s.DepositMin, c.DepositMin)
	set(&s.DepositMax, c.DepositMax)
	set(&s.WithdrawMin, c.WithdrawMin)
	set(&s.WithdrawMax, c.WithdrawMax)
	for _, of := range []struct {
		name     string
		min, max int64
	}{{"deposit", s.DepositMin, s.DepositMax}, {"withdraw", s.WithdrawMin, s.WithdrawMax}} {
		if of.min <= 0 {
			bad.add(of.name+"_min", "must be above zero")
		}
		if of.max < of.min {
			bad.add(of.name+"_max", "must not be below the minimum")
		}
	}
	if c.CardNumber != nil {
		s.Card.CardNumber = cardDigits(*c.CardNumber)
		if s.Card.CardNumber != "" {
			bad.card("card_number", s.Card.CardNumber)
		}
	}
	if c.BankName != nil {
		s.Card.BankName = bad.name("bank_name", *c.BankName)
	}
	if c.HolderName != nil {
		s.Card.HolderName = bad.name("holder_name", *c.HolderName)
	}
	if len(bad) > 0 {
		return Settings{}, fault.Invalid(bad...)
	}
	return s, nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// record is the settings as the audit trail has them: without the card's number.
func (s Settings) record() map[string]any {
	return map[string]any{
		"enabled": s.Enabled, "deposit_min": s.DepositMin, "deposit_max": s.DepositMax,
		"withdraw_min": s.WithdrawMin, "withdraw_max": s.WithdrawMax,
		"card_number": mask(s.Card.CardNumber), "bank_name": s.Card.BankName, "holder_name": s.Card.HolderName,
	}
}
