package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"disburse/callbacks"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/ratelimit"
)

// callbacksRate is the rate at which latency is measured, in events a second.
const callbacksRate = 200

// payload is about as long as a payout's callback.
var payload = []byte(`{"order_id":"123456789","standart_sign":"` +
	`31183191cad10905eac65eb177a717b45af2d6699a30363f748ced48992a8ed4","type":"pay_out","status":"successful",` +
	`"fiat_amount":"5000.00","usdt_amount":"49.8765","merchant_spent_usdt":"50.3753","fiat_currency":"rub",` +
	`"exchange_rate":"100.2472","payment_method":"card","created_at":"2024-02-15T09:30:45Z",` +
	`"updated_at":"2024-02-15T09:45:12Z","number_card":"4276345439581234","phone_number":null,"number_score":null,` +
	`"iban_number":null,"full_name":"Petrov Petr Petrovich","bank_name":"Example Bank",` +
	`"internal_transaction_id":"po_01hzy3v7k9qj5m8r2t4w6x0a1b","cheque_urls":["https://pay.example.com/receipts/1"]}`)

// runCallbacks measures deliveries a second of a burst beside a bare asynq
// task that posts the same body to the same receiver, and the time from
// commit to receipt at a steady rate.
func runCallbacks(ctx context.Context, b *bench) error {
	merchants, err := b.needMerchants(ctx)
	if err != nil {
		return err
	}
	queue, err := newQueueReference(ctx, b)
	if err != nil {
		return err
	}
	defer queue.stop()
	l, err := ledger.New(ledger.Config{DB: b.db})
	if err != nil {
		return err
	}
	defer l.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	stage := func(ctx context.Context, id string) error { return b.stage(ctx, l, merchants[0].Merchant.ID, id) }
	ours := &measure{Name: "callbacks burst", Clients: publishers, PerCall: 1}
	bare := &measure{Name: "asynq burst", Clients: publishers, PerCall: 1, Reference: true, Note: "a bare task that posts"}
	for range bursts {
		n := b.options.Events / bursts
		b.settle(ctx)
		if err := b.burst(ctx, bare, n, queue.publish); err != nil {
			return err
		}
		if err := b.burst(ctx, ours, n, stage); err != nil {
			return err
		}
	}
	b.settle(ctx)
	steady := &measure{Name: fmt.Sprintf("callbacks at %d/s", callbacksRate), Clients: publishers, PerCall: 1}
	if err := b.steady(ctx, steady, stage); err != nil {
		return err
	}
	b.measures = append(b.measures, bare, ours, steady)
	return nil
}

// bursts of each kind alternate; many short ones would measure their ends.
const bursts = 2

// publishers is the number of concurrent publishers of a burst.
const publishers = 32

// stage commits one event as the features do: as the rider of an entry.
func (b *bench) stage(ctx context.Context, l *ledger.Ledger, merchantID, id string) error {
	row := callbacks.Stage(callbacks.Event{
		ID: id, MerchantID: merchantID, Subject: id, OrderID: id, Kind: "payout.successful",
		URL: b.receiver.url + "/success", Body: payload, At: time.Now(),
	})
	entry := ledger.MerchantTopUp("bench:"+id, ledger.Live, merchantID, money.New(1, money.USDT))
	_, err := l.Post(ctx, entry, ledger.Rider{SQL: row.SQL, Row: row.Row, Certain: true})
	return err
}

// burst publishes n events as fast as they are taken, and counts until the
// last of them has arrived.
func (b *bench) burst(ctx context.Context, m *measure, n int, publish func(context.Context, string) error) error {
	arrived := b.receiver.expect(n)
	published := make([]time.Time, n)
	ids := make([]string, n)
	start := time.Now()
	var running sync.WaitGroup
	var mu sync.Mutex
	for p := range publishers {
		running.Go(func() {
			for i := p; i < n && ctx.Err() == nil; i += publishers {
				ids[i] = publicid.New("evt")
				published[i] = time.Now()
				if err := publish(ctx, ids[i]); err != nil {
					mu.Lock()
					m.fail(err)
					mu.Unlock()
				}
			}
		})
	}
	running.Wait()
	if err := wait(ctx, arrived, 2*time.Minute); err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	m.Seconds += time.Since(start).Seconds()
	m.count(b.receiver, ids, published)
	m.finish()
	return nil
}

// steady publishes at a fixed rate and measures from commit to receipt.
func (b *bench) steady(ctx context.Context, m *measure, publish func(context.Context, string) error) error {
	n := callbacksRate * b.options.Seconds
	arrived := b.receiver.expect(n)
	ids, committed := make([]string, n), make([]time.Time, n)
	start := time.Now()
	var running sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / callbacksRate)))
		running.Go(func() {
			ids[i] = publicid.New("evt")
			err := publish(ctx, ids[i])
			committed[i] = time.Now()
			if err != nil {
				mu.Lock()
				m.fail(err)
				mu.Unlock()
			}
		})
	}
	running.Wait()
	if err := wait(ctx, arrived, time.Minute); err != nil {
		return err
	}
	m.Seconds = time.Since(start).Seconds()
	m.count(b.receiver, ids, committed)
	m.finish()
	return nil
}

func wait(ctx context.Context, done <-chan struct{}, patience time.Duration) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(patience):
		return errors.New("events did not all arrive")
	}
}

// count adds the time each event took; one that overtook its commit took none.
func (m *measure) count(r *receiver, ids []string, since []time.Time) {
	times, repeats := r.arrivals()
	for i, id := range ids {
		m.latencies = append(m.latencies, max(0, times[id].Sub(since[i])))
	}
	m.Note = fmt.Sprintf("%d arrived twice", repeats)
}

const (
	referenceQueue = "bench_reference"
	referenceTask  = "bench:post"
)

// queueReference is asynq and nothing else: a task with the body in it, and a
// worker process that posts it.
type queueReference struct {
	client *asynq.Client
	worker *helper
}

func newQueueReference(ctx context.Context, b *bench) (*queueReference, error) {
	connection, err := ratelimit.Connect(b.config.RedisURL)
	if err != nil {
		return nil, err
	}
	worker, err := startHelper(ctx, helperQueue, "DISBURSE_REDIS_URL="+b.config.RedisURL,
		"DISBURSE_BENCH_RECEIVER="+b.receiver.url+"/success")
	if err != nil {
		return nil, err
	}
	return &queueReference{asynq.NewClientFromRedisClient(connection), worker}, nil
}

func (q *queueReference) publish(ctx context.Context, id string) error {
	_, err := q.client.EnqueueContext(ctx, asynq.NewTask(referenceTask, payload), asynq.TaskID(id), asynq.Queue(referenceQueue))
	return err
}

func (q *queueReference) stop() { q.worker.stop() }

// runQueueWorker is the worker process of the reference.
func runQueueWorker(ctx context.Context) error {
	connection, err := ratelimit.Connect(os.Getenv("DISBURSE_REDIS_URL"))
	if err != nil {
		return err
	}
	const concurrency = 64
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}
	target := os.Getenv("DISBURSE_BENCH_RECEIVER")
	server := asynq.NewServerFromRedisClient(connection, asynq.Config{
		Concurrency: concurrency, Queues: map[string]int{referenceQueue: 1}, TaskCheckInterval: 10 * time.Millisecond,
		LogLevel: asynq.FatalLevel,
	})
	err = server.Start(asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(task.Payload()))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("webhook-id", id)
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}))
	if err != nil {
		return err
	}
	defer server.Shutdown()
	fmt.Println("ready")
	<-ctx.Done()
	return nil
}
