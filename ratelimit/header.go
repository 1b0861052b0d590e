package ratelimit

import (
	"strconv"
	"strings"
	"time"
)

// Names of the headers, for those who set them.
const (
	HeaderRateLimit  = "RateLimit"
	HeaderPolicy     = "RateLimit-Policy"
	HeaderRetryAfter = "Retry-After"
)

// Policy is a decision under the name that the caller of the API sees.
type Policy struct {
	Name     string
	Decision Decision
}

// Value is the value of the RateLimit header, by the IETF draft
// "RateLimit header fields for HTTP": per policy the requests that remain and
// the seconds, rounded up, until the quota is whole again, as in
// `"default";r=19;t=1`. Policies without a limit are left out; it is "" when
// none is left, and then no header should be sent.
func Value(policies ...Policy) string {
	return list(policies, func(d Decision) string {
		return ";r=" + strconv.Itoa(d.Remaining) + ";t=" + strconv.FormatInt(seconds(d.ResetAfter), 10)
	})
}

// PolicyValue is the value of the RateLimit-Policy header: per policy the
// quota, which is the burst, and the seconds, rounded up, in which it refills
// from empty, as in `"default";q=20;w=2`. It leaves out what Value leaves
// out.
func PolicyValue(policies ...Policy) string {
	return list(policies, func(d Decision) string {
		return ";q=" + strconv.Itoa(d.Limit.Burst) + ";w=" + strconv.FormatInt(seconds(d.Limit.span()), 10)
	})
}

// RetryAfterValue is the value of the Retry-After header: whole seconds,
// rounded up and never 0, because a client that waits for them must be allowed.
func RetryAfterValue(wait time.Duration) string {
	return strconv.FormatInt(max(seconds(wait), 1), 10)
}

func list(policies []Policy, parameters func(Decision) string) string {
	items := make([]string, 0, len(policies))
	for _, p := range policies {
		if l := p.Decision.Limit; l.IsOff() || l.Validate() != nil {
			continue
		}
		items = append(items, quoted(p.Name)+parameters(p.Decision))
	}
	return strings.Join(items, ", ")
}

// quoted writes a structured field string, which holds printable ASCII alone.
func quoted(name string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(name) {
		c := name[i]
		if c < ' ' || c > '~' {
			continue
		}
		if c == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	b.WriteByte('"')
	return b.String()
}

func seconds(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64((d-1)/time.Second) + 1
}
