package rules

import "testing"

// TestMatchesNeedsAText: an object is not matched by how it is spelt.
func TestMatchesNeedsAText(t *testing.T) {
	for _, data := range []string{`{"x":1}`, `["x"]`, `1`, `null`} {
		if got := answer(testMatcher(t, `event.data.matches("")`), jsonEvent(data)); got[:5] != "error" {
			t.Errorf("%s: %s", data, got)
		}
	}
}
