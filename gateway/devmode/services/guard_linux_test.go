package services_test

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestKilledGuards needs the kernel's parent-death signal, which only Linux has.
func TestKilledGuards(t *testing.T) {
	t.Parallel()
	child, report := startHelper(t, t.TempDir(), nil)
	guards := childrenOf(t, child.Process.Pid)
	if len(guards) != 2 {
		t.Fatalf("guards: got %v, want two processes", guards)
	}
	for _, guard := range guards {
		if err := syscall.Kill(guard, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	kill(t, child)
	wantNobody(t, report.DatabaseURL, report.RedisURL)
}

func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	output, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		t.Fatal(err)
	}
	var children []int
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[1] == strconv.Itoa(pid) {
			children = append(children, int(number(t, fields[0])))
		}
	}
	return children
}
