package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// above is an error when anything took or weighs too much.
func above(pages []looked) error {
	n := len(pages) - len(within(pages))
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d pages and lists are above %s or %d KiB", n, len(pages), pageTime, pageSize/1024)
}

func within(pages []looked) []looked {
	return slices.DeleteFunc(slices.Clone(pages), func(l looked) bool { return l.Above != "" })
}

// slowest is how many pages the table has; JSON has all.
const slowest = 40

func pagesTable(out io.Writer, pages []looked) error {
	rest := slices.Clone(pages[1:])
	slices.SortFunc(rest, func(a, b looked) int { return cmp.Or(cmp.Compare(b.Above, a.Above), cmp.Compare(b.P50, a.P50)) })
	most := slices.MaxFunc(pages, func(a, b looked) int { return cmp.Compare(a.KiB, b.KiB) })
	late := 0
	for _, l := range pages {
		if l.First > float64(pageTime.Milliseconds()) {
			late++
		}
	}
	fmt.Fprintf(out, "%d pages and lists, %d of them above the budget: the first page, then the slowest. The first answers of %d took more than %s. The heaviest is %s with %.1f KiB.\n\n",
		len(pages), len(pages)-len(within(pages)), late, pageTime, most.Address, most.KiB)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "first ms\tp50 ms\tp99 ms\tKiB\tabove\t page")
	for _, l := range append(pages[:1:1], rest[:min(slowest, len(rest))]...) {
		fmt.Fprintf(w, "%.1f\t%.1f\t%.1f\t%.1f\t%s\t %s\n", l.First, l.P50, l.P99, l.KiB, l.Above, l.Address)
	}
	fmt.Fprintln(w)
	return w.Flush()
}
