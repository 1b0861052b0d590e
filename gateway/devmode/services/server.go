package services

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	pollEvery = 15 * time.Millisecond
	// A port that was free may be taken before the server binds it, and after
	// a kill PostgreSQL refuses to start until its last backend is gone.
	startAttempts = 40
	retryEvery    = 250 * time.Millisecond
	newPortTries  = 4
)

// serverKind is what differs between PostgreSQL and Redis.
type serverKind interface {
	// command prepares a start on port and says what to run.
	command(port int) (guardSpec, error)
	// ready returns nil when the server on port answers our password.
	ready(ctx context.Context, port int) error
}

// Server controls one of the servers. It keeps its port and its data over Stop,
// Kill and Start.
type Server struct {
	name      string
	kind      serverKind
	logPath   string
	removable string
	lock      *os.File

	mu   sync.Mutex
	port int
	run  *guarded // nil when stopped
}

// Addr is the server's host and port on the loopback interface.
func (s *Server) Addr() string { return loopback(s.port) }

// Exited returns a channel that is closed when the present run of the server
// ends for whatever reason. It is closed already when the server is stopped.
func (s *Server) Exited() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return s.run.done
}

// Start starts a server that Stop or Kill ended, on its old port and data, and
// returns when it answers. A running server is left as it is.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil && s.run.alive() {
		return nil
	}
	var err error
	for range startAttempts {
		if err = s.startOnce(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		if waitErr := pause(ctx, retryEvery); waitErr != nil {
			return errors.Join(err, waitErr)
		}
	}
	return err
}

// Stop shuts the server down in an orderly way and waits for its end. When ctx
// ends first the server is killed and ctx's error returned.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return nil
	}
	err := s.run.stop(ctx)
	s.run = nil
	return err
}

// Kill ends the server with SIGKILL, as a crash would, and waits for its end.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return nil
	}
	err := s.run.kill()
	s.run = nil
	return err
}

// startOnAnyPort is the first start: it prefers the port of the last run and
// takes another one when that does not work.
func (s *Server) startOnAnyPort(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for range newPortTries {
		if s.port, err = freePort(s.port); err != nil {
			return err
		}
		if err = s.startOnce(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		s.port = 0
	}
	return err
}

// startOnce starts the server on s.port; the caller holds s.mu.
func (s *Server) startOnce(ctx context.Context) error {
	spec, err := s.kind.command(s.port)
	if err != nil {
		return fmt.Errorf("prepare %s: %w", s.name, err)
	}
	spec.Remove = s.removable
	logStart := fileSize(s.logPath)
	run, err := startGuarded(spec, s.logPath, s.lock)
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	for {
		last := s.kind.ready(ctx, s.port)
		if last == nil && run.alive() {
			s.run = run
			return nil
		}
		select {
		case <-run.done:
			return fmt.Errorf("%s ended while starting; its log %s says:\n%s", s.name, s.logPath, logSince(s.logPath, logStart))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s did not answer in time: %w", s.name, errors.Join(ctx.Err(), last)), run.kill())
		case <-time.After(pollEvery):
		}
	}
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// freePort returns wanted when nothing listens there, else a free port.
func freePort(wanted int) (int, error) {
	listener, err := net.Listen("tcp4", loopback(wanted))
	if err != nil && wanted != 0 {
		listener, err = net.Listen("tcp4", loopback(0))
	}
	if err != nil {
		return 0, fmt.Errorf("no free loopback port: %w", err)
	}
	defer listener.Close()
	tcp, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("listener has no TCP address: %v", listener.Addr())
	}
	return tcp.Port, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// logSince returns the last few lines that were logged after offset.
func logSince(path string, offset int64) string {
	content, err := os.ReadFile(path)
	if err != nil || int64(len(content)) < offset {
		return "(nothing)"
	}
	lines := strings.Split(strings.TrimSpace(string(content[offset:])), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// alivePID reports whether a process with this id exists.
func alivePID(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
