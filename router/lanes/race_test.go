//go:build race

package lanes

import "testing"

// alone skips a long test of one goroutine, to which the race detector adds
// nothing but minutes. `make test` runs it without.
func alone(t *testing.T) {
	t.Helper()
	t.Skip("nothing runs beside it; it is run without the race detector")
}
