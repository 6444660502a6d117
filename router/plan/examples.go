package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Difference is a kind of difference that an event is an example of.
type Difference string

const (
	NewlyMatched     Difference = "newly_matched"
	NoLongerMatched  Difference = "no_longer_matched"
	OtherTargets     Difference = "other_targets" // still matched, and the rule leads elsewhere
	PayloadChanged   Difference = "payload_changed"
	NewlyInError     Difference = "newly_in_error"
	NoLongerInError  Difference = "no_longer_in_error"
	NewlyDead        Difference = "newly_dead_lettered"
	NoLongerDead     Difference = "no_longer_dead_lettered"
	NewlyShadowed    Difference = "newly_in_shadow"
	NoLongerShadowed Difference = "no_longer_in_shadow"
	NewlyUnmatched   Difference = "newly_unmatched" // of the event, not of a rule
)

// everyRow stands for the event as a whole.
const everyRow int32 = -1

// about is what something is an example of.
type about struct {
	row  int32
	what Difference
}

// example is an event that is kept to show it.
type example struct {
	Seen
	event *cloudevent.Event
	why   *why // once somebody asked
}

// examples keeps of each difference the first events, by their numbers.
type examples struct {
	most  int // of each
	kept  map[about][]*example
	count int
	bytes int
	full  bool // some were left out
}

// Bounds of the examples of one tally.
const (
	examplesMost  = 20_000
	examplesBytes = 64 << 20
)

func newExamples(most int) examples {
	return examples{most: most, kept: map[about][]*example{}}
}

// states adds an event whose state differs.
func (x *examples) states(v verdict, ev *cloudevent.Event, at Seen) {
	turn := func(before, after bool, come, gone Difference) {
		switch {
		case after && !before:
			x.add(about{v.row, come}, ev, at)
		case before && !after:
			x.add(about{v.row, gone}, ev, at)
		}
	}
	turn(v.old.what() == live, v.new.what() == live, NewlyMatched, NoLongerMatched)
	turn(v.old.what() == dead, v.new.what() == dead, NewlyDead, NoLongerDead)
	turn(v.old.what() == shadow, v.new.what() == shadow, NewlyShadowed, NoLongerShadowed)
	turn(v.old.fails(), v.new.fails(), NewlyInError, NoLongerInError)
}

// add keeps an event, if it is one of the first.
func (x *examples) add(of about, ev *cloudevent.Event, at Seen) {
	kept := x.kept[of]
	if len(kept) >= x.most && (x.most == 0 || at.Number >= kept[x.most-1].Number) {
		return
	}
	if x.count >= examplesMost || x.bytes > examplesBytes {
		x.full = true
		return
	}
	copied, size := clone(ev)
	x.count++
	x.bytes += size
	x.put(of, &example{Seen: at, event: copied})
}

// put puts an example in its place.
func (x *examples) put(of about, e *example) {
	kept := x.kept[of]
	at, _ := slices.BinarySearchFunc(kept, e, func(a, b *example) int {
		if a.Number < b.Number {
			return -1
		}
		return 1
	})
	if kept = slices.Insert(kept, at, e); len(kept) > x.most {
		kept = kept[:x.most]
	}
	x.kept[of] = kept
}

func (x *examples) merge(other *examples) {
	x.full = x.full || other.full
	x.count += other.count
	x.bytes += other.bytes
	for of, kept := range other.kept {
		for _, e := range kept {
			x.put(of, e)
		}
	}
}

// clone is an event in memory of its own, and how much that is, roughly.
func clone(ev *cloudevent.Event) (*cloudevent.Event, int) {
	c := *ev
	size := len(ev.Data) + 256
	for _, text := range []*string{&c.ID, &c.Source, &c.Type, &c.Subject, &c.DataContentType, &c.DataSchema, &c.Time} {
		*text = strings.Clone(*text)
		size += len(*text)
	}
	c.Data = slices.Clone(ev.Data)
	c.Extensions = slices.Clone(ev.Extensions)
	for i := range c.Extensions {
		x := &c.Extensions[i]
		x.Name = strings.Clone(x.Name)
		if text, ok := x.Value.(string); ok {
			x.Value = strings.Clone(text)
			size += len(text)
		}
	}
	c.Headers = slices.Clone(ev.Headers)
	for i := range c.Headers {
		h := &c.Headers[i]
		h.Name, h.Value = strings.Clone(h.Name), strings.Clone(h.Value)
		size += len(h.Name) + len(h.Value)
	}
	return &c, size
}

// moment is when an event was accepted, or what the event says itself.
func (e *example) moment() (at time.Time) {
	if !e.At.IsZero() {
		return e.At.UTC()
	}
	at, _ = e.event.Timestamp()
	return at.UTC()
}
