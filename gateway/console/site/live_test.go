package site_test

import (
	"bufio"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"disburse/gateway/console/site"
)

// stream reads what is live until it ends.
func (b *browser) stream() <-chan string {
	r := httptest.NewRequest(http.MethodGet, "/house/live", nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	ended := make(chan string, 1)
	go func() {
		response, err := b.app.Test(r, 30_000)
		if err != nil {
			ended <- err.Error()
			return
		}
		var lines []string
		for in := bufio.NewScanner(response.Body); in.Scan(); {
			lines = append(lines, in.Text())
		}
		ended <- strings.Join(lines, "|")
	}()
	return ended
}

func TestLiveTellsOfTopics(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	b.signIn("a@example.test")
	if got := <-b.stream(); !strings.Contains(got, "event: topic|data: payouts 3/x") {
		t.Errorf("stream: %s", got)
	}
}

// Where not all follow the same, one is told of one's own alone, and never woken
// by another's.
func TestLiveTellsOfOnesOwn(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	beats := make(chan struct{}, 100)
	about := site.Live(func(_ context.Context, about []string) (map[string]map[string]string, error) {
		all := map[string]map[string]string{"nobody": {"payouts": "1/of-nobody"}}
		for _, who := range about {
			all[who] = map[string]string{"payouts": "1/of-" + who}
		}
		if slices.Contains(about, "anna") && slices.Contains(about, "boris") {
			// What becomes of boris changes with each beat.
			all["boris"]["payouts"] = time.Now().String() + "/of-boris"
			beats <- struct{}{}
		}
		return all, nil
	})
	h.live.Store(&about)
	anna, boris := h.open(), h.open()
	anna.signIn("anna")
	boris.signIn("boris")
	streams := map[string]<-chan string{"anna": anna.stream(), "boris": boris.stream()}
	for range 3 {
		<-beats
	}
	h.site.Close()
	told := map[string]string{}
	for who, ended := range streams {
		told[who] = <-ended
	}
	if got, want := told["anna"], "retry: 1000||event: topic|data: payouts 1/of-anna|"; got != want {
		t.Errorf("anna is told %q, want %q", got, want)
	}
	if got := told["boris"]; strings.Contains(got, "anna") || strings.Count(got, "/of-boris") < 2 {
		t.Errorf("boris is told %q", got)
	}
	for _, text := range slices.Collect(maps.Values(told)) {
		if strings.Contains(text, "nobody") {
			t.Errorf("told of somebody else: %q", text)
		}
	}
}
