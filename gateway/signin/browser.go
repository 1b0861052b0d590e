package signin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/publicid"
)

// BrowserAge is how long a browser is known after the last time that somebody
// came in there.
const BrowserAge = 90 * 24 * time.Hour

const browserPrefix = "sb"

// Browser is what the cookie of a browser holds in which somebody has signed in.
// It lets nobody in: failures there are counted apart from those of the name
// elsewhere, so that guesses of others lock its owner out of other browsers at
// most. It is hidden as a Token is.
type Browser string

// Format keeps the token out of every fmt verb.
func (Browser) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[hidden]") }

func (b Browser) hash() []byte {
	sum := sha256.Sum256([]byte(b))
	return sum[:]
}

// Remember makes the browser of a verified session known, or known for longer,
// and returns what its cookie is to hold. It fails with no_session.
func (s *Service) Remember(ctx context.Context, realm Realm, token Token, browser Browser) (Browser, error) {
	session, err := s.find(ctx, s.deps.DB, realm, token)
	switch {
	case err != nil:
		return "", err
	case !session.Verified:
		return "", ErrNoSession
	}
	met := false
	if publicid.ValidToken(browserPrefix, string(browser)) {
		if err := s.deps.DB.QueryRow(ctx, isBrowser, browser.hash(), s.now()).Scan(&met); err != nil {
			return "", fmt.Errorf("signin: remember: %w", err)
		}
	}
	if !met { // somebody else may have put it there
		browser = Browser(publicid.Token(browserPrefix))
	}
	_, err = s.deps.DB.Exec(ctx, putBrowser, browser.hash(), string(realm), session.Name, session.Subject, s.now().Add(BrowserAge))
	if err != nil {
		return "", fmt.Errorf("signin: remember: %w", err)
	}
	return browser, nil
}

// countedAs is what failures of a name in a browser are counted as: the name
// alone, unless it came in there before. No name can be typed that is counted as
// another in a browser: it would have to hold the hash of that one's token.
func (s *Service) countedAs(ctx context.Context, realm Realm, name string, browser Browser) (string, error) {
	if !publicid.ValidToken(browserPrefix, string(browser)) {
		return name, nil
	}
	var one int
	switch err := s.deps.DB.QueryRow(ctx, selectBrowser, browser.hash(), string(realm), name, s.now()).Scan(&one); {
	case errors.Is(err, pgx.ErrNoRows):
		return name, nil
	case err != nil:
		return "", fmt.Errorf("signin: browser: %w", err)
	}
	return name + " in " + hex.EncodeToString(browser.hash()), nil
}
