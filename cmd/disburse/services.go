package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"disburse/gateway/devmode/services"
)

// servicesStop bounds the orderly end of the private servers.
const servicesStop = 30 * time.Second

type servicesCommand struct {
	Data           string   `name:"data" env:"DISBURSE_SERVICES_DATA" placeholder:"DIR" type:"path" help:"Keep the data in this directory. Without it everything is temporary."`
	Fast           bool     `name:"fast" env:"DISBURSE_SERVICES_FAST" help:"Do not wait for the disk: a crash of the machine loses data. For tests."`
	MaxConnections int      `name:"max-connections" env:"DISBURSE_SERVICES_MAX_CONNECTIONS" default:"200" help:"How many clients PostgreSQL serves at once."`
	Command        []string `arg:"" passthrough:"partial" name:"command" help:"The command and its arguments, after --."`
}

// Help is the long text of `disburse services --help`.
func (servicesCommand) Help() string {
	return `Starts a PostgreSQL and a Redis that nobody else uses, on free ports of this machine, and runs the command with DISBURSE_DATABASE_URL and DISBURSE_REDIS_URL set to them. When the command ends, both are stopped and its exit status is returned.

Example:  disburse services -- psql '$DISBURSE_DATABASE_URL'

The server programs must be installed ("make deps" does that); nothing has to be running.`
}

// Run starts the servers, runs the command, and ends with its status.
func (c servicesCommand) Run(ctx context.Context, out output) (err error) {
	command := c.Command
	if command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		return usageError{err: errors.New("services: give a command after --")}
	}
	private, err := services.Start(ctx, services.Options{Dir: c.Data, Fast: c.Fast, MaxConnections: c.MaxConnections})
	if err != nil {
		return err
	}
	defer func() {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), servicesStop)
		defer cancel()
		if stopErr := private.Stop(stopCtx); stopErr != nil {
			fmt.Fprintf(out.Err, "disburse: stopping the private servers: %v\n", stopErr)
		}
	}()
	child := exec.Command(command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, out.Out, out.Err
	child.Env = append(os.Environ(),
		"DISBURSE_DATABASE_URL="+private.DatabaseURL,
		"DISBURSE_REDIS_URL="+private.RedisURL,
	)
	return runForwarding(child)
}

// runForwarding runs the child and passes on the signals that reach us.
func runForwarding(child *exec.Cmd) error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- child.Wait() }()
	for {
		select {
		case received := <-signals:
			fromTerminal := received == syscall.SIGINT || received == syscall.SIGQUIT
			if fromTerminal && inForeground() {
				continue // the terminal has sent it to the child as well
			}
			// It fails only when the child is gone, which done will tell.
			_ = child.Process.Signal(received)
		case err := <-done:
			return childStatus(child, err)
		}
	}
}

// inForeground reports whether our process group is its terminal's foreground
// group, to which the terminal sends Ctrl-C.
func inForeground() bool {
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer terminal.Close()
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// childStatus turns the child's end into ours, as a shell would.
func childStatus(child *exec.Cmd, err error) error {
	var exited *exec.ExitError
	if err == nil || !errors.As(err, &exited) {
		return err
	}
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitError{128 + int(status.Signal())}
	}
	return exitError{exited.ExitCode()}
}
