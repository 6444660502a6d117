package routertest

import (
	"fmt"
	"testing"
	"time"
)

// Patience is how long a test waits for what should happen soon: a minute, long
// enough for a busy machine under the race detector, and ten in the long tests,
// whose stores hold hundreds of thousands of events.
var Patience = patience()

func patience() time.Duration {
	if Long() {
		return 10 * time.Minute
	}
	return time.Minute
}

// lookEvery is how often a condition that sends no event of its own is looked at.
const lookEvery = 2 * time.Millisecond

// Until waits until done, and fails the test when that takes longer than
// Patience. state says how things stand then.
func Until(t testing.TB, what string, done func() bool, state func() any) {
	t.Helper()
	UntilWithin(t, Patience, what, done, state)
}

// UntilWithin is Until for what takes its time.
func UntilWithin(t testing.TB, patience time.Duration, what string, done func() bool, state func() any) {
	t.Helper()
	if !within(patience, done) {
		t.Fatalf("not within %s: %s; instead: %s", patience, what, fmt.Sprintf("%+v", state()))
	}
}

// within tells whether done came true in time.
func within(patience time.Duration, done func() bool) bool {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			return false
		}
		<-tick.C
	}
	return true
}
