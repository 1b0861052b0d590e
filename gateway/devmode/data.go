package devmode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"disburse/gateway/devmode/services"
	"disburse/gateway/merchant"
	"disburse/gateway/vault"
)

// dataDir is where dev mode keeps what must survive a restart.
type dataDir string

func (d dataDir) servers() string { return filepath.Join(string(d), "servers") }
func (d dataDir) keys() string    { return filepath.Join(string(d), "encryption-keys") }
func (d dataDir) demo() string    { return filepath.Join(string(d), "demo.json") }
func (d dataDir) env() string     { return filepath.Join(string(d), "env") }
func (d dataDir) cards() string   { return filepath.Join(string(d), "cards.json") }

// DefaultDir is the data directory where none is given.
func DefaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep data: %w; give a data directory", err)
	}
	return filepath.Join(cache, "disburse", "dev"), nil
}

// openData finds the directory and, if asked, empties it of what dev mode put
// there; other files in it are not touched.
func openData(ctx context.Context, dir string, fresh bool) (dataDir, error) {
	var err error
	if dir == "" {
		if dir, err = DefaultDir(); err != nil {
			return "", err
		}
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", fmt.Errorf("data directory: %w", err)
	}
	d := dataDir(dir)
	if fresh {
		if err := services.Remove(ctx, d.servers()); err != nil {
			return "", fmt.Errorf("remove old data: %w", err)
		}
		for _, file := range []string{d.keys(), d.demo(), d.env(), d.cards()} {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", fmt.Errorf("remove old data: %w", err)
			}
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("data directory: %w", err)
	}
	return d, nil
}

// encryptionKeys reads the keys, or makes one at the first start.
func (d dataDir) encryptionKeys() (string, error) {
	content, err := os.ReadFile(d.keys())
	if err == nil {
		return strings.TrimSpace(string(content)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("encryption keys: %w", err)
	}
	key := vault.Generate("dev").String()
	if err := writePrivate(d.keys(), []byte(key+"\n")); err != nil {
		return "", fmt.Errorf("encryption keys: %w", err)
	}
	return key, nil
}

// credentials are the secrets of the demo parties, by name and by email.
type credentials struct {
	Merchants    map[string]merchant.Secrets `json:"merchants"`
	Operators    map[string]login            `json:"operators"`
	People       map[string]string           `json:"people"` // passwords of merchants' people
	Users        map[string]pass             `json:"users"`
	ReceiverPort int                         `json:"receiver_port"`

	GameProvider GameProvider `json:"game_provider"`

	CardProviderKey  string `json:"card_provider_key"`
	CardProviderPort int    `json:"card_provider_port"`
}

type login struct {
	Password string `json:"password"`
	Token    string `json:"token"`
}

func noCredentials() credentials {
	return credentials{Merchants: map[string]merchant.Secrets{}, Operators: map[string]login{}, People: map[string]string{}, Users: map[string]pass{}}
}

func (d dataDir) loadCredentials() (credentials, error) {
	c := noCredentials()
	content, err := os.ReadFile(d.demo())
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("demo credentials: %w", err)
	}
	if err := json.Unmarshal(content, &c); err != nil {
		// What the file held no longer matters: new ones are made.
		return noCredentials(), nil
	}
	if c.People == nil { // it was written before they had people
		c.People = map[string]string{}
	}
	if c.Users == nil { // it was written before there were users
		c.Users = map[string]pass{}
	}
	return c, nil
}

func (d dataDir) storeCredentials(c credentials) error {
	content, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = writePrivate(d.demo(), append(content, '\n'))
	}
	if err != nil {
		return fmt.Errorf("demo credentials: %w", err)
	}
	return nil
}

// storeEnv writes the environment as lines that a shell can source.
func (d dataDir) storeEnv(env map[string]string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&text, "export %s='%s'\n", name, strings.ReplaceAll(env[name], "'", `'\''`))
	}
	if err := writePrivate(d.env(), []byte(text.String())); err != nil {
		return fmt.Errorf("environment file: %w", err)
	}
	return nil
}

// writePrivate replaces a file in one step: a killed run leaves the old content
// or the new.
func writePrivate(path string, content []byte) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, content, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
