package measure

import (
	"sync/atomic"
	"time"
)

// Meter counts what was done and how long it took, and what failed. The zero
// value is ready, for many goroutines at once.
type Meter struct {
	done, errors atomic.Uint64
	example      atomic.Pointer[string]
	latency      Histogram
}

// Done counts one event that took so long.
func (m *Meter) Done(took time.Duration) {
	m.latency.Record(took)
	m.done.Add(1)
}

// Failed counts an error, and keeps the first as an example.
func (m *Meter) Failed(err error) {
	m.errors.Add(1)
	text := err.Error()
	m.example.CompareAndSwap(nil, &text)
}

// Count is how many events were done so far.
func (m *Meter) Count() uint64 { return m.done.Load() }

// Tally is what was counted so far.
func (m *Meter) Tally() Tally {
	t := Tally{Done: m.done.Load(), Errors: m.errors.Load(), Latency: m.latency.Counts()}
	if e := m.example.Load(); e != nil {
		t.Example = *e
	}
	return t
}
