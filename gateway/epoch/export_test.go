package epoch

// Held tells tests how many values a cache holds.
func Held[K comparable, V any](c *Cache[K, V]) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.values)
}
