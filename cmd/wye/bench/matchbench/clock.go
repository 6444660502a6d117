package matchbench

import (
	"runtime"
	"slices"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// subject is what is measured: it handles events, one after the other.
type subject func(events []*cloudevent.Event)

// clock measures a subject in slices of time, each going on with the events
// where the last one stopped.
type clock struct {
	subject subject
	events  []*cloudevent.Event
	at      int
	chunk   int // events between two looks at the clock
}

func newClock(events []*cloudevent.Event, s subject) *clock {
	return &clock{subject: s, events: events, chunk: 1}
}

// lookAfter is how long a chunk is to take: long beside the microsecond that
// looking at the time costs, and short beside a slice.
const lookAfter = 200 * time.Microsecond

// slice measures for about as long, at least one event, and returns the
// nanoseconds of an event.
func (c *clock) slice(long time.Duration) float64 {
	begin, n := used(), 0
	for {
		part := c.events[c.at:min(c.at+c.chunk, len(c.events))]
		c.subject(part)
		n += len(part)
		c.at = (c.at + len(part)) % len(c.events)
		took := used() - begin
		if took >= long {
			return float64(took) / float64(n)
		}
		one := max(took/time.Duration(n), 1)
		c.chunk = min(max(1, int(lookAfter/one)), len(c.events))
	}
}

// warm lets the subject make what it makes when it is first needed: all events
// once, or as many as there is time for.
func (c *clock) warm(long time.Duration) {
	for begin, i := time.Now(), 0; i < len(c.events) && time.Since(begin) < long; i++ {
		c.subject(c.events[i : i+1])
	}
}

// allocations are the number and the bytes that the subject allocates for an
// event: over all events, or as many as there is time for.
func (c *clock) allocations(long time.Duration) (number, bytes float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin, n := time.Now(), 0
	for n < len(c.events) && (n == 0 || time.Since(begin) < long) {
		c.subject(c.events[n : n+1])
		n++
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n), float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
}

// onOneCore runs f on one core, and what the collector of garbage does for it too.
func onOneCore(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	f()
}

// heap is the bytes that can be reached. It takes two collections: pools keep
// what is in them for one.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
