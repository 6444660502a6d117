package router

import (
	"fmt"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// NoTargetError says that there is no target of this name to deliver to.
type NoTargetError struct{ Target string }

func (e *NoTargetError) Error() string {
	return fmt.Sprintf("target %q is not in the rules; add it, or choose another", e.Target)
}

// deposit stores a delivery in the backlog of its target, behind what waits
// there; then is called when it is durable, or is not. The same id within the
// duplicate window is stored once. It is how deliveries come back that have
// ended before: out of the dead letters, and in a replay.
func (r *Router) deposit(text letter, ev *cloudevent.Event, id string, then func(bus.Receipt, error)) {
	r.lanesMu.Lock()
	l := r.lanes[text.Target]
	r.lanesMu.Unlock()
	if l == nil || !l.reserve() {
		then(bus.Receipt{}, &NoTargetError{text.Target})
		return
	}
	m, err := text.message(id, ev)
	if err != nil {
		l.unreserve()
		then(bus.Receipt{}, err)
		return
	}
	r.bus.Spill(l.name, m, func(got bus.Receipt, err error) {
		if err != nil {
			l.unreserve()
		} else {
			l.stored(got)
		}
		then(got, err)
	})
}

// reserve counts an entry that is on its way into the backlog; ok is false where
// the lane has no target to deliver to.
func (l *lane) reserve() (ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handle == nil {
		return false
	}
	l.spilling++
	return true
}

// unreserve takes that back: the entry was not stored, as far as is known.
func (l *lane) unreserve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spilling--
	l.startPump()
}
