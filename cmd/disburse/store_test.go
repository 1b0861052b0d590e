package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"OneFieldIsTheMessage", fault.Invalid(fault.Field{Name: "name", Why: "is bad"}), "invalid request: name: is bad"},
		{"EveryFieldHasALine", fault.Invalid(fault.Field{Name: "a", Why: "is bad"}, fault.Field{Name: "b", Why: "is worse"}), "invalid request\n  a: is bad\n  b: is worse"},
		{"TheCauseOfARefusalIsNotShown", fault.New(fault.Conflict, "c", "refused").With(cause), "refused"},
		{"OurOwnFaultShowsItsCause", fault.New(fault.Internal, "internal", "internal error").With(cause), "internal error: the cause"},
		{"Wrapped", fmt.Errorf("doing: %w", fault.New(fault.NotFound, "n", "not found")), "not found"},
		{"WhatIsNoFaultStays", cause, "the cause"},
		{"WhatIsExplainedStays", fmt.Errorf("%w: try again", explain(fault.New(fault.Conflict, "c", "refused"))), "refused: try again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := explain(tt.err); got.Error() != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("NothingStaysNothing", func(t *testing.T) {
		t.Parallel()
		if err := explain(nil); err != nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("TheFaultCanStillBeTold", func(t *testing.T) {
		t.Parallel()
		refused := fault.New(fault.Conflict, "c", "refused")
		if err := explain(refused); !errors.Is(err, refused) {
			t.Errorf("got %v", err)
		}
	})
}

func TestConnection(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	keys := s.cfg.EncryptionKeys
	empty := pgtest.URL(t, pgtest.Empty(t))
	tests := []struct {
		name   string
		args   []string
		onErr  string
		hidden string
	}{
		{"ErrNoDatabase", []string{"--database-url", "", "--encryption-keys", keys}, "DISBURSE_DATABASE_URL", keys},
		{"ErrNoKeys", []string{"--database-url", s.cfg.DatabaseURL, "--encryption-keys", ""}, "DISBURSE_ENCRYPTION_KEYS", "nothing is hidden"},
		{"ErrBadURL", []string{"--database-url", "mysql://u:topsecret@h:x/d", "--encryption-keys", keys}, "is not a PostgreSQL URL", "topsecret"},
		{"ErrBadKeys", []string{"--database-url", s.cfg.DatabaseURL, "--encryption-keys", "k1:topsecret"}, "DISBURSE_ENCRYPTION_KEYS", "topsecret"},
		{"ErrDatabaseAway", []string{"--database-url", "postgres://u:topsecret@127.0.0.1:1/d", "--encryption-keys", keys}, "database: ", "topsecret"},
		{"ErrNotMigrated", []string{"--database-url", empty, "--encryption-keys", keys}, "run `disburse migrate up`", keys},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, onErr, status := invoke(t, append([]string{"merchant", "list"}, tt.args...)...)
			if status != 1 || out != "" || !strings.Contains(onErr, tt.onErr) {
				t.Errorf("status %d, stdout %q, stderr %q; want %q", status, out, onErr, tt.onErr)
			}
			if strings.Contains(onErr, tt.hidden) {
				t.Errorf("%q holds %q", onErr, tt.hidden)
			}
		})
	}
	t.Run("ErrOtherKeys", func(t *testing.T) {
		t.Parallel()
		other := newSite(t)
		other.merchant("acme", "live")
		p := other.payout("acme", "o-1")
		other.cfg.EncryptionKeys = vault.Generate("k1").String()
		other.fails(1, "does not open", "payout", "complete", p.ID)
		other.wantBalances("acme", "984.4012", "15.5988")
	})
}

func TestPerson(t *testing.T) {
	t.Parallel()
	if p := person(); p.Kind != audit.CLI || p.ID == "" || p.Name == "" {
		t.Errorf("got %+v, want a named person at the command line", p)
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want string // empty: refused
	}{
		{"2026-01-31", "2026-01-31T00:00:00Z"},
		{"2026-01-31T12:30:00Z", "2026-01-31T12:30:00Z"},
		{"2026-01-31T12:30:00+03:00", "2026-01-31T09:30:00Z"},
		{"yesterday", ""},
		{"2026-02-30", ""},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			var m moment
			err := m.UnmarshalText([]byte(tt.text))
			if (err == nil) != (tt.want != "") || (err == nil && m.UTC().Format(time.RFC3339) != tt.want) {
				t.Errorf("got %v, %v; want %q", m.Time, err, tt.want)
			}
		})
	}
}
