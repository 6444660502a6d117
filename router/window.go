package router

import (
	"context"
	"sync"
)

// Bounds of what is under way between floor and head.
const (
	windowEvents = 8192
	windowBytes  = 64 << 20
)

// pressureAt is how many unsettled events make publishers wait a little, so
// that taking events in does not outrun handing them on. It is less than what
// makes a lane count as stuck.
const pressureAt = 768

// window is the events between the floor and the head of the reader: those
// that were read and may not be settled yet. It bounds them, and knows the
// floor: the sequence up to which everything is settled.
type window struct {
	mu    sync.Mutex
	floor uint64
	bytes int
	// unsettled counts the events that are still in somebody's hands; those that
	// are settled but lie above the floor are not among them.
	unsettled int
	// unread is how many durable events wait to be read.
	unread func() uint64
	// relief is closed when there is less to do; nil while nobody waits for that.
	relief chan struct{}
	// open holds what lies above the floor in order of sequence, from start on;
	// open[start] is the oldest unsettled event.
	open  []*flight
	start int
	room  chan struct{} // holds a token when the window shrank since the reader looked
}

// flight is one event that was read and is not settled yet.
type flight struct {
	seq     uint64
	size    int
	left    int // unsettled matches; guarded by window.mu
	settled bool
}

func newWindow(floor uint64, unread func() uint64) *window {
	return &window{floor: floor, unread: unread, room: make(chan struct{}, 1)}
}

// admit takes the next event into the window with its number of matches. It
// waits while the window is full. An event without matches is settled at once.
func (w *window) admit(ctx context.Context, seq uint64, size, matches int) (*flight, error) {
	f := &flight{seq: seq, size: size, left: matches, settled: matches == 0}
	for {
		w.mu.Lock()
		if n := len(w.open) - w.start; n == 0 || n < windowEvents && w.bytes+size <= windowBytes {
			w.open = append(w.open, f)
			w.bytes += size
			if f.settled {
				w.advance()
				w.relieve()
			} else {
				w.unsettled++
			}
			w.mu.Unlock()
			return f, nil
		}
		w.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-w.room:
		}
	}
}

// settle counts one match of an event as settled.
func (w *window) settle(f *flight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.left--; f.left == 0 {
		f.settled = true
		w.advance()
		w.unsettled--
		w.relieve()
	}
}

// pressure gives a channel that is closed when there is less to do, or nil
// where there is little to do now.
func (w *window) pressure() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.pressed() {
		return nil
	}
	if w.relief == nil {
		w.relief = make(chan struct{})
	}
	return w.relief
}

// pressed tells whether there is much to do. While it is true an event is
// still to be admitted or settled, and whoever does that calls relieve.
func (w *window) pressed() bool { return w.unsettled+int(w.unread()) >= pressureAt }

func (w *window) relieve() {
	if w.relief != nil && !w.pressed() {
		close(w.relief)
		w.relief = nil
	}
}

// advance moves the floor over what is settled.
func (w *window) advance() {
	moved := false
	for w.start < len(w.open) && w.open[w.start].settled {
		f := w.open[w.start]
		w.open[w.start] = nil
		w.start++
		w.floor, w.bytes, moved = f.seq, w.bytes-f.size, true
	}
	if !moved {
		return
	}
	if w.start >= len(w.open)/2 {
		n := copy(w.open, w.open[w.start:])
		clear(w.open[n:])
		w.open, w.start = w.open[:n], 0
	}
	select {
	case w.room <- struct{}{}:
	default:
	}
}

// state is the floor, and how much of the window is taken, in events.
func (w *window) state() (floor uint64, open int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.floor, len(w.open) - w.start
}

// tight tells whether the window is more than half full.
func (w *window) tight() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open)-w.start > windowEvents/2 || w.bytes > windowBytes/2
}
