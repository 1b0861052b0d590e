package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// result is the whole of a run.
type result struct {
	Ratios     map[string]float64 `json:"ratios"`
	P99        map[string]float64 `json:"p99_ms"`
	Errors     map[string]int     `json:"errors"`
	MemoryMiB  map[string]float64 `json:"memory_mib,omitempty"`
	Scenarios  []*measure         `json:"scenarios"`
	Pages      []looked           `json:"pages,omitempty"`
	Conditions map[string]string  `json:"conditions"`
}

func (b *bench) report(out io.Writer) error {
	r := result{
		Ratios: map[string]float64{}, P99: map[string]float64{}, Errors: map[string]int{},
		MemoryMiB: map[string]float64{}, Scenarios: b.measures, Pages: b.looked, Conditions: b.conditions(),
	}
	ratio := func(name, ours, reference string) {
		a, x := b.last(ours), b.before(ours, reference)
		if a != nil && x != nil && x.PerSecond > 0 {
			r.Ratios[name] = round(a.PerSecond / x.PerSecond)
		}
	}
	ratio("post_hot_vs_batch", "post hot", "sql-batch hot")
	ratio("post_hot_vs_naive", "post hot", "sql-naive hot")
	ratio("post_spread_vs_naive", "post spread", "sql-naive spread")
	ratio("create_hot_vs_naive", "create hot", "sql-naive hot")
	ratio("card_order_vs_naive", "card-order", "sql-naive spread")
	ratio("p2p_hot_vs_naive", "p2p hot ad", "sql-naive hot")
	ratio("p2p_spread_vs_naive", "p2p spread", "sql-naive spread")
	ratio("bet_spread_vs_naive", "bet spread", "sql-naive spread")
	ratio("bet_hot_vs_naive", "bet hot player", "sql-naive hot")
	ratio("callbacks_vs_asynq", "callbacks burst", "asynq burst")
	p99 := func(name, ours string) {
		if m := b.last(ours); m != nil {
			r.P99[name] = m.P99
		}
	}
	p99("post_hot", "post hot")
	p99("create_hot", "create hot")
	p99("create_spread", "create spread")
	p99("status", "status")
	p99("card_order", "card-order")
	p99("p2p_hot", "p2p hot ad")
	p99("bet_spread", "bet spread")
	p99("bet_hot", "bet hot player")
	p99("bet_under_kill", "bet under kill -9")
	p99("callbacks_at_200", fmt.Sprintf("callbacks at %d/s", callbacksRate))
	for _, m := range b.measures {
		r.Errors[m.Name] += m.Errors
	}
	if b.gateway != nil {
		r.MemoryMiB["gateway_peak"] = round(b.gateway.peakMemory())
	}
	written := r.table
	if b.options.JSON {
		written = func(out io.Writer) error { return json.NewEncoder(out).Encode(r) }
	}
	return errors.Join(written(out), above(r.Pages))
}

func round(x float64) float64 { return float64(int(x*100+0.5)) / 100 }

func (b *bench) last(name string) *measure {
	for i := len(b.measures) - 1; i >= 0; i-- {
		if b.measures[i].Name == name {
			return b.measures[i]
		}
	}
	return nil
}

// before finds the reference that ran in alternation with ours: the nearest
// of its name.
func (b *bench) before(ours, reference string) *measure {
	nearest, distance := (*measure)(nil), len(b.measures)
	for i, m := range b.measures {
		if m.Name != reference {
			continue
		}
		for j, o := range b.measures {
			if d := max(i-j, j-i); o.Name == ours && d < distance {
				nearest, distance = m, d
			}
		}
	}
	return nearest
}

func (b *bench) conditions() map[string]string {
	c := map[string]string{
		"cores": fmt.Sprint(runtime.NumCPU()), "system": runtime.GOOS + "/" + runtime.GOARCH, "go": runtime.Version(),
		"clients": fmt.Sprint(b.options.Clients), "seconds": fmt.Sprint(b.options.Seconds),
		"rounds": fmt.Sprint(b.options.Rounds), "merchants_spread": fmt.Sprint(b.options.Merchants),
		"players_spread": fmt.Sprint(b.options.Players),
		"at":             time.Now().UTC().Format(time.RFC3339),
		"layout":         "database, Redis, gateway and load generator on this machine",
		// The gateway's process, where there is one, keeps Go's own setting.
		"load_generator_gc_percent": fmt.Sprint(gcPercent),
		"rounds_left_out":           fmt.Sprintf("host took more than %.0f %% of the processors", 100*quietEnough),
	}
	for _, name := range []string{"server_version", "fsync", "synchronous_commit", "shared_buffers", "wal_compression", "max_wal_size"} {
		var value string
		if err := b.db.QueryRow(context.Background(), "select current_setting($1)", name).Scan(&value); err == nil {
			c["postgresql_"+name] = value
		}
	}
	return c
}

func (r result) table(out io.Writer) error {
	if len(r.Pages) > 0 {
		if err := pagesTable(out, r.Pages); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "scenario\tper second\tp50 ms\tp95 ms\tp99 ms\terrors\tclients\trounds\tstolen\t")
	for _, m := range r.Scenarios {
		name := m.Name
		if m.Reference {
			name = "[" + name + "]"
		}
		rounds, stolen := "", ""
		if m.Rounds > 0 {
			rounds, stolen = fmt.Sprintf("%d/%d", m.Counted, m.Rounds), fmt.Sprintf("%.0f %%", 100*m.Stolen)
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.1f\t%.1f\t%.1f\t%d\t%d\t%s\t%s\t\n",
			name, m.PerSecond, m.P50, m.P95, m.P99, m.Errors, m.Clients, rounds, stolen)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nIn brackets: references of the same run. Latency of a batch is of the whole batch; of a burst, from publishing.")
	if slices.ContainsFunc(r.Scenarios, func(m *measure) bool { return m.Counted < m.Rounds }) {
		fmt.Fprintf(out, "Rounds in which the host took more than %.0f %% of the processors for others do not count, but for the\n"+
			"quietest quarter where most were so; errors count wherever they were.\n", 100*quietEnough)
	}
	for _, m := range r.Scenarios {
		if m.Note != "" && !m.Reference {
			fmt.Fprintf(out, "%s: %s\n", m.Name, m.Note)
		}
		if m.FirstError != "" {
			fmt.Fprintf(out, "first error of %s: %s\n", m.Name, m.FirstError)
		}
	}
	for _, part := range []struct {
		title  string
		values map[string]float64
	}{{"ratios", r.Ratios}, {"p99 ms", r.P99}, {"memory MiB", r.MemoryMiB}} {
		fmt.Fprintln(out, "\n"+part.title)
		for _, name := range sorted(part.values) {
			fmt.Fprintf(out, "  %-24s %.2f\n", name, part.values[name])
		}
	}
	fmt.Fprintln(out, "\nconditions")
	for _, name := range sorted(r.Conditions) {
		fmt.Fprintf(out, "  %-32s %s\n", name, r.Conditions[name])
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
