package main

import (
	"cmp"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// turn is what one round of a measure came to.
type turn struct {
	latencies []time.Duration
	errors    []error
	seconds   float64
	stolen    float64 // share of the processors that the host took for others
}

// quietEnough is the share of the processors that a host may take from a turn
// that counts. Where it takes a third, a server and its callers that hand work
// to each other lose half of their speed and one big statement hardly any, so
// that even ratios say more about the host.
const quietEnough = 0.05

// quietest leaves out the turns that the host disturbed. Where it disturbed
// most of them, the quietest quarter counts.
func quietest(turns []turn) []turn {
	sorted := slices.SortedStableFunc(slices.Values(turns), func(a, b turn) int { return cmp.Compare(a.stolen, b.stolen) })
	quiet := 0
	for _, t := range sorted {
		if t.stolen <= quietEnough {
			quiet++
		}
	}
	return sorted[:max(quiet, (len(sorted)+3)/4)]
}

// clock is the time of all processors since the system started, in its ticks.
type clock struct{ stolen, all int64 }

// now reads the clock; it stands still where the system does not tell.
func now() (c clock) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return c
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	// cpu user nice system idle iowait irq softirq steal, and guests, which user
	// and nice hold already: proc(5).
	const steal = 8
	for i, field := range strings.Fields(line) {
		if i == 0 || i > steal {
			continue
		}
		ticks, _ := strconv.ParseInt(field, 10, 64)
		c.all += ticks
		if i == steal {
			c.stolen = ticks
		}
	}
	return c
}

// stolenSince is the share that the host took since the clock was read.
func (c clock) stolenSince() float64 {
	at := now()
	if at.all == c.all {
		return 0
	}
	return float64(at.stolen-c.stolen) / float64(at.all-c.all)
}
