package router

import (
	"testing"
	"time"
)

func TestNextPoll(t *testing.T) {
	for _, c := range []struct {
		poll   time.Duration
		failed int
		most   time.Duration
	}{
		{30 * time.Second, 0, 30 * time.Second},
		{30 * time.Second, 1, time.Minute},
		{30 * time.Second, 100, time.Minute},
		{5 * time.Second, 1, 10 * time.Second},
		{5 * time.Second, 9, time.Minute},
		{10 * time.Minute, 0, 10 * time.Minute},
		{10 * time.Minute, 5, 10 * time.Minute},
	} {
		seen := map[time.Duration]bool{}
		for range 100 {
			wait := nextPoll(c.poll, c.failed)
			if wait > c.most || wait < c.most-c.most/10 {
				t.Fatalf("every %s, %d failures: %s; want at most %s and little less", c.poll, c.failed, wait, c.most)
			}
			seen[wait] = true
		}
		if len(seen) < 10 {
			t.Errorf("every %s: always at the same times", c.poll)
		}
	}
}
