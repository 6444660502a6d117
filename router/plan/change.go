package plan

import (
	"cmp"
	"slices"

	"github.com/wye-events/wye/rules"
)

// Set is a rule set, as [rules.Loader] gives it.
type Set struct {
	Rules   *rules.Ruleset
	Matcher *rules.Matcher
}

// Change is an old and a new rule set, ready to be compared over events. It is
// immutable and safe for use by many goroutines at once.
type Change struct {
	old, new Set
	rows     []row
	targets  []target
	both     *rules.Matcher
	slots    map[*rules.CompiledRule]slot
}

// slot is what a rule of the matcher stands for.
type slot struct {
	row      int32
	old, new *rules.Rule // nil where it does not stand for that side
}

// target is one target, as it is in both sets.
type target struct {
	name     string
	kind     Kind
	old, new *rules.Target // nil where it is added, or removed
	settings []Setting
}

// New makes a comparison ready. Loading both sets with one [rules.Loader] is not
// needed, and saves work.
func New(old, new Set) *Change {
	c := &Change{old: old, new: new, rows: pair(old.Matcher.Rules(), new.Matcher.Rules())}
	places := c.pairTargets()
	for i := range c.rows {
		c.route(&c.rows[i], places)
	}
	c.match()
	return c
}

// pairTargets makes the list of targets, in order of name, and gives the place of
// each in it.
func (c *Change) pairTargets() map[string]int32 {
	places := map[string]int32{}
	for _, t := range c.old.Rules.Targets {
		c.targets = append(c.targets, target{name: t.Name, kind: Removed, old: &t})
	}
	for _, t := range c.new.Rules.Targets {
		c.targets = append(c.targets, target{name: t.Name, kind: Added, new: &t})
	}
	slices.SortStableFunc(c.targets, func(a, b target) int { return cmp.Compare(a.name, b.name) })
	var all []target
	for _, t := range c.targets {
		if last := len(all) - 1; last >= 0 && all[last].name == t.name { // the old one comes first
			all[last].meet(t.new)
			continue
		}
		places[t.name] = int32(len(all))
		all = append(all, t)
	}
	c.targets = all
	return places
}

// meet adds the new side to a target of the old set.
func (t *target) meet(new *rules.Target) {
	t.new, t.kind = new, Unchanged
	if t.settings = targetSettings(*t.old, *t.new); len(t.settings) > 0 {
		t.kind = Changed
	}
}

// route finds the targets of a row.
func (c *Change) route(r *row, places map[string]int32) {
	if r.old != nil {
		r.oldTo = placesOf(r.old.To, places)
	}
	if r.new != nil {
		r.newTo = placesOf(r.new.To, places)
	}
	r.sameTo = slices.Equal(r.oldTo, r.newTo)
	for _, at := range r.oldTo {
		if t := &c.targets[at]; slices.Contains(r.newTo, at) && mayDiffer(*t.old, *t.new) {
			r.reformed = append(r.reformed, at)
		}
	}
}

func placesOf(names []string, places map[string]int32) []int32 {
	all := make([]int32, len(names))
	for i, name := range names {
		all[i] = places[name]
	}
	slices.Sort(all)
	return all
}

// match makes the matcher of both sets. It has all rules of the old set, and of
// the new one those that select otherwise.
func (c *Change) match() {
	c.slots = make(map[*rules.CompiledRule]slot, len(c.rows))
	var more []*rules.CompiledRule
	for i := range c.rows {
		r, at := &c.rows[i], int32(i)
		switch {
		case r.judge != nil:
			c.slots[r.judge] = slot{at, r.old.Rule, r.new.Rule}
			continue
		case r.old != nil:
			c.slots[r.old] = slot{at, r.old.Rule, nil}
		}
		if r.new != nil {
			c.slots[r.new] = slot{at, nil, r.new.Rule}
			more = append(more, r.new)
		}
	}
	c.both = c.old.Matcher
	if len(more) > 0 {
		c.both = c.old.Matcher.Beside(more)
	}
}
