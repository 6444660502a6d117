package router

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/lanes"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

// lane is the way to one target: it has the deliveries made that [lanes.Lane]
// decides on, and tells it what came of them. It keeps its name and backlog when
// the target's settings change, and outlives the target until what it holds is
// settled.
type lane struct {
	r    *Router
	name string
	acct *laneAccount

	mu      sync.Mutex
	core    *lanes.Lane
	handle  *handle // the target as set now; nil when it is not in the rules any more
	paused  *Pause
	entries map[uint64]bus.Handle // of the backlog, known here, by their place
	acting  bool                  // somebody does what core wants done
	pumping bool
	kick    chan struct{}
}

// handle is one built target and its policy. It is closed when the lane has a
// newer one and the last delivery over it has ended.
type handle struct {
	spec    rules.Target
	target  targets.Target
	users   int // guarded by lane.mu
	retired bool
}

func (h *handle) policy() *rules.Target {
	if h == nil {
		return nil
	}
	return &h.spec
}

func newLane(r *Router, name string, h *handle) *lane {
	now := time.Now()
	l := &lane{
		r: r, name: name, handle: h, acct: r.acct.lane(name), paused: r.pauses.of(name),
		core: lanes.New(h.policy(), 0, lanes.Jitter, now), entries: map[uint64]bus.Handle{}, kick: make(chan struct{}, 1),
	}
	l.core.SetPaused(l.paused != nil, now)
	return l
}

// offer takes a delivery straight from the reader. It never waits.
func (l *lane) offer(j *job, now time.Time) {
	l.mu.Lock()
	l.core.Offer(&j.Job, now)
	l.after(now)
}

// change does something to the lane, and what follows from it.
func (l *lane) change(what func(core *lanes.Lane, now time.Time)) {
	now := time.Now()
	l.mu.Lock()
	what(l.core, now)
	l.after(now)
}

// after starts the workers that have something to do, sees to it that somebody
// looks after what waits, and has done what the lane wants done. l.mu is held,
// and let go of.
func (l *lane) after(now time.Time) {
	for range l.core.Workers(now) {
		l.r.workers.Add(1)
		go l.work()
	}
	switch {
	case l.pumping:
		if l.core.Look() {
			l.wakePump()
		}
	case l.core.Waiting()+l.core.Spilling() > 0 || l.core.Timed(now):
		l.startPump()
	}
	l.gone()
	l.act()
	l.mu.Unlock()
}

// work delivers until there is nothing to deliver.
func (l *lane) work() {
	defer l.r.workers.Done()
	var jobs []*lanes.Job
	l.mu.Lock()
	for {
		now := time.Now()
		if jobs = l.core.Next(now, jobs[:0]); len(jobs) == 0 {
			l.after(now)
			return
		}
		h := l.handle
		h.users++
		for _, j := range jobs {
			d := &j.Load.(*job).delivery
			d.Attempt = j.Tried + 1
		}
		l.act()
		l.mu.Unlock()

		errs := deliver(l.r.deliverCtx, h.target, jobs)
		l.answered(jobs, h, now, errs)
		if l.core.Look() {
			l.wakePump()
		}
	}
}

// answered tells the lane what came of a request. It returns with l.mu held.
func (l *lane) answered(jobs []*lanes.Job, h *handle, at time.Time, errs []error) {
	now := time.Now()
	took := now.Sub(at)
	stopped := l.r.deliverCtx.Err() != nil
	l.mu.Lock()
	h.users--
	l.closeRetired(h)
	for i, core := range jobs {
		j, err := core.Load.(*job), errs[i]
		if err != nil && stopped {
			l.core.Unanswered(core, now)
			continue
		}
		if err != nil {
			j.note(at, took, err)
			if ans := targets.AnswerOf(err); ans != nil && ans.BadRetryAfter {
				l.acct.unheard.Inc()
			}
			l.r.log.Warn("delivery failed", "target", l.name, "rule", j.delivery.Rule, "id", j.delivery.ID,
				"attempt", j.delivery.Attempt, "error", err)
		}
		l.acct.attempt(l.core.Answered(core, err, now), took)
	}
}

