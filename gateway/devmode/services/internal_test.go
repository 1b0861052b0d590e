package services

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindPostgres(t *testing.T) {
	t.Parallel()
	folder := func(version string, programs ...string) string {
		dir := t.TempDir()
		for _, program := range programs {
			script := "#!/bin/sh\necho '" + program + " (PostgreSQL) " + version + "'\n"
			if err := os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	old := folder("14.9", "initdb", "postgres")
	fifteen := folder("15.18 (Debian 15.18-0+deb12u1)", "initdb", "postgres")
	seventeen := folder("17.2", "initdb", "postgres")
	clientOnly := folder("18.0", "postgres")
	beta := folder("19beta1", "initdb", "postgres")
	tests := []struct {
		name    string
		folders []string
		wanted  int
		want    int // major version, 0 for none
	}{
		{"NewestWins", []string{fifteen, seventeen, old}, 0, 17},
		{"ABetaCountsAsItsMajor", []string{seventeen, beta}, 0, 19},
		{"TheVersionOfTheDataWins", []string{fifteen, seventeen}, 15, 15},
		{"TooOld", []string{old}, 0, 0},
		{"WithoutInitdb", []string{clientOnly}, 0, 0},
		{"TheVersionOfTheDataIsGone", []string{fifteen}, 17, 0},
		{"Nothing", nil, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, ok := findPostgres(tt.folders, tt.wanted)
			if found.major != tt.want || ok != (tt.want != 0) {
				t.Errorf("got %d, %v, want %d", found.major, ok, tt.want)
			}
		})
	}
}

func TestMissingError(t *testing.T) {
	t.Parallel()
	text := (&MissingError{What: []string{"redis-server"}}).Error()
	for _, want := range []string{"redis-server", "make deps", "apt-get", "dnf", "brew"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing from %q", want, text)
		}
	}
}

// TestIdentities starts PostgreSQL in every way this user can: as root both in
// a user namespace and as another user.
func TestIdentities(t *testing.T) {
	t.Parallel()
	identities := map[string]*identity{"Chosen": nil}
	if os.Geteuid() == 0 {
		uid, gid, err := unprivilegedUser()
		if err != nil {
			t.Fatal(err)
		}
		identities["OtherUser"] = &identity{UID: uid, GID: gid}
	}
	for name, as := range identities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Start(t.Context(), Options{Fast: true, runAs: as})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRecoverDir(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pid  string
	}{
		{"AnotherProgramHasTheNumberNow", strconv.Itoa(os.Getpid())},
		{"Damaged", "not a number"},
		{"Empty", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "postmaster.pid")
			if err := os.WriteFile(path, []byte(tt.pid+"\n"+dir+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := (&postgres{dir: dir}).recoverDir(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the stale file is still there: %v", err)
			}
		})
	}
}

func TestLoadState(t *testing.T) {
	t.Parallel()
	t.Run("IsTheSameEveryTime", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		first, err := loadState(dir)
		if err != nil {
			t.Fatal(err)
		}
		second, err := loadState(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Error(diff)
		}
		if len(first.PostgresPassword) < 20 || first.PostgresPassword == first.RedisPassword {
			t.Error("passwords are short or alike")
		}
	})
	t.Run("ADamagedFileIsNotReplaced", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(statePath(dir), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadState(dir); err == nil {
			t.Error("no error")
		}
	})
}

// A process that was begun while the directory was given up has the lock for a
// moment longer.
func TestADirectoryGivenUpIsWaitedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, err := lockDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	inherited, err := syscall.Dup(int(lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockDir(t.Context(), dir); !errors.Is(err, ErrInUse) {
		t.Errorf("before: got %v, want ErrInUse", err)
	}
	unlockDir(lock)
	ctx, cancel := context.WithTimeout(t.Context(), pollEvery)
	defer cancel()
	if _, err := lockDir(ctx, dir); !errors.Is(err, ErrInUse) || ctx.Err() == nil {
		t.Errorf("after: got %v and the context's %v, want ErrInUse when the time was over", err, ctx.Err())
	}
	if err := syscall.Close(inherited); err != nil {
		t.Fatal(err)
	}
	if lock, err = lockDir(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	unlockDir(lock)
}
