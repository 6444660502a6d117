package router

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

const (
	// stuckAfter is how long the oldest delivery of a lane may wait for its turn
	// before the lane's queue, and what follows, goes to the backlog; stuckSoon
	// is the same while the window is more than half full. (Much less, and a
	// machine that is merely busy writes everything twice, which makes it busier.)
	stuckAfter = 400 * time.Millisecond
	stuckSoon  = 100 * time.Millisecond
	// tripAfter is how many failures in a row hold back the whole target.
	tripAfter = 5
	// longestTrip bounds how long a failing target is left alone between probes.
	longestTrip = 30 * time.Second
	// reservoir bounds the backlog entries that a lane has in memory, and
	// parking those among them that are not due yet: more are left with the bus.
	reservoir = 2048
	parking   = 1024
)

// lane is the way to one target: a bounded queue in memory, workers up to the
// target's concurrency, and the target's backlog. It keeps its name, queue and
// backlog when the target's settings change, and outlives the target until
// what it holds is settled.
type lane struct {
	r    *Router
	name string
	acct *laneAccount

	mu       sync.Mutex
	handle   *handle           // the target as set now; nil when it is not in the rules any more
	queue    jobQueue          // straight from the reader
	ready    jobQueue          // from the backlog, due
	parked   jobHeap           // from the backlog, not due yet
	active   map[*job]struct{} // in the target's hands
	lent     map[string]*loan  // by delivery id
	turn     bool              // which of queue and ready is served next
	workers  int
	aside    bool // new deliveries go to the backlog
	trouble  trouble
	paused   *Pause
	healed   time.Time             // when the target was last set differently: waits from before are void
	waiting  int                   // entries in the backlog
	held     map[uint64]*bus.Entry // of these, in memory here, by their sequence
	spilling int                   // on their way into the backlog
	pumping  bool
	closed   bool
	kick     chan struct{}
}

// handle is one built target and its policy. It is closed when the lane has a
// newer one and the last delivery over it has ended.
type handle struct {
	spec    rules.Target
	target  targets.Target
	users   int // guarded by lane.mu
	retired bool
}

func newLane(r *Router, name string, h *handle) *lane {
	paused := r.pauses.of(name)
	return &lane{
		r: r, name: name, handle: h, acct: r.acct.lane(name), paused: paused, aside: paused != nil,
		active: map[*job]struct{}{}, held: map[uint64]*bus.Entry{}, lent: map[string]*loan{}, kick: make(chan struct{}, 1),
	}
}

// offer takes a delivery straight from the reader. It never waits.
func (l *lane) offer(j *job) {
	l.mu.Lock()
	switch {
	case l.handle == nil:
		l.mu.Unlock()
		l.bury(j, ReasonOrphaned, "")
	case l.aside:
		l.spilling++
		l.mu.Unlock()
		l.spill(j)
	default:
		l.queue.push(j)
		l.startWorkers(j.since)
		l.mu.Unlock()
	}
}

// startWorkers starts as many workers as there is work and room for. l.mu is held.
func (l *lane) startWorkers(now time.Time) {
	n := min(l.limit(now), l.workers+l.queue.len()+l.ready.len())
	for ; l.workers < n; l.workers++ {
		l.r.workers.Add(1)
		go l.work()
	}
}

// limit is how many deliveries may be under way now. l.mu is held.
func (l *lane) limit(now time.Time) int {
	if l.closed || l.handle == nil || l.paused != nil {
		return 0
	}
	return l.trouble.limit(now, l.handle.spec.Concurrency)
}

// work delivers until there is nothing to deliver.
func (l *lane) work() {
	defer l.r.workers.Done()
	for {
		j, h := l.take()
		if j == nil {
			return
		}
		at := time.Now()
		err := deliver(l.r.deliverCtx, h.target, j.delivery)
		l.conclude(j, h, at, time.Since(at), err)
	}
}

// deliver hands over one event; a target that panics has failed this attempt.
func deliver(ctx context.Context, t targets.Target, d targets.Delivery) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the target failed on this event: %v", p)
		}
	}()
	return t.Deliver(ctx, d)
}

// take gives the next job and the target to use, or ends the worker.
func (l *lane) take() (*job, *handle) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.workers > l.limit(now) {
		l.workers--
		return nil, nil
	}
	first, second := &l.queue, &l.ready
	if l.turn = !l.turn; l.turn {
		first, second = second, first
	}
	j := first.pop()
	if j == nil {
		j = second.pop()
	}
	if j == nil {
		l.workers--
		l.wakePump()
		return nil, nil
	}
	if l.ready.len() == fetchBatch/4 {
		l.wakePump()
	}
	j.since, j.delivery.Attempt = now, j.tried+1
	l.active[j] = struct{}{}
	l.handle.users++
	return j, l.handle
}

