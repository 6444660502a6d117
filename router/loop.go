package router

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/lanes"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

const (
	readBatch = 256
	readAgain = time.Second // after the archive could not be read
)

// loop reads accepted events in order, matches each with the rule set in force,
// and gives its deliveries to the lanes. It is the only goroutine that does.
func (r *Router) loop(from uint64) {
	defer r.loops.Done()
	reader := r.bus.ReadFrom(from)
	batch := make([]bus.Record, 0, readBatch)
	var found []rules.Match
	for {
		got, err := reader.Next(r.readCtx, batch)
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil {
			r.log.Error("the archive could not be read; trying again", "error", err)
			if !pause(r.readCtx, readAgain) {
				return
			}
			continue
		}
		set, now := r.set.Load(), time.Now()
		r.history.decides(set.version, got[0].Sequence)
		for i := range got {
			if found, err = r.route(set, &got[i], now, found[:0]); err != nil {
				return
			}
		}
		clear(got)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// route decides about one event and starts its deliveries. It waits while the
// window is full, and fails only when the router stops.
func (r *Router) route(set *ruleset, rec *bus.Record, now time.Time, found []rules.Match) ([]rules.Match, error) {
	ev, err := eventOf(rec)
	if err != nil {
		r.log.Error("an accepted event cannot be read back; it stays in the archive", "sequence", rec.Sequence, "error", err)
		r.acct.unreadable.Inc()
		_, err = r.window.admit(r.readCtx, rec.Sequence, 0, 0)
		r.read.Store(rec.Sequence)
		return found, err
	}
	found = set.matcher.MatchAt(ev.Event, ev.at, found)
	n := r.count(set, ev.Event, rec.Sequence, found)
	r.tails.event(set, rec.Sequence, ev.Event, found, now)
	f, err := r.window.admit(r.readCtx, rec.Sequence, len(ev.Data), n)
	r.read.Store(rec.Sequence)
	if err != nil || n == 0 {
		return found, err
	}
	now = time.Now() // it may have waited for room
	for i := range found {
		r.dispatch(set, &found[i], ev.Event, f, now)
	}
	return found, nil
}

// count accounts for what the matcher found and says how many deliveries follow.
// What only shadow rules match is unmatched.
func (r *Router) count(set *ruleset, ev *cloudevent.Event, seq uint64, found []rules.Match) (n int) {
	matched := false
	for i := range found {
		m := &found[i]
		route := set.routes[m.Rule]
		if m.Err != nil {
			route.errors.Inc()
			r.log.Warn("a rule's condition failed on an event", "rule", m.Rule.Name, "mode", m.Rule.Mode, "sequence", seq,
				"id", ev.ID, "source", ev.Source, "error", m.Err)
		} else {
			route.matched.Inc()
		}
		if delivers(m) {
			matched = true
			n += len(route.lanes)
		}
	}
	if matched {
		r.acct.matching.Inc()
	} else {
		r.acct.unmatched.Inc()
	}
	return n
}

// delivers tells whether deliveries follow from what a rule says of an event: to
// its targets, or into their dead letters.
func delivers(m *rules.Match) bool {
	return !m.Rule.Shadow() && (m.Err == nil || m.Rule.OnError != rules.OnErrorSkip)
}

// dispatch starts the deliveries of one match.
func (r *Router) dispatch(set *ruleset, m *rules.Match, ev *cloudevent.Event, f *flight, now time.Time) {
	if !delivers(m) {
		return
	}
	expires := ev.Expires()
	for _, l := range set.routes[m.Rule].lanes {
		l.acct.expected.Add(1)
		j := newJob(targets.Delivery{
			ID: deliveryID(f.seq, m.Rule.Name, l.name, ""), Event: ev, Sequence: f.seq,
			Rule: m.Rule.Name, Target: l.name, Version: set.version,
		}, f, now)
		j.Expires = expires
		switch {
		case m.Err != nil && m.Rule.OnError == rules.OnErrorDeadLetter:
			l.dead(j, lanes.ReasonRuleError, m.Err.Error())
		case ev.Hops() >= mostHops:
			l.dead(j, lanes.ReasonLoop, fmt.Sprintf("the event has come back through targets %d times; look for a rule that matches what its own target publishes", ev.Hops()))
		default:
			j.Key = set.key(l.name, ev)
			l.offer(j, now)
		}
	}
}

// mostHops is how often an event may have gone through targets and come back.
const mostHops = 16

// dead makes a dead letter of a delivery that is not even to be tried.
func (l *lane) dead(j *job, reason, why string) {
	l.change(func(core *lanes.Lane, _ time.Time) { core.BuryStraight(&j.Job, reason, why) })
}
