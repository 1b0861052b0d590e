package services

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// ErrInUse says that the data directory belongs to a run that is still alive.
var ErrInUse = errors.New("data directory is in use")

const (
	postgresFolder = "postgres"
	redisFolder    = "redis"
	startTimeout   = 60 * time.Second
	stopTimeout    = 30 * time.Second
)

// Options says where the servers keep their files and how they are tuned. The
// zero value is a durable pair in a temporary directory.
type Options struct {
	// Dir holds all data and survives restarts. Empty means a temporary
	// directory that is removed when the servers stop.
	Dir string
	// Fast turns fsync and synchronous commit off. Data is then lost when the
	// machine crashes: for tests only.
	Fast bool
	// MaxConnections bounds PostgreSQL's clients; 0 means 200.
	MaxConnections int

	// runAs overrides how PostgreSQL is kept from running as root.
	runAs *identity
}

// Services is a running pair of servers. Its methods may be called from
// several goroutines.
type Services struct {
	// DatabaseURL and RedisURL reach the servers. They hold passwords: hand
	// them on, never log them.
	DatabaseURL string
	RedisURL    string
	// Postgres and Redis control each server by itself.
	Postgres *Server
	Redis    *Server
	// Dir is where the files are.
	Dir string

	temporary bool
	lock      *os.File
}

// Start starts both servers and returns when they answer. ctx bounds the start
// only; the servers run until Stop or until the program ends. When programs are
// not installed the error is a *MissingError that says what to install; when
// the directory belongs to another run it is ErrInUse.
func Start(ctx context.Context, opts Options) (_ *Services, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	found, err := findPrograms(opts.Dir)
	if err != nil {
		return nil, err
	}
	s := &Services{Dir: opts.Dir}
	if err := s.openDir(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			stopCtx, cancelStop := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
			defer cancelStop()
			err = errors.Join(err, s.Stop(stopCtx))
		}
	}()
	saved, err := loadState(s.Dir)
	if err != nil {
		return nil, err
	}
	runAs, err := chooseIdentity(found, opts)
	if err != nil {
		return nil, err
	}
	pg := &postgres{dir: filepath.Join(s.Dir, postgresFolder), programs: found, runAs: runAs, opts: opts, password: saved.PostgresPassword}
	cache := &redisServer{dir: filepath.Join(s.Dir, redisFolder), program: found.redis, password: saved.RedisPassword}
	s.Postgres = s.newServer("PostgreSQL", pg, pg.dir, saved.PostgresPort)
	s.Redis = s.newServer("Redis", cache, cache.dir, saved.RedisPort)

	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := pg.initialise(groupCtx, s); err != nil {
			return fmt.Errorf("prepare PostgreSQL: %w", err)
		}
		if err := s.Postgres.startOnAnyPort(groupCtx); err != nil {
			return err
		}
		return pg.ensureDatabase(groupCtx, s.Postgres.port)
	})
	group.Go(func() error { return s.Redis.startOnAnyPort(groupCtx) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s.DatabaseURL = pg.url(s.Postgres.port, databaseName)
	s.RedisURL = cache.url(s.Redis.port)
	saved.PostgresPort, saved.RedisPort = s.Postgres.port, s.Redis.port
	return s, saved.store(s.Dir)
}

// Stop shuts both servers down in an orderly way and waits for them; when ctx
// ends first they are killed. A temporary directory is removed. Stopping twice
// is harmless.
func (s *Services) Stop(ctx context.Context) error {
	var group errgroup.Group
	for _, server := range []*Server{s.Postgres, s.Redis} {
		if server != nil {
			group.Go(func() error { return server.Stop(ctx) })
		}
	}
	err := group.Wait()
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.Dir))
	}
	if s.lock != nil {
		unlockDir(s.lock)
	}
	return err
}

// Remove deletes a directory of servers with all their data, once the last run
// of it has ended. A directory that is none is left as it is. It fails with
// ErrInUse while a run is alive.
func Remove(ctx context.Context, dir string) error {
	if _, err := os.Stat(statePath(dir)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	lock, err := lockDir(ctx, dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	return os.RemoveAll(dir)
}

// openDir creates the directory where needed and takes its lock.
func (s *Services) openDir(ctx context.Context) error {
	var err error
	if s.Dir == "" {
		s.temporary = true
		s.Dir, err = os.MkdirTemp("", "disburse-services-")
	} else if s.Dir, err = filepath.Abs(s.Dir); err == nil {
		err = os.MkdirAll(s.Dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	s.lock, err = lockDir(ctx, s.Dir)
	return err
}

func (s *Services) newServer(name string, kind serverKind, dir string, port int) *Server {
	return &Server{
		name: name, kind: kind, port: port, lock: s.lock,
		logPath:   filepath.Join(s.Dir, filepath.Base(dir)+".log"),
		removable: removable(dir, s.temporary),
	}
}

// removable names what the guard deletes when the program dies without Stop.
func removable(dir string, temporary bool) string {
	if temporary {
		return dir
	}
	return ""
}
