package index

import (
	"slices"
	"strings"
)

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
		t := f.some(at, code[pc+1], func(v *val) bool {
			c := f.constant(v)
			return c != noVid && slices.Contains(list, c)
		})
		f.asked = f.asked || t == isAsk
		return t, pc + 3 + n
	case tUnknown:
		if at != noSlot && f.get(at).kind == Absent {
			return f.missing(at), pc + 1
		}
		f.asked = true
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
		t := f.fits(code[pc+1], at, v.str)
		f.asked = f.asked || t == isAsk
		return t, next
	}
	return truthOf(inOrder(v.str, f.seg.consts.text(code[pc+2]), Flags(code[pc+1]))), next
}

// fitted is whether a slot's text fits a pattern.
type fitted struct {
	stamp uint32
	slot  slotID
	says  truth
}

// says is what a pattern says of a text.
func (p *Pattern) says(s string) truth {
	yes, ok := p.Fits(s)
	if !ok {
		return isAsk
	}
	return truthOf(yes)
}

// fits asks a pattern once for an event.
func (f *Finder) fits(pattern uint32, at slotID, s string) truth {
	if len(f.fitted) < len(f.seg.patterns) {
		f.fitted = make([]fitted, len(f.seg.patterns))
	}
	known := &f.fitted[pattern]
	if known.stamp != f.stamp || known.slot != at {
		*known = fitted{f.stamp, at, f.seg.patterns[pattern].says(s)}
	}
	return known.says
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
