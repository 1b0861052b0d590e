package portal_test

import (
	"net/http"
	"strings"
	"testing"
)

// stream reads what is live until it ends.
func (b *browser) stream() <-chan string {
	ended := make(chan string, 1)
	go func() { ended <- b.do(http.MethodGet, "/live", nil, "Accept", "text/event-stream").text }()
	return ended
}

// beats waits until what is live was asked for so often.
func (h *house) beats(n int) {
	for ; n > 0; n-- {
		<-h.asked
	}
}

// A merchant's people are told that something of theirs has changed, and learn
// nothing of others: neither what, nor that, nor when.
func TestLiveIsOfOnesOwn(t *testing.T) {
	t.Parallel()
	h := build(t)
	anna, boris := h.open(h.anna), h.open(h.boris)
	ofAnna, ofBoris := anna.stream(), boris.stream()
	for len(<-h.asked) < 2 { // until both are followed
	}
	h.beats(2)
	foreign := h.payout(h.boris, "order-of-other")
	h.beats(2)
	_, callback := h.ended(h.boris, "second-of-other")
	h.beats(2)
	h.site.Close()
	for len(h.asked) > 0 {
		for _, id := range <-h.asked {
			if id != h.anna.merchant.ID && id != h.boris.merchant.ID {
				t.Errorf("asked about %s", id)
			}
		}
	}
	told := answer{text: <-ofAnna}
	told.lacks(t, foreign.ID, callback.ID, h.boris.merchant.ID, "order-of-other")
	if want := "retry: 1000\n\nevent: topic\ndata: callbacks 0/0\n\nevent: topic\ndata: payouts 0/\n\n"; told.text != want {
		t.Errorf("anna is told %q, want %q", told.text, want)
	}
	if text := <-ofBoris; strings.Count(text, "data: payouts ") < 3 || strings.Count(text, "data: callbacks ") < 2 || !strings.Contains(text, "payouts 1/") {
		t.Errorf("boris is told %q", text)
	}
	if a := (&browser{house: h, cookies: map[string]string{}}).do(http.MethodGet, "/live", nil, "Accept", "text/event-stream"); a.status != http.StatusNoContent {
		t.Errorf("a stranger: %d %q", a.status, a.text)
	}
}

// The parts that pages ask for again are theirs without the frame, as narrowed
// as the page.
func TestPartsThatAreKeptUpToDate(t *testing.T) {
	t.Parallel()
	h := build(t)
	own, callback := h.ended(h.anna, "order-of-shop")
	h.ended(h.boris, "order-of-other")
	open := h.payout(h.anna, "open-of-shop")
	b := h.open(h.anna)
	for path, want := range map[string]string{
		"/": "984.4012", "/payouts": "order-of-shop", "/payouts?status=expectation": "open-of-shop", "/callbacks": callback.ID,
		"/payouts/" + own.ID: "15.5988", "/payouts/" + open.ID: "15.5988",
	} {
		page := b.get(path)
		page.has(t, http.StatusOK, want, "<html", `data-live="/merchant/live"`, `hx-get="/merchant`+path+`"`)
		part := b.do(http.MethodGet, path, nil, "Hx-Request", "true", "X-Background", "true")
		part.has(t, http.StatusOK, want)
		part.lacks(t, "<html", "<form class=\"filters\"", "order-of-other", h.boris.merchant.ID)
		if strings.Contains(path, "=expectation") {
			part.lacks(t, "order-of-shop")
		}
	}
	if _, err := h.db.Exec(t.Context(), `update callback_deliveries set state = 'dead', finished_at = now(), dead_reason = 'exhausted'`); err != nil {
		t.Fatal(err)
	}
	settled := b.get("/payouts/" + own.ID)
	settled.lacks(t, "hx-get") // nothing of it changes any more
}
