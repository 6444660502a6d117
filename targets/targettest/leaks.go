package targettest

import (
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// LeavesNothing runs a test with its clean-ups and then waits until every
// goroutine that was started meanwhile is gone.
func LeavesNothing(t *testing.T, test func(*testing.T)) {
	before := goroutines()
	t.Run("test", test)
	// The end of a goroutine is no event that one could wait for, so this looks
	// again and again.
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience / 2)
	for {
		left := started(before)
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Errorf("%d goroutines are left, the first:\n%s", len(left), left[0])
			return
		}
	}
}

// started are the stacks of the goroutines that were not there before.
func started(before map[string]string) (stacks []string) {
	for id, stack := range goroutines() {
		if _, old := before[id]; !old && !strings.Contains(stack, "created by testing.") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

var goroutineID = regexp.MustCompile(`^goroutine \d+`)

// goroutines are the stacks of all goroutines by their id.
func goroutines() map[string]string {
	all := map[string]string{}
	for _, stack := range strings.Split(string(everyStack()), "\n\n") {
		all[goroutineID.FindString(stack)] = stack
	}
	return all
}

func everyStack() []byte {
	for size := 1 << 18; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return buf[:n]
		}
	}
}
