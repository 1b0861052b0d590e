// Package providertest holds the rules that every card provider must keep, as a
// test that each provider's own tests run. It promises nothing about real money;
// that takes the provider's own test environment.
package providertest
