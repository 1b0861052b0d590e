package services

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// oldestPostgres is the first major version that will do.
const oldestPostgres = 15

// programs are the server programs found on this machine.
type programs struct {
	initdb, postgres, redis string
	major                   int
}

// MissingError says which server programs are not installed and how to get
// them.
type MissingError struct {
	// What is missing, in words.
	What []string
}

func (e *MissingError) Error() string {
	return "not installed: " + strings.Join(e.What, ", ") + `
  make deps                                             installs what is missing
  Debian, Ubuntu:  apt-get install postgresql redis-server
  Fedora:          dnf install postgresql-server redis (or valkey-compat-redis)
  macOS:           brew install postgresql@17 redis`
}

// findPrograms finds the newest PostgreSQL, or, for a directory that already
// holds data, the version that wrote it.
func findPrograms(dir string) (programs, error) {
	wanted, err := dataVersion(dir)
	if err != nil {
		return programs{}, err
	}
	var missing []string
	found, ok := findPostgres(postgresFolders(), wanted)
	switch {
	case !ok && wanted != 0:
		missing = append(missing, fmt.Sprintf("PostgreSQL %d (which wrote %s)", wanted, dir))
	case !ok:
		missing = append(missing, fmt.Sprintf("PostgreSQL %d or newer (initdb, postgres)", oldestPostgres))
	}
	if found.redis = findRedis(); found.redis == "" {
		missing = append(missing, "redis-server")
	}
	if missing != nil {
		return programs{}, &MissingError{What: missing}
	}
	return found, nil
}

// dataVersion is the major version of the data in dir, 0 when there is none.
func dataVersion(dir string) (int, error) {
	if dir == "" {
		return 0, nil
	}
	content, err := os.ReadFile(filepath.Join(dir, postgresFolder, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("data directory: %w", err)
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("data directory %s: PG_VERSION is no number", dir)
	}
	return version, nil
}

// postgresFolders lists where distributions put PostgreSQL's server programs;
// Debian and Homebrew keep them off PATH.
func postgresFolders() []string {
	folders := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/lib64/pgsql/bin", "/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
	} {
		matches, err := filepath.Glob(pattern)
		if err == nil {
			folders = append(folders, matches...)
		}
	}
	return folders
}

// findPostgres picks the newest usable version, or exactly the wanted one.
func findPostgres(folders []string, wanted int) (programs, bool) {
	var best programs
	for _, folder := range folders {
		candidate := programs{initdb: filepath.Join(folder, "initdb"), postgres: filepath.Join(folder, "postgres")}
		if !executable(candidate.initdb) || !executable(candidate.postgres) {
			continue
		}
		candidate.major = postgresMajor(candidate.postgres)
		if candidate.major < oldestPostgres || (wanted != 0 && candidate.major != wanted) {
			continue
		}
		if candidate.major > best.major {
			best = candidate
		}
	}
	return best, best.major != 0
}

var majorPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// postgresMajor asks a postgres program for its version; 0 when it cannot say.
func postgresMajor(program string) int {
	output, err := exec.Command(program, "--version").Output()
	if err != nil {
		return 0
	}
	match := majorPattern.FindSubmatch(output)
	if match == nil {
		return 0
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return 0
	}
	return major
}

func findRedis() string {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return path
	}
	for _, path := range []string{"/usr/sbin/redis-server", "/usr/local/bin/redis-server", "/opt/homebrew/bin/redis-server"} {
		if executable(path) {
			return path
		}
	}
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
