package payout_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"disburse/ledger"
)

// BenchmarkCreate is the hottest path without HTTP: 64 callers, one merchant.
func BenchmarkCreate(b *testing.B) {
	w := newWorld(b)
	m := w.merchant("hot", ledger.Live, "1000000000")
	var n atomic.Int64
	b.SetParallelism(32) // times two processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := w.Create(context.Background(), m, request(strconv.FormatInt(n.Add(1), 10))); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
}
