package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"disburse/gateway"
	"disburse/gateway/httpapi"
	"disburse/gateway/vault"
	"disburse/ratelimit"
)

type configCommand struct {
	Check     configCheckCommand     `cmd:"" help:"Tell everything that is wrong with the configuration, and whether what it names answers."`
	NewKey    configNewKeyCommand    `cmd:"" help:"Make a key for DISBURSE_ENCRYPTION_KEYS."`
	Reencrypt configReencryptCommand `cmd:"" help:"Bring what is stored encrypted onto the primary key."`
}

// checkTimeout bounds each check of what the configuration names.
const checkTimeout = 10 * time.Second

type configCheckCommand struct {
	gatewayFlags `embed:""`
	jsonFlag     `embed:""`
	Listen       string `name:"listen" env:"DISBURSE_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the API would listen."`
}

type checkReport struct {
	OK     bool          `json:"ok"`
	Faults []string      `json:"faults"`
	Checks []checkResult `json:"checks"` // empty when there are faults
}

type checkResult struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

// Run reports on the configuration and ends with status 1 when anything is
// wrong.
func (c configCheckCommand) Run(ctx context.Context, out output) error {
	report, err := c.report(ctx, out)
	if err != nil {
		return err
	}
	if err := c.show(out, report, func(w io.Writer) { printReport(w, report) }); err != nil {
		return err
	}
	if !report.OK {
		return exitError{1}
	}
	return nil
}

func (c configCheckCommand) report(ctx context.Context, out output) (checkReport, error) {
	report := checkReport{Faults: []string{}, Checks: []checkResult{}}
	cfg, err := c.config(c.Listen, gateway.API, gateway.Workers)
	var faulty configError
	if errors.As(err, &faulty) {
		report.Faults = faulty.faults()
		return report, nil
	}
	app, err := gateway.New(cfg, logFlag{LogLevel: "error"}.logger(out.Err))
	if err != nil {
		return report, err
	}
	defer app.Close(ctx) //nolint:errcheck // nothing was started
	redis, err := ratelimit.NewClient(cfg.RedisURL)
	if err != nil {
		return report, err
	}
	defer redis.Close() //nolint:errcheck // nothing was written
	report.Checks = probe(ctx, app.Checks(redis)...)
	if report.OK = allOK(report.Checks); report.OK {
		// It can only be told by a database that answers.
		opens := httpapi.Check{Name: "encryption_keys", Probe: func(ctx context.Context) error { return opensSecrets(ctx, app) }}
		report.Checks = append(report.Checks, probe(ctx, opens)...)
		report.OK = allOK(report.Checks)
	}
	return report, nil
}

// opensSecrets reads the keys of a page of merchants, which fails when the
// configured encryption keys are not those they were sealed with.
func opensSecrets(ctx context.Context, app *gateway.App) error {
	page, err := app.Merchants.List(ctx, "", 0)
	if err != nil {
		return err
	}
	for _, m := range page.Items {
		if _, err := app.Directory.ByID(ctx, m.ID); err != nil {
			return err
		}
	}
	return nil
}

func allOK(checks []checkResult) bool {
	return !slices.ContainsFunc(checks, func(c checkResult) bool { return !c.OK })
}

func probe(ctx context.Context, checks ...httpapi.Check) []checkResult {
	results := make([]checkResult, len(checks))
	var running sync.WaitGroup
	for n, check := range checks {
		running.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			results[n] = checkResult{Name: check.Name, OK: true}
			if err := check.Probe(ctx); err != nil {
				results[n] = checkResult{Name: check.Name, Reason: strings.Join(strings.Fields(err.Error()), " ")}
			}
		})
	}
	running.Wait()
	return results
}

func printReport(w io.Writer, report checkReport) {
	for _, fault := range report.Faults {
		fmt.Fprintf(w, "FAULT\t%s\n", fault)
	}
	if len(report.Faults) > 0 {
		fmt.Fprintln(w, "Nothing was connected to: mend these first.")
		return
	}
	fmt.Fprintln(w, "ok\tconfiguration")
	for _, check := range report.Checks {
		if check.OK {
			fmt.Fprintf(w, "ok\t%s\n", check.Name)
		} else {
			fmt.Fprintf(w, "FAILED\t%s: %s\n", check.Name, check.Reason)
		}
	}
}

type configNewKeyCommand struct {
	ID string `arg:"" optional:"" help:"The key's name, 1 to 32 of letters, digits, dot, underscore and dash. Today's date when absent."`
}

// Help is the long text of `disburse config new-key --help`.
func (configNewKeyCommand) Help() string {
	return `Prints a new random key in the form of DISBURSE_ENCRYPTION_KEYS. Keep it where other secrets are kept, and apart from the database: whoever has both can read every requisite, and without it nobody can.

To rotate: put the new key before the old ones, separated by a comma, restart every process with that, then run "disburse config reencrypt".`
}

// Run prints a new key.
func (c configNewKeyCommand) Run(out output) error {
	id := c.ID
	if id == "" {
		id = time.Now().UTC().Format("k20060102")
	}
	key := vault.Generate(id)
	if _, err := vault.New(key); err != nil {
		return usagef("the key's name must be 1 to 32 of letters, digits, dot, underscore and dash")
	}
	_, err := fmt.Fprintln(out.Out, key.String())
	return err
}
