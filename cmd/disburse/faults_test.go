package main

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"
)

// faultTime is how long each fault goes on: a few seconds among the other
// tests, longer in `make faults`.
func faultTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("DISBURSE_FAULT_SECONDS")
	if text == "" {
		return 5 * time.Second
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 1 {
		t.Fatalf("DISBURSE_FAULT_SECONDS is %q, want a number of seconds", text)
	}
	return time.Duration(seconds) * time.Second
}

// TestFaults runs merchants and operators against real processes and servers,
// breaks one of those under load, and then wants everything that anybody was
// told to be true: every create answers as it did, every end has its callback,
// no payout is both paid and given back, and the books are clean. So with end
// users' orders: every create made one order, each ended once and as its parties
// were told, and everybody has what that leaves.
func TestFaults(t *testing.T) {
	t.Parallel()
	type load struct{ begin, check func(s *stand) }
	payouts, trade := load{(*stand).load, (*stand).check}, load{(*stand).trade, (*stand).checkTrade}
	for _, fault := range []struct {
		name              string
		gateways, workers int
		under             load
		strike            func(s *stand)
	}{
		{"PostgreSQLRestartedAndKilled", 1, 1, payouts, restartPostgreSQL},
		{"WorkerKilledInAttempts", 1, 1, payouts, killWorker},
		{"RedisStopped", 1, 1, payouts, stopRedis},
		{"RedisFlushed", 1, 1, payouts, flushRedis},
		{"GatewayKilledUnderCreates", 1, 1, payouts, killGateway},
		{"TwoGatewaysAndTwoWorkers", 2, 2, payouts, race},
		{"GatewayKilledUnderUsersOrders", 2, 1, trade, killGateway},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, fault.gateways, fault.workers)
			fault.under.begin(s)
			s.progress(20)
			began := time.Now()
			fault.strike(s)
			struck := time.Now()
			s.settle()
			t.Logf("struck for %.1f s, all was settled %.1f s later", struck.Sub(began).Seconds(), time.Since(struck).Seconds())
			fault.under.check(s)
		})
	}
}

// during repeats something, at least twice, for as long as the fault goes on.
func (s *stand) during(do func()) {
	end := time.Now().Add(s.lasting)
	times := 0
	for ; times < 2 || time.Now().Before(end); times++ {
		do()
	}
	s.t.Logf("struck %d times", times)
}

func killGateway(s *stand) {
	s.during(func() {
		s.progress(20)
		s.gateways[0].kill()
		s.gateways[0].start()
	})
}

// killWorker kills workers whose attempts wait for an answer. It strikes as soon
// as there are a few: what a dead worker had in hand takes up room in its
// endpoint's window until the lease has run out, so there may be no attempts
// for the third round for long.
func killWorker(s *stand) {
	worker, rounds, end := s.workers[0], 0, time.Now().Add(s.lasting)
	s.during(func() {
		s.hold(true)
		await(s.t, "attempts are under way", patience, func() bool {
			return s.open() >= 3 || rounds >= 2 && time.Now().After(end)
		})
		worker.kill()
		await(s.t, "the attempts break off", patience, func() bool { return s.open() == 0 })
		s.hold(false)
		worker.start()
		rounds++
	})
}

// flushRedis wipes Redis so often that tasks are lost between their enqueuing
// and their taking, and while they run.
func flushRedis(s *stand) {
	pace := time.NewTicker(30 * time.Millisecond)
	defer pace.Stop()
	s.during(func() {
		<-pace.C
		if err := s.redis.FlushAll(s.t.Context()).Err(); err != nil {
			s.t.Error(err)
		}
	})
}

// stopRedis takes Redis away. Creating and polling must not notice.
func stopRedis(s *stand) {
	ctx, cancel := context.WithTimeout(s.t.Context(), s.lasting+patience)
	defer cancel()
	creates, polls := s.creates.again.Load(), s.polls.again.Load()
	answered := s.polls.answered.Load()
	if err := s.servers.Redis.Stop(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.during(func() { s.progress(20) })
	if n := s.creates.again.Load() - creates; n > 0 {
		s.t.Errorf("%d creates failed while Redis was away, want none", n)
	}
	if n := s.polls.again.Load() - polls; n > 0 {
		s.t.Errorf("%d polls failed while Redis was away, want none", n)
	}
	if s.polls.answered.Load() == answered {
		s.t.Error("no poll was answered while Redis was away")
	}
	if err := s.servers.Redis.Start(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// restartPostgreSQL stops it in order and by a crash, in turn.
func restartPostgreSQL(s *stand) {
	postgres, crash := s.servers.Postgres, false
	s.during(func() {
		s.progress(20)
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		var err error
		if crash {
			err = postgres.Kill()
		} else {
			err = postgres.Stop(ctx)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		crash = !crash
		if err := postgres.Start(ctx); err != nil {
			s.t.Fatal(err)
		}
	})
}

// race breaks nothing: that every order is sent to two gateways at once, with
// the same values and with others, is enough.
func race(s *stand) {
	s.during(func() { s.progress(20) })
}
