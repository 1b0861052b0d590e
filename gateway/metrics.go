package gateway

import (
	"context"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"

	"disburse/callbacks"
	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/gamewallet"
	"disburse/gateway/payout"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/ratelimit"
)

// metrics are the collectors of everything but HTTP, which httpapi counts
// itself. No label holds an id, a name of a merchant or a path.
type metrics struct {
	groups    *prometheus.CounterVec
	groupSize prometheus.Histogram
	groupTime prometheus.Histogram
	postings  *prometheus.CounterVec

	created  *prometheus.CounterVec
	ended    *prometheus.CounterVec
	toEnd    *prometheus.HistogramVec
	executed *prometheus.CounterVec
	held     *prometheus.GaugeVec

	cardCreated *prometheus.CounterVec
	cardEnded   *prometheus.CounterVec
	cardToEnd   *prometheus.HistogramVec
	p2pCreated  *prometheus.CounterVec
	p2pEnded    *prometheus.CounterVec
	p2pToEnd    *prometheus.HistogramVec
	openOrders  *prometheus.GaugeVec
	openRUB     *prometheus.GaugeVec
	openAge     *prometheus.GaugeVec

	gameCalls   *prometheus.CounterVec
	cardCalls   *prometheus.HistogramVec
	cardOps     *prometheus.CounterVec
	cardsOpen   prometheus.Gauge
	cardsOldest prometheus.Gauge

	attempts     *prometheus.CounterVec
	attemptTime  *prometheus.HistogramVec
	lag          prometheus.Histogram
	callbacks    *prometheus.GaugeVec
	oldest       prometheus.Gauge
	circuits     prometheus.Gauge
	queueDepth   *prometheus.GaugeVec
	limitChoices *prometheus.CounterVec
}

func newMetrics(r *prometheus.Registry) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "disburse", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "disburse", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Namespace: "disburse", Name: name, Help: help, Buckets: buckets}, labels)
	}
	fast := prometheus.ExponentialBuckets(0.0005, 2, 15) // 0.5 ms to 8 s
	slow := prometheus.ExponentialBuckets(0.01, 4, 12)   // 10 ms to 11 hours
	size := histogram("ledger_group_postings", "Postings committed together.", prometheus.ExponentialBuckets(1, 2, 10))
	took := histogram("ledger_group_seconds", "Time of one group's transaction.", fast)
	lag := histogram("callback_lag_seconds", "From staging to delivery, of those delivered.", slow)
	oldest := gauge("callback_oldest_due_seconds", "How long the oldest due callback has waited.")
	circuits := gauge("callback_open_circuits", "Endpoints that are only probed.")
	unresolved := gauge("virtual_card_unresolved", "Operations on virtual cards whose result is not known.")
	unresolvedAge := gauge("virtual_card_unresolved_oldest_seconds", "The age of the oldest of them.")
	m := &metrics{
		groups:    counter("ledger_groups_total", "Groups by the way they went.", "way"),
		groupSize: size.WithLabelValues().(prometheus.Histogram),
		groupTime: took.WithLabelValues().(prometheus.Histogram),
		postings:  counter("ledger_postings_total", "Postings by outcome.", "outcome"),

		created:  counter("payouts_created_total", "Payouts created.", "mode", "currency", "method"),
		ended:    counter("payouts_ended_total", "Payouts ended, by final status.", "mode", "status"),
		toEnd:    histogram("payout_end_seconds", "From creation to the end.", slow, "status"),
		executed: counter("executor_calls_total", "Calls of executors.", "executor", "outcome"),
		held:     gauge("held_usdt", "What open payouts reserve.", "mode"),

		cardCreated: counter("card_orders_created_total", "Card orders created.", "type"),
		cardEnded:   counter("card_orders_ended_total", "Card orders ended, by final status.", "type", "status"),
		cardToEnd:   histogram("card_order_end_seconds", "From creation to the end.", slow, "type", "status"),
		p2pCreated:  counter("p2p_orders_created_total", "P2P orders created, by the side of the ad.", "ad"),
		p2pEnded:    counter("p2p_orders_ended_total", "P2P orders ended, by final status.", "status"),
		p2pToEnd:    histogram("p2p_order_end_seconds", "From creation to the end.", slow, "status"),
		openOrders:  gauge("open_orders", "End users' orders that are open.", "kind", "status"),
		openRUB:     gauge("open_orders_rub", "What they amount to.", "kind", "status"),
		openAge:     gauge("open_orders_oldest_seconds", "The age of the oldest of them.", "kind", "status"),

		gameCalls:   counter("game_calls_total", "Calls of game providers, by the code they were refused with.", "call", "code"),
		cardCalls:   histogram("card_provider_seconds", "Time of one order at the card provider.", slow, "kind", "outcome"),
		cardOps:     counter("virtual_card_operations_total", "Operations on virtual cards that ended.", "kind", "state", "way"),
		cardsOpen:   unresolved.WithLabelValues(),
		cardsOldest: unresolvedAge.WithLabelValues(),

		attempts:     counter("callback_attempts_total", "Attempts to deliver.", "class", "outcome"),
		attemptTime:  histogram("callback_attempt_seconds", "Time of one attempt.", fast, "outcome"),
		lag:          lag.WithLabelValues().(prometheus.Histogram),
		callbacks:    gauge("callbacks", "Callbacks that wait, are due, or are dead.", "state"),
		oldest:       oldest.WithLabelValues(),
		circuits:     circuits.WithLabelValues(),
		queueDepth:   gauge("queue_tasks", "Tasks in the queues of the workers.", "queue", "state"),
		limitChoices: counter("limiter_decisions_total", "Decisions of the rate limiter.", "limit", "source", "outcome"),
	}
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.groups, size, took, m.postings, m.created, m.ended, m.toEnd, m.executed, m.held,
		m.cardCreated, m.cardEnded, m.cardToEnd, m.p2pCreated, m.p2pEnded, m.p2pToEnd, m.openOrders, m.openRUB, m.openAge,
		m.gameCalls, m.cardCalls, m.cardOps, unresolved, unresolvedAge,
		m.attempts, m.attemptTime, lag, m.callbacks, oldest, circuits, m.queueDepth, m.limitChoices)
	return m
}

