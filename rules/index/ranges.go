package index

import (
	"cmp"
	"slices"
)

// Rules whose key is a range of numbers are found without looking at the rest:
//
//	low list    count, then per rule its lowest rank and its item, ascending
//	high list   count, then per rule its highest rank and its item, descending
//	tree        centre, tree of those below it, tree of those above it,
//	            high list of those around it, low list of those around it
//
// A list is left at the first rule whose bound is not met. The high list of a
// tree has the place of an item instead of the item.

// span is a rule with its range.
type span struct {
	low, high uint32
	open
}

// ranges writes the lists of a group.
func (b *builder) ranges(entries []entry) (low, high, tree uint32) {
	var lows, highs, both []span
	for _, e := range entries {
		s := span{b.words[e.key.v], b.words[e.key.v+1], e.open}
		switch {
		case s.low > s.high:
		case s.high == maxRank:
			lows = append(lows, s)
		case s.low == 0:
			highs = append(highs, s)
		default:
			both = append(both, s)
		}
	}
	if len(lows) > 0 {
		low, _ = b.lowList(lows)
	}
	if len(highs) > 0 {
		high = b.highList(highs)
	}
	return low, high, b.tree(both)
}

// lowList also returns the places of the items.
func (b *builder) lowList(spans []span) (pc uint32, items map[uint32]uint32) {
	slices.SortStableFunc(spans, func(x, y span) int { return cmp.Compare(x.low, y.low) })
	pc, items = uint32(len(b.code)), map[uint32]uint32{}
	b.code = append(b.code, uint32(len(spans)))
	for _, s := range spans {
		b.code = append(b.code, s.low)
		items[s.rule] = uint32(len(b.code))
		b.code = b.item(b.code, s.open)
	}
	return pc, items
}

func (b *builder) highList(spans []span) uint32 {
	slices.SortStableFunc(spans, func(x, y span) int { return cmp.Compare(y.high, x.high) })
	pc := uint32(len(b.code))
	b.code = append(b.code, uint32(len(spans)))
	for _, s := range spans {
		b.code = b.item(append(b.code, s.high), s.open)
	}
	return pc
}

// tree writes the tree of ranges with two ends. Each stands at the topmost
// centre that lies in it, so that a look-up touches one path of the tree and,
// there, only ranges that it finds.
func (b *builder) tree(spans []span) uint32 {
	if len(spans) == 0 {
		return 0
	}
	centre := middle(spans)
	var below, above, around []span
	for _, s := range spans {
		switch {
		case s.high < centre:
			below = append(below, s)
		case s.low > centre:
			above = append(above, s)
		default:
			around = append(around, s)
		}
	}
	left, right := b.tree(below), b.tree(above)
	low, items := b.lowList(around)
	slices.SortStableFunc(around, func(x, y span) int { return cmp.Compare(y.high, x.high) })
	high := uint32(len(b.code))
	b.code = append(b.code, uint32(len(around)))
	for _, s := range around {
		b.code = append(b.code, s.high, items[s.rule])
	}
	pc := uint32(len(b.code))
	b.code = append(b.code, centre, left, right, high, low)
	return pc
}

// middle is the median of the ends, which lies in at least one of the ranges.
func middle(spans []span) uint32 {
	ends := make([]uint32, 0, 2*len(spans))
	for _, s := range spans {
		ends = append(ends, s.low, s.high)
	}
	slices.Sort(ends)
	return ends[len(spans)]
}
