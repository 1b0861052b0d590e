package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// commands is the whole command line. Each command is a struct in a file of its
// own with a method Run(ctx context.Context, out output) error; add it here.
type commands struct {
	Dev          devCommand          `cmd:"" help:"Run everything on this machine, with demo data."`
	Serve        serveCommand        `cmd:"" help:"Serve the API."`
	Work         workCommand         `cmd:"" help:"Run the workers: callbacks, executors, timeouts, seals."`
	Config       configCommand       `cmd:"" help:"Check the configuration, make and rotate encryption keys."`
	Merchant     merchantCommand     `cmd:"" help:"Merchants: keys, methods, fees, limits, balances."`
	Operator     operatorCommand     `cmd:"" help:"People and bots that run the platform."`
	User         userCommand         `cmd:"" help:"End users: tokens, deposits, bonuses, balances."`
	Rate         rateCommand         `cmd:"" help:"Exchange rates."`
	Capacity     capacityCommand     `cmd:"" help:"Bounds on open payouts."`
	Approval     approvalCommand     `cmd:"" help:"From which amount payouts need two people, and what waits for the second."`
	Payout       payoutCommand       `cmd:"" help:"Look at payouts and end them by hand."`
	CardOrder    cardOrderCommand    `cmd:"" help:"Card orders of end users: claim them, end them, talk to the user."`
	CardSettings cardSettingsCommand `cmd:"" help:"Terms of card orders: on or off, limits, the platform's card."`
	VirtualCard  virtualCardCommand  `cmd:"" help:"Virtual cards of end users, and what their provider has not answered."`
	Provider     providerCommand     `cmd:"" help:"Providers of games: keys, and how each behaves."`
	Game         gameCommand         `cmd:"" help:"Their games: which are known and active."`
	Player       playerCommand       `cmd:"" help:"Who plays: providers' players, the users behind them, limits."`
	Session      sessionCommand      `cmd:"" help:"Sessions in which players bet."`
	Round        roundCommand        `cmd:"" help:"Rounds of games, and those that stay open."`
	Callback     callbackCommand     `cmd:"" help:"Look at callbacks and send them again."`
	Ledger       ledgerCommand       `cmd:"" help:"The books: verify them and read them."`
	Sign         signCommand         `cmd:"" help:"Compute a signature to compare with your own."`
	Services     servicesCommand     `cmd:"" help:"Run a command with a private PostgreSQL and Redis."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the database schema up to date, or show where it stands."`
	Version      versionCommand      `cmd:"" help:"Print version, commit and Go version."`
}

const description = `A self-hosted merchant payout gateway.

Every flag can also be set by the environment variable shown beside it. Run "disburse COMMAND --help" to read about one command.`

// output is where commands write: results to Out, everything else to Err.
type output struct {
	Out, Err io.Writer
}

// run parses the arguments and runs the command they name.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var cli commands
	helped := false
	parser, err := kong.New(&cli,
		kong.Name("disburse"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		// Help asks to exit; parsing goes on after it, so remember that it did.
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(output{Out: stdout, Err: stderr}),
	)
	if err != nil {
		return fmt.Errorf("command line: %w", err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return nil
	}
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		return usageError{err: err, command: reached(wrong.Context)}
	}
	if err != nil {
		return usageError{err: err}
	}
	err = parsed.Run()
	if usage := (usageError{}); errors.As(err, &usage) {
		return usageError{err: err, command: reached(parsed)}
	}
	return err
}

// reached is the command that the arguments name, as far as they do.
func reached(c *kong.Context) string {
	if node := c.Selected(); node != nil {
		return node.Path()
	}
	for _, at := range slices.Backward(c.Path) {
		if at.Command != nil {
			return at.Command.Path()
		}
	}
	return ""
}

// usageError is a command line that cannot be understood.
type usageError struct {
	err     error
	command string // whose help tells more; empty for the program's own
}

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// exitError ends the program with a status and says nothing more.
type exitError struct{ status int }

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// report prints a failure and returns the program's exit status: 0 for success,
// 2 for a command line that makes no sense, else 1 or what the error asks for.
func report(err error, stderr io.Writer) int {
	var exit exitError
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.status
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "disburse: %v\nTry \"%s --help\".\n", err, strings.TrimSpace("disburse "+usage.command))
		return 2
	default:
		fmt.Fprintf(stderr, "disburse: %v\n", err)
		return 1
	}
}

// secret is a flag's value that must not be printed: URLs with passwords, keys.
type secret string

// String hides the value from every format verb; reveal it by conversion.
func (secret) String() string { return "[hidden]" }

// GoString hides the value from %#v.
func (secret) GoString() string { return "[hidden]" }

// MarshalText hides the value from JSON and logs.
func (secret) MarshalText() ([]byte, error) { return []byte("[hidden]"), nil }

// databaseFlag is embedded by commands that reach PostgreSQL.
type databaseFlag struct {
	DatabaseURL secret `name:"database-url" env:"DISBURSE_DATABASE_URL" placeholder:"URL" help:"PostgreSQL, as postgres://user:password@host:5432/name."`
}

// database returns the URL, or an error that says how to give it.
func (f databaseFlag) database() (string, error) {
	return given(f.DatabaseURL, "--database-url", "DISBURSE_DATABASE_URL")
}

// redisFlag is embedded by commands that reach Redis.
type redisFlag struct {
	RedisURL secret `name:"redis-url" env:"DISBURSE_REDIS_URL" placeholder:"URL" help:"Redis, as redis://:password@host:6379/0."`
}

// redis returns the URL, or an error that says how to give it.
func (f redisFlag) redis() (string, error) {
	return given(f.RedisURL, "--redis-url", "DISBURSE_REDIS_URL")
}

// keysFlag is embedded by commands that read or write encrypted columns.
type keysFlag struct {
	EncryptionKeys     secret `name:"encryption-keys" env:"DISBURSE_ENCRYPTION_KEYS" placeholder:"ID:KEY,..." help:"Keys for stored secrets, the primary one first. Better given by a file."`
	EncryptionKeysFile string `name:"encryption-keys-file" env:"DISBURSE_ENCRYPTION_KEYS_FILE" placeholder:"FILE" help:"A file that holds them."`
}

// keys returns the key list in its text form, from the flag or the file.
func (f keysFlag) keys() (string, error) {
	if f.EncryptionKeysFile == "" {
		return given(f.EncryptionKeys, "--encryption-keys-file", "DISBURSE_ENCRYPTION_KEYS")
	}
	if f.EncryptionKeys != "" {
		return "", errors.New("encryption keys are given twice: by value and by file")
	}
	content, err := os.ReadFile(f.EncryptionKeysFile)
	if err != nil {
		return "", fmt.Errorf("encryption keys: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// connectionFlags is embedded by commands that need all of it.
type connectionFlags struct {
	databaseFlag `embed:""`
	redisFlag    `embed:""`
	keysFlag     `embed:""`
}

func given(value secret, flag, variable string) (string, error) {
	if value == "" {
		return "", fmt.Errorf("%s is needed: set %s or give the flag", flag, variable)
	}
	return string(value), nil
}