// deliver hands over one event or several.
func deliver(ctx context.Context, t targets.Target, jobs []*lanes.Job) []error {
	errs := make([]error, len(jobs))
	batcher, ok := t.(targets.Batcher)
	if len(jobs) == 1 || !ok {
		for i, j := range jobs {
			errs[i] = deliverOne(ctx, t, j.Load.(*job).delivery)
		}
		return errs
	}
	ds := make([]targets.Delivery, len(jobs))
	for i, j := range jobs {
		ds[i] = outgoing(j.Load.(*job).delivery)
	}
	copy(errs, deliverBatch(ctx, batcher, ds))
	return errs
}

// deliverOne hands over one event; a target that panics has failed this attempt.
func deliverOne(ctx context.Context, t targets.Target, d targets.Delivery) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return t.Deliver(ctx, outgoing(d))
}

func deliverBatch(ctx context.Context, t targets.Batcher, ds []targets.Delivery) (errs []error) {
	defer func() {
		if p := recover(); p != nil {
			errs = slices.Repeat([]error{panicked(p)}, len(ds))
		}
	}()
	return t.DeliverBatch(ctx, ds)
}

func panicked(p any) error { return fmt.Errorf("the target failed on this event: %v", p) }

// outgoing is a delivery as its target gets it: the event counts one hop more
// than it had when it was accepted.
func outgoing(d targets.Delivery) targets.Delivery {
	d.Event = d.Event.WithHops(d.Event.Hops() + 1)
	return d
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

// retire replaces the handle; the old one is closed when nobody uses it. l.mu is held.
func (l *lane) retire(h *handle) {
	old := l.handle
	l.handle = h
	if old == nil {
		return
	}
	old.retired = true
	l.closeRetired(old)
}

// adopt gives the lane its target, in place of the one it may have. What waits
// is tried with the new one soon.
func (l *lane) adopt(h *handle) {
	l.change(func(core *lanes.Lane, now time.Time) {
		corrected := l.paused != nil && l.paused.By == ByReceiver && l.handle != nil && !reflect.DeepEqual(l.handle.spec, h.spec)
		l.retire(h)
		core.SetPolicy(h.policy(), now)
		core.SetPaused(l.paused != nil, now) // a pause that its receiver asked for ends with the target it was removed with
		if corrected {                       // a person has seen to it
			l.r.background(func() { l.resumed() })
		}
	})
}

// resumed ends the pause of a target that was corrected.
func (l *lane) resumed() {
	if err := l.r.ResumeTarget(l.r.deliverCtx, l.name); err != nil {
		l.r.log.Warn("a target that was corrected stays paused; `wye target resume` ends that", "target", l.name, "error", err)
	}
}

// orphan takes the target away from the lane: what is under way ends, and all
// else that waits for it becomes a dead letter. A lane that gets its target back
// before that simply goes on.
func (l *lane) orphan() {
	l.change(func(core *lanes.Lane, now time.Time) {
		if l.handle == nil {
			return
		}
		l.retire(nil)
		core.SetPolicy(nil, now)
	})
}

// setPaused pauses the lane's target, or with nil resumes it. What is under way
// ends.
func (l *lane) setPaused(p *Pause) {
	l.change(func(core *lanes.Lane, now time.Time) {
		l.paused = p
		core.SetPaused(p != nil, now)
	})
}

// close hands nothing over any more.
func (l *lane) close() {
	l.change(func(core *lanes.Lane, _ time.Time) { core.Close() })
}

// sweep looks for what waits too long. It is called at short intervals.
func (l *lane) sweep(now time.Time, tight bool) {
	l.mu.Lock()
	l.core.Sweep(now, tight)
	l.after(now)
}

// gone lets the router forget an orphan that has nothing left. l.mu is held.
func (l *lane) gone() {
	if l.core.Orphaned() && !l.core.Closed() && !l.pumping && !l.acting && l.core.Empty() {
		l.r.background(func() { l.r.forget(l) })
	}
}
