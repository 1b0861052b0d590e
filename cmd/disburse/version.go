package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Set by the release build with -ldflags "-X main.version=... -X main.commit=...".
var (
	version string
	commit  string
)

type versionCommand struct {
	JSON bool `name:"json" env:"DISBURSE_JSON" help:"Print JSON."`
}

type buildVersion struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// Run prints what this program was built from.
func (c versionCommand) Run(out output) error {
	built := thisBuild()
	if c.JSON {
		return json.NewEncoder(out.Out).Encode(built)
	}
	_, err := fmt.Fprintf(out.Out, "disburse %s (commit %s, %s)\n", built.Version, built.Commit, built.Go)
	return err
}

// thisBuild prefers what the release build set over what the Go command
// recorded, which is nothing in a plain `go run`.
func thisBuild() buildVersion {
	built := buildVersion{Version: version, Commit: commit, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if ok && built.Version == "" {
		built.Version = info.Main.Version
	}
	if ok && built.Commit == "" {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				built.Commit = setting.Value
			}
		}
	}
	if built.Version == "" {
		built.Version = "(devel)"
	}
	if built.Commit == "" {
		built.Commit = "unknown"
	}
	return built
}
