package services

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// deadHolderGrace is how long to wait for the servers of a killed program:
// their guards are just shutting them down.
const deadHolderGrace = 25 * time.Second

// state is what a directory remembers from run to run.
type state struct {
	PostgresPassword string `json:"postgres_password"`
	RedisPassword    string `json:"redis_password"`
	PostgresPort     int    `json:"postgres_port"`
	RedisPort        int    `json:"redis_port"`
}

func statePath(dir string) string { return filepath.Join(dir, "services.json") }

// loadState reads the directory's state, or makes one with new passwords.
func loadState(dir string) (state, error) {
	var s state
	content, err := os.ReadFile(statePath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		s = state{PostgresPassword: rand.Text(), RedisPassword: rand.Text()}
		return s, s.store(dir)
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(content, &s); err != nil || s.PostgresPassword == "" || s.RedisPassword == "" {
		return s, fmt.Errorf("%s is damaged; remove the directory to start afresh", statePath(dir))
	}
	return s, nil
}

// store replaces the file in one step: a killed run leaves the old one or the new.
func (s state) store(dir string) error {
	content, err := json.Marshal(s)
	if err != nil {
		return err
	}
	fresh := statePath(dir) + ".new"
	if err := os.WriteFile(fresh, content, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, statePath(dir))
}

// lockDir takes the directory for this program. Guards and servers inherit the
// lock, so it is free only when the last of them has ended. Who finds it held by
// nobody who is alive waits for that.
func lockDir(ctx context.Context, dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, deadHolderGrace)
	defer cancel()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		holder := readHolder(file)
		ended := holder == 0 || !alivePID(holder)
		if !errors.Is(err, syscall.EWOULDBLOCK) || !ended || pause(ctx, pollEvery) != nil {
			file.Close()
			by := fmt.Sprintf("process %d; stop that first", holder)
			if holder == 0 {
				by = "a run that is ending; wait for it"
			}
			return nil, fmt.Errorf("%w: %s is held by %s, or give another directory", ErrInUse, dir, by)
		}
	}
	if err := errors.Join(file.Truncate(0), writeHolder(file)); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// unlockDir gives the directory up. A process that was begun at this moment may
// have the lock until it runs its program, so nobody is named as the holder.
func unlockDir(lock *os.File) {
	_ = lock.Truncate(0) // a name that stays is that of this program, as before
	lock.Close()
}

func readHolder(file *os.File) int {
	buffer := make([]byte, 20)
	n, _ := file.ReadAt(buffer, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buffer[:n])))
	if err != nil {
		return 0
	}
	return pid
}

func writeHolder(file *os.File) error {
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return err
}