func (m *metrics) group(g ledger.GroupStats) {
	way := "alone"
	switch {
	case g.Guessed:
		way = "line"
	case g.Split:
		way = "split"
	}
	m.groups.WithLabelValues(way).Inc()
	m.groupSize.Observe(float64(g.Postings))
	m.groupTime.Observe(g.Took.Seconds())
	m.postings.WithLabelValues("refused").Add(float64(g.Refused))
	m.postings.WithLabelValues("replayed").Add(float64(g.Replayed))
	m.postings.WithLabelValues("posted").Add(float64(g.Postings - g.Refused - g.Replayed))
}

func (m *metrics) payouts() payout.Observer {
	return payout.Observer{
		Created: func(mode ledger.Mode, currency string, method payout.Method) {
			m.created.WithLabelValues(string(mode), currency, string(method)).Inc()
		},
		Ended: func(mode ledger.Mode, to payout.Status, age time.Duration) {
			m.ended.WithLabelValues(string(mode), string(to)).Inc()
			m.toEnd.WithLabelValues(string(to)).Observe(age.Seconds())
		},
		Executed: func(executor string, outcome payout.Outcome, _ time.Duration) {
			m.executed.WithLabelValues(executor, string(outcome)).Inc()
		},
	}
}

func (m *metrics) games() gamewallet.Observer {
	return gamewallet.Observer{Answered: func(call, code string) { m.gameCalls.WithLabelValues(call, code).Inc() }}
}

func (m *metrics) cards() virtualcard.Observer {
	return virtualcard.Observer{
		Called: func(kind virtualcard.Kind, outcome string, took time.Duration) {
			m.cardCalls.WithLabelValues(string(kind), outcome).Observe(took.Seconds())
		},
		Ended: func(kind virtualcard.Kind, state virtualcard.State, recovered bool, _ time.Duration) {
			way := "answered"
			if recovered {
				way = "recovered"
			}
			m.cardOps.WithLabelValues(string(kind), string(state), way).Inc()
		},
	}
}

