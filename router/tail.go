package router

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

const (
	mostTails = 32
	// What one tail may hold, in lines and in bytes of events.
	tailLines = 4096
	tailBytes = 4 << 20
)

// ErrTails says that as many watch as may.
var ErrTails = errors.New("too many tails are open; close one and try again")

// TailQuery says what a tail shows.
type TailQuery struct {
	Where     *rules.Condition // only events that meet it; nil for all
	Unmatched bool             // only events that no rule matched
	Outcomes  bool             // also what became of the deliveries
}

// Tail shows events as they are routed. It is used by one goroutine, from
// [Router.Tail] to Close.
//
// The router hands a tail what it sees and never waits for it. What does not
// fit into its bounded memory is left out and counted, and the count is shown
// where the lines would have been. Conditions are evaluated by who calls Next.
type Tail struct {
	query TailQuery
	hub   *tailHub
	done  <-chan struct{} // the router stops

	mu     sync.Mutex
	queue  []tailItem
	bytes  int
	missed uint64
	wake   chan struct{} // holds a token when there may be something to take

	// Of the caller of Next.
	spare  []tailItem
	told   bool // that the condition failed
	passed passed
}

// tailItem is what waits in a tail: an event or an outcome.
type tailItem struct {
	event   *TailEvent
	outcome *TailOutcome
	judge   *cloudevent.Event // to be asked for the condition
	size    int
}

// tailHub knows the tails that are open.
type tailHub struct {
	// tails is nil while nobody watches, and all that the match loop looks at
	// then. The list is replaced and never changed.
	tails atomic.Pointer[[]*Tail]
	mu    sync.Mutex // of who replaces it
}

// Tail begins to show what the router does from now on.
func (r *Router) Tail(q TailQuery) (*Tail, error) {
	t := &Tail{query: q, hub: &r.tails, done: r.readCtx.Done(), wake: make(chan struct{}, 1)}
	if !r.tails.add(t) {
		return nil, ErrTails
	}
	return t, nil
}

func (h *tailHub) add(t *Tail) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*Tail
	if old := h.tails.Load(); old != nil {
		all = *old
	}
	if len(all) == mostTails {
		return false
	}
	all = append(slices.Clip(all), t)
	h.tails.Store(&all)
	return true
}

// Close ends the tail. It may come twice.
func (t *Tail) Close() {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	old := t.hub.tails.Load()
	if old == nil {
		return
	}
	all := slices.DeleteFunc(slices.Clone(*old), func(other *Tail) bool { return other == t })
	if len(all) == 0 {
		t.hub.tails.Store(nil)
		return
	}
	t.hub.tails.Store(&all)
}

// event shows an event to all who watch. It is called before its deliveries
// begin, so that it comes before their outcomes.
func (h *tailHub) event(set *ruleset, seq uint64, ev *cloudevent.Event, found []rules.Match, now time.Time) {
	tails := h.tails.Load()
	if tails == nil {
		return
	}
	item := tailItem{event: newTailEvent(set, seq, ev, found, now), size: sizeOf(ev)}
	for _, t := range *tails {
		if t.query.Unmatched && !item.event.Unmatched() {
			continue
		}
		t.offer(&item, ev)
	}
}

// outcome shows how a delivery ended.
func (h *tailHub) outcome(j *job, how outcome) {
	tails := h.tails.Load()
	if tails == nil {
		return
	}
	item := tailItem{outcome: newTailOutcome(j, how)}
	for _, t := range *tails {
		if t.query.Outcomes {
			t.offer(&item, nil)
		}
	}
}

// offer takes an item or counts it as missed. ev is copied if it is to be asked
// for: the memory of its data is that of the request that it came in, which may
// be much larger.
func (t *Tail) offer(item *tailItem, ev *cloudevent.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.queue)
	if n == tailLines || n > 0 && t.bytes+item.size > tailBytes {
		t.missed++
		return
	}
	if ev != nil && t.query.Where != nil && item.judge == nil {
		item.judge = ownCopy(ev)
	}
	t.queue = append(t.queue, *item)
	t.bytes += item.size
	if n == 0 {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// Next waits until there is something to show. Its error is the cause of ctx,
// or [ErrStopping].
func (t *Tail) Next(ctx context.Context) ([]TailLine, error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		items, missed := t.take()
		lines := t.show(items)
		clear(items)
		t.spare = items[:0]
		if missed > 0 {
			lines = append(lines, TailLine{Missed: missed})
		}
		if len(lines) > 0 {
			return lines, nil
		}
		select {
		case <-t.wake:
		case <-ctx.Done():
		case <-t.done:
			return nil, ErrStopping
		}
	}
}

func (t *Tail) take() (items []tailItem, missed uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	items, missed = t.queue, t.missed
	t.queue, t.bytes, t.missed = t.spare, 0, 0
	t.spare = nil
	return items, missed
}

// show makes lines of those items that were asked for.
func (t *Tail) show(items []tailItem) (lines []TailLine) {
	for i := range items {
		item := &items[i]
		switch {
		case item.outcome != nil:
			if t.all() || t.passed.has(item.outcome.Sequence) {
				lines = append(lines, TailLine{Outcome: item.outcome})
			}
			continue
		case t.query.Where != nil:
			held, err := t.query.Where.Holds(item.judge)
			if err != nil && !t.told {
				t.told = true
				lines = append(lines, TailLine{Failed: &TailFailure{item.event.Sequence, err.Error()}})
			}
			if !held {
				continue
			}
		}
		if t.query.Outcomes && !t.all() {
			t.passed.add(item.event.Sequence)
		}
		lines = append(lines, TailLine{TailEvent: item.event})
	}
	return lines
}

// all tells whether every event is shown.
func (t *Tail) all() bool { return t.query.Where == nil && !t.query.Unmatched }
