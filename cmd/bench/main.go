// Command bench measures the gateway beside references, in one run and on
// one machine, and prints the conditions with the figures. Machines are
// noisy: compare the ratios, not the figures of two runs.
//
//	go run ./cmd/bench --all             every scenario, a table
//	go run ./cmd/bench post create --json
//	go run ./cmd/bench seed --payouts 1000000 --callbacks 100000 --data DIR
//	go run ./cmd/bench console --data DIR
//
// It starts private servers and a gateway process of its own, or drives a
// running gateway (--url, with DISBURSE_DATABASE_URL, DISBURSE_REDIS_URL and
// DISBURSE_ENCRYPTION_KEYS of that gateway, whose callbacks may go to
// loopback).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type options struct {
	Scenarios []string `arg:"" optional:"" help:"Scenarios to run: post, create, status, callbacks, card-order, p2p, bet, console; or seed, which only fills the database. References run with them."`
	All       bool     `help:"Run every scenario, or those that are named with all of their modes."`
	Kill      bool     `help:"bet: kill the gateway with -9 under the load, again and again, and compare with the books in the end."`
	JSON      bool     `name:"json" help:"Print one JSON object instead of tables."`
	Clients   int      `default:"64" help:"Concurrent callers of closed-loop scenarios."`
	Rate      float64  `help:"Offer this many calls a second instead of a closed loop (post, create, status)."`
	Seconds   int      `default:"20" help:"Measured time of each scenario."`
	Rounds    int      `default:"8" help:"Scenario and references alternate this many times, sharing the seconds."`
	Merchants int      `default:"1000" help:"Merchants of the spread scenarios."`
	Players   int      `default:"1000" help:"Players of the spread bets."`
	Events    int      `default:"30000" help:"Callbacks of the burst."`
	Payouts   int      `default:"1000000" help:"Payouts that seed makes, and that console is to find there."`
	Callbacks int      `default:"100000" help:"How many of the newest of them have a callback."`
	URL       string   `name:"url" help:"A running gateway to drive, instead of one of our own."`
	Data      string   `help:"Directory of the private servers; a temporary one by default."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// gcPercent is of the load generator, in which the ledger runs when it is
// measured alone: its few megabytes would be collected forty times a second.
// The gateway's process keeps Go's own setting.
const gcPercent = 400

// run is the program, or, when it started itself again, one of its helpers.
func run(ctx context.Context) error {
	switch os.Getenv(helperVariable) {
	case helperGateway:
		return runGateway(untilOrphaned(ctx))
	case helperQueue:
		return runQueueWorker(untilOrphaned(ctx))
	}
	debug.SetGCPercent(gcPercent)
	var o options
	kong.Parse(&o, kong.Name("bench"), kong.Description("Load the gateway, and references beside it."))
	chosen, err := choose(o)
	if err != nil {
		return err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	for _, s := range chosen {
		fmt.Fprintf(os.Stderr, "bench: %s\n", s.name)
		if err := s.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return b.report(os.Stdout)
}

// scenario is a measurement with its references.
type scenario struct {
	name string
	run  func(context.Context, *bench) error
}

// scenarios in the order in which they run. Each runs its own references, in
// alternation with itself.
var scenarios = []scenario{
	{"post", runPost},
	{"create", runCreate},
	{"status", runStatus},
	{"card-order", runCardOrder},
	{"p2p", runP2P},
	{"bet", runBet},
	{"bet --kill", runKilled},
	{"callbacks", runCallbacks},
	{"seed", runSeed},
	{"console", runConsole},
}

func choose(o options) ([]scenario, error) {
	names := scenarioNames()
	for _, name := range o.Scenarios {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	if o.Kill && len(o.Scenarios) > 0 && !slices.Contains(o.Scenarios, "bet") {
		return nil, errors.New("--kill is a mode of bet")
	}
	if o.Kill && len(o.Scenarios) == 0 {
		o.Scenarios = []string{"bet"}
	}
	var chosen []scenario
	for _, s := range scenarios {
		name, mode, _ := strings.Cut(s.name, " ")
		named := slices.Contains(o.Scenarios, name)
		switch {
		case (name == "seed" || name == "console") && !named: // one measures nothing, the other fills a database first
		case mode != "" && o.URL != "" && !o.Kill: // that gateway is not ours to kill
		case o.All && (named || len(o.Scenarios) == 0),
			named && name != "bet",
			named && o.Kill == (mode == "--kill"):
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("name scenarios, or give --all")
	}
	return chosen, nil
}

// scenarioNames are those that can be asked for; modes have flags.
func scenarioNames() (names []string) {
	for _, s := range scenarios {
		if !strings.Contains(s.name, " ") {
			names = append(names, s.name)
		}
	}
	return names
}

// round is the measured time of one of the alternating rounds.
func (o options) round() time.Duration {
	return time.Duration(o.Seconds) * time.Second / time.Duration(o.Rounds)
}
