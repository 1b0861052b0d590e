package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// invoke runs a command line and returns what it wrote and its exit status.
func invoke(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, err bytes.Buffer
	status = report(run(context.Background(), args, &out, &err), &err)
	return out.String(), err.String(), status
}

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		args       []string
		status     int
		out, onErr string // must be contained
	}{
		{"NoArgumentsIsHelp", nil, 0, "Usage: disburse <command>", ""},
		{"Help", []string{"--help"}, 0, "A self-hosted merchant payout gateway", ""},
		{"HelpOfACommand", []string{"migrate", "up", "--help"}, 0, "DISBURSE_DATABASE_URL", ""},
		{"HelpOfServices", []string{"services", "--help"}, 0, "Example:", ""},
		{"Version", []string{"version"}, 0, "disburse ", ""},
		{"UnknownCommand", []string{"nonsense"}, 2, "", "nonsense"},
		{"UnknownFlag", []string{"version", "--nonsense"}, 2, "", "--nonsense"},
		{"HelpOfTheProgram", []string{"nonsense"}, 2, "", `Try "disburse --help".`},
		{"HelpOfTheGroup", []string{"merchant", "nonsense"}, 2, "", `Try "disburse merchant --help".`},
		{"HelpOfTheCommand", []string{"merchant", "show"}, 2, "", `Try "disburse merchant show --help".`},
		{"HelpOfTheCommandThatRan", []string{"merchant", "set", "acme"}, 2, "", `Try "disburse merchant set --help".`},
		{"ServicesWithoutCommand", []string{"services", "--"}, 2, "", "command"},
		{"ServicesOnAFileForADirectory", []string{"services", "--data", "/dev/null/x", "--", "true"}, 1, "", "data directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, onErr, status := invoke(t, tt.args...)
			if status != tt.status {
				t.Errorf("status: got %d, want %d", status, tt.status)
			}
			if !strings.Contains(out, tt.out) || (tt.out == "" && out != "") {
				t.Errorf("stdout: got %q, want %q in it", out, tt.out)
			}
			if !strings.Contains(onErr, tt.onErr) || (tt.onErr == "" && onErr != "") {
				t.Errorf("stderr: got %q, want %q in it", onErr, tt.onErr)
			}
		})
	}
}

// TestEveryFlagHasAVariable walks the whole command line.
func TestEveryFlagHasAVariable(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, kong.Name("disburse"))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(node *kong.Node)
	walk = func(node *kong.Node) {
		if node.Help == "" && node.Type == kong.CommandNode {
			t.Errorf("%s has no help", node.FullPath())
		}
		for _, flag := range node.Flags {
			if flag.Name == "help" {
				continue
			}
			if len(flag.Envs) == 0 || !strings.HasPrefix(flag.Envs[0], "DISBURSE_") {
				t.Errorf("%s --%s: variables %v, want DISBURSE_...", node.FullPath(), flag.Name, flag.Envs)
			}
			if flag.Help == "" {
				t.Errorf("%s --%s has no help", node.FullPath(), flag.Name)
			}
		}
		for _, child := range node.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
}

func TestServices(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		args   []string
		status int
	}{
		{"GivesBothURLs", []string{"--", "sh", "-c", `case "$DISBURSE_DATABASE_URL $DISBURSE_REDIS_URL" in postgres://*\ redis://*) ;; *) exit 1 ;; esac`}, 0},
		{"EndsWithTheCommandsStatus", []string{"--", "sh", "-c", "exit 7"}, 7},
		{"EndsAsAShellWouldOnASignal", []string{"--", "sh", "-c", "kill -TERM $$"}, 143},
		{"PassesFlagsOfTheCommandOn", []string{"--", "test", "-n", "--fast"}, 0},
		{"UnknownProgram", []string{"--", "/no/such/program"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, onErr, status := invoke(t, append([]string{"services", "--fast"}, tt.args...)...)
			if status != tt.status {
				t.Errorf("status: got %d, want %d; stderr %q", status, tt.status, onErr)
			}
		})
	}
}

func TestVersionJSON(t *testing.T) {
	t.Parallel()
	out, _, _ := invoke(t, "version", "--json")
	var got map[string]string
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"version", "commit", "go"} {
		if got[key] == "" {
			t.Errorf("%s is empty in %s", key, out)
		}
	}
}

func TestConnectionFlags(t *testing.T) {
	t.Parallel()
	const hidden = "topsecret"
	t.Run("AreNeverPrinted", func(t *testing.T) {
		t.Parallel()
		flags := connectionFlags{databaseFlag{hidden}, redisFlag{hidden}, keysFlag{EncryptionKeys: hidden}}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, flags); strings.Contains(text, hidden) {
				t.Errorf("%s prints %s", verb, text)
			}
		}
		encoded, err := json.Marshal(flags)
		if err != nil || bytes.Contains(encoded, []byte(hidden)) {
			t.Errorf("JSON prints %s, %v", encoded, err)
		}
	})
	t.Run("AreGivenToTheCommand", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(file, []byte(hidden+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func() (string, error){
			"database": databaseFlag{hidden}.database,
			"redis":    redisFlag{hidden}.redis,
			"keys":     keysFlag{EncryptionKeys: hidden}.keys,
			"keysFile": keysFlag{EncryptionKeysFile: file}.keys,
		} {
			if got, err := read(); err != nil || got != hidden {
				t.Errorf("%s: got %q, %v", name, got, err)
			}
		}
	})
	t.Run("ErrMissingNamesTheVariable", func(t *testing.T) {
		t.Parallel()
		for variable, read := range map[string]func() (string, error){
			"DISBURSE_DATABASE_URL":    databaseFlag{}.database,
			"DISBURSE_REDIS_URL":       redisFlag{}.redis,
			"DISBURSE_ENCRYPTION_KEYS": keysFlag{}.keys,
		} {
			if _, err := read(); err == nil || !strings.Contains(err.Error(), variable) {
				t.Errorf("got %v, want an error that names %s", err, variable)
			}
		}
	})
	t.Run("ErrKeysGivenTwice", func(t *testing.T) {
		t.Parallel()
		_, err := keysFlag{EncryptionKeys: hidden, EncryptionKeysFile: "file"}.keys()
		if err == nil || errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), hidden) {
			t.Errorf("got %v", err)
		}
	})
}
