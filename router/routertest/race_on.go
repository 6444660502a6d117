//go:build race

package routertest

// BuildFlags build programs as the tests that start them are built: what was
// compiled for one then serves the other.
var BuildFlags = []string{"-race"}
