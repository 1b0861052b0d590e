package services

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
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

func (r *redisServer) ready(ctx context.Context, port int) error {
	// The client would log each refused connection, so knock first.
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", loopback(port))
	if err != nil {
		return err
	}
	conn.Close()
	client := redis.NewClient(&redis.Options{
		Addr: loopback(port), Password: r.password,
		MaxRetries: -1, DialerRetries: 1, DialTimeout: time.Second, ReadTimeout: time.Second,
		DisableIdentity: true,
	})
	defer client.Close()
	return client.Ping(ctx).Err()
}

func (r *redisServer) url(port int) string {
	return fmt.Sprintf("redis://:%s@%s/0", r.password, loopback(port))
}
