package callbacks

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const listenSQL = `listen callbacks_staged`

// listen wakes the relay by the database's notifications, on a connection of
// its own, until ctx ends. Where notifications do not come through, behind a
// transaction pooler, the sweep is all there is, and nothing else changes.
func (s *Sender) listen(ctx context.Context) {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		began := time.Now()
		if err := s.listenOnce(ctx); ctx.Err() == nil {
			s.cfg.Log.Warn("callback notifications interrupted", "error", err)
		}
		if time.Since(began) > time.Minute {
			pause = time.Second
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

func (s *Sender) listenOnce(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.cfg.DB.Config().ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx) // nothing depends on how it ends
	}()
	if _, err := conn.Exec(ctx, listenSQL); err != nil {
		return err
	}
	s.relay.wake() // for what was staged before
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		s.relay.noticed(n.Payload)
	}
}
