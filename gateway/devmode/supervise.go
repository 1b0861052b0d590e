package devmode

import (
	"context"
	"sync"
	"time"

	"disburse/gateway/devmode/services"
)

// restartEvery is how long to wait after a start that failed.
const restartEvery = 5 * time.Second

// supervise starts a private server again when it ends by itself, until Close.
func (d *Dev) supervise() {
	ctx, cancel := context.WithCancel(context.Background())
	d.watch, d.watched = cancel, make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { d.keepRunning(ctx, "PostgreSQL", d.servers.Postgres) })
	running.Go(func() { d.keepRunning(ctx, "Redis", d.servers.Redis) })
	go func() {
		running.Wait()
		close(d.watched)
	}()
}

func (d *Dev) keepRunning(ctx context.Context, name string, server *services.Server) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-server.Exited():
		}
		d.log.Warn("a private server has ended; starting it again", "server", name)
		if err := server.Start(ctx); err == nil {
			d.log.Info("a private server runs again", "server", name)
			continue
		} else if ctx.Err() == nil {
			d.log.Error("a private server does not start", "server", name, "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(restartEvery):
		}
	}
}
