package exchange

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
	"disburse/gateway/transact"
)

// AdRequest is an ad that a user wants to publish, as on the wire.
type AdRequest struct {
	Type                 string            `json:"type"`
	FiatCurrency         string            `json:"fiat_currency"`
	ExchangeRate         *int64            `json:"exchange_rate"` // default 100 for RUB
	MinAmount            int64             `json:"min_amount"`
	MaxAmount            int64             `json:"max_amount"`
	PaymentMethods       []string          `json:"payment_methods"`
	PaymentDetails       map[string]string `json:"payment_details"`
	Instructions         string            `json:"instructions"`
	PaymentWindowMinutes *int64            `json:"payment_window_minutes"` // default 30
}

// AdChange is what an owner changes of an ad; what is nil stays.
type AdChange struct {
	ExchangeRate         *int64             `json:"exchange_rate"`
	MinAmount            *int64             `json:"min_amount"`
	MaxAmount            *int64             `json:"max_amount"`
	PaymentMethods       *[]string          `json:"payment_methods"`
	PaymentDetails       *map[string]string `json:"payment_details"`
	Instructions         *string            `json:"instructions"`
	PaymentWindowMinutes *int64             `json:"payment_window_minutes"`
	IsActive             *bool              `json:"is_active"`
}

// CreateAd publishes an ad and returns its id. A request whose key made an ad
// before is answered with that ad's id.
// Faults: invalid_request, FORBIDDEN, DUPLICATE_AD_TYPE, IDEMPOTENCY_KEY_REUSED,
// unavailable.
func (s *Service) CreateAd(ctx context.Context, u enduser.User, req AdRequest, key idempotency.Key) (int64, error) {
	ad, details, err := req.check()
	if err != nil {
		return 0, err
	}
	ad.UserID, ad.CreatedAt = u.ID, s.now()
	id, err := s.once(ctx, key, func() (int64, error) {
		if err := s.d.Users.CheckActive(u); err != nil {
			return 0, err
		}
		return s.publish(byUser(ctx, u), ad, details, key)
	})
	return id, named(err, "create ad")
}

// publish stores an ad. The key comes first, so that a twin waits there.
func (s *Service) publish(ctx context.Context, ad Ad, details map[string]string, key idempotency.Key) (int64, error) {
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, nextAdID).Scan(&ad.ID); err != nil {
			return err
		}
		if err := idempotency.Write(ctx, tx, key, ad.ID, ad.CreatedAt); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, lockTrader, ad.UserID).Scan(&ad.author.completed, &ad.author.rating); err != nil {
			return err
		}
		var err error
		if ad.details, err = s.seal(adAAD(ad.ID), details); err != nil {
			return err
		}
		detailsKey, box, masked, err := ad.details.columns()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertAd, ad.ID, ad.UserID, string(ad.Side), ad.FiatCurrency, ad.Rate, ad.Min, ad.Max, ad.Remaining,
			ad.Methods, ad.Instructions, minutes(ad.Window), ad.CreatedAt, ad.author.completed, ad.author.rating,
			detailsKey, box, masked); err != nil {
			return err
		}
		record := audit.Of(ctx, ad.CreatedAt, "p2p_ad.create", "p2p_ad", strconv.FormatInt(ad.ID, 10))
		record.After = ad.record()
		return audit.Write(ctx, tx, record)
	})
	switch {
	case idempotency.Taken(err):
		return 0, errAgain
	case violates(err, activeType):
		return 0, ErrDuplicateType
	}
	return ad.ID, err
}

// activeType is the index that holds a user to one active ad of a type.
const activeType = "p2p_ads_active_type"

// violates reports the violation of one unique index.
func violates(err error, index string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == index
}

// AdByID reads an ad for everybody. Faults: NOT_FOUND.
func (s *Service) AdByID(ctx context.Context, id int64) (AdView, error) {
	ad, err := selectOneAd(ctx, s.d.DB, selectAd, id)
	if err != nil {
		return AdView{}, named(err, "ad")
	}
	return ad.View(), nil
}

// UpdateAd changes an ad of the user. Orders that answered it before keep its
// old terms. Faults: invalid_request, NOT_FOUND, FORBIDDEN, DUPLICATE_AD_TYPE,
// unavailable.
func (s *Service) UpdateAd(ctx context.Context, u enduser.User, id int64, c AdChange) error {
	ctx = byUser(ctx, u)
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		before, err := s.lockOwn(ctx, tx, u, id)
		if err != nil {
			return err
		}
		if err := s.d.Users.CheckActive(u); err != nil {
			return err
		}
		after, details, err := c.apply(before)
		if err != nil {
			return err
		}
		if c.PaymentDetails != nil {
			if after.details, err = s.seal(adAAD(id), details); err != nil {
				return err
			}
		}
		key, box, masked, err := after.details.columns()
		if err != nil {
			return err
		}
		after.UpdatedAt = s.now()
		if _, err := tx.Exec(ctx, updateAd, id, after.Rate, after.Min, after.Max, after.Remaining, after.Methods, after.Instructions,
			minutes(after.Window), after.Active, after.UpdatedAt, key, box, masked); err != nil {
			return err
		}
		record := audit.Of(ctx, after.UpdatedAt, "p2p_ad.update", "p2p_ad", strconv.FormatInt(id, 10))
		record.Before, record.After = before.record(), after.record()
		return audit.Write(ctx, tx, record)
	})
	if violates(err, activeType) {
		return ErrDuplicateType
	}
	return named(err, "update ad")
}

// DeleteAd withdraws an ad of the user that has no open orders. Faults:
// NOT_FOUND, FORBIDDEN, HAS_OPEN_ORDERS, unavailable.
func (s *Service) DeleteAd(ctx context.Context, u enduser.User, id int64) error {
	ctx = byUser(ctx, u)
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		before, err := s.lockOwn(ctx, tx, u, id)
		if err != nil {
			return err
		}
		// Whoever takes needs the lock that is held now: what is open is known here.
		var open bool
		if err := tx.QueryRow(ctx, adHasOpenOrders, id).Scan(&open); err != nil {
			return err
		}
		if open {
			return ErrHasOpenOrders
		}
		now := s.now()
		if _, err := tx.Exec(ctx, deleteAd, id, now); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "p2p_ad.delete", "p2p_ad", strconv.FormatInt(id, 10))
		record.Before = before.record()
		return audit.Write(ctx, tx, record)
	})
	return named(err, "delete ad")
}

// lockOwn locks an ad of the user.
func (s *Service) lockOwn(ctx context.Context, tx pgx.Tx, u enduser.User, id int64) (Ad, error) {
	ad, err := selectOneAd(ctx, tx, lockAd, id)
	if err == nil && ad.UserID != u.ID {
		err = ErrNotYourAd
	}
	return ad, err
}

func minutes(d time.Duration) int64 { return int64(d / time.Minute) }

// accepts reports whether the ad takes a payment method.
func (a Ad) accepts(method string) bool { return slices.Contains(a.Methods, method) }
