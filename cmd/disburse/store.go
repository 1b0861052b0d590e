package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"strings"

	"disburse/gateway"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/migrations"
)

// noPublicURL stands for the gateway's address in commands that hand out no
// link. The name can never resolve, should one slip out.
const noPublicURL = "https://public-url.invalid"

// storeFlags is embedded by commands that work on a gateway's data. They need
// PostgreSQL and the keys, and never Redis nor a running gateway.
type storeFlags struct {
	databaseFlag `embed:""`
	keysFlag     `embed:""`
}

// dataFlags is embedded by commands that print what they found or did there.
type dataFlags struct {
	storeFlags `embed:"" group:"Connection:"`
	jsonFlag   `embed:""`
}

// use builds the services, hands them to do, and closes them. What do changes
// is done in the name of the person at the command line.
func (f storeFlags) use(ctx context.Context, publicURL string, do func(ctx context.Context, app *gateway.App) error) (err error) {
	cfg := gateway.Config{PublicURL: publicURL, DatabaseConns: 4}
	if cfg.DatabaseURL, err = f.database(); err != nil {
		return err
	}
	if cfg.EncryptionKeys, err = f.keys(); err != nil {
		return err
	}
	// Whatever goes wrong is returned; a log would say it twice.
	app, err := gateway.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close(ctx)) }()
	pending, err := migrations.Pending(ctx, app.DB)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if pending > 0 {
		return fmt.Errorf("the database lacks %d migrations: run `disburse migrate up`", pending)
	}
	return explain(do(audit.WithActor(ctx, person()), app))
}

// person is who runs the command, for the audit trail and for claims.
func person() audit.Actor {
	name := os.Getenv("USER")
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	if name == "" {
		name = "unknown"
	}
	return audit.Actor{Kind: audit.CLI, ID: name, Name: name}
}

// explained is a fault in the words of the command line.
type explained struct {
	text  string
	fault *fault.Error
}

func (e explained) Error() string { return e.text }
func (e explained) Unwrap() error { return e.fault }

// explain words a fault: its message, and every faulty field on a line of its
// own. The cause is shown only where the fault is ours, since whoever stands at
// the command line is the one to mend it.
func explain(err error) error {
	var f *fault.Error
	if errors.As(err, new(explained)) || !errors.As(err, &f) {
		return err
	}
	text := f.Message
	switch {
	case len(f.Fields) > 1:
		lines := []string{"invalid request"}
		for _, field := range f.Fields {
			lines = append(lines, "  "+field.Name+": "+field.Why)
		}
		text = strings.Join(lines, "\n")
	case f.Kind == fault.Internal || f.Kind == fault.Unavailable:
		text = f.Error()
	}
	return explained{text, f}
}

func usagef(format string, args ...any) error { return usageError{err: fmt.Errorf(format, args...)} }
