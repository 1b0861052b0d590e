package gameprovider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/epoch"
	"disburse/gateway/publicid"
	"disburse/gateway/vault"
	"disburse/ledger/money"
)

// maxGames bounds the games in memory, at about a hundred bytes each.
const maxGames = 50_000

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

// Directory finds providers, games and players for the wallet calls. It is
// safe for concurrent use.
type Directory struct {
	deps  Deps
	index *epoch.Cache[struct{}, map[string]entry]
	games *epoch.Cache[gameKey, bool]
	decoy Provider
}

// entry is what a public key leads to: its provider, or why the pair cannot be
// used. A pair that cannot must not take the other providers down.
type entry struct {
	provider Provider
	err      error
}

type gameKey struct {
	provider int64
	game     string
}

// errUnknownGame keeps a game that is not there out of the cache.
var errUnknownGame = errors.New("gameprovider: unknown game")

// NewDirectory makes a directory, and refuses a missing dependency by name.
func NewDirectory(d Deps) (*Directory, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	pair := makePair()
	dir := &Directory{deps: d, decoy: Provider{Keys: []Key{{PublicKey: pair.PublicKey, private: pair.PrivateKey}}}}
	dir.index = epoch.NewCache(d.Watcher, 1, dir.loadIndex)
	dir.games = epoch.NewCache(d.Watcher, maxGames, dir.loadGame)
	return dir, nil
}

// makePair makes a pair that nobody knows.
func makePair() Pair {
	return Pair{PublicKey: publicid.Token("gpk"), PrivateKey: publicid.Token("gsk")}
}

// ByPublicKey finds the provider that a call claims to come from. For an
// unknown key, one whose grace ended, and an inactive provider it fails with
// unknown_public_key and gives a decoy: verify the signature against it all
// the same, so that the answer takes the same work.
func (d *Directory) ByPublicKey(ctx context.Context, publicKey string) (Provider, error) {
	all, err := d.index.Get(ctx, struct{}{})
	if err != nil {
		return d.decoy, err
	}
	found, known := all[publicKey]
	if !known || !found.provider.Active {
		return d.decoy, ErrUnknownKey
	}
	if found.err != nil {
		return d.decoy, found.err
	}
	p := found.provider
	// The grace of a key may end while it is held, so this is decided on every
	// read.
	now := d.deps.Now()
	ended := func(k Key) bool { return !k.activeAt(now) }
	if slices.ContainsFunc(p.Keys, ended) {
		p.Keys = slices.DeleteFunc(slices.Clone(p.Keys), ended)
		if !slices.ContainsFunc(p.Keys, func(k Key) bool { return k.PublicKey == publicKey }) {
			return d.decoy, ErrUnknownKey
		}
	}
	return p, nil
}

func (d *Directory) loadIndex(ctx context.Context, _ struct{}) (map[string]entry, error) {
	rows, err := collect[providerRow](ctx, d.deps.DB, selectProviders)
	if err != nil {
		return nil, fmt.Errorf("gameprovider: load: %w", err)
	}
	keys, err := keysOf(ctx, d.deps.DB, rows)
	if err != nil {
		return nil, err
	}
	all := make(map[string]entry)
	for _, r := range rows {
		p := r.provider()
		faults := make(map[string]error)
		for _, row := range keys[r.ID] {
			k := row.key()
			plain, err := d.deps.Vault.Open(additionalData(row.PublicKey), vault.Sealed{Key: row.SecretKey, Box: row.SecretBox})
			if err != nil {
				faults[k.PublicKey] = fmt.Errorf("gameprovider: %s: open key: %w", p.Name, err)
			} else {
				k.private = string(plain)
				p.Keys = append(p.Keys, k)
			}
		}
		for _, row := range keys[r.ID] {
			p.named = row.PublicKey
			all[row.PublicKey] = entry{provider: p, err: faults[row.PublicKey]}
		}
	}
	return all, nil
}

// Game tells whether a provider's game is known, and if it is, whether it may
// be played.
func (d *Directory) Game(ctx context.Context, providerID int64, gameID string) (active, known bool, err error) {
	if !validID(gameID, maxGameID) {
		return false, false, nil
	}
	active, err = d.games.Get(ctx, gameKey{providerID, gameID})
	if errors.Is(err, errUnknownGame) {
		return false, false, nil
	}
	return active, err == nil, err
}

func (d *Directory) loadGame(ctx context.Context, key gameKey) (active bool, err error) {
	err = d.deps.DB.QueryRow(ctx, selectActive, key.provider, key.game).Scan(&active)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, errUnknownGame
	case err != nil:
		return false, fmt.Errorf("gameprovider: load game: %w", err)
	}
	return active, nil
}

// Seat finds a provider's player, and the session if it has one of this id. It
// fails with unknown_player.
func (d *Directory) Seat(ctx context.Context, providerID int64, playerID, sessionID string) (Seat, error) {
	if !validID(playerID, maxPlayerID) {
		return Seat{}, ErrUnknownPlayer // also keeps text out that the database cannot hold
	}
	if !validID(sessionID, maxSessionID) {
		sessionID = "" // which none has
	}
	seat := Seat{Player: Player{ProviderID: providerID, PlayerID: playerID}}
	p := &seat.Player
	var currency string
	var seconds int64
	var own bool
	var opened, expires, checked, closed *time.Time
	err := d.deps.DB.QueryRow(ctx, selectSeat, providerID, playerID, sessionID).Scan(
		&p.ID, &p.UserID, &currency, &p.Blocked, &p.BetLimit, &p.LossLimitDay, &seconds,
		&seat.UserBlocked, &own, &opened, &expires, &checked, &closed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Seat{}, ErrUnknownPlayer
	case err != nil:
		return Seat{}, fmt.Errorf("gameprovider: seat: %w", err)
	}
	p.Currency, p.RealityCheck = money.Currency(currency), time.Duration(seconds)*time.Second
	if own {
		seat.Session = &Session{
			SessionID: sessionID, PlayerID: playerID,
			OpenedAt: opened.UTC(), ExpiresAt: expires.UTC(), CheckedAt: checked.UTC(), ClosedAt: utc(closed),
		}
	}
	return seat, nil
}
