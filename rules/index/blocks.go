package index

import (
	"cmp"
	"maps"
	"slices"
)

// open is a rule on its way into a block: which of its tests were used as keys
// on the way, and which of them need not be tested again.
type open struct {
	rule       uint32 // in builder.rules
	used, done uint64 // by the number of the part
	many       bool   // it can be reached by more ways than one
}

// fewRules are written into a block as they are: running through them costs
// less than looking something up.
const fewRules = 8

// block writes a block of rules and returns its place.
func (b *builder) block(rules []open) uint32 {
	groups, rest := b.split(rules)
	items := b.items(groups)
	pc := uint32(len(b.code))
	b.code = append(b.code, items...)
	for _, o := range rest {
		b.code = b.item(b.code, o)
	}
	b.code = append(b.code, opEnd<<opShift)
	return pc
}

// manyGroups is when it is better to go by the fields that an event has than by
// those that are asked for.
const manyGroups = 32

// items are those that lead to the rules of groups.
func (b *builder) items(groups []*group) (items []uint32) {
	bySlot := map[slotID][]uint32{}
	for _, g := range groups {
		if s := &b.slots.all[g.slot]; len(groups) > manyGroups && s.root == Data && g.op != opAbsent {
			bySlot[g.slot] = b.group(bySlot[g.slot], g)
		} else {
			items = b.group(items, g)
		}
	}
	if len(bySlot) == 0 {
		return items
	}
	b.splits++
	split := b.splits
	for _, slot := range slices.Sorted(maps.Keys(bySlot)) {
		b.hops = append(b.hops, hop{split, slot, uint32(len(b.code))})
		b.code = append(append(b.code, bySlot[slot]...), opEnd<<opShift)
	}
	return append(items, opSeen<<opShift, split)
}

// group is rules that are found by the same kind of key of the same slot.
type group struct {
	op      uint32
	slot    slotID
	entries []entry
}

// entry is a rule below one key.
type entry struct {
	key key
	open
	before open // before the key was used
}

type groupID struct {
	op   uint32
	slot slotID
}

// split decides by which of its keys each rule is found.
func (b *builder) split(rules []open) (groups []*group, rest []open) {
	if len(rules) <= fewRules {
		return nil, rules
	}
	spread := b.spread(rules)
	byID := map[groupID]*group{}
	for _, o := range rules {
		best := b.choose(o, spread)
		if best < 0 {
			rest = append(rest, o)
			continue
		}
		groups = b.enter(groups, byID, o, best)
	}
	return b.dissolve(groups, rest)
}

// dissolve gives up groups that are not worth a look-up.
func (b *builder) dissolve(groups []*group, rest []open) ([]*group, []open) {
	room := fewRules - len(rest)
	kept := groups[:0]
	for _, g := range groups {
		if len(g.entries) > 2 || len(g.entries) > room || slices.ContainsFunc(g.entries, func(e entry) bool { return e.many }) {
			kept = append(kept, g)
			continue
		}
		room -= len(g.entries)
		for i, e := range g.entries {
			if i == 0 || e.rule != g.entries[i-1].rule {
				rest = append(rest, e.before)
			}
		}
	}
	return kept, rest
}

// spread counts how many different constants the rules have for each kind of
// key: the more there are, the better it selects.
func (b *builder) spread(rules []open) map[groupID]int {
	type constant struct {
		groupID
		v vid
	}
	seen := map[constant]struct{}{}
	count := map[groupID]int{}
	for _, o := range rules {
		b.eachPart(o, func(_ int, p *part) {
			for _, k := range b.keys[p.keyFrom:p.keyTo] {
				c := constant{groupID{k.op, k.slot}, k.v}
				if _, ok := seen[c]; !ok {
					seen[c] = struct{}{}
					count[c.groupID]++
				}
			}
		})
	}
	return count
}

// eachPart calls for the parts of a rule that can be its key.
func (b *builder) eachPart(o open, f func(i int, p *part)) {
	r := &b.rules[o.rule]
	for i := range min(int(r.to-r.from), 64) {
		if p := &b.parts[int(r.from)+i]; p.known && o.used>>i&1 == 0 {
			f(i, p)
		}
	}
}

// choose is the part whose keys are rarely true, or -1.
func (b *builder) choose(o open, spread map[groupID]int) int {
	best, least := -1, 0.0
	b.eachPart(o, func(i int, p *part) {
		cost := 0.0
		for _, k := range b.keys[p.keyFrom:p.keyTo] {
			cost += b.chance(k, spread)
		}
		if best < 0 || cost < least {
			best, least = i, cost
		}
	})
	return best
}

