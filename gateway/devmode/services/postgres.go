package services

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	roleName       = "disburse"
	databaseName   = "disburse"
	duplicateDB    = "42P04"
	defaultClients = 200
)

// postgres knows how to prepare, start and reach a PostgreSQL server.
type postgres struct {
	dir      string
	programs programs
	runAs    identity
	opts     Options
	password string
}

var _ serverKind = (*postgres)(nil)

// initialise makes the data directory unless it is there. It works beside it
// and renames, so that a killed run leaves nothing half made under its name.
func (p *postgres) initialise(ctx context.Context, s *Services) error {
	if _, err := os.Stat(p.dir); err == nil {
		return p.recoverDir()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	making := p.dir + ".new"
	secret := p.dir + ".password"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	if err := os.Mkdir(making, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(secret, []byte(p.password+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(secret)
	if err := errors.Join(p.runAs.own(making), p.runAs.own(secret)); err != nil {
		return err
	}
	command := []string{
		p.programs.initdb, "--pgdata", making, "--username", roleName, "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--data-checksums",
	}
	if p.opts.Fast {
		command = append(command, "--no-sync")
	}
	spec := guardSpec{Command: command, StopSignal: syscall.SIGINT, RunAs: p.runAs, Remove: removable(making, s.temporary)}
	logPath := s.Postgres.logPath
	logStart := fileSize(logPath)
	run, err := startGuarded(spec, logPath, s.lock)
	if err != nil {
		return err
	}
	select {
	case <-run.done:
		run.orders.Close()
	case <-ctx.Done():
		return errors.Join(ctx.Err(), run.kill())
	}
	if run.err != nil {
		return fmt.Errorf("initdb failed; its log %s says:\n%s", logPath, logSince(logPath, logStart))
	}
	return os.Rename(making, p.dir)
}

// recoverDir clears what a killed server left in the way. We hold the directory's
// lock, which our servers inherit, so none of ours can be running here; but
// somebody may have started one by hand.
func (p *postgres) recoverDir() error {
	if err := p.runAs.own(p.dir); err != nil {
		return err
	}
	path := filepath.Join(p.dir, "postmaster.pid")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err == nil && alivePID(pid) && isPostgres(pid) {
		return fmt.Errorf("%w: a PostgreSQL server that is not ours (process %d) runs in %s", ErrInUse, pid, p.dir)
	}
	// The number may now be another program's, as after a restart of a
	// container; PostgreSQL would take that for a living server.
	return os.Remove(path)
}

// isPostgres reports whether a process looks like a PostgreSQL server, and is
// true when that cannot be told.
func isPostgres(pid int) bool {
	commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		commandLine, err = exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	}
	return err != nil || bytes.Contains(commandLine, []byte("postgres"))
}

func (p *postgres) command(port int) (guardSpec, error) {
	clients := p.opts.MaxConnections
	if clients == 0 {
		clients = defaultClients
	}
	settings := append([]string{
		"listen_addresses=127.0.0.1",
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=",
		"max_connections=" + strconv.Itoa(clients),
	}, commonSettings...)
	if p.opts.Fast {
		settings = append(settings, fastSettings...)
	} else {
		settings = append(settings, durableSettings...)
	}
	command := []string{p.programs.postgres, "-D", p.dir}
	for _, setting := range settings {
		command = append(command, "-c", setting)
	}
	// SIGINT is PostgreSQL's fast shutdown: clients are cut off, nothing is lost.
	return guardSpec{Command: command, StopSignal: syscall.SIGINT, RunAs: p.runAs}, nil
}

var commonSettings = []string{
	"cluster_name=disburse",
	"shared_buffers=256MB",
	"max_wal_size=2GB",
	"checkpoint_timeout=15min",
	// An SSD's costs; and our queries are too short to be worth compiling.
	"random_page_cost=1.1",
	"jit=off",
	"timezone=UTC",
	"log_timezone=UTC",
	"log_line_prefix=%m [%p] %q%d ",
}

var durableSettings = []string{
	"fsync=on",
	"synchronous_commit=on",
	"full_page_writes=on",
	"wal_compression=on",
}

// fastSettings also make copying a template cheap, which tests do all the time.
var fastSettings = []string{
	"fsync=off",
	"synchronous_commit=off",
	"full_page_writes=off",
	"wal_level=minimal",
	"max_wal_senders=0",
}

func (p *postgres) ready(ctx context.Context, port int) error {
	conn, err := pgx.Connect(ctx, p.url(port, "postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// ensureDatabase makes the database on the first start.
func (p *postgres) ensureDatabase(ctx context.Context, port int) error {
	conn, err := pgx.Connect(ctx, p.url(port, "postgres"))
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "create database "+databaseName)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == duplicateDB {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

func (p *postgres) url(port int, database string) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", roleName, p.password, loopback(port), database)
}
