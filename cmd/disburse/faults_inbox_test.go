package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"disburse/signing"
)

// inbox is a merchant's endpoint for callbacks. It keeps everything that came.
type inbox struct {
	t               *testing.T
	server          *httptest.Server
	signKey, secret string

	mu      sync.Mutex
	letters map[string]*letter // by webhook-id
	held    int                // attempts that wait for an answer
	release chan struct{}      // closed to answer them; nil: answer at once
}

// letter is a callback, however often it came.
type letter struct {
	event, payout, order, status string
	path, body                   string // of the first arrival
	arrivals, accepted           int
	repeats                      int // arrivals after an accepted one
	faults                       []string
}

// String leaves the body out: it holds a requisite.
func (l letter) String() string {
	return fmt.Sprintf("%s of %s (%s, %s) to %s came %d times, accepted %d times, faults %q",
		l.event, l.order, l.payout, l.status, l.path, l.arrivals, l.accepted, l.faults)
}

func newInbox(t *testing.T, signKey, secret string) *inbox {
	b := &inbox{t: t, signKey: signKey, secret: secret, letters: map[string]*letter{}}
	b.server = httptest.NewServer(b)
	t.Cleanup(func() {
		b.hold(false)
		b.server.CloseClientConnections()
		b.server.Close()
	})
	return b
}

// ServeHTTP takes a callback in. One in sixteen is refused the first time, so
// that retries are part of every run.
func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender died while sending
	}
	l, first, wait := b.note(r, body)
	if wait != nil {
		select {
		case <-wait:
		case <-r.Context().Done():
		}
		b.mu.Lock()
		b.held--
		b.mu.Unlock()
	}
	if first && choose(l.event, 16) == 0 {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Context().Err() == nil {
		l.accepted++
	}
}

func (b *inbox) note(r *http.Request, body []byte) (l *letter, first bool, wait chan struct{}) {
	headers := signing.ReadHeaders(r.Header.Get)
	var content struct {
		Sign   string `json:"standart_sign"`
		Order  string `json:"order_id"`
		Status string `json:"status"`
		Payout string `json:"internal_transaction_id"`
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	l = b.letters[headers.ID]
	if first = l == nil; first {
		l = &letter{event: headers.ID, path: r.URL.Path, body: string(body)}
		b.letters[headers.ID] = l
		if err := json.Unmarshal(body, &content); err != nil {
			l.faults = append(l.faults, "body: "+err.Error())
		}
		l.payout, l.order, l.status = content.Payout, content.Order, content.Status
		if !signing.VerifyHex(content.Sign, signing.StandartSign(signing.OrderKey, "", l.order, b.signKey)) {
			l.faults = append(l.faults, "standart_sign does not verify")
		}
	}
	l.arrivals++
	if l.accepted > 0 {
		l.repeats++
	}
	if err := signing.Verify([]string{b.secret}, headers, body, time.Now(), signing.Tolerance); err != nil {
		l.faults = append(l.faults, err.Error())
	}
	if l.path != r.URL.Path || l.body != string(body) {
		l.faults = append(l.faults, "another attempt had another path or body")
	}
	if b.release != nil {
		b.held++
	}
	return l, first, b.release
}

// hold makes the endpoint leave attempts without an answer until it is
// switched off again.
func (b *inbox) hold(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if on && b.release == nil {
		b.release = make(chan struct{})
	}
	if !on && b.release != nil {
		close(b.release)
		b.release = nil
	}
}

// open is how many attempts wait for an answer.
func (b *inbox) open() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// received is a copy of everything that came.
func (b *inbox) received() []letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]letter, 0, len(b.letters))
	for _, l := range b.letters {
		all = append(all, *l)
	}
	return all
}

// choose picks one of n by a text, the same one every time.
func choose(text string, n uint32) uint32 {
	h := fnv.New32a()
	_, _ = io.Copy(h, strings.NewReader(text))
	return h.Sum32() % n
}

// await polls until done says so; what it waits for is given on failure.
func await(t *testing.T, what string, within time.Duration, done func() bool) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !done() {
		select {
		case <-poll.C:
		case <-ctx.Done():
			t.Errorf("not within %s: %s", within, what)
			return false
		}
	}
	return true
}