func (m *metrics) cardOrders() cardorder.Observer {
	return cardorder.Observer{
		Created: func(t cardorder.Type) { m.cardCreated.WithLabelValues(string(t)).Inc() },
		Ended: func(t cardorder.Type, to cardorder.Status, age time.Duration) {
			m.cardEnded.WithLabelValues(string(t), string(to)).Inc()
			m.cardToEnd.WithLabelValues(string(t), string(to)).Observe(age.Seconds())
		},
	}
}

func (m *metrics) trades() exchange.Observer {
	return exchange.Observer{
		Created: func(ad exchange.Side) { m.p2pCreated.WithLabelValues(string(ad)).Inc() },
		Ended: func(to exchange.Status, age time.Duration) {
			m.p2pEnded.WithLabelValues(string(to)).Inc()
			m.p2pToEnd.WithLabelValues(string(to)).Observe(age.Seconds())
		},
	}
}

func (m *metrics) open(all []openOrders, now time.Time) {
	for _, o := range all {
		age := 0.0
		if o.Orders > 0 {
			age = now.Sub(o.Oldest).Seconds()
		}
		m.openOrders.WithLabelValues(o.Kind, o.Status).Set(float64(o.Orders))
		m.openRUB.WithLabelValues(o.Kind, o.Status).Set(money.New(o.Kopecks, enduser.RUB).Decimal().InexactFloat64())
		m.openAge.WithLabelValues(o.Kind, o.Status).Set(age)
	}
}

func (m *metrics) attempt(n callbacks.Announcement) {
	m.attempts.WithLabelValues(string(n.Class), string(n.Outcome)).Inc()
	m.attemptTime.WithLabelValues(string(n.Outcome)).Observe(n.Duration.Seconds())
	if n.State == callbacks.Delivered {
		m.lag.Observe(n.Lag.Seconds())
	}
}

func (m *metrics) limit(o ratelimit.Observation) {
	m.limitChoices.WithLabelValues(o.Name, string(o.Source), string(o.Outcome)).Inc()
}

// gaugesEvery is how often what has to be counted in the stores is counted,
// by each process that runs workers.
const gaugesEvery = 10 * time.Second

// startGauges keeps the gauges current until the App is closed.
func (a *App) startGauges(client redis.UniversalClient) {
	ctx, stop := context.WithCancel(context.Background())
	inspector := asynq.NewInspectorFromRedisClient(client)
	a.closers = append([]func() error{func() error { stop(); return nil }}, a.closers...)
	go func() {
		for tick := time.Tick(gaugesEvery); ; {
			turn, end := context.WithTimeout(ctx, gaugesEvery)
			a.countStores(turn, inspector)
			end()
			select {
			case <-ctx.Done():
				return
			case <-tick:
			}
		}
	}()
}

// countStores leaves a gauge as it was when its store does not answer; that
// the store is away shows elsewhere.
func (a *App) countStores(ctx context.Context, inspector *asynq.Inspector) {
	if stats, err := a.Callbacks.Stats(ctx); err == nil {
		a.metrics.callbacks.WithLabelValues("pending").Set(float64(stats.Pending))
		a.metrics.callbacks.WithLabelValues("due").Set(float64(stats.Due))
		a.metrics.callbacks.WithLabelValues("dead").Set(float64(stats.Dead))
		a.metrics.oldest.Set(stats.OldestDueAge.Seconds())
		a.metrics.circuits.Set(float64(stats.OpenCircuits))
	}
	if held, err := a.Ledger.Held(ctx); err == nil {
		for mode, amount := range held {
			a.metrics.held.WithLabelValues(string(mode)).Set(amount.Decimal().InexactFloat64())
		}
	}
	if all, err := a.openOrders(ctx); err == nil {
		a.metrics.open(all, time.Now())
	}
	if count, oldest, err := a.VirtualCards.Unresolved(ctx); err == nil {
		a.metrics.cardsOpen.Set(float64(count))
		a.metrics.cardsOldest.Set(oldest.Seconds())
	}
	for _, queue := range []string{callbacks.QueueFirst, callbacks.QueueRetry, callbacks.QueueBulk} {
		if info, err := inspector.GetQueueInfo(queue); err == nil {
			a.metrics.queueDepth.WithLabelValues(queue, "pending").Set(float64(info.Pending))
			a.metrics.queueDepth.WithLabelValues(queue, "active").Set(float64(info.Active))
		}
	}
}
