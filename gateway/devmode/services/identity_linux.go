package services

import (
	"os"
	"os/exec"
	"syscall"
)

// attributes starts a child under the identity. Should the guard itself be
// killed, the kernel sends the child its stop signal.
func (i identity) attributes(stop syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Pdeathsig: stop}
	switch {
	case i.Namespace:
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: i.UID, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: i.GID, HostID: os.Getegid(), Size: 1}}
	case i.UID != 0:
		attr.Credential = &syscall.Credential{Uid: uint32(i.UID), Gid: uint32(i.GID)}
	}
	return attr
}

// works tries the namespace: containers often forbid it.
func (i identity) works(program string) bool {
	cmd := exec.Command(program, "--version")
	cmd.SysProcAttr = i.attributes(0)
	return cmd.Run() == nil
}

// ownProgram is the running executable, also after its file was deleted, as
// `go run` does.
func ownProgram() (string, error) { return "/proc/self/exe", nil }
