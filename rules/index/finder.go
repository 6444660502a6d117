package index

import (
	"cmp"
	"slices"
)

// Finder is what one search needs; it is used again for the next. The zero
// value is ready. It serves one goroutine at a time, and any index.
type Finder struct {
	// Looked is how many rules the last search looked at one by one.
	Looked int

	reading
	index     *Index
	seg       *segment
	look      []looked
	fitted    []fitted // by pattern
	stamp     uint32   // of the segment and event that look and fitted are about
	hits      []Hit
	computing computing
	asked     bool // of the rule that is looked at: something is left to the caller,
	stopped   bool // and a calculation was stopped
	again     bool // a rule may be among the hits twice
}

// looked is what a slot's value is to the segment: which constant, and where
// among the numbers that it is compared with.
type looked struct {
	stamp, rankStamp uint32
	vid              vid
	rank             uint32
}

func (f *Finder) run(s *segment) {
	if f.stamp++; f.stamp == 0 {
		clear(f.look)
		clear(f.fitted)
		f.stamp = 1
	}
	f.seg = s
	if s.readFirst {
		f.get(rootSlot)
	}
	f.block(s.root)
}

// block runs through the items of a block.
func (f *Finder) block(pc uint32) {
	code := f.seg.code
	for {
		w := code[pc]
		switch w >> opShift {
		case opEnd:
			return
		case opRule, opTest:
			pc = f.item(pc)
		case opEqual:
			if v := f.vid(w & slotMask); v != noVid {
				f.hop(code[pc+1], v)
			}
			pc += 2
		case opSome:
			values := f.each(w & slotMask)
			for i := range values {
				if v := f.constant(&values[i]); v != noVid {
					f.hop(code[pc+1], v)
				}
			}
			pc += 2
		case opPrefix, opSuffix:
			n := code[pc+2]
			if v := f.get(w & slotMask); v.kind == String {
				f.affixes(v.str, w>>opShift == opPrefix, code[pc+1], code[pc+3:pc+3+n])
			}
			pc += 3 + n
		case opPresent:
			if f.get(w&slotMask).kind != Absent {
				f.block(code[pc+1])
			}
			pc += 2
		case opAbsent:
			if f.get(w&slotMask).kind == Absent {
				f.block(code[pc+1])
			}
			pc += 2
		case opSeen:
			f.get(rootSlot)
			for i := 0; i < len(f.seen); i++ {
				f.hop(code[pc+1], f.seen[i])
			}
			pc += 2
		case opRange:
			if f.get(w & slotMask).ordered() {
				f.ranges(f.rank(w&slotMask), code[pc+1], code[pc+2], code[pc+3])
			}
			pc += 4
		}
	}
}

// hop goes where a constant leads.
func (f *Finder) hop(split, v vid) {
	switch target := f.seg.hops.find(split, v); {
	case target == 0:
	case target&direct != 0:
		f.Looked++
		f.hit(target &^ direct)
	default:
		f.block(target)
	}
}

func (f *Finder) affixes(s string, prefix bool, split vid, sizes []uint32) {
	for _, n := range sizes {
		if int(n) > len(s) {
			return
		}
		affix := s[:n]
		if !prefix {
			affix = s[len(s)-int(n):]
		}
		if v := f.seg.consts.findText(affix, hashText(affix)); v != noVid {
			f.hop(split, v)
		}
	}
}

// ranges runs through the rules whose range a rank is in.
func (f *Finder) ranges(rank, low, high, tree uint32) {
	code := f.seg.code
	if low != 0 {
		f.lowList(low, rank)
	}
	if high != 0 {
		pc := high + 1
		for n := code[high]; n > 0 && code[pc] >= rank; n-- {
			pc = f.item(pc + 1)
		}
	}
	for tree != 0 {
		switch centre := code[tree]; {
		case rank < centre:
			f.lowList(code[tree+4], rank)
			tree = code[tree+1]
		case rank > centre:
			list := code[tree+3]
			for i := range code[list] {
				at := list + 1 + 2*i
				if code[at] < rank {
					break
				}
				f.item(code[at+1])
			}
			tree = code[tree+2]
		default:
			f.lowList(code[tree+4], rank)
			return
		}
	}
}

func (f *Finder) lowList(pc, rank uint32) {
	code := f.seg.code
	n := code[pc]
	for pc++; n > 0 && code[pc] <= rank; n-- {
		pc = f.item(pc + 1)
	}
}

// item looks at a rule and returns the place after it. Its tests are in the
// order in which they were written, because of those that are not true the
// first decides; see [truth].
func (f *Finder) item(pc uint32) uint32 {
	f.Looked++
	code := f.seg.code
	w := code[pc]
	if w>>opShift == opRule {
		f.hit(w)
		return pc + 1
	}
	end := pc + 2 + code[pc+1]
	all := isTrue
	f.asked, f.stopped = false, false
	for pc += 2; pc < end; {
		var t truth
		if t, pc = f.test(pc); t == isTrue {
			continue
		}
		if t == isFalse || t == isAbsent && all != isAsk && all != isFailed {
			return end
		}
		all = all.and(t)
	}
	switch all {
	case isTrue:
		f.hit(w)
	case isAsk:
		f.add(Hit{ID: w & idMask, Ask: f.asked || !f.stopped, Stopped: f.stopped && !f.asked}, w&manyFlag != 0)
	}
	return end // a failure is found by trouble
}

func (f *Finder) hit(w uint32) { f.add(Hit{ID: w & idMask}, w&manyFlag != 0) }

func (f *Finder) add(h Hit, many bool) {
	if f.index.gone != nil && f.index.isGone(h.ID) {
		return
	}
	if many {
		if len(f.hits) > 32 {
			f.again = true
		} else if slices.ContainsFunc(f.hits, func(o Hit) bool { return o.ID == h.ID }) {
			return
		}
	}
	f.hits = append(f.hits, h)
}

// once removes what was found a second time.
func (f *Finder) once() {
	slices.SortFunc(f.hits, func(a, b Hit) int { return cmp.Compare(a.ID, b.ID) })
	f.hits = slices.CompactFunc(f.hits, func(a, b Hit) bool { return a.ID == b.ID })
}

// vid is the constant that the value of a slot is.
func (f *Finder) vid(at slotID) vid {
	l := &f.look[at]
	if l.stamp != f.stamp {
		l.stamp, l.vid = f.stamp, f.constant(f.get(at))
	}
	return l.vid
}

func (f *Finder) constant(v *val) vid {
	switch v.kind {
	case String:
		return f.seg.consts.findText(v.str, hashText(v.str))
	case Number, Time:
		return f.seg.consts.findNum(v.number())
	case Bool:
		return boolVid(v.yes)
	case Null:
		return nullVid
	}
	return noVid
}

// rank is where the number of a slot lies among those it is compared with.
func (f *Finder) rank(at slotID) uint32 {
	l := &f.look[at]
	if l.rankStamp != f.stamp {
		l.rankStamp, l.rank = f.stamp, rankOf(f.seg.orders[at], f.get(at).number())
	}
	return l.rank
}
