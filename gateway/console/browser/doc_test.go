// Package browser_test looks at the pages as people do: with a browser. One
// Chromium and one gateway with the demo's parties serve all tests of the
// process; every visitor has cookies of its own, every test people, merchants
// and orders of its own.
//
// Nothing that a page's script prints as an error, no exception of it and no
// breach of the content security policy is let pass, in any test: a visitor
// fails its test at the end.
//
// A wait is always for something that is to be seen, with a deadline for a slow
// machine.
//
//	go test ./gateway/console/browser -run TestEveryPage -screenshots DIR
//
// takes a picture of every page: 1440 and 390 pixels wide, light and dark.
package browser_test