// chance guesses how often a key is true.
func (b *builder) chance(k key, spread map[groupID]int) float64 {
	switch k.op {
	case opPresent:
		return 0.7
	case opAbsent:
		return 0.3
	case opRange:
		if b.words[k.v] > 0 && b.words[k.v+1] < maxRank {
			return 0.1
		}
		return 0.3
	}
	return 1 / float64(1+spread[groupID{k.op, k.slot}])
}

// enter puts a rule into the groups of its best part's keys.
func (b *builder) enter(groups []*group, byID map[groupID]*group, o open, best int) []*group {
	r := &b.rules[o.rule]
	p := &b.parts[int(r.from)+best]
	keys := b.keys[p.keyFrom:p.keyTo]
	before := o
	o.used |= 1 << best
	if p.exact {
		o.done |= 1 << best
	}
	o.many = o.many || len(keys) > 1 && !distinct(keys) || len(keys) > 0 && keys[0].op == opSome
	for _, k := range keys {
		id := groupID{k.op, k.slot}
		g := byID[id]
		if g == nil {
			g = &group{op: k.op, slot: k.slot}
			byID[id] = g
			groups = append(groups, g)
		}
		g.entries = append(g.entries, entry{k, o, before})
	}
	return groups
}

// distinct reports whether at most one of the keys is true of an event.
func distinct(keys []key) bool {
	for i, k := range keys {
		if k.op != opEqual || k.slot != keys[0].slot {
			return false
		}
		for _, other := range keys[:i] {
			if other.v == k.v {
				return false
			}
		}
	}
	return true
}

// group writes the blocks of a group, and appends the item that leads to them.
func (b *builder) group(items []uint32, g *group) []uint32 {
	first := g.op<<opShift | g.slot
	switch g.op {
	case opPresent, opAbsent:
		return append(items, first, b.block(rulesOf(g.entries)))
	case opRange:
		low, high, tree := b.ranges(g.entries)
		return append(items, first, low, high, tree)
	}
	b.splits++
	split := b.splits
	sizes := b.hopsOf(split, g.entries)
	if g.op == opPrefix || g.op == opSuffix {
		items = append(items, first, split, uint32(len(sizes)))
		return append(items, sizes...)
	}
	return append(items, first, split)
}

func rulesOf(entries []entry) []open {
	rules := make([]open, len(entries))
	for i := range entries {
		rules[i] = entries[i].open
	}
	return rules
}

// hopsOf writes a block for each constant, and returns the lengths of their
// texts in ascending order.
func (b *builder) hopsOf(split vid, entries []entry) (sizes []uint32) {
	slices.SortStableFunc(entries, func(x, y entry) int { return cmp.Compare(x.key.v, y.key.v) })
	for len(entries) > 0 {
		v, size := entries[0].key.v, entries[0].key.size
		n := 1
		for n < len(entries) && entries[n].key.v == v {
			n++
		}
		b.hops = append(b.hops, hop{split, v, b.target(rulesOf(entries[:n]))})
		if at, found := slices.BinarySearch(sizes, size); !found {
			sizes = slices.Insert(sizes, at, size)
		}
		entries = entries[n:]
	}
	return sizes
}

// target is where a constant leads: to a block, or directly to its only rule.
func (b *builder) target(rules []open) uint32 {
	if len(rules) == 1 {
		if item := b.item(nil, rules[0]); item[0]>>opShift == opRule {
			return direct | item[0]&^(0xf<<opShift)
		}
	}
	return b.block(rules)
}

// item appends a rule with the tests that are left of it.
func (b *builder) item(into []uint32, o open) []uint32 {
	r := &b.rules[o.rule]
	id := r.id
	if o.many {
		id |= manyFlag
	}
	at := len(into)
	into = append(into, opTest<<opShift|id, 0)
	for i := range int(r.to - r.from) {
		if i < 64 && o.done>>i&1 != 0 {
			continue
		}
		p := &b.parts[int(r.from)+i]
		into = append(into, b.words[p.from:p.to]...)
	}
	if n := len(into) - at - 2; n > 0 {
		into[at+1] = uint32(n)
		return into
	}
	return append(into[:at], opRule<<opShift|id)
}
