package router

import (
	"fmt"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/lanes"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// NoTargetError says that there is no target of this name to deliver to.
type NoTargetError struct{ Target string }

func (e *NoTargetError) Error() string {
	return fmt.Sprintf("target %q is not in the rules; add it, or choose another", e.Target)
}

// deposit stores a delivery in the backlog of its target, behind what waits
// there; then is called when it is durable, or is not. The same id within the
// duplicate window is stored once; with again, that it is stored already is the
// doing of an earlier try of this run, whose answer did not come. It is how
// deliveries come back that have ended before: out of the dead letters, and in a
// replay.
func (r *Router) deposit(text letter, ev *cloudevent.Event, id string, again bool, then func(bus.Receipt, error)) {
	r.lanesMu.Lock()
	l := r.lanes[text.Target]
	r.lanesMu.Unlock()
	j := &lanes.Job{ID: id, Key: r.set.Load().key(text.Target, ev)}
	if l == nil || !l.reserve(j) {
		then(bus.Receipt{}, &NoTargetError{text.Target})
		return
	}
	m, err := text.message(id, ev)
	if err != nil {
		l.deposited(j, bus.Receipt{}, err)
		then(bus.Receipt{}, err)
		return
	}
	r.bus.Spill(l.name, m, func(got bus.Receipt, err error) {
		got.Duplicate = got.Duplicate && !again
		if err == nil && !got.Duplicate {
			l.acct.expected.Add(1)
		}
		l.deposited(j, got, err)
		then(got, err)
	})
}

// reserve counts an entry that is on its way into the backlog; ok is false where
// the lane has no target to deliver to.
func (l *lane) reserve(j *lanes.Job) (ok bool) {
	l.change(func(core *lanes.Lane, _ time.Time) { ok = core.Deposit(j) })
	return ok
}

// deposited counts the entry, or takes back that it was counted.
func (l *lane) deposited(j *lanes.Job, got bus.Receipt, err error) {
	l.change(func(core *lanes.Lane, _ time.Time) {
		if err != nil {
			core.NotStored(j)
			return
		}
		core.Stored(j, got.Duplicate)
	})
}
