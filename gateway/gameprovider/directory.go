package gameprovider

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/epoch"
	"disburse/gateway/vault"
)

// Deps is what a Directory and a Service need; nothing may be missing.
type Deps struct {
	DB      *pgxpool.Pool
	Vault   *vault.Vault
	Watcher *epoch.Watcher
	Now     func() time.Time
}

func (d Deps) check() error {
	switch {
	case d.DB == nil:
		return errors.New("gameprovider: DB is missing")
	case d.Vault == nil:
		return errors.New("gameprovider: Vault is missing")
	case d.Watcher == nil:
		return errors.New("gameprovider: Watcher is missing")
	case d.Now == nil:
		return errors.New("gameprovider: Now is missing")
	}
	return nil
}

var errUnbuilt = errors.New("gameprovider: not there yet")

// Directory finds providers, games and players for the wallet calls. It is
// safe for concurrent use.
type Directory struct {
	deps Deps
}

// NewDirectory makes a directory, and refuses a missing dependency by name.
func NewDirectory(d Deps) (*Directory, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return &Directory{deps: d}, nil
}

// ByPublicKey finds the provider that a call claims to come from. For an
// unknown key, one whose grace ended, and an inactive provider it fails with
// unknown_public_key and gives a decoy: verify the signature against it all
// the same, so that the answer takes the same work.
func (d *Directory) ByPublicKey(ctx context.Context, publicKey string) (Provider, error) {
	return Provider{}, errUnbuilt
}

// Game tells whether a provider's game is known, and if it is, whether it may
// be played.
func (d *Directory) Game(ctx context.Context, providerID int64, gameID string) (active, known bool, err error) {
	return false, false, errUnbuilt
}

// Seat finds a provider's player, and the session if it has one of this id. It
// fails with unknown_player.
func (d *Directory) Seat(ctx context.Context, providerID int64, playerID, sessionID string) (Seat, error) {
	return Seat{}, errUnbuilt
}
