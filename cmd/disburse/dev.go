package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/mattn/go-isatty"

	"disburse/gateway/devmode"
)

type devCommand struct {
	Listen   string `name:"listen" env:"DISBURSE_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the API listens. Port 0 takes a free one."`
	Data     string `name:"data" env:"DISBURSE_DEV_DATA" placeholder:"DIR" type:"path" help:"Keep the data in this directory. Without it, in your user's cache directory."`
	Fresh    bool   `name:"fresh" env:"DISBURSE_DEV_FRESH" help:"Forget the data of earlier runs."`
	JSON     bool   `name:"json" env:"DISBURSE_JSON" help:"Print one line of JSON when everything answers, and log JSON lines to stderr."`
	LogLevel string `name:"log-level" env:"DISBURSE_LOG_LEVEL" enum:",debug,info,warn,error" default:"" placeholder:"LEVEL" help:"What is logged: debug, info, warn or error. Without it warn, and info with --json."`
}

// Help is the long text of `disburse dev --help`.
func (devCommand) Help() string {
	return `Runs everything on this machine and needs nothing running: a private PostgreSQL and Redis, the API, the workers, and a callback inspector that shows what merchants would receive. It begins with two demo merchants (demo, whose payouts operators end, and sandbox, whose payouts end by themselves), two operators and exchange rates. Callbacks may go to this machine itself.

Data survives a restart. Ctrl-C stops everything. The server programs must be installed ("make deps" does that).`
}

// Run runs dev mode until ctx ends.
func (c devCommand) Run(ctx context.Context, out output) error {
	options := devmode.Options{Dir: c.Data, Fresh: c.Fresh, Listen: c.Listen, Log: c.logger(out.Err)}
	if !c.JSON && onTerminal(out.Err) {
		options.Progress = func(doing string) { fmt.Fprintf(out.Err, "%s...\n", doing) }
	}
	dev, err := devmode.Start(ctx, options)
	if ctx.Err() != nil && dev == nil {
		return nil // stopped while starting
	}
	if err != nil {
		return err
	}
	err = c.print(out.Out, dev.Instance)
	if err == nil {
		<-ctx.Done()
	}
	if !c.JSON && onTerminal(out.Err) {
		fmt.Fprintln(out.Err, "\nStopping...")
	}
	if closeErr := dev.Close(ctx); err == nil {
		err = closeErr
	}
	return err
}

func (c devCommand) logger(w io.Writer) *slog.Logger {
	level := c.LogLevel
	if c.JSON {
		if level == "" {
			level = "info"
		}
		return logFlag{LogLevel: level}.logger(w)
	}
	if level == "" {
		level = "warn"
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: levelOf(level)}))
}

func (c devCommand) print(w io.Writer, instance devmode.Instance) error {
	if !c.JSON {
		_, err := io.WriteString(w, devPage(instance, time.Now()))
		return err
	}
	return printJSON(w, instance)
}

// onTerminal reports whether somebody watches what is written.
func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
