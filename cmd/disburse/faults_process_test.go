package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asMortal makes this test binary the program itself, so that tests can start
// real processes of it and kill them, with the race detector in them too.
const asMortal = "DISBURSE_TEST_MORTAL"

func TestMain(m *testing.M) {
	if os.Getenv(asMortal) != "" {
		go endWithParent()
		main()
	}
	os.Exit(m.Run())
}

// endWithParent ends this process when the test that started it is gone,
// however it went: its end of our standard input closes with it.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(3)
}

// program is a command that runs this binary as disburse in a clean environment.
func program(t *testing.T, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "DISBURSE_") })
	cmd.Env = append(append(cmd.Env, environment...), asMortal+"=1")
	return cmd
}

// invokeProcess runs a short command as a process and returns what it printed
// and its exit status.
func invokeProcess(t *testing.T, environment []string, args ...string) (output string, status int) {
	t.Helper()
	cmd := program(t, environment, args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer stuck.Stop()
	_ = cmd.Wait() // the state says how it ended
	return out.String(), cmd.ProcessState.ExitCode()
}

// process is a gateway or a worker that can be killed and started again.
type process struct {
	t           *testing.T
	name        string
	args        []string
	environment []string
	logPath     string

	mu     sync.Mutex
	url    string // of the API; empty while it is down
	cmd    *exec.Cmd
	stdin  io.Closer
	exited chan struct{}
}

// newProcess starts `disburse ARGS`; it ends with the test at the latest.
func newProcess(t *testing.T, name, dir string, environment []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, args: args, environment: environment, logPath: filepath.Join(dir, name+".log")}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the log of %s, without its lines of level info, ends:\n%s", name, p.complaints(40))
		}
	})
	p.start()
	return p
}

// start starts the process and waits until it says that it is ready.
func (p *process) start() {
	p.t.Helper()
	cmd := program(p.t, p.environment, p.args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ready, exited := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(exited)
		defer log.Close()
		readLog(stderr, log, ready)
		_ = cmd.Wait() // the state says how it ended
	}()
	p.mu.Lock()
	p.cmd, p.stdin, p.exited = cmd, stdin, exited
	p.mu.Unlock()
	select {
	case address := <-ready:
		p.mu.Lock()
		p.url = "http://" + address
		p.mu.Unlock()
	case <-exited:
		p.t.Fatalf("%s ended instead of starting: %s\n%s", p.name, cmd.ProcessState, p.complaints(10))
	case <-time.After(time.Minute):
		p.t.Fatalf("%s is not ready after a minute", p.name)
	}
}

// readLog copies log lines until their end and passes the line on that says
// that the process is ready: the API's address, empty for workers.
func readLog(from io.Reader, to io.Writer, ready chan<- string) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		_, _ = to.Write(line)
		var entry struct{ Msg, Address string }
		if json.Unmarshal(line, &entry) == nil && (entry.Msg == "API listens" || entry.Msg == "workers run") {
			select {
			case ready <- entry.Address:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

// base is where the API answers; empty while the process is down. Each run
// listens on another port, so nobody else can be found on an old one.
func (p *process) base() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.url
}

// kill ends the process with SIGKILL, as a crash would.
func (p *process) kill() {
	p.mu.Lock()
	p.url = ""
	p.mu.Unlock()
	_ = p.cmd.Process.Kill() // it may be gone already
	p.awaitEnd()
}

// stop ends the process as an operator would and wants it to go in order.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("%s: %v", p.name, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	select {
	case <-p.exited:
	case <-ctx.Done():
		p.t.Errorf("%s does not stop", p.name)
		p.kill()
	}
	if status := p.cmd.ProcessState.ExitCode(); status != 0 {
		p.t.Errorf("%s ended with status %d after SIGTERM, want 0", p.name, status)
	}
}

func (p *process) awaitEnd() {
	<-p.exited
	p.stdin.Close()
}

// complaints are the last lines of the log that are not of level info.
func (p *process) complaints(n int) string {
	content, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(string(content)) {
		if !strings.Contains(line, `"level":"INFO"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "")
}

// crashed finds what no fault around a process excuses.
func (p *process) crashed() string {
	content, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	for _, sign := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: ", "panicked"} {
		if at := bytes.Index(content, []byte(sign)); at >= 0 {
			return string(content[at:min(len(content), at+4000)])
		}
	}
	return ""
}
