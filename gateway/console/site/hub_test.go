package site

import (
	"context"
	"log/slog"
	"testing"
)

// One session leaves room for others: its newest page has the room of its oldest.
func TestASessionFollowsABoundedNumberOfTimes(t *testing.T) {
	t.Parallel()
	h := newHub(ForAll(func(context.Context) (map[string]string, error) { return map[string]string{}, nil }), slog.New(slog.DiscardHandler))
	defer h.close()
	other := h.join("", "another")
	var open []*follower
	for range streamsEach + 2 {
		joined := h.join("", "greedy")
		if joined == nil {
			t.Fatalf("no room after %d", len(open))
		}
		open = append(open, joined)
	}
	for i, f := range append([]*follower{other}, open...) {
		cut := false
		select {
		case <-f.cut:
			cut = true
		default:
		}
		if want := i == 1 || i == 2; cut != want {
			t.Errorf("follower %d is cut: %v, want %v", i, cut, want)
		}
	}
	for _, f := range append(open, other) {
		h.leave(f)
	}
	if h.followers != 0 || len(h.sessions) != 0 || len(h.about) != 0 {
		t.Errorf("%d followers, %d sessions and %d topics are left behind", h.followers, len(h.sessions), len(h.about))
	}
}
