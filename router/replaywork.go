package router

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wye-events/wye/router/bus"
)

const (
	// replayRoom is how many deliveries may wait for a target before a replay
	// waits: what it adds must not grow beyond what soon goes out.
	replayRoom  = 10_000
	replayLooks = 50 * time.Millisecond
)

// replayWork delivers events of the archive again.
type replayWork struct {
	r      *Router
	filter *eventFilter
}

func (r *Router) replayWork(op *Operation) (work, error) {
	filter, err := op.Events.filter()
	if err != nil {
		return nil, err
	}
	return (&replayWork{r: r, filter: filter}).run, nil
}

func (w *replayWork) run(ctx context.Context, o *ongoing) error {
	op := o.snapshot()
	next := max(op.From, op.Cursor+1)
	err := o.insist(ctx, func() error {
		return w.r.eachEvent(ctx, next, op.Until, func(rec *bus.Record) error {
			err := w.event(ctx, o, op.ID, rec, op.Started)
			next = rec.Sequence + 1
			return err
		}, func(from, to uint64) error {
			next = to + 1
			return w.lost(ctx, o, from, to)
		})
	})
	o.drain(ctx, err)
	return err
}

// lost counts events of the window that are not in the archive.
func (w *replayWork) lost(ctx context.Context, o *ongoing, from, to uint64) error {
	o.change(func(op *Operation) {
		op.Skipped += to - from // the step counts the last
		if to > from {
			op.Why = countWhy(op.Why, []string{lostEvent})
			op.Why[lostEvent] += to - from - 1
		}
	})
	return o.pass(ctx, to, tally{skipped: 1, why: []string{lostEvent}})
}

const lostEvent = "the event is not kept any more"

// event makes the deliveries of one event.
func (w *replayWork) event(ctx context.Context, o *ongoing, replay string, rec *bus.Record, at time.Time) error {
	a := w.filter.judge(w.r, rec, at)
	for _, to := range a.to {
		if err := w.room(ctx, o, to.target); err != nil {
			return err
		}
	}
	if len(a.to) == 0 {
		return o.pass(ctx, a.seq, a.tally())
	}
	st, err := o.begin(ctx, a.seq, len(a.event.Data)*len(a.to), len(a.to), a.tally())
	if err != nil {
		return err
	}
	for _, to := range a.to {
		now := time.Now()
		l := letter{Sequence: a.seq, Rule: to.rule, Target: to.target, Version: a.set.version, First: now, At: now, Replay: replay}
		w.deposit(ctx, &a, l, false, st)
	}
	return nil
}

// room waits until a target has room for more deliveries, or is gone.
func (w *replayWork) room(ctx context.Context, o *ongoing, target string) error {
	for waited := false; ; waited = true {
		l := w.r.laneWithTarget(target)
		if l == nil || l.backlogged() < replayRoom {
			if waited {
				o.change(func(op *Operation) { op.WaitingFor = "" })
			}
			return nil
		}
		o.change(func(op *Operation) { op.WaitingFor = target })
		if !pause(ctx, replayLooks) {
			return context.Cause(ctx)
		}
	}
}

// backlogged is how many deliveries wait in the backlog or are on their way there.
func (l *lane) backlogged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.core.Waiting() + l.core.Spilling()
}

// deposit tries until the store takes the delivery, its target is gone or ctx ends.
func (w *replayWork) deposit(ctx context.Context, a *again, l letter, tried bool, st *step) {
	id := letterID(deliveryID(l.Sequence, l.Rule, l.Target, l.Replay), a.event, 0, 0)
	w.r.deposit(l, a.event, id, tried, func(_ bus.Receipt, err error) {
		var none *NoTargetError
		switch {
		case err == nil:
			w.r.deadAcct.replayed.WithLabelValues(l.Target).Inc()
			st.end(noteDone)
		case errors.As(err, &none):
			st.end(noteSkipped(none.Error()))
		case errors.Is(err, bus.ErrClosed) || ctx.Err() != nil: // the next run does it
		default:
			w.r.log.Error("the store did not take a delivery of a replay; trying again", "delivery", fmt.Sprint(l.Sequence, "/", l.Rule, "/", l.Target), "error", err)
			time.AfterFunc(storeAgain, func() { w.deposit(ctx, a, l, true, st) })
		}
	})
}
