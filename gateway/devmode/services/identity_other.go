//go:build !linux

package services

import (
	"os"
	"syscall"
)

func (i identity) attributes(syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{}
	if i.UID != 0 {
		attr.Credential = &syscall.Credential{Uid: uint32(i.UID), Gid: uint32(i.GID)}
	}
	return attr
}

// works: user namespaces are Linux's alone.
func (identity) works(string) bool { return false }

func ownProgram() (string, error) { return os.Executable() }
