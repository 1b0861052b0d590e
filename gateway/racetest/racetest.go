// Package racetest lets the calls of a test race each other. It promises that
// they begin at once; what wins, and what must hold then, is left to the test.
package racetest

import "sync"

// Run calls f with 0 to n-1, all from one barrier on, and returns the results in
// that order.
func Run[T any](n int, f func(i int) T) []T {
	results := make([]T, n)
	start := make(chan struct{})
	var racing sync.WaitGroup
	for i := range n {
		racing.Go(func() {
			<-start
			results[i] = f(i)
		})
	}
	close(start)
	racing.Wait()
	return results
}
