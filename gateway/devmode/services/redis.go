package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// redisServer knows how to start and reach a Redis server.
type redisServer struct {
	dir      string
	program  string
	password string
}

var _ serverKind = (*redisServer)(nil)

// The password goes by a file: arguments are visible in the process list. There
// are many databases so that each test can have one of its own.
const redisConf = `bind 127.0.0.1
port %d
requirepass %s
dir %s
daemonize no
databases 4096
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
`

func (r *redisServer) command(port int) (guardSpec, error) {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return guardSpec{}, err
	}
	path := filepath.Join(r.dir, "redis.conf")
	content := fmt.Sprintf(redisConf, port, r.password, fmt.Sprintf("%q", r.dir))
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return guardSpec{}, err
	}
	return guardSpec{Command: []string{r.program, path}, StopSignal: syscall.SIGTERM}, nil
}

// ready speaks Redis's inline protocol itself: the client library logs every
// refused connection, and there are some before the server listens.
func (r *redisServer) ready(ctx context.Context, port int) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", loopback(port))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", r.password); err != nil {
		return err
	}
	const welcome = "+OK\r\n+PONG\r\n"
	answer := make([]byte, len(welcome))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if string(answer) != welcome {
		return errors.New("another server answers, or it is still loading")
	}
	return nil
}

func (r *redisServer) url(port int) string {
	return fmt.Sprintf("redis://:%s@%s/0", r.password, loopback(port))
}
