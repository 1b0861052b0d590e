package migrations_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"disburse/migrations"
	"disburse/migrations/pgtest"
)

func TestUp(t *testing.T) {
	t.Parallel()
	t.Run("AppliesEachOnce", func(t *testing.T) {
		t.Parallel()
		url := pgtest.URL(t, pgtest.Empty(t))
		first, err := migrations.Up(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if len(first) != len(files(t)) {
			t.Errorf("first run applied %d, want all %d", len(first), len(files(t)))
		}
		second, err := migrations.Up(t.Context(), url)
		if err != nil || len(second) != 0 {
			t.Errorf("second run applied %v, %v, want nothing", second, err)
		}
	})
	t.Run("SeveralAtOnceShareTheWork", func(t *testing.T) {
		t.Parallel()
		url := pgtest.URL(t, pgtest.Empty(t))
		applied, errs := make([]int, 3), make([]error, 3)
		var all sync.WaitGroup
		for i := range applied {
			all.Go(func() {
				var done []migrations.Migration
				done, errs[i] = migrations.Up(t.Context(), url)
				applied[i] = len(done)
			})
		}
		all.Wait()
		total := 0
		for i := range applied {
			if errs[i] != nil {
				t.Error(errs[i])
			}
			total += applied[i]
		}
		if total != len(files(t)) {
			t.Errorf("applied together: got %v, want %d in all", applied, len(files(t)))
		}
	})
	t.Run("ErrUnreachableHidesThePassword", func(t *testing.T) {
		t.Parallel()
		_, err := migrations.Up(t.Context(), "postgres://someone:topsecret@127.0.0.1:1/x?sslmode=disable")
		if err == nil || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("got %v, want an error without the password", err)
		}
	})
}

func TestStatus(t *testing.T) {
	t.Parallel()
	pool := pgtest.Empty(t)
	count := func() (applied, pending int) {
		all, err := migrations.Status(t.Context(), pgtest.URL(t, pool))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.AppliedAt != nil {
				applied++
			} else {
				pending++
			}
		}
		left, err := migrations.Pending(t.Context(), pool)
		if err != nil || left != pending {
			t.Errorf("Pending: got %d, %v, want %d as Status says", left, err, pending)
		}
		return applied, pending
	}
	// Before Status: it makes goose's table.
	if left, err := migrations.Pending(t.Context(), pool); err != nil || left != len(files(t)) {
		t.Errorf("Pending without any table: got %d, %v, want %d", left, err, len(files(t)))
	}
	if applied, pending := count(); applied != 0 || pending != len(files(t)) {
		t.Errorf("empty database: got %d applied, %d pending", applied, pending)
	}
	if _, err := migrations.Up(t.Context(), pgtest.URL(t, pool)); err != nil {
		t.Fatal(err)
	}
	if applied, pending := count(); applied != len(files(t)) || pending != 0 {
		t.Errorf("migrated database: got %d applied, %d pending", applied, pending)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[0-9]{4}_[a-z_]+\.sql$`)
	seen := map[string]bool{}
	for _, name := range files(t) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case !shape.MatchString(name):
			t.Errorf("%s: want NNNN_name.sql", name)
		case !strings.HasPrefix(string(content), "-- "):
			t.Errorf("%s does not start with a comment that says why", name)
		case strings.Contains(string(content), "+goose Down"):
			t.Errorf("%s goes backward; migrations only go forward", name)
		case seen[name[:4]]:
			t.Errorf("%s: the number is taken", name)
		}
		seen[name[:4]] = true
	}
}

func files(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("[0-9]*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("migration files: %v, %v", names, err)
	}
	return names
}
