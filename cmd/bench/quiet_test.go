package main

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestQuietestLeavesOutDisturbedTurns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		stolen []float64
		want   []float64
	}{
		{"all are quiet", []float64{0.05, 0, 0.01, 0.02}, []float64{0, 0.01, 0.02, 0.05}},
		{"some are not", []float64{0.3, 0.01, 0.06, 0.02}, []float64{0.01, 0.02}},
		{"most are not", []float64{0.3, 0.4, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9}, []float64{0.2, 0.3}},
		{"fewer than four, none quiet", []float64{0.3, 0.2, 0.4}, []float64{0.2}},
		{"one", []float64{0.5}, []float64{0.5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var turns []turn
			for _, s := range tc.stolen {
				turns = append(turns, turn{stolen: s})
			}
			var got []float64
			for _, left := range quietest(turns) {
				got = append(got, left.stolen)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("of %v count %v, want %v", tc.stolen, got, tc.want)
			}
		})
	}
}

// Errors are told of all rounds; a rate is of the rounds that count.
func TestErrorsOfDisturbedTurnsAreTold(t *testing.T) {
	t.Parallel()
	m := &measure{PerCall: 1}
	calls := slices.Repeat([]time.Duration{time.Millisecond}, 10)
	m.keep(turn{latencies: calls, seconds: 1, errors: []error{errors.New("one")}})
	m.keep(turn{latencies: calls, seconds: 1, stolen: 0.5, errors: []error{errors.New("two"), errors.New("three")}})
	m.finish()
	if m.Errors != 3 || m.FirstError != "one" || m.PerSecond != 9 || m.Counted != 1 || m.Rounds != 2 {
		t.Errorf("%+v; want 3 errors, the first first, and 9 a second of one round of 2", m)
	}
}
