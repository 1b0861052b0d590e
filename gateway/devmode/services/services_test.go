package services_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"disburse/gateway/devmode/services"
)

// helperVariable makes the test binary a program that starts servers in the
// directory it names ("-" for a temporary one) and waits to be killed.
const helperVariable = "DISBURSE_TEST_SERVICES_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		helper(dir)
		return
	}
	os.Exit(m.Run())
}

// started is what the helper reports.
type started struct{ DatabaseURL, RedisURL, Dir, Err string }

func helper(dir string) {
	if dir == "-" {
		dir = ""
	}
	var report started
	s, err := services.Start(context.Background(), services.Options{Dir: dir, Fast: true})
	if err != nil {
		report.Err = err.Error()
	} else {
		report = started{DatabaseURL: s.DatabaseURL, RedisURL: s.RedisURL, Dir: s.Dir}
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		os.Exit(1)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test closes it
}

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("TwoSideBySideAreStrangers", func(t *testing.T) {
		t.Parallel()
		one, other := start(t, services.Options{Fast: true}), start(t, services.Options{Fast: true})
		write(t, one.DatabaseURL, one.RedisURL)
		if countRows(t, other.DatabaseURL) != "none" {
			t.Error("a table of one run is seen in the other")
		}
	})
	t.Run("CommitsAreDurableUnlessAskedOtherwise", func(t *testing.T) {
		t.Parallel()
		s := start(t, services.Options{})
		for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes", "data_checksums"} {
			if got := query(t, s.DatabaseURL, "show "+setting); got != "on" {
				t.Errorf("%s: got %q, want on", setting, got)
			}
		}
	})
	t.Run("DataAndPasswordsSurviveARestart", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		first := start(t, services.Options{Dir: dir})
		write(t, first.DatabaseURL, first.RedisURL)
		stop(t, first)
		second := start(t, services.Options{Dir: dir})
		wantWritten(t, second.DatabaseURL, second.RedisURL)
		if first.DatabaseURL != second.DatabaseURL {
			t.Error("the URL changed although its port was free")
		}
	})
	t.Run("ATakenPortIsReplaced", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		first := start(t, services.Options{Dir: dir, Fast: true})
		write(t, first.DatabaseURL, first.RedisURL)
		stop(t, first)
		squatter, err := net.Listen("tcp4", first.Postgres.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer squatter.Close()
		second := start(t, services.Options{Dir: dir, Fast: true})
		wantWritten(t, second.DatabaseURL, second.RedisURL)
	})
	t.Run("ErrInUse", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		start(t, services.Options{Dir: dir, Fast: true})
		if _, err := services.Start(t.Context(), services.Options{Dir: dir}); !errors.Is(err, services.ErrInUse) {
			t.Errorf("second start: got %v, want ErrInUse", err)
		}
	})
	t.Run("ACancelledStartLeavesNothing", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		dir := t.TempDir()
		if _, err := services.Start(ctx, services.Options{Dir: dir}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("start: got %v, want the deadline", err)
		}
		start(t, services.Options{Dir: dir, Fast: true})
	})
	t.Run("StopRemovesATemporaryDirectory", func(t *testing.T) {
		t.Parallel()
		s := start(t, services.Options{Fast: true})
		stop(t, s)
		if _, err := os.Stat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s after Stop: %v", s.Dir, err)
		}
		wantNobody(t, s.DatabaseURL, s.RedisURL)
	})
}

func TestServer(t *testing.T) {
	t.Parallel()
	end := map[string]func(*services.Server) error{
		"ComesBackAfterStop": func(s *services.Server) error { return s.Stop(context.Background()) },
		"ComesBackAfterKill": (*services.Server).Kill,
	}
	for name, end := range end {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, services.Options{})
			write(t, s.DatabaseURL, s.RedisURL)
			for _, server := range []*services.Server{s.Postgres, s.Redis} {
				exited := server.Exited()
				if err := end(server); err != nil {
					t.Fatal(err)
				}
				<-exited
			}
			wantNobody(t, s.DatabaseURL, s.RedisURL)
			for _, server := range []*services.Server{s.Postgres, s.Redis} {
				if err := server.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			wantWritten(t, s.DatabaseURL, s.RedisURL)
		})
	}
}

