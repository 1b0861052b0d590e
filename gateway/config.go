package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/callbacks"
	"disburse/gateway/vault"
	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/httpprovider"
	"disburse/ratelimit"
)

// Config is what an installation says about itself. Each field has an
// environment variable of the name given, and a flag of the same words.
type Config struct {
	DatabaseURL    string   // DISBURSE_DATABASE_URL: postgres://...; may name several hosts with target_session_attrs=read-write
	RedisURL       string   // DISBURSE_REDIS_URL: redis://, rediss://, redis-sentinel:// or redis-cluster://
	EncryptionKeys string   // DISBURSE_ENCRYPTION_KEYS: "k2:BASE64,k1:BASE64", the primary one first
	PublicURL      string   // DISBURSE_PUBLIC_URL: where merchants reach the gateway, without a trailing slash
	Listen         string   // DISBURSE_LISTEN: host:port of the API
	CallbackAllow  []string // DISBURSE_CALLBACK_ALLOW: private addresses callbacks may go to: CIDRs, host:port, "loopback"
	TrustedProxies []string // DISBURSE_TRUSTED_PROXIES: CIDRs whose X-Forwarded-For is believed

	// FactorOptional lets people into the web pages who have set up no second
	// factor: DISBURSE_SECOND_FACTOR=optional.
	FactorOptional bool

	// CardProviderURL and CardProviderKey are where virtual cards are issued and
	// the bearer key to get in: DISBURSE_CARD_PROVIDER_URL and
	// DISBURSE_CARD_PROVIDER_KEY. Without them no order leaves for a provider.
	CardProviderURL string
	CardProviderKey string

	// MetricsListen is a host:port for /metrics and /healthz alone, whatever
	// the process does: DISBURSE_METRICS_LISTEN. When it is set, the API does
	// not serve /metrics, which is public there. When it is empty, a process
	// without the API serves neither.
	MetricsListen string

	// Listener is where the API listens when it was opened before the rest was
	// known; Listen is then not looked at. The App closes it once the API has
	// started.
	Listener net.Listener

	// Tracer hears of every statement that is sent to the database. Tests look
	// at plans with it.
	Tracer pgx.QueryTracer

	DatabaseConns   int           // DISBURSE_DATABASE_CONNS: connections at most; default 24
	RequestTimeout  time.Duration // DISBURSE_REQUEST_TIMEOUT: default 10 s
	ShutdownTimeout time.Duration // DISBURSE_SHUTDOWN_TIMEOUT: how long a stop may take; default 25 s
}

// Role is a part of the work that a process may take on.
type Role string

// The roles. Commands that only read or change something need none.
const (
	API     Role = "api"
	Workers Role = "workers"
)

// withDefaults fills what was left open.
func (c Config) withDefaults() Config {
	if c.DatabaseConns == 0 {
		c.DatabaseConns = 24
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = 10 * time.Second
	}
	if c.ShutdownTimeout == 0 {
		c.ShutdownTimeout = 25 * time.Second
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return c
}

// Validate reports every fault of the configuration at once, one a line, each
// naming its variable and never quoting a secret.
func (c Config) Validate(roles ...Role) error {
	c = c.withDefaults()
	var faults []error
	fault := func(variable, why string, args ...any) {
		faults = append(faults, fmt.Errorf(variable+": "+why, args...))
	}
	if c.DatabaseURL == "" {
		fault("DISBURSE_DATABASE_URL", "is not set")
	} else if _, err := pgxpool.ParseConfig(c.DatabaseURL); err != nil {
		fault("DISBURSE_DATABASE_URL", "is not a PostgreSQL URL")
	}
	if _, err := parseKeys(c.EncryptionKeys); err != nil {
		fault("DISBURSE_ENCRYPTION_KEYS", "%w", err)
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		fault("DISBURSE_PUBLIC_URL", "%w", err)
	}
	if _, err := callbacks.ParseAllow(c.CallbackAllow...); err != nil {
		fault("DISBURSE_CALLBACK_ALLOW", "%w", err)
	}
	if _, err := c.trustedProxies(); err != nil {
		fault("DISBURSE_TRUSTED_PROXIES", "%w", err)
	}
	faults = append(faults, c.validateCardProvider()...)
	if c.DatabaseConns < 4 {
		fault("DISBURSE_DATABASE_CONNS", "must be at least 4")
	}
	if c.RequestTimeout < time.Second || c.RequestTimeout > time.Minute {
		fault("DISBURSE_REQUEST_TIMEOUT", "must be between 1s and 1m")
	}
	if c.ShutdownTimeout < time.Second {
		fault("DISBURSE_SHUTDOWN_TIMEOUT", "must be at least 1s")
	}
	if c.MetricsListen != "" {
		if _, _, err := net.SplitHostPort(c.MetricsListen); err != nil {
			fault("DISBURSE_METRICS_LISTEN", "must be host:port, such as 127.0.0.1:9090")
		}
	}
	if len(roles) > 0 {
		faults = append(faults, c.validateRedis()...)
	}
	for _, role := range roles {
		if role == API && c.Listener == nil {
			if _, _, err := net.SplitHostPort(c.Listen); err != nil {
				fault("DISBURSE_LISTEN", "must be host:port, such as 127.0.0.1:8080 or :8080")
			}
		}
	}
	return errors.Join(faults...)
}

func (c Config) validateRedis() []error {
	if c.RedisURL == "" {
		return []error{errors.New("DISBURSE_REDIS_URL: is not set")}
	}
	client, err := ratelimit.NewClient(c.RedisURL)
	if err != nil {
		return []error{fmt.Errorf("DISBURSE_REDIS_URL: %w", err)}
	}
	_ = client.Close() // nothing was connected
	return nil
}

// validateCardProvider wants both settings or none.
func (c Config) validateCardProvider() (faults []error) {
	if c.CardProviderURL == "" && c.CardProviderKey == "" {
		return nil
	}
	if err := httpprovider.CheckURL(c.CardProviderURL); err != nil {
		faults = append(faults, fmt.Errorf("DISBURSE_CARD_PROVIDER_URL: %w", err))
	}
	if err := httpprovider.CheckKey(c.CardProviderKey); err != nil {
		faults = append(faults, fmt.Errorf("DISBURSE_CARD_PROVIDER_KEY: %w", err))
	}
	return faults
}

// CardProvider is the provider of virtual cards that the configuration names, or
// one that is never reached when it names none.
func (c Config) CardProvider() (virtualcard.Provider, error) {
	if c.CardProviderURL == "" && c.CardProviderKey == "" {
		return virtualcard.Absent{}, nil
	}
	return httpprovider.New(httpprovider.Options{URL: c.CardProviderURL, Key: c.CardProviderKey})
}

func checkPublicURL(text string) error {
	if text == "" {
		return errors.New("is not set")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return errors.New("must be an absolute http or https URL")
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return errors.New("must not have a query, fragment or user")
	}
	return nil
}

func parseKeys(text string) ([]vault.Key, error) {
	if text == "" {
		return nil, errors.New("is not set; `disburse config new-key` makes one")
	}
	return vault.Parse(text)
}

func (c Config) trustedProxies() ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no CIDR", text)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

// LogValue keeps secrets out of logs.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("public_url", c.PublicURL), slog.String("listen", c.Listen), slog.String("metrics_listen", c.MetricsListen), slog.String("card_provider_url", c.CardProviderURL),
		slog.Any("callback_allow", c.CallbackAllow), slog.Int("database_conns", c.DatabaseConns))
}
