// Package executortest holds the rules that every executor must keep, as a test
// that each executor's own tests run. It promises nothing about whether money
// arrives; that takes the provider's own test environment.
package executortest
