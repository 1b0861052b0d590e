package httpapi

import (
	"errors"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

func TestUploads(t *testing.T) {
	t.Parallel()
	start := time.Unix(1, 0)
	until := start.Add(time.Minute)
	full := func() (*uploads, []*fasthttp.RequestHeader) {
		u := new(uploads)
		headers := make([]*fasthttp.RequestHeader, uploadsAtOnce)
		for i := range headers {
			headers[i] = new(fasthttp.RequestHeader)
			if !u.enter(headers[i], nil, start, until) {
				t.Fatalf("upload %d is refused", i)
			}
		}
		return u, headers
	}
	t.Run("OneMoreIsRefused", func(t *testing.T) {
		t.Parallel()
		u, _ := full()
		var h fasthttp.RequestHeader
		if u.enter(&h, nil, start, until) || !errors.Is(u.refusal(&h), errUploadsBusy) {
			t.Error("it may come, or is not told why not")
		}
		if u.leave(&h); u.refusal(&h) != nil {
			t.Error("the refusal stays")
		}
	})
	t.Run("RefusedOnesTakeNoPlace", func(t *testing.T) {
		t.Parallel()
		u, headers := full()
		refusal := errors.New("stranger")
		u.leave(headers[0])
		for range 10 {
			if u.enter(new(fasthttp.RequestHeader), refusal, start, until) {
				t.Error("a refused one may come")
			}
		}
		if !u.enter(new(fasthttp.RequestHeader), nil, start, until) {
			t.Error("there is no place")
		}
	})
	t.Run("MemoryThatIsUsedAgainIsOneUpload", func(t *testing.T) {
		t.Parallel()
		u, headers := full()
		if !u.enter(headers[0], nil, start, until) || u.enter(new(fasthttp.RequestHeader), nil, start, until) {
			t.Error("it counts twice, or not at all")
		}
	})
	t.Run("ForgottenOnesEnd", func(t *testing.T) {
		t.Parallel()
		u, _ := full()
		if u.enter(new(fasthttp.RequestHeader), nil, until.Add(-1), until) {
			t.Error("one ended early")
		}
		if !u.enter(new(fasthttp.RequestHeader), nil, until, until.Add(time.Minute)) || len(u.verdicts) != 1 {
			t.Error("they are still there")
		}
	})
}
