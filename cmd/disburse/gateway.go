package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"disburse/gateway"
	"disburse/gateway/vault"
)

// gatewayFlags is embedded by commands that run the gateway, or judge whether it
// could run.
type gatewayFlags struct {
	connectionFlags `embed:""`
	PublicURL       string        `name:"public-url" env:"DISBURSE_PUBLIC_URL" placeholder:"URL" help:"Where merchants reach the gateway, as https://pay.example."`
	CallbackAllow   []string      `name:"callback-allow" env:"DISBURSE_CALLBACK_ALLOW" placeholder:"ADDRESS" help:"Private addresses that callbacks may go to: CIDRs, host:port, or loopback."`
	TrustedProxies  []string      `name:"trusted-proxies" env:"DISBURSE_TRUSTED_PROXIES" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For is believed."`
	CardProviderURL string        `name:"card-provider-url" env:"DISBURSE_CARD_PROVIDER_URL" placeholder:"URL" help:"Where virtual cards are issued; without it there are none."`
	CardProviderKey string        `name:"card-provider-key" env:"DISBURSE_CARD_PROVIDER_KEY" placeholder:"KEY" help:"The key to the card provider. Better given in the environment."`
	MetricsListen   string        `name:"metrics-listen" env:"DISBURSE_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Serve /metrics and /healthz there, and /metrics no longer on the API."`
	SecondFactor    string        `name:"second-factor" env:"DISBURSE_SECOND_FACTOR" enum:"required,optional" default:"required" help:"Whether who signs in to the web pages must set up an authenticator app: ${enum}."`
	DatabaseConns   int           `name:"database-conns" env:"DISBURSE_DATABASE_CONNS" default:"24" help:"Connections to PostgreSQL at most."`
	RequestTimeout  time.Duration `name:"request-timeout" env:"DISBURSE_REQUEST_TIMEOUT" default:"10s" help:"How long a request may take."`
	ShutdownTimeout time.Duration `name:"shutdown-timeout" env:"DISBURSE_SHUTDOWN_TIMEOUT" default:"25s" help:"How long a stop may take."`
}

// config is the configuration these flags make, or every fault it has.
func (f gatewayFlags) config(listen string, roles ...gateway.Role) (gateway.Config, error) {
	keys, keysErr := f.givenKeys()
	cfg := gateway.Config{
		DatabaseURL: string(f.DatabaseURL), RedisURL: string(f.RedisURL), EncryptionKeys: keys,
		PublicURL: f.PublicURL, Listen: listen, CallbackAllow: f.CallbackAllow, MetricsListen: f.MetricsListen, TrustedProxies: f.TrustedProxies,
		FactorOptional:  f.SecondFactor == "optional",
		CardProviderURL: f.CardProviderURL, CardProviderKey: f.CardProviderKey,
		DatabaseConns: f.DatabaseConns, RequestTimeout: f.RequestTimeout, ShutdownTimeout: f.ShutdownTimeout,
	}
	if keysErr != nil {
		// Any well-formed key, so that the keys' one fault is not told twice.
		cfg.EncryptionKeys = vault.Generate("unread").String()
	}
	if err := errors.Join(keysErr, cfg.Validate(roles...)); err != nil {
		return gateway.Config{}, configError{err}
	}
	return cfg, nil
}

// givenKeys leaves the fault of absent keys to the validation.
func (f gatewayFlags) givenKeys() (string, error) {
	if f.EncryptionKeys == "" && f.EncryptionKeysFile == "" {
		return "", nil
	}
	return f.keys()
}

// configError is a configuration with one fault a line.
type configError struct{ err error }

func (e configError) Error() string {
	faults := e.faults()
	if len(faults) == 1 {
		return "the configuration has a fault:\n  " + faults[0]
	}
	return fmt.Sprintf("the configuration has %d faults:\n  %s", len(faults), strings.Join(faults, "\n  "))
}

func (e configError) Unwrap() error { return e.err }

func (e configError) faults() []string { return strings.Split(e.err.Error(), "\n") }

// logFlag is embedded by commands that run for long.
type logFlag struct {
	LogLevel string `name:"log-level" env:"DISBURSE_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"What is logged: ${enum}."`
}

// logger writes JSON lines.
func (f logFlag) logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: levelOf(f.LogLevel)}))
}

// levelOf reads one of the flag's values.
func levelOf(name string) slog.Level {
	var level slog.Level // info
	// The flag's enum lets nothing else through.
	_ = level.UnmarshalText([]byte(name))
	return level
}
