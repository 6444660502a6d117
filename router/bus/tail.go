package bus

import "sync"

// tailSize is how many of the newest messages stay in memory for the reader.
// A power of two.
const tailSize = 1 << 13

// tail keeps what was just appended, so that a reader at the head does not read
// it back from the stream. A slot is overwritten by the message tailSize later;
// the reader then finds another sequence in it and reads the stream.
type tail struct {
	mu    sync.Mutex
	slots [tailSize]struct {
		seq   uint64
		local any
	}
	grown chan struct{} // holds a token when something became durable since the reader looked
}

func newTail() *tail { return &tail{grown: make(chan struct{}, 1)} }

// keep remembers what was just stored, with the value that its appender attached.
func (t *tail) keep(r Receipt, local any) {
	if r.Duplicate {
		return
	}
	t.mu.Lock()
	s := &t.slots[r.Sequence%tailSize]
	s.seq, s.local = r.Sequence, local
	t.mu.Unlock()
}

// take appends to into the messages from seq on, without a gap and up to last,
// that are still here, and forgets them.
func (t *tail) take(into []Record, seq, last uint64) []Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ; seq <= last && len(into) < cap(into); seq++ {
		s := &t.slots[seq%tailSize]
		if s.seq != seq || s.local == nil {
			break
		}
		into = append(into, Record{Sequence: seq, Local: s.local})
		s.local = nil
	}
	return into
}

func (t *tail) wake() {
	select {
	case t.grown <- struct{}{}:
	default:
	}
}
