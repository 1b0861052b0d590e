// Package services runs a private PostgreSQL and a private Redis for one
// program: dev mode, the tests, and the fault runs.
//
// It uses the server programs that are installed on the machine and needs
// nothing running. Both servers listen on free loopback ports only, ask for a
// random password, and keep their files in one directory, which is either
// given (and then survives restarts) or temporary (and then removed).
//
// Promises:
//   - When Start returns, both servers answer and the database exists.
//   - A directory serves one run at a time; a second one gets ErrInUse. What a
//     killed run left behind is recovered.
//   - The servers never outlive the program, not even when it is killed with
//     SIGKILL. Each is the child of a small guard process in a session of its
//     own, which reads a pipe from the program; when that pipe closes, the
//     guard stops its child. The guard is the server's parent, so it can never
//     signal a stranger that got the same process id.
//   - As root it works too, although PostgreSQL refuses root: it then runs in a
//     user namespace where root has another number, or, where that is not
//     allowed, as the user postgres or nobody.
//   - Commits are durable unless Options.Fast is set.
//
// The guard is this same program started again under another name (see the
// init function in guard.go), so any program or test that imports this package
// can start servers without further arrangements.
//
// It leaves to others: migrations, seed data, and what to do when a server dies
// while the program runs.
package services
