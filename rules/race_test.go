//go:build race

package rules

import "testing"

// raceDetector tells tests that measure time that everything is many times slower.
const raceDetector = true

// alone skips a long test of one goroutine, to which the race detector adds
// nothing but minutes. `make test` runs it without.
func alone(t *testing.T) {
	t.Helper()
	t.Skip("nothing runs beside it; it is run without the race detector")
}
