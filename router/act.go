package router

import (
	"errors"
	"fmt"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/lanes"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// act has done what the lane wants done, in order and by one goroutine at a
// time: what is stored of an ordered lane is stored in its order. It does not
// wait. l.mu is held.
func (l *lane) act() {
	if l.acting || l.core.Idle() {
		return
	}
	if e := l.core.Only(); e != nil && l.quickly(e) {
		return
	}
	l.acting = true
	l.r.acting.begin()
	go l.actAll()
}

// quickly does the one thing that nearly every delivery leads to, without a
// goroutine: a delivery that came straight and was taken is noted and settled. It
// may be settled at once, for the floor is saved after the notes of all below
// it. l.mu is held.
func (l *lane) quickly(e *lanes.Effect) bool {
	if e.What != lanes.Finish {
		return false
	}
	j := e.Job.Load.(*job)
	if !l.r.outcomes.tryAdd(outcomeOf(j, outcomeDelivered)) {
		return false
	}
	l.core.Effects()
	l.delivered(j)
	return true
}

// delivered settles a straight delivery that was taken, and noted.
func (l *lane) delivered(j *job) {
	l.r.tails.outcome(j, outcomeDelivered)
	l.acct.outcome(outcomeDelivered)
	l.r.window.settle(j.flight)
}

func (l *lane) actAll() {
	defer l.r.acting.end()
	l.mu.Lock()
	for !l.core.Idle() {
		all := l.core.Effects()
		l.mu.Unlock()
		for i := range all {
			l.actOn(&all[i])
		}
		clear(all)
		l.mu.Lock()
	}
	l.acting = false
	l.gone()
	l.mu.Unlock()
}

func (l *lane) actOn(e *lanes.Effect) {
	switch e.What {
	case lanes.Store:
		l.spill(e.Job.Load.(*job))
	case lanes.Lend:
		l.lend(e.Job.Load.(*job))
	case lanes.Bury:
		l.bury(e)
	case lanes.Record:
		l.record(e.Job.Load.(*job), outcome(e.Outcome))
	case lanes.Finish:
		j := e.Job.Load.(*job)
		l.r.outcomes.add(outcomeOf(j, outcomeDelivered), nil)
		l.delivered(j)
	case lanes.Settle:
		l.r.window.settle(e.Job.Load.(*job).flight)
	case lanes.Done:
		l.done(e.Place)
	case lanes.Later:
		l.later(e)
	case lanes.Read:
		j := e.Job // the effect is cleared before that runs
		l.r.background(func() { l.reread(j) })
	case lanes.Pause:
		l.r.pausedByReceiver(l.name, errors.New(e.Why))
	}
}

// record notes an outcome, and lets go of the delivery once that is on disk.
func (l *lane) record(j *job, how outcome) {
	l.r.outcomes.add(outcomeOf(j, how), func() {
		l.change(func(core *lanes.Lane, _ time.Time) { core.Ended(&j.Job) })
	})
	l.r.tails.outcome(j, how)
	l.acct.outcome(how)
}

// spill stores a delivery in the backlog.
func (l *lane) spill(j *job) {
	l.store(l.r.bus.Spill, storedID(j, j.Tried), j.letter(time.Now()), j, func(r bus.Receipt) {
		l.acct.spilled.Inc()
		l.acct.into(r)
		l.change(func(core *lanes.Lane, _ time.Time) { core.Stored(&j.Job, r.Duplicate) })
	})
}

// lend stores a delivery in the backlog while it is under way: for the first
// time, so nothing of it is read that an answer may change.
func (l *lane) lend(j *job) {
	text := letterOf(&j.delivery)
	text.First, text.Expires, text.At = j.First, j.Expires, time.Now()
	l.store(l.r.bus.Spill, storedID(j, 0), text, j, func(r bus.Receipt) {
		l.acct.into(r)
		l.change(func(core *lanes.Lane, _ time.Time) { core.Lent(&j.Job, r.Duplicate) })
	})
}

// bury stores a dead letter and then records the outcome.
func (l *lane) bury(e *lanes.Effect) {
	j := e.Job.Load.(*job)
	text := j.letter(time.Now())
	text.Reason, text.Error, text.Due = e.Reason, e.Why, time.Time{}
	l.r.log.Warn("dead letter", "target", l.name, "rule", j.delivery.Rule, "id", j.delivery.ID, "reason", e.Reason)
	how := outcome(e.Outcome)
	l.store(l.r.bus.Bury, storedID(j, 0), text, j, func(r bus.Receipt) {
		j.dead = r.Sequence
		l.record(j, how)
	})
}

// done removes an entry from the backlog.
func (l *lane) done(place uint64) {
	l.mu.Lock()
	h, ok := l.entries[place]
	delete(l.entries, place)
	l.core.Removed(place)
	if l.core.Look() {
		l.wakePump()
	}
	l.mu.Unlock()
	if !ok {
		return
	}
	if err := h.Done(); err != nil {
		l.r.log.Warn("an entry could not be removed from the backlog and will come again", "target", l.name, "error", err)
	}
}

// later gives an entry back to the bus.
func (l *lane) later(e *lanes.Effect) {
	l.mu.Lock()
	h, ok := l.entries[e.Place]
	if e.Job != nil {
		e.Job.Load.(*job).delivery.Event = nil
	} else if !l.core.Knows(e.Place) {
		delete(l.entries, e.Place)
	}
	l.mu.Unlock()
	if !ok {
		return
	}
	if err := h.Later(e.Wait); err != nil {
		l.r.log.Warn("giving a backlog entry back", "target", l.name, "error", err)
	}
}

// rereadAgain is the pause before an entry that could not be read is tried again.
const rereadAgain = time.Second

// reread reads a delivery again of which only the place is known.
func (l *lane) reread(core *lanes.Job) {
	j := core.Load.(*job)
	for {
		rec, found, err := l.r.bus.Waits(l.r.deliverCtx, core.Place)
		if err == nil && found {
			var again *job
			if again, err = l.jobOf(rec); err == nil {
				j.delivery.Event = again.delivery.Event
			}
		}
		if err == nil {
			l.change(func(core *lanes.Lane, now time.Time) { core.Reread(&j.Job, found, now) })
			return
		}
		l.r.log.Warn("a backlog entry could not be read again; trying again", "target", l.name, "error", err)
		if !pause(l.r.deliverCtx, rereadAgain) {
			return
		}
	}
}

// storedID is what the bus tells repetitions of a letter by.
func storedID(j *job, tried int) string {
	return letterID(j.delivery.ID, j.delivery.Event, j.redriven, tried)
}

// letterID is made of the delivery, how often it was redriven, the attempts made
// since, and something of the event, because sequences are given again to other
// events where a store lost its end.
func letterID(delivery string, ev *cloudevent.Event, redriven, tried int) string {
	id := delivery + "@" + messageID(ev)[:8]
	if redriven > 0 {
		id = fmt.Sprintf("%s+%d", id, redriven)
	}
	if tried > 0 {
		id = fmt.Sprintf("%s#%d", id, tried)
	}
	return id
}

type appendFunc func(target string, m bus.Message, then func(bus.Receipt, error))

// storeAgain is the pause before a store that failed is tried again.
const storeAgain = time.Second

// store writes a letter and calls then once it is durable. It tries until it
// works: what it would replace stays unsettled meanwhile, so nothing is lost.
func (l *lane) store(write appendFunc, id string, text letter, j *job, then func(bus.Receipt)) {
	m, err := text.message(id, j.delivery.Event)
	if err != nil {
		l.r.log.Error("a delivery could not be written down", "error", err)
		return
	}
	l.r.stores.begin()
	w := &writing{l: l, write: write, message: m, job: j, dead: text.Reason != "", then: then}
	w.try()
}

// writing is a letter on its way into a stream.
type writing struct {
	l       *lane
	write   appendFunc
	message bus.Message
	job     *job
	dead    bool // it is a dead letter
	again   bool // it was tried before
	then    func(bus.Receipt)
}

func (w *writing) try() { w.write(w.l.name, w.message, w.answered) }

func (w *writing) answered(r bus.Receipt, err error) {
	l := w.l
	switch {
	case err == nil:
		if w.dead {
			l.writtenAtLast(w.job)
		}
		if w.again {
			r.Duplicate = false // of our own earlier try
		}
		w.then(r)
	case errors.Is(err, bus.ErrClosed), l.r.deliverCtx.Err() != nil: // unsettled: read again after the restart
	default:
		l.r.log.Error("the store did not take a delivery; trying again", "target", l.name, "id", w.message.ID, "error", err)
		if w.dead {
			l.notWritten(w.job)
		}
		w.again = true
		time.AfterFunc(storeAgain, w.try)
		return
	}
	l.r.stores.end()
}
