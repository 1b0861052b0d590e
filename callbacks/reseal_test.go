package callbacks

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// box is what a test's key makes of a body. A box that is opened with the name
// of another key, or for another event, does not open.
func box(id, key, body string) []byte { return []byte(key + "/" + id + "/" + body) }

func openBox(id, key string, sealed []byte) ([]byte, error) {
	body, ok := strings.CutPrefix(string(sealed), key+"/"+id+"/")
	if !ok {
		return nil, errors.New("does not open")
	}
	return []byte(body), nil
}

func (b *bench) resealer(key string) Resealer {
	return Resealer{DB: b.db, Key: key, Reseal: func(id, was string, sealed []byte) ([]byte, error) {
		body, err := openBox(id, was, sealed)
		return box(id, key, string(body)), err
	}}
}

// sealed makes n events sealed with a key, of bodies that name them.
func (b *bench) sealed(url, key string, n int) []Event {
	events := make([]Event, n)
	for i := range events {
		events[i] = b.event(url)
		events[i].BodyKey, events[i].Body = key, box(events[i].ID, key, "body of "+events[i].ID)
	}
	return events
}

// resealAll goes through all pages and returns how many bodies changed.
func (b *bench) resealAll(r Resealer, limit int) int {
	b.t.Helper()
	total := 0
	for after, more := "", true; more; more = after != "" {
		next, n, err := r.Page(b.t.Context(), after, limit)
		if err != nil {
			b.t.Fatal(err)
		}
		total, after = total+n, next
	}
	return total
}

// boxes are all bodies as they rest, by event.
func (b *bench) boxes() map[string]string {
	b.t.Helper()
	rows, err := b.db.Query(b.t.Context(), `select id, body_key || ' ' || convert_from(body_box, 'UTF8') from callback_events`)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			b.t.Fatal(err)
		}
		all[id] = text
	}
	return all
}

func TestReseal(t *testing.T) {
	const url = "https://shop.example/done"
	t.Run("PageByPageToTheEnd", func(t *testing.T) {
		b := newBench(t)
		plain := b.event(url)
		events := append(append(b.sealed(url, "k1", 3), plain), append(b.sealed(url, "k3", 1), b.sealed(url, "k2", 2)...)...)
		b.stageEvents(events...)
		r := b.resealer("k3")
		if n, err := r.Count(t.Context()); n != 5 || err != nil {
			t.Errorf("counted %d, %v; want 5", n, err)
		}
		if n := b.resealAll(r, 2); n != 5 {
			t.Errorf("changed %d, want 5", n)
		}
		want := map[string]string{plain.ID: " " + string(plain.Body)}
		for _, ev := range events {
			if ev.ID != plain.ID {
				want[ev.ID] = "k3 " + string(box(ev.ID, "k3", "body of "+ev.ID))
			}
		}
		if diff := cmp.Diff(want, b.boxes()); diff != "" {
			t.Errorf("bodies (-want +got):\n%s", diff)
		}
		if n := b.resealAll(r, 2); n != 0 {
			t.Errorf("once more changed %d, want 0", n)
		}
		if n, err := r.Count(t.Context()); n != 0 || err != nil {
			t.Errorf("counted %d at the end, %v", n, err)
		}
	})
	t.Run("WhatAnotherSealedMeanwhileStays", func(t *testing.T) {
		b := newBench(t)
		events := b.sealed(url, "k1", 3)
		b.stageEvents(events...)
		slow, other := b.resealer("k2"), b.resealer("k3")
		inner, once := slow.Reseal, false
		slow.Reseal = func(id, key string, sealed []byte) ([]byte, error) {
			if !once {
				once = true
				b.resealAll(other, 10)
			}
			return inner(id, key, sealed)
		}
		if n := b.resealAll(slow, 10); n != 0 {
			t.Errorf("changed %d, want 0", n)
		}
		if got, want := b.boxes()[events[1].ID], "k3 "+string(box(events[1].ID, "k3", "body of "+events[1].ID)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("ErrDoesNotOpenLeavesThePage", func(t *testing.T) {
		b := newBench(t)
		events := b.sealed(url, "k1", 3)
		events[2].Body = []byte("damaged")
		b.stageEvents(events...)
		before := b.boxes()
		next, n, err := b.resealer("k2").Page(t.Context(), "", 10)
		if next != "" || n != 0 || err == nil || !strings.Contains(err.Error(), events[2].ID) || strings.Contains(err.Error(), "damaged") {
			t.Errorf("got %q, %d, %v; want an error that names the callback", next, n, err)
		}
		if diff := cmp.Diff(before, b.boxes()); diff != "" {
			t.Errorf("bodies (-before +after):\n%s", diff)
		}
	})
	t.Run("SendersSendTheSameBytesMeanwhile", func(t *testing.T) {
		b := newBench(t)
		rc := newReceiver(b, nil)
		ids := b.stageEvents(b.sealed(rc.URL, "k0", 100)...)
		b.start(func(c *Config) { c.OpenBody = openBox })
		for i := range 20 {
			if n := b.resealAll(b.resealer(fmt.Sprintf("k%d", i+1)), 7); n != len(ids) {
				t.Errorf("changed %d, want %d", n, len(ids))
			}
		}
		b.reach(Delivered, ids...)
		rc.mu.Lock()
		defer rc.mu.Unlock()
		for _, got := range rc.got {
			if got.Body != "body of "+got.ID {
				t.Errorf("%s: received %q", got.ID, got.Body)
			}
		}
		if len(rc.got) != len(ids) {
			t.Errorf("received %d, want %d", len(rc.got), len(ids))
		}
	})
}
