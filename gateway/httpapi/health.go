package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Check is one thing that must work before the gateway takes requests. Probe
// returns nil when it does; its error goes to the log, never to the caller.
type Check struct {
	Name  string
	Probe func(ctx context.Context) error
}

type healthAnswer struct {
	Status string `json:"status"`
}

type readyAnswer struct {
	Status string        `json:"status"`
	Checks []checkResult `json:"checks"`
}

type checkResult struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

// healthz says that the process answers, and nothing about what it needs: an
// orchestrator restarts on it, and a restart cures no database.
func healthz(r *request) error { return r.json(healthAnswer{Status: "ok"}) }

// readyAge is how long one round of checks answers for. The page is public and
// its checks use the database: asking more often must cost nothing.
const readyAge = time.Second

// readiness is what the checks said last.
type readiness struct {
	mu     sync.Mutex // held while they run, so that they run once for all who wait
	at     time.Time
	checks []checkResult
}

// readyz answers with the results of the last round, or of a new one when they
// are old.
func readyz(r *request) error {
	answer := readyAnswer{Status: "ok", Checks: r.api.ready(r.ctx)}
	status := http.StatusOK
	for _, c := range answer.Checks {
		if !c.OK {
			answer.Status, status = "unavailable", http.StatusServiceUnavailable
		}
	}
	return r.jsonStatus(status, answer)
}

func (a *api) ready(ctx context.Context) []checkResult {
	last := &a.readiness
	last.mu.Lock()
	defer last.mu.Unlock()
	if age := a.Now().Sub(last.at); age < 0 || age >= readyAge {
		// The results are for others too: they do not end with this call.
		last.checks = runChecks(context.WithoutCancel(ctx), a.Log, a.Checks, checkWait)
		last.at = a.Now()
	}
	return last.checks
}

// runChecks runs all at once, each within the timeout.
func runChecks(ctx context.Context, log *slog.Logger, checks []Check, timeout time.Duration) []checkResult {
	results := make([]checkResult, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { results[i] = runCheck(ctx, log, c, timeout) })
	}
	wg.Wait()
	return results
}

// runCheck gives up on a probe that ignores its context, so that one stuck
// driver call cannot hang the answer.
func runCheck(ctx context.Context, log *slog.Logger, c Check, timeout time.Duration) checkResult {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.Probe(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		return checkResult{Name: c.Name, OK: true}
	}
	log.LogAttrs(ctx, slog.LevelWarn, "readiness check failed", slog.String("check", c.Name), slog.String("cause", err.Error()))
	reason := "failed"
	if ctx.Err() != nil {
		reason = "timed out"
	}
	return checkResult{Name: c.Name, Reason: reason}
}
