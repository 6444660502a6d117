package index

import (
	"cmp"
	"slices"
	"strings"
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
		f.add(Hit{ID: w & idMask, Ask: true}, w&manyFlag != 0)
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

// test evaluates the words of a test and returns the place after it.
func (f *Finder) test(pc uint32) (truth, uint32) {
	code := f.seg.code
	w := code[pc]
	at := w & slotMask
	switch w >> testShift {
	case tEqual:
		if v := f.vid(at); v != noVid && v == code[pc+1] {
			return isTrue, pc + 2
		}
		return f.unless(at), pc + 2
	case tOneOf:
		n := code[pc+1]
		if v := f.vid(at); v != noVid && slices.Contains(code[pc+2:pc+2+n], v) {
			return isTrue, pc + 2 + n
		}
		return f.unless(at), pc + 2 + n
	case tBetween:
		v := f.get(at)
		if !v.ordered() {
			return f.unfit(at, v), pc + 3
		}
		rank := f.rank(at)
		return truthOf(code[pc+1] <= rank && rank <= code[pc+2]), pc + 3
	case tExists:
		return f.exists(at), pc + 1
	case tIsTrue:
		if v := f.get(at); v.kind != Bool {
			return f.unfit(at, v), pc + 1
		}
		return truthOf(f.get(at).yes), pc + 1
	case tSome:
		n := code[pc+2]
		list := code[pc+3 : pc+3+n]
		return f.some(at, code[pc+1], func(v *val) bool {
			c := f.constant(v)
			return c != noVid && slices.Contains(list, c)
		}), pc + 3 + n
	case tUnknown:
		if at != noSlot && f.get(at).kind == Absent {
			return f.missing(at), pc + 1
		}
		return isAsk, pc + 1
	case tCompute:
		n := code[pc+2]
		if at != noSlot && f.get(at).kind == Absent {
			return f.missing(at), pc + 3 + n
		}
		return f.compute(f.seg.calcs[code[pc+1]], code[pc+3:pc+3+n]), pc + 3 + n
	case tConstant:
		return truth(at), pc + 1
	case tNot:
		t, next := f.test(pc + 1)
		return t.not(), next
	case tAnd, tOr:
		return f.tests(pc)
	}
	return f.textTest(pc, w>>testShift, at)
}

// tests evaluates those of an And or Or.
func (f *Finder) tests(pc uint32) (truth, uint32) {
	both := f.seg.code[pc]>>testShift == tAnd
	end := pc + 2 + f.seg.code[pc+1]
	all := truthOf(both)
	for pc += 2; pc < end; {
		var t truth
		t, pc = f.test(pc)
		if both {
			all = all.and(t)
		} else {
			all = all.or(t)
		}
		if all == truthOf(!both) {
			break
		}
	}
	return all, end
}

func (f *Finder) textTest(pc uint32, op uint32, at slotID) (truth, uint32) {
	code, next := f.seg.code, pc+2
	if op == tOrder {
		next++
	}
	v := f.get(at)
	if v.kind != String {
		return f.unfit(at, v), next
	}
	switch op {
	case tPrefix:
		return truthOf(strings.HasPrefix(v.str, f.seg.consts.text(code[pc+1]))), next
	case tSuffix:
		return truthOf(strings.HasSuffix(v.str, f.seg.consts.text(code[pc+1]))), next
	case tContains:
		return truthOf(strings.Contains(v.str, f.seg.consts.text(code[pc+1]))), next
	case tFits:
		return truthOf(f.fits(code[pc+1], at, v.str)), next
	}
	return truthOf(inOrder(v.str, f.seg.consts.text(code[pc+2]), Flags(code[pc+1]))), next
}

// fitted is whether a slot's text fits a pattern.
type fitted struct {
	stamp uint32
	slot  slotID
	yes   bool
}

// fits asks a pattern once for an event.
func (f *Finder) fits(pattern uint32, at slotID, s string) bool {
	if len(f.fitted) < len(f.seg.patterns) {
		f.fitted = make([]fitted, len(f.seg.patterns))
	}
	known := &f.fitted[pattern]
	if known.stamp != f.stamp || known.slot != at {
		*known = fitted{f.stamp, at, f.seg.patterns[pattern].Fits(s)}
	}
	return known.yes
}

// unless is what a test says that is not true of the value of a slot: false,
// if there is one.
func (f *Finder) unless(at slotID) truth {
	if f.get(at).kind == Absent {
		return f.missing(at)
	}
	return isFalse
}

// unfit is what a test says of a value of a kind that it cannot use.
func (f *Finder) unfit(at slotID, v *val) truth {
	if v.kind == Absent {
		return f.missing(at)
	}
	return isFailed
}
