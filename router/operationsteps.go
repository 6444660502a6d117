package router

import (
	"context"
	"sync"
	"time"
)

// Bounds of what an operation has begun and not ended.
const (
	stepsMost = 512
	stepBytes = 16 << 20
)

// step is one dead letter or event that an operation deals with.
type step struct {
	of    *steps
	begun time.Time
	at    uint64 // its number or sequence
	size  int
	parts int // of it that have not ended
	tally tally
}

// steps are what an operation has begun, in order. They may end in any order;
// the operation is as far as the first that has not.
type steps struct {
	mu    sync.Mutex
	open  []*step
	bytes int
	ended func(at uint64, t *tally) // called in order, under mu
	moved chan struct{}             // holds a token when there is more room, or nothing open
}

func newSteps(ended func(uint64, *tally)) *steps {
	return &steps{ended: ended, moved: make(chan struct{}, 1)}
}

// begin begins a step of some parts, none where there is nothing to do. It waits
// while too much is open, at most until ctx ends. It is for one goroutine.
func (s *steps) begin(ctx context.Context, at uint64, size, parts int, t tally) (*step, error) {
	st := &step{of: s, begun: time.Now(), at: at, size: size, parts: parts, tally: t}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.mu.Lock()
		if len(s.open) == 0 || len(s.open) < stepsMost && s.bytes+size <= stepBytes {
			s.open = append(s.open, st)
			s.bytes += size
			s.advance()
			s.mu.Unlock()
			return st, nil
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-s.moved:
		}
	}
}

// end ends a part of the step; note says what it came to.
func (st *step) end(note func(*tally)) {
	s := st.of
	s.mu.Lock()
	defer s.mu.Unlock()
	note(&st.tally)
	st.parts--
	s.advance()
}

// oldest is when the first that has not ended was begun, or now.
func (s *steps) oldest() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) == 0 {
		return time.Now()
	}
	return s.open[0].begun
}

// advance passes over what has ended. s.mu is held.
func (s *steps) advance() {
	n := 0
	for n < len(s.open) && s.open[n].parts <= 0 {
		s.bytes -= s.open[n].size
		s.ended(s.open[n].at, &s.open[n].tally)
		s.open[n] = nil
		n++
	}
	if n == 0 {
		return
	}
	s.open = s.open[n:]
	select {
	case s.moved <- struct{}{}:
	default:
	}
}

// left is how many steps have not ended.
func (s *steps) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// drain waits until everything has ended or ctx does, after the last begin.
func (s *steps) drain(ctx context.Context) {
	for s.left() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-s.moved:
		}
	}
}

// Notes of what a part came to.
func noteDone(t *tally) { t.done++ }

func noteSkipped(why string) func(*tally) {
	return func(t *tally) {
		t.skipped++
		t.why = append(t.why, why)
	}
}