func TestKilledProgram(t *testing.T) {
	t.Parallel()
	t.Run("LeavesNoServers", func(t *testing.T) {
		t.Parallel()
		child, report := startHelper(t, "-", nil)
		kill(t, child)
		wantNobody(t, report.DatabaseURL, report.RedisURL)
		eventually(t, "the temporary directory is removed", func() bool {
			_, err := os.Stat(report.Dir)
			return errors.Is(err, fs.ErrNotExist)
		})
	})
	t.Run("LeavesADirectoryThatStartsAgain", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		child, report := startHelper(t, dir, nil)
		write(t, report.DatabaseURL, report.RedisURL)
		kill(t, child)
		s := start(t, services.Options{Dir: dir, Fast: true})
		wantWritten(t, s.DatabaseURL, s.RedisURL)
	})
}

// TestOrdinaryUser covers the start without root; the other tests do when they
// are not run as root themselves.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	var credential *syscall.Credential
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		credential = &syscall.Credential{Uid: number(t, nobody.Uid), Gid: number(t, nobody.Gid)}
	}
	_, report := startHelper(t, "-", credential)
	write(t, report.DatabaseURL, report.RedisURL)
	wantWritten(t, report.DatabaseURL, report.RedisURL)
}

func start(t *testing.T, opts services.Options) *services.Services {
	t.Helper()
	s, err := services.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *services.Services) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// startHelper runs the helper from a copy of the test binary: the original lies
// where another user cannot reach it.
func startHelper(t *testing.T, dir string, as *syscall.Credential) (*exec.Cmd, started) {
	t.Helper()
	place, err := os.MkdirTemp("", "services-helper-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(place) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(place, "helper")
	if err := errors.Join(os.Chmod(place, 0o755), os.WriteFile(copied, content, 0o755)); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(copied)
	child.Env = append(os.Environ(), helperVariable+"="+dir)
	child.Stderr = os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = child.Wait() // its servers end with it
	})
	var report started
	if err := json.NewDecoder(stdout).Decode(&report); err != nil {
		t.Fatal(err)
	}
	if report.Err != "" {
		t.Fatalf("helper: %s", report.Err)
	}
	return child, report
}

func kill(t *testing.T, child *exec.Cmd) {
	t.Helper()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it reports the kill
}

func query(t *testing.T, databaseURL, statement string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var answer string
	if err := conn.QueryRow(t.Context(), statement).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// countRows is "none" when write was never called on this database.
func countRows(t *testing.T, databaseURL string) string {
	t.Helper()
	return query(t, databaseURL, "select coalesce(to_regclass('kept')::text, 'none')")
}

func redisClient(t *testing.T, redisURL string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}

// write leaves a row and a key.
func write(t *testing.T, databaseURL, redisURL string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "create table kept as select 'row'::text as what"); err != nil {
		t.Fatal(err)
	}
	client := redisClient(t, redisURL)
	if err := client.Set(t.Context(), "kept", "key", 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func wantWritten(t *testing.T, databaseURL, redisURL string) {
	t.Helper()
	if got := query(t, databaseURL, "select what from kept"); got != "row" {
		t.Errorf("row: got %q", got)
	}
	if got, err := redisClient(t, redisURL).Get(t.Context(), "kept").Result(); err != nil || got != "key" {
		t.Errorf("key: got %q, %v", got, err)
	}
}

// wantNobody waits until nothing listens where the URLs lead.
func wantNobody(t *testing.T, urls ...string) {
	t.Helper()
	for _, text := range urls {
		parsed, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "nothing listens on "+parsed.Host, func() bool {
			conn, err := net.Dial("tcp", parsed.Host)
			if err == nil {
				conn.Close()
			}
			return err != nil
		})
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func number(t *testing.T, text string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}
