package services

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// identity is the user a server runs as. The zero value is the program's own.
type identity struct {
	// Namespace: root, under the number UID, in a user namespace of its own.
	// Else, with UID not 0: that user.
	Namespace bool
	UID, GID  int
}

// chooseIdentity finds an identity that PostgreSQL accepts: it refuses root.
func chooseIdentity(found programs, opts Options) (identity, error) {
	if opts.runAs != nil {
		return *opts.runAs, nil
	}
	if os.Geteuid() != 0 {
		return identity{}, nil
	}
	// Inside the namespace the number needs a name too: initdb looks it up.
	uid, gid, err := unprivilegedUser()
	if err != nil {
		return identity{}, err
	}
	namespaced := identity{Namespace: true, UID: uid, GID: gid}
	if namespaced.works(found.postgres) {
		return namespaced, nil
	}
	return identity{UID: uid, GID: gid}, nil
}

func unprivilegedUser() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "nobody", "daemon"} {
		found, lookupErr := user.Lookup(name)
		if lookupErr != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		if uidErr == nil && gidErr == nil && uid > 0 {
			return uid, gid, nil
		}
	}
	return 0, 0, errors.New("PostgreSQL cannot run as root, and there is no user postgres, nobody or daemon to run it as")
}

// own makes the files under dir belong to the identity, as a directory written
// under another one (or by a plain root process) may not.
func (i identity) own(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := i.UID, i.GID
	if i.Namespace {
		uid, gid = os.Geteuid(), os.Getegid()
	} else if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		return fmt.Errorf("let the server's user reach its directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == uid {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
