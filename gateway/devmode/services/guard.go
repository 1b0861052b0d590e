package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// guardName is the program name (argv[0]) under which this program is a guard.
const guardName = "disburse-guard"

// What the program writes into a guard's pipe, one byte each.
const (
	orderStop = 's'
	orderKill = 'k'
)

// orphanGrace is how long an orphaned server may take to shut down in order.
const orphanGrace = 20 * time.Second

// guardSpec tells a guard what to run. It is visible in the process list, so it
// holds no secrets.
type guardSpec struct {
	Command []string
	// StopSignal asks the child to shut down in an orderly way.
	StopSignal syscall.Signal
	RunAs      identity
	// Remove is deleted after the child's end if the program died without
	// stopping it; its parent directory too when no other server is left in it.
	Remove string
}

// A test binary or any command that imports this package can become a guard;
// a call in main would have to be repeated in each of them.
func init() {
	if len(os.Args) == 2 && os.Args[0] == guardName {
		os.Exit(guard(os.Args[1]))
	}
}

// guard runs the child until it ends by itself, is ordered to, or the program
// at the other end of standard input is gone. It returns the child's status.
func guard(arg string) int {
	// The kernel's parent-death signal follows the thread that started the
	// child: the main thread lives as long as the guard.
	runtime.LockOSThread()
	var spec guardSpec
	if err := json.Unmarshal([]byte(arg), &spec); err != nil {
		fmt.Fprintln(os.Stderr, "guard:", err)
		return 2
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	child := exec.Command(spec.Command[0], spec.Command[1:]...)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.ExtraFiles = []*os.File{os.NewFile(lockFD, "lock")}
	child.SysProcAttr = spec.RunAs.attributes(spec.StopSignal)
	if err := child.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "guard:", err)
		return 127
	}
	done := make(chan struct{})
	go func() {
		_ = child.Wait() // ProcessState says how it ended
		close(done)
	}()
	orders := readOrders(os.Stdin)
	orphaned := false
	var expired <-chan time.Time
	for {
		// Signal fails only when the child is gone, which done will tell.
		select {
		case order, open := <-orders:
			switch {
			case !open:
				orphaned, orders, expired = true, nil, time.After(orphanGrace)
				_ = child.Process.Signal(spec.StopSignal)
			case order == orderKill:
				_ = child.Process.Kill()
			default:
				_ = child.Process.Signal(spec.StopSignal)
			}
		case <-signals:
			_ = child.Process.Signal(spec.StopSignal)
		case <-expired:
			_ = child.Process.Kill()
		case <-done:
			if orphaned && spec.Remove != "" {
				cleanUp(spec.Remove)
			}
			return child.ProcessState.ExitCode()
		}
	}
}

// readOrders passes on each byte of r and closes the channel at its end.
func readOrders(r io.Reader) <-chan byte {
	orders := make(chan byte)
	go func() {
		defer close(orders)
		buffer := make([]byte, 1)
		for {
			if _, err := io.ReadFull(r, buffer); err != nil {
				return
			}
			orders <- buffer[0]
		}
	}()
	return orders
}

// cleanUp removes a server's directory, and the temporary directory around it
// when the other server's guard has already removed its own.
func cleanUp(dir string) {
	_ = os.RemoveAll(dir)
	around := filepath.Dir(dir)
	for _, folder := range []string{postgresFolder, redisFolder} {
		if _, err := os.Stat(filepath.Join(around, folder)); !errors.Is(err, os.ErrNotExist) {
			return
		}
	}
	_ = os.RemoveAll(around)
}

// guarded is the program's side of a guard and its child.
type guarded struct {
	orders *os.File
	done   chan struct{} // closed when guard and child have ended
	err    error         // how they ended; read after done
}

// lockFD is the descriptor under which guard and server inherit the lock of the
// data directory, so that it stays locked until the last of them is gone.
const lockFD = 3

// startGuarded starts a guard with its child; output goes to the end of a log.
func startGuarded(spec guardSpec, logPath string, lock *os.File) (*guarded, error) {
	arg, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	self, err := ownProgram()
	if err != nil {
		return nil, err
	}
	output, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := &exec.Cmd{
		Path: self, Args: []string{guardName, string(arg)}, Dir: "/",
		// The servers have no business with the program's settings and keys.
		Env:   []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"},
		Stdin: read, Stdout: output, Stderr: output,
		ExtraFiles: []*os.File{lock},
		// A terminal's Ctrl-C must reach the program alone.
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		write.Close()
		return nil, err
	}
	g := &guarded{orders: write, done: make(chan struct{})}
	go func() {
		g.err = cmd.Wait()
		close(g.done)
	}()
	return g, nil
}

func (g *guarded) alive() bool {
	select {
	case <-g.done:
		return false
	default:
		return true
	}
}

// stop asks for an orderly end and waits; when ctx ends first it kills.
func (g *guarded) stop(ctx context.Context) error {
	defer g.orders.Close()
	// A failed write means that the guard is gone, which done tells.
	_, _ = g.orders.Write([]byte{orderStop})
	select {
	case <-g.done:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), g.kill())
	}
}

func (g *guarded) kill() error {
	defer g.orders.Close()
	_, _ = g.orders.Write([]byte{orderKill})
	select {
	case <-g.done:
		return nil
	case <-time.After(orphanGrace):
		return errors.New("the server did not end after SIGKILL")
	}
}
