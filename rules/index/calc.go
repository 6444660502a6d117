package index

import (
	"math"
	"strings"
)

// Calc is a calculation: an expression whose value depends on several fields,
// or on what is in a list. Nothing can be looked up by it, but it is evaluated
// here rather than by the caller wherever all its values are what one would
// expect. Whatever is unusual (an overflow, a value of another kind, a lot to
// do) is left to the caller.
type Calc struct {
	Op      CalcOp
	Kids    []*Calc
	Field   *Field   // CalcField, CalcHas, CalcItem and loops
	Inner   []string // CalcElement, CalcHasElement, CalcItem: names below an element
	Depth   int      // CalcElement, CalcHasElement: of which loop, 0 for the outermost
	At      int      // CalcItem: which element
	Value   Value    // CalcConst
	Whole   bool     // CalcConst: a number is an integer, not a double
	Hole    int      // CalcConst: its value is Values[Hole-1] of the test, if above 0
	Pattern *Pattern // CalcFits
}

// CalcOp is what a [Calc] does.
type CalcOp uint8

// The kinds of calculation. Operators follow CEL: whole numbers divide to whole
// numbers, and with a double everything is a double.
const (
	CalcConst CalcOp = iota
	CalcField
	CalcElement // of a loop
	CalcItem    // of a list, by its place
	CalcHas
	CalcHasElement

	CalcAdd // numbers or texts
	CalcSubtract
	CalcMultiply
	CalcDivide
	CalcModulo
	CalcNegate
	CalcSize // of a text or list

	CalcLess
	CalcLessEqual
	CalcGreater
	CalcGreaterEqual
	CalcEqual
	CalcNotEqual
	CalcIn // Kids[0] among the others
	CalcHasPrefix
	CalcHasSuffix
	CalcContains
	CalcFits

	CalcAnd
	CalcOr
	CalcNot
	CalcChoose // Kids[0] ? Kids[1] : Kids[2]

	// Loops over the list Field. Kids[0] is asked of each element.
	CalcExists
	CalcAll
	CalcOne
	CalcCount // how many
)

// cval is a value in a calculation.
type cval struct {
	kind cvalKind
	yes  bool
	list slotID
	num  uint64 // a whole number, or the bits of a float
	text string
}

func (v cval) whole() int64   { return int64(v.num) }
func (v cval) float() float64 { return math.Float64frombits(v.num) }

func cwhole(i int64) cval   { return cval{kind: cWhole, num: uint64(i)} }
func cfloat(f float64) cval { return cval{kind: cFloat, num: math.Float64bits(f)} }
func cbool(yes bool) cval   { return cval{kind: cBool, yes: yes} }
func ctext(s string) cval   { return cval{kind: cText, text: s} }

type cvalKind uint8

const (
	cGiveUp cvalKind = iota // ask the caller
	cAbsent
	cNull
	cBool
	cWhole
	cFloat
	cText
	cList
	cOther // known to be there, and no more
)

// calc computes a part of a calculation.
type calc func(*computing) cval

// computing is the evaluation of one calculation.
type computing struct {
	f      *Finder
	consts []uint32
	vars   [maxLoops]uint32 // elements of the loops around
	work   int
	bytes  int
}

const (
	maxLoops = 4
	// maxWork is when a calculation is stopped. Every step here is one at least
	// of those that the caller allows, so it would be stopped there too, having
	// taken a hundred times as long.
	maxWork = 100_000
	// maxRead is how many bytes of texts a calculation looks at before it is left
	// to the caller, whose steps they may be or not.
	maxRead = 64 << 10
)

// compute evaluates a calculation of a test.
func (f *Finder) compute(c calc, consts []uint32) truth {
	m := &f.computing
	m.f, m.consts, m.work, m.bytes = f, consts, 0, 0
	switch v := c(m); v.kind {
	case cBool:
		return truthOf(v.yes)
	case cAbsent:
		return isAbsent
	}
	if m.work > maxWork {
		f.stopped = true
	} else {
		f.asked = true
	}
	return isAsk
}

// step counts work, and reports whether to go on.
func (m *computing) step() bool {
	m.work++
	return m.work <= maxWork
}

// read counts what is looked at of texts that take longer than a step, and
// reports whether to go on.
func (m *computing) read(bytes int) bool {
	const short = 64
	if bytes > short {
		m.bytes += bytes
	}
	return m.bytes <= maxRead
}

// of is a value of the event as one of a calculation.
func (m *computing) of(v *val, at slotID) cval {
	switch v.kind {
	case Null:
		return cval{kind: cNull}
	case Bool:
		return cbool(v.yes)
	case Number:
		return numberOf(v)
	case String:
		if !m.read(len(v.str)) {
			return cval{}
		}
		return ctext(v.str)
	case List:
		return cval{kind: cList, list: at}
	}
	return cval{kind: cOther}
}

// numberOf tells whole numbers from others, as CEL does of what JSON has.
func numberOf(v *val) cval {
	if v.form == formUnknown {
		v.form = formOf(v)
	}
	if v.form == formFloat {
		if f := v.number().Main; f != 0 {
			return cfloat(f)
		}
		return cval{} // it may be below zero, which a division tells
	}
	return wholeOf(v.number())
}

// form is whether a number is whole by what is written.
type form uint8

const (
	formUnknown form = iota
	formWhole
	formFloat
)

func formOf(v *val) form {
	if !strings.ContainsAny(v.str, ".eE") {
		return formWhole
	}
	if _, ok := parseWhole(v.str); ok {
		return formWhole
	}
	return formFloat
}

// wholeOf is a whole number, which is given up where it is beyond 64 bits.
func wholeOf(n Num) cval {
	if n.Main >= 1<<62 || n.Main <= -1<<62 {
		return cval{}
	}
	return cwhole(int64(n.Main) + n.Rest)
}

func (v cval) value() (Num, bool) {
	switch v.kind {
	case cWhole:
		return Int(v.whole()), true
	case cFloat:
		f := v.float()
		return Float(f), !math.IsNaN(f)
	}
	return Num{}, false
}

// poor is what an operation gives whose operands are not both there: what the
// first of them is.
func poor(l, r cval) (cval, bool) {
	if l.kind <= cAbsent {
		return cval{kind: l.kind}, true
	}
	return cval{kind: r.kind}, r.kind <= cAbsent
}