// conclude is the one place where what a decision means is done.
func (l *lane) conclude(j *job, h *handle, at time.Time, took time.Duration, err error) {
	now := at.Add(took)
	l.leave(j, h)
	if err != nil && l.r.deliverCtx.Err() != nil {
		return // cut short by the stop: not settled, and read again
	}
	j.tried++
	v := decide(err, h.spec.Retry, j.tried, now.Sub(j.first), jitter)
	l.acct.attempt(v, took)
	if err != nil {
		j.note(at, took, err)
		l.r.log.Warn("delivery failed", "target", l.name, "rule", j.delivery.Rule, "id", j.delivery.ID,
			"attempt", j.tried, "error", err)
	}

	l.mu.Lock()
	l.trouble.note(v, h.spec.Retry, now)
	if l.trouble.holding(now) {
		l.stepAside()
	}
	orphaned := l.handle == nil
	again := v.action == actRetry && !orphaned
	if again {
		l.spilling++
	}
	if orphaned {
		l.startPump() // it sees whether this was the last
	}
	l.mu.Unlock()

	switch {
	case v.action == actDone:
		l.release(j, outcomeDelivered)
	case v.action == actBury:
		l.bury(j, v.reason, "")
	case !again:
		l.bury(j, ReasonOrphaned, "")
	default:
		j.due = now.Add(v.wait)
		l.spill(j)
	}
}

// leave takes a job out of the target's hands. While it was there it could be
// lent at any time; from here on it is the caller's alone.
func (l *lane) leave(j *job, h *handle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.active, j)
	h.users--
	l.closeRetired(h)
}

// closeRetired closes a target that was replaced and is in nobody's use. l.mu is held.
func (l *lane) closeRetired(h *handle) {
	if !h.retired || h.users > 0 {
		return
	}
	if err := h.target.Close(); err != nil {
		l.r.log.Warn("closing a target", "target", l.name, "error", err)
	}
}

// release settles a job's origin: the delivery has reached its outcome.
func (l *lane) release(j *job, o outcome) {
	l.r.outcomes.add(outcomeOf(j, o), nil)
	l.r.tails.outcome(j, o)
	l.acct.outcome(o)
	l.unhand(j)
}

// unhand lets go of what a job came from.
func (l *lane) unhand(j *job) {
	switch {
	case j.flight != nil:
		l.r.window.settle(j.flight)
	case j.entry != nil:
		l.mu.Lock()
		l.entryDone(j.entry)
		l.mu.Unlock()
	default:
		l.repay(j)
	}
}

// entryDone removes an entry from the backlog. l.mu is held.
func (l *lane) entryDone(e *bus.Entry) {
	if err := e.Done(); err != nil {
		l.r.log.Warn("an entry could not be removed from the backlog and will come again", "target", l.name, "error", err)
	}
	delete(l.held, e.Sequence)
	l.waiting = max(l.waiting-1, 0)
	l.wakePump()
}

// spill stores a job in the backlog; from then on its origin is settled. The
// caller has counted it in l.spilling, in the same breath as it decided.
func (l *lane) spill(j *job) {
	l.store(l.r.bus.Spill, storedID(j, j.tried), j.letter(time.Now()), j, func(r bus.Receipt) {
		l.acct.spilled.Inc()
		l.stored(r)
		l.unhand(j)
	})
}

// stored counts an entry that is durable in the backlog now.
func (l *lane) stored(r bus.Receipt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spilling--
	if !r.Duplicate {
		l.waiting++
	}
	l.startPump()
}

// bury stores a dead letter and then settles the job.
func (l *lane) bury(j *job, reason, why string) {
	letter := j.letter(time.Now())
	letter.Reason, letter.Error = reason, why
	letter.Due = time.Time{}
	l.r.log.Warn("dead letter", "target", l.name, "rule", j.delivery.Rule, "id", j.delivery.ID, "reason", reason)
	l.store(l.r.bus.Bury, storedID(j, 0), letter, j, func(r bus.Receipt) {
		j.dead = r.Sequence
		l.release(j, outcomeDead)
	})
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
	l.r.stores.Add(1)
	m, err := text.message(id, j.delivery.Event)
	if err != nil {
		l.r.log.Error("a delivery could not be written down", "error", err)
		l.r.stores.Done()
		return
	}
	write(l.name, m, func(r bus.Receipt, err error) {
		if err == nil {
			l.writtenAtLast(j)
			then(r)
			l.r.stores.Done()
			return
		}
		if errors.Is(err, bus.ErrClosed) || l.r.deliverCtx.Err() != nil {
			l.r.stores.Done()
			return // unsettled: read again after the restart
		}
		l.r.log.Error("the store did not take a delivery; trying again", "target", l.name, "id", id, "error", err)
		if text.Reason != "" {
			l.notWritten(j)
		}
		time.AfterFunc(storeAgain, func() {
			// If it is a duplicate now it is one of our own earlier try.
			l.store(write, id, text, j, func(r bus.Receipt) {
				r.Duplicate = false
				then(r)
			})
			l.r.stores.Done()
		})
	})
}

// stepAside sends the queue, and what follows, to the backlog. l.mu is held.
func (l *lane) stepAside() {
	if !l.aside {
		l.aside = true
		l.startPump()
	}
	if jobs := l.queue.popAll(); len(jobs) > 0 {
		l.spilling += len(jobs)
		// Not under l.mu: an append may answer at once.
		l.r.background(func() {
			for _, j := range jobs {
				l.spill(j)
			}
		})
	}
}
