package index

import (
	"iter"
	"slices"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Index finds conditions. It is immutable, and safe for use by many goroutines
// at once.
type Index struct {
	slots *slots
	base  *segment
	added *segment // what [Index.With] added, or nil

	baseRules int
	addedAll  []*Rule  // the rules of added, to build it anew with more
	gone      []uint64 // rules that are no longer there, by ID
	goneCount int

	bad []Kinds  // by slot: kinds that some test fails on
	ask []slotID // slots outside the data with such tests

	tree func(id uint32, eventType string) *Rule
}

// Hit is a rule that is true of an event, or about which more is to be said.
type Hit struct {
	ID uint32
	// Failed: the condition fails. Stopped: it fails because it takes too long.
	// Ask: it is true, or fails, or neither, and only evaluating it can tell.
	Failed, Stopped, Ask bool
}

// New builds an index. Later, tree gives a rule of it by its ID again, or nil
// where its On does not fit the type of the event: it is asked for rules that
// may fail on an event.
func New(rules iter.Seq[*Rule], tree func(id uint32, eventType string) *Rule) *Index {
	b := newBuilder(newSlots())
	x := &Index{slots: b.slots, tree: tree}
	for r := range rules {
		b.add(r)
		x.baseRules++
	}
	x.base = b.finish()
	x.expectations()
	return x
}

// With is the index with some rules more and some less. IDs of new rules must
// not have been in use. What it costs depends on how many rules were added since
// the index was built with [New], not on how many there are; see [Index.Worn].
func (x *Index) With(added []*Rule, removed []uint32, tree func(id uint32, eventType string) *Rule) *Index {
	n := &Index{slots: x.slots.clone(), base: x.base, baseRules: x.baseRules, goneCount: x.goneCount, tree: tree}
	n.gone = slices.Clone(x.gone)
	for _, id := range removed {
		n.remove(id)
	}
	for _, r := range slices.Concat(x.addedAll, added) {
		if !n.isGone(r.ID) {
			n.addedAll = append(n.addedAll, r)
		}
	}
	b := newBuilder(n.slots)
	for _, r := range n.addedAll {
		b.add(r)
	}
	n.added = b.finish()
	n.expectations()
	return n
}

// Worn reports whether so much was changed since [New] that building anew
// pays: each further change costs more, and what is gone is still looked at.
func (x *Index) Worn() bool {
	return len(x.addedAll)+x.goneCount > max(1000, x.baseRules/10)
}

func (x *Index) remove(id uint32) {
	for int(id/64) >= len(x.gone) {
		x.gone = append(x.gone, 0)
	}
	x.gone[id/64] |= 1 << (id % 64)
	x.goneCount++
}

func (x *Index) isGone(id uint32) bool {
	return int(id/64) < len(x.gone) && x.gone[id/64]>>(id%64)&1 != 0
}

// expectations collects what values tests fail on.
func (x *Index) expectations() {
	x.bad = make([]Kinds, len(x.slots.all))
	for i := range x.slots.all {
		if len(x.slots.all[i].kids) > 0 {
			x.bad[i] = kinds(List) // which has no names
		}
		if x.slots.all[i].many {
			x.bad[i] |= severalValues
		}
	}
	for _, s := range []*segment{x.base, x.added} {
		if s == nil {
			continue
		}
		for at, lists := range s.needs {
			if x.slots.all[at].root != Data && !slices.Contains(x.ask, at) {
				x.ask = append(x.ask, at)
			}
			for _, l := range lists {
				x.bad[at] |= l.good.others()
			}
		}
	}
}

// Bytes is the size of the index in memory.
func (x *Index) Bytes() int64 {
	n := x.base.bytes() + int64(8*cap(x.gone)+2*cap(x.bad)) + x.slots.bytes()
	if x.added != nil {
		n += x.added.bytes()
	}
	return n
}

// Loose calls for the rules whose When nothing selects: it is evaluated for
// every event that their On fits.
func (x *Index) Loose(yield func(id uint32)) {
	for _, s := range []*segment{x.base, x.added} {
		if s == nil {
			continue
		}
		for _, id := range s.loose {
			if !x.isGone(id) {
				yield(id)
			}
		}
	}
}

// Find returns the rules that are true of the event, or fail on it, each once
// and in no order. The result is good until f is used again. It is not ok where
// the event's data is not the JSON that it says it is and a condition needed to
// know: then every condition is to be evaluated.
func (x *Index) Find(f *Finder, ev *cloudevent.Event) (hits []Hit, ok bool) {
	f.begin(ev, x.slots, x.bad)
	f.index, f.hits, f.Looked, f.again = x, f.hits[:0], 0, false
	if len(f.look) < len(x.slots.all) {
		f.look = make([]looked, len(x.slots.all))
	}
	for _, at := range x.ask {
		f.get(at)
	}
	f.run(x.base)
	if x.added != nil {
		f.run(x.added)
	}
	if f.state == broken {
		return nil, false
	}
	if len(f.odd) > 0 {
		f.trouble()
	}
	if f.again {
		f.once()
	}
	f.ev = nil
	return f.hits, true
}
