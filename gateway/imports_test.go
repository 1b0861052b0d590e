package gateway_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the import path of the root, whose files this test reads.
const module = "disburse/"

// leaves import nothing of ours and may be imported by every part of gateway.
var leaves = []string{"gateway/fault", "gateway/publicid", "gateway/vault", "gateway/audit", "gateway/epoch", "gateway/page",
	"gateway/idempotency", "gateway/password"}

// parties may be imported by features and by what stands above them.
var parties = []string{"gateway/merchant", "gateway/enduser", "gateway/operator", "gateway/fx", "gateway/chat", "gateway/gameprovider"}

// features never import each other.
var features = []string{"gateway/payout", "gateway/cardorder", "gateway/exchange", "gateway/virtualcard", "gateway/gamewallet"}

// allowed lists, for each package, which of ours its code may import. A
// trailing /... takes in everything below. Tests may import more.
var allowed = map[string][]string{
	"signing":             {},
	"ratelimit":           {},
	"ratelimit/redistest": {},
	"migrations":          {},
	"migrations/pgtest":   {"migrations"},
	"ledger/money":        {},
	"ledger":              {"ledger/money"},
	"ledger/ledgertest":   {"ledger"},
	"callbacks":           {"signing", "callbacks/dial"},
	"callbacks/dial":      {},
	"gateway/transact":    {"gateway/fault"},
	"gateway/merchant":    concat(leaves, "gateway/transact", "gateway/approval", "ledger", "ledger/money", "signing", "ratelimit"),
	"gateway/operator":    concat(leaves, "gateway/transact"),
	"gateway/fx":          concat(leaves, "gateway/transact", "ledger/money"),
	"gateway/payout":      concat(leaves, "gateway/transact", "gateway/approval", "gateway/merchant", "gateway/fx", "gateway/chat", "ledger", "ledger/money", "callbacks", "signing"),
	"gateway/enduser":     concat(leaves, "gateway/transact", "ledger", "ledger/money"),
	"gateway/chat":        concat(leaves, "gateway/transact"),
	"gateway/signin":      concat(leaves, "gateway/transact"),
	"gateway/approval":    concat(leaves, "gateway/transact"),
	"gateway/export": concat(leaves, "gateway/transact", "gateway/payout", "gateway/cardorder", "gateway/exchange",
		"ledger", "ledger/money", "callbacks"),
	"gateway/report":       concat(slices.Concat(leaves, parties, features), "gateway/approval", "ledger", "ledger/money", "callbacks"),
	"gateway/console/site": concat(leaves, "gateway/signin"),
	"gateway/console": concat(slices.Concat(leaves, parties, features), "gateway/console/site", "gateway/signin", "gateway/approval", "gateway/report", "gateway/export",
		"ledger", "ledger/money", "callbacks", "signing", "ratelimit"),
	"gateway/console/portal": concat(leaves, "gateway/console/site", "gateway/signin", "gateway/merchant", "gateway/payout",
		"ledger", "ledger/money", "callbacks", "signing"),
	"gateway/gameprovider":             concat(leaves, "gateway/transact", "ledger/money", "signing"),
	"gateway/cardorder":                concat(leaves, "gateway/transact", "gateway/enduser", "gateway/chat", "ledger", "ledger/money"),
	"gateway/exchange":                 concat(leaves, "gateway/transact", "gateway/enduser", "gateway/chat", "ledger", "ledger/money"),
	"gateway/gamewallet":               concat(leaves, "gateway/transact", "gateway/enduser", "gateway/gameprovider", "ledger", "ledger/money"),
	"gateway/virtualcard":              concat(leaves, "gateway/transact", "gateway/approval", "gateway/enduser", "ledger", "ledger/money"),
	"gateway/virtualcard/httpprovider": {"gateway/virtualcard", "ledger/money"},
	"gateway/virtualcard/simulator":    {"gateway/virtualcard", "gateway/virtualcard/httpprovider", "gateway/publicid", "ledger/money"},
	"gateway/virtualcard/providertest": {"gateway/virtualcard", "ledger/money"},
	"gateway/payout/sandbox":           {"gateway/payout", "ledger"},
	"gateway/payout/executortest":      {"gateway/payout", "ledger/money"},
	"gateway/gamewallet/acceptance":    {"signing"},
	"gateway/httpapi": concat(slices.Concat(leaves, parties, features), "gateway/approval", "gateway/export",
		"ledger", "ledger/money", "callbacks", "signing", "ratelimit"),
	"gateway/racetest":         {},
	"gateway/worker":           {},
	"gateway":                  {"..."},
	"gateway/devmode":          {"..."},
	"gateway/devmode/services": {},
	"cmd/disburse":             {"..."},
	"cmd/bench":                {"..."},
	"cmd/bench/crawl":          {},
	"cmd/bench/seed":           {"..."},
}

// barred lists packages of others that a package must not import.
var barred = map[string][]string{
	"gateway/httpapi":        {"github.com/jackc/pgx", "github.com/hibiken/asynq", "github.com/redis/go-redis"},
	"gateway/console":        {"github.com/jackc/pgx", "github.com/hibiken/asynq", "github.com/redis/go-redis"},
	"gateway/console/portal": {"github.com/jackc/pgx", "github.com/hibiken/asynq", "github.com/redis/go-redis"},
	"gateway":                {"disburse/gateway/devmode"},
}

func concat(list []string, more ...string) []string { return slices.Concat(list, more) }

func init() {
	for _, leaf := range leaves {
		allowed[leaf] = []string{}
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && file != ".." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			from := path.Dir(filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator))))
			seen[from] = true
			checkFile(t, file, from)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for from := range seen {
		if _, ok := allowed[from]; !ok {
			t.Errorf("package %s is missing from the table: say what it may import", from)
		}
	}
	for from := range allowed {
		if !seen[from] {
			t.Errorf("the table lists %s, which has no code", from)
		}
	}
}

func checkFile(t *testing.T, file, from string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		target := strings.Trim(spec.Path.Value, `"`)
		for _, bar := range barred[from] {
			if strings.HasPrefix(target, bar) {
				t.Errorf("%s imports %s, which is barred there", file, target)
			}
		}
		if strings.HasPrefix(target, module) && !permits(allowed[from], strings.TrimPrefix(target, module)) {
			t.Errorf("%s imports %s, which the table does not allow for %s", file, target, from)
		}
	}
}

func permits(list []string, target string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		prefix, subtree := strings.CutSuffix(entry, "...")
		return entry == target || (subtree && strings.HasPrefix(target, prefix))
	})
}
