package plan

import (
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Seen says where an event is from.
type Seen struct {
	Number uint64    // its sequence in the archive, or its line in a file
	At     time.Time // when it was accepted; zero where that is not known
}

// Tally counts what differs between the sets of a [Change] over events. It is for
// one goroutine at a time.
type Tally struct {
	c *Change
	// pairs has of each row how often each pair of states was seen, and nothing
	// where no event concerned it.
	pairs    []*pairs
	payloads map[route]uint64 // how often a target gets something else of what is still matched
	events   eventCounts
	minutes  minutes
	examples examples
	first    Seen
	last     Seen

	found []rules.Match // room for the event at hand
	seen  []verdict
}

// pairs counts by the state before, and the state after.
type pairs [states][states]uint64

// route is a row and one of its targets; target -1 stands for all of them
// together, that is for events.
type route struct{ row, target int32 }

// verdict is what an event came to at one row.
type verdict struct {
	row      int32
	old, new state
}

// eventCounts are counts of events.
type eventCounts struct {
	looked, unreadable     uint64
	before, after          uint64 // that some rule took
	newlyMatched, newlyNot uint64
	differing              uint64
}

// NewTally counts nothing yet. It keeps up to so many events as examples of each
// difference.
func (c *Change) NewTally(examplesOfEach int) *Tally {
	return &Tally{
		c: c, pairs: make([]*pairs, len(c.rows)), payloads: map[route]uint64{},
		minutes: newMinutes(len(c.targets)), examples: newExamples(examplesOfEach),
	}
}

// Unreadable counts an event that cannot be read.
func (t *Tally) Unreadable() {
	t.events.looked++
	t.events.unreadable++
}

// Add compares both sets over one event. The event may be used again once it
// returns.
func (t *Tally) Add(ev *cloudevent.Event, at Seen) {
	t.events.looked++
	t.saw(at)
	t.match(ev, at.At)
	t.minutes.at(at.At)
	var before, after, differs bool
	for _, v := range t.seen {
		before = before || takes(v.old)
		after = after || takes(v.new)
		if t.count(v, ev, at) {
			differs = true
		}
	}
	t.event(ev, at, before, after, differs)
}

// saw notes when the first and the last event were accepted.
func (t *Tally) saw(at Seen) {
	if t.first.Number == 0 || at.Number < t.first.Number {
		t.first.Number = at.Number
	}
	t.last.Number = max(t.last.Number, at.Number)
	if at.At.IsZero() {
		return
	}
	if t.first.At.IsZero() || at.At.Before(t.first.At) {
		t.first.At = at.At
	}
	if at.At.After(t.last.At) {
		t.last.At = at.At
	}
}

// takes tells whether a rule in this state keeps the event from being unmatched.
func takes(s state) bool { return s.what() == live || s.what() == dead }

// match finds out what the event comes to at each row that it concerns.
func (t *Tally) match(ev *cloudevent.Event, accepted time.Time) {
	t.found = t.c.both.Match(ev, t.found[:0])
	t.seen = t.seen[:0]
	for i := range t.found {
		m := &t.found[i]
		s := t.c.slots[m.Rule]
		v := t.verdict(s)
		if s.old != nil {
			v.old = stateOf(s.old, m.Err, ev, accepted)
		}
		if s.new != nil {
			v.new = stateOf(s.new, m.Err, ev, accepted)
		}
	}
}

// verdict is the one of a slot's row: the other side may have begun it.
func (t *Tally) verdict(s slot) *verdict {
	if s.old == nil || s.new == nil {
		for i := range t.seen {
			if t.seen[i].row == s.row {
				return &t.seen[i]
			}
		}
	}
	t.seen = append(t.seen, verdict{row: s.row})
	return &t.seen[len(t.seen)-1]
}

// count counts what an event came to at one row, and tells whether it makes a
// difference.
func (t *Tally) count(v verdict, ev *cloudevent.Event, at Seen) bool {
	p := t.pairs[v.row]
	if p == nil {
		p = new(pairs)
		t.pairs[v.row] = p
	}
	p[v.old][v.new]++
	r := &t.c.rows[v.row]
	if v.old.what() == live {
		t.minutes.before(r.oldTo)
	}
	if v.new.what() == live {
		t.minutes.after(r.newTo)
	}
	differs := v.old != v.new
	if differs {
		t.examples.states(v, ev, at)
	} else if !r.sameTo && v.old.what() != idle {
		differs = true // what becomes of it is the same, at other targets
	}
	if v.old.what() == live && v.new.what() == live {
		if !r.sameTo {
			t.examples.add(about{v.row, OtherTargets}, ev, at)
		}
		if t.payload(v.row, r, ev) {
			differs = true
			t.examples.add(about{v.row, PayloadChanged}, ev, at)
		}
	}
	return differs
}

// payload counts which targets get something else of an event that the rule
// still matches.
func (t *Tally) payload(n int32, r *row, ev *cloudevent.Event) (differs bool) {
	for _, at := range r.reformed {
		if to := &t.c.targets[at]; payloadDiffers(*to.old, *to.new, ev) {
			t.payloads[route{n, at}]++
			differs = true
		}
	}
	if differs {
		t.payloads[route{n, -1}]++
	}
	return differs
}

// event counts the event as a whole.
func (t *Tally) event(ev *cloudevent.Event, at Seen, before, after, differs bool) {
	if differs {
		t.events.differing++
	}
	if before {
		t.events.before++
	}
	if after {
		t.events.after++
	}
	switch {
	case before && !after:
		t.events.newlyNot++
		t.examples.add(about{everyRow, NewlyUnmatched}, ev, at)
	case after && !before:
		t.events.newlyMatched++
		t.examples.add(about{everyRow, NewlyMatched}, ev, at)
	}
}

// Merge adds what another tally of the same Change counted. That is of no use
// after it.
func (t *Tally) Merge(other *Tally) {
	for i, p := range other.pairs {
		switch {
		case p == nil:
		case t.pairs[i] == nil:
			t.pairs[i] = p
		default:
			t.pairs[i].add(p)
		}
	}
	for r, n := range other.payloads {
		t.payloads[r] += n
	}
	t.events.add(other.events)
	t.minutes.merge(&other.minutes)
	t.examples.merge(&other.examples)
	if other.first.Number > 0 {
		t.saw(other.first)
		t.saw(other.last)
	}
}

func (p *pairs) add(other *pairs) {
	for i := range p {
		for k := range p[i] {
			p[i][k] += other[i][k]
		}
	}
}

func (e *eventCounts) add(other eventCounts) {
	e.looked += other.looked
	e.unreadable += other.unreadable
	e.before += other.before
	e.after += other.after
	e.newlyMatched += other.newlyMatched
	e.newlyNot += other.newlyNot
	e.differing += other.differing
}

// Differing is how many events were seen so far that make a difference, of how
// many.
func (t *Tally) Differing() (differing, looked uint64) { return t.events.differing, t.events.looked }
